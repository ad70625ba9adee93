//! A Hypha server to embed: relay, workspaces, services and tokens.
//!
#![doc = include_str!("../README.md")]

mod admission;
mod client;
mod error;
mod http;
mod hub;
mod identity;
mod listener;
mod manager;
mod registry;
mod relay;
mod server;
mod settings;

pub use self::error::StartError;
pub use self::server::{HyphaServer, HyphaServerBuilder};
