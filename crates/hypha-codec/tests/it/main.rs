//! Tests of the codec from the outside.

#[cfg(feature = "serde")]
mod bridge;
mod checks;
mod corpus;
mod envelope;
mod hostile;
mod packet;
mod payload;
mod properties;
mod registry;
mod vectors;
mod zero_copy;
