//! A Hypha server to embed: relay, workspaces, services and tokens.
//!
#![doc = include_str!("../README.md")]

mod admission;
mod builder;
mod client;
mod environment;
mod error;
mod http;
mod hub;
mod identity;
mod limits;
mod listener;
mod manager;
mod registry;
mod relay;
mod seats;
mod server;
mod settings;

pub use self::builder::HyphaServerBuilder;
pub use self::environment::EnvironmentError;
pub use self::error::StartError;
pub use self::server::HyphaServer;
