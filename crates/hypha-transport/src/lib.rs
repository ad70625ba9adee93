//! The transport contract of Hypha RPC.
//!
//! A transport moves whole [`Frame`]s between two peers, in order, and knows nothing about what is inside them. Hypha's
//! RPC layer works over anything that implements the four traits of this crate: [`Connector`] dials, [`Transport`] is
//! one established link, and [`FrameTx`] and [`FrameRx`] are its two halves.
//!
//! You want this crate if you write a transport of your own. To talk to a Hypha server over WebSocket take
//! `hypha-transport-ws`, or better `hypha-client`, which brings everything along.
//!
#![doc = include_str!("../README.md")]
//!
//! # Features
//!
//! | Feature | Adds |
//! |---|---|
//! | `memory` | module `memory`: two connected ends in one process, and a connector that dials a listener |
//! | `conformance` | module `conformance`: the test suite which every transport, also yours, must pass |
//!
//! Neither is on by default, and neither changes what the rest of the crate does.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapter;
mod close;
#[cfg(feature = "conformance")]
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
pub mod conformance;
mod connector;
mod error;
mod frame;
mod limits;
#[cfg(feature = "memory")]
#[cfg_attr(docsrs, doc(cfg(feature = "memory")))]
pub mod memory;
mod transport;

pub use adapter::{SinkStream, SinkTx, StreamRx, from_sink_stream};
pub use close::CloseReason;
pub use connector::{ConnectContext, Connector, ConnectorFn, connector_fn};
pub use error::{TransportError, TransportErrorKind};
pub use frame::Frame;
pub use limits::{DEFAULT_MAX_FRAME, Limits};
pub use transport::{FrameRx, FrameTx, Transport};
