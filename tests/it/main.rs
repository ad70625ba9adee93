//! Interoperability tests with the real server and real clients.
#![expect(clippy::unwrap_used, reason = "what the tests share fails them, too")]
#![expect(clippy::disallowed_methods, reason = "real peers keep real time")]

mod bad_input;
mod blocking;
mod browser;
mod callbacks;
mod calls;
mod custom_types;
mod encryption;
mod events;
mod examples;
mod files;
mod fixture;
mod generators;
mod harness;
mod identity;
mod interfaces;
mod lifecycle;
mod load;
mod lookup;
mod provider;
mod raw;
mod reconnecting;
mod relay;
mod schemas;
mod servers;
mod sides;
mod snippets;
mod tap;
mod typed;
mod values;
