//! Integration tests of the contract crate.

mod adapter;
mod listener;
mod memory;
mod suite;
