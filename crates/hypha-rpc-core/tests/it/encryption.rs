//! Encrypted calls between two peers, with the frames between them in sight of the tests.

mod attacks;
mod borrowing;
mod calls;
mod ends;
mod fallbacks;
mod keys;
mod relay;
mod vectors;
