//! hypha-rpc-core

mod address;
mod built_in;
mod call;
mod config;
mod context;
mod dispatch;
mod engine;
mod error;
mod extensions;
mod handshake;
mod import;
mod link;
mod payload;
mod peer;
pub mod protocol;
mod relay;
mod remote;
mod secret;
mod service;
mod session;
mod shared;
mod start;
mod state;
mod texts;

pub use self::address::{Address, AddressError, ServiceId};
pub use self::call::{Call, CallOptions, CallService, Reply};
pub use self::config::PeerConfig;
pub use self::context::Context;
pub use self::engine::Stats;
pub use self::error::{
    CallError, ConnectError, InvalidService, RegisterError, RemoteError, RemoteErrorKind,
};
pub use self::extensions::Extensions;
pub use self::handshake::{ConnectionInfo, Credentials, handshake};
pub use self::peer::{Peer, PeerIdentity, ServiceInfo};
pub use self::relay::RelayOptions;
pub use self::remote::{MethodCall, RemoteService};
pub use self::secret::Secret;
pub use self::service::{
    Arguments, BlockingHandler, CallArguments, FromCall, Handler, IntoMethod, IntoReply,
    Invocation, Kwargs, Member, Members, Method, MethodService, Output, Param, RequireContext,
    Returns, Service, Visibility,
};
pub use self::session::random_id;
pub use self::state::{ClosedReason, State};
