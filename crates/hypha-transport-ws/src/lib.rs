//! WebSocket transport for Hypha RPC, both sides: [`WsConnector`] dials, [`accept`] answers.
//!
//! This crate carries frames. To call services on a Hypha server take `hypha-client`, which dials with this crate by
//! itself.
//!
#![doc = include_str!("../README.md")]
//!
//! # What happens inside
//!
//! - Frames beyond [`WsOptions::max_frame`] are refused on both sides: a received one closes the link with 1009.
//! - Frames above 1 MiB are sent as fragments of 1 MiB, so that the memory of a link stays bounded by little more than
//!   that while it sends, and keepalives get through between them. Peers see one message.
//! - Pings of the peer are answered, and pings are sent, while [`recv`](hypha_transport::FrameRx::recv) is polled: see
//!   [`WsOptions::ping_interval`].
//! - Received binary frames are handed up without a copy.
//!
//! # Features
//!
//! | Feature | Default | Adds |
//! |---|---|---|
//! | `tls` | yes | `https://` and `wss://`, by rustls with the ring provider |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod connector;
mod dial;
mod failure;
mod keepalive;
mod link;
mod metered;
mod options;
mod outgoing;
mod receiver;
mod sender;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod url;

pub use accept::{AcceptOptions, Rejection, accept, accept_with, upgrade_response};
pub use connector::{WsConnector, WsConnectorBuilder};
pub use options::WsOptions;
pub use receiver::WsRx;
pub use sender::WsTx;
pub use stream::ClientStream;
pub use transport::WsTransport;
pub use url::websocket_url;
