//! Harness of the interoperability tests.
