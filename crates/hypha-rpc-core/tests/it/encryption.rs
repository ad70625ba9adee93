//! Encrypted calls between two peers, with the frames between them in sight of the tests.

mod attacks;
mod calls;
mod fallbacks;
mod keys;
