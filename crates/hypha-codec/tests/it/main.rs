//! Tests of the codec from the outside.

#[cfg(feature = "serde")]
mod bridge;
mod vectors;
