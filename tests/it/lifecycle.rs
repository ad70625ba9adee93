//! Connections: what passes on them, how they are kept, and how they end.

mod bounds;
mod draining;
mod endings;
mod frames;
mod keepalive;
