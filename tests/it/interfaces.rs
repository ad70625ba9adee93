//! Objects whose functions outlive the call that they travel in: features A.8.

mod access;
mod ends;
mod outlive;
