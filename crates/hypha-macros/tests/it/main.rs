//! Services of traits and impl blocks.
