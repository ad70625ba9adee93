//! The protocol engine of Hypha RPC and the tasks that drive it.
//!
//! A [`Peer`] is one end of a connection: it registers [`Service`]s and calls those of others,
//! either straight to one other peer ([`Peer::direct`]) or through a server that relays
//! ([`Peer::connect`]).
//!
#![doc = include_str!("../README.md")]
//!
//! # What happens inside
//!
//! - The *engine* holds all protocol state and no clock, socket or task. The *link* task moves
//!   frames between it and the transport; the *dispatch* task decodes arguments and runs handlers.
//!   Both end when the last handle of the peer is dropped.
//! - A call has exactly one outcome: the answer, an error of the peer, silence that lasted too long
//!   ([`CallOptions::timeout`]), its deadline, or the end of the connection. Dropping its future
//!   frees all that was kept of it.
//! - Handlers are polled once in the order of arrival and go on in tasks of their own if they are
//!   not ready; a panic rejects its own call. A handler that computes for long without awaiting
//!   belongs on the blocking pool: [`Service::blocking`].
//! - Identity ([`Context`]) comes from the header that the server wrote, or from what a direct link
//!   was made with. Answers go to the caller and to nobody else.
//! - What is longer than one frame goes in several, chunk by chunk behind everything else; what
//!   arrives so is put together in one buffer and handled as any message ([`PeerConfig::chunk_size`]).

mod access;
mod address;
mod backoff;
mod built_in;
pub mod busy_poll;
mod call;
mod callback;
mod config;
mod context;
mod dispatch;
mod drain;
mod engine;
mod error;
mod events;
mod export;
mod extensions;
mod file;
mod handshake;
mod import;
mod interface;
mod lifecycle;
mod link;
mod member;
mod message_cache;
mod method_call;
mod pacing;
mod payload;
mod peer;
mod progress;
pub mod protocol;
mod registrar;
mod relay;
mod remote;
mod repeat;
mod request;
mod sealing;
mod secret;
mod service;
mod session;
mod shared;
mod start;
mod state;
mod stream;
mod subscriptions;
mod target;
mod texts;
mod transfer;
mod writer;

pub use hypha_e2e::{KeyError, Nonce, PublicKey};

pub use self::access::Visibility;
pub use self::address::{Address, AddressError, ServiceId};
pub use self::backoff::ReconnectPolicy;
pub use self::call::{Call, CallOptions, CallService, Reply};
pub use self::callback::{Callback, Closure};
pub use self::config::PeerConfig;
pub use self::context::Context;
pub use self::engine::Stats;
pub use self::error::{
    CallError, ConnectError, InvalidService, RegisterError, RemoteError, RemoteErrorKind,
};
pub use self::events::{
    ClientEvent, Emit, EmitError, Event, EventError, EventTarget, Events, RemoteClientDisconnected,
};
pub use self::extensions::Extensions;
pub use self::file::{FileObject, RemoteFile};
pub use self::handshake::{ConnectionInfo, Credentials, handshake};
pub use self::interface::{Interface, RemoteObject};
pub use self::lifecycle::{ConnectionEvent, ConnectionEvents};
pub use self::method_call::MethodCall;
pub use self::pacing::Pacing;
pub use self::peer::{Peer, PeerIdentity, ServiceInfo};
pub use self::progress::{Direction, Progress};
pub use self::relay::RelayOptions;
pub use self::remote::RemoteService;
pub use self::sealing::{EncryptionError, SEAL_TAG, SealedCalls, Sealer};
pub use self::secret::Secret;
pub use self::service::{
    Arguments, BlockingHandler, CallArguments, FromCall, Handler, IntoMethod, IntoReply,
    Invocation, Kwargs, Member, Members, Method, MethodService, Output, Param, ReplyEncoder,
    RequireContext, Rest, Returns, Service, StreamHandler,
};
pub use self::session::random_id;
pub use self::state::{ClosedReason, State};
pub use self::stream::{RemoteStream, Streamed};
