//! Peers over the in-memory transport: direct links, and a server that the tests play.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests start tasks and read the (paused) clock"
)]

mod arguments;
mod bad_input;
mod callbacks;
mod calls;
mod cancelling;
mod connecting;
mod custom_types;
mod encryption;
mod endings;
mod events;
mod files;
mod generators;
mod identity;
mod interfaces;
mod large;
mod layers;
mod lifetime;
mod pair;
mod protection;
mod reconnecting;
mod registering;
mod relay;
mod repeating;
mod robustness;
mod server;
mod services;
