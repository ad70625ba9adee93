//! Tests of the server as a library.

mod calls;
