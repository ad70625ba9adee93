#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - [`connect_to_server`] and [`ConnectOptions`]: connecting, by options or from the environment.
//! - [`Client`]: registering and finding services, and every method of the server's manager.
//! - [`Service`], [`Method`], [`Context`]: what is registered. [`RemoteService`], [`MethodCall`]: what is called.
//! - With the feature `macros` the attribute `service` makes services and typed clients of traits; with `schema`
//!   `FunctionSchema` and `Described` say what methods take; with `e2e` `Encryption` keeps calls from the server.
//! - [`login`] and [`logout`]: tokens for people.
//! - [`Error`]: the one error of this crate, with [`ErrorKind`] to match on.
//!
//! Everything must run inside a tokio runtime with its timers and I/O switched on.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod apps;
mod case;
mod client;
mod dial;
#[cfg(feature = "e2e")]
mod encryption;
mod env;
mod error;
mod events;
mod get_service;
mod lenient;
mod login;
mod manager;
mod options;
#[cfg(feature = "schema")]
mod schema;
mod service_url;
mod shutdown;
#[cfg(feature = "macros")]
mod typed;

pub use hypha_codec::{
    ArrayError, Binary, CodecRegistry, Custom, DType, DecodeError, EncodeError, ErrorValue, Ext,
    FromValueError, Map, NdArray, Object, RegisterError as CodecRegisterError, Text, Timestamp,
    TypeCodec, TypedArray, Value, from_value, to_value,
};
#[cfg(feature = "e2e")]
#[cfg_attr(docsrs, doc(cfg(feature = "e2e")))]
pub use hypha_e2e::{KeyFileError, RandomError, SecretKey};
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use hypha_macros::service;
pub use hypha_rpc_core::protocol::event;
pub use hypha_rpc_core::{
    Address, AddressError, Arguments, BlockingHandler, Call, CallArguments, CallError, CallOptions,
    CallService, Callback, ClientEvent, ClosedReason, Closure, ConnectError, ConnectionEvent,
    ConnectionEvents, ConnectionInfo, Context, Direction, Emit, EmitError, EncryptionError, Event,
    EventError, EventTarget, Events, Extensions, FileObject, FromCall, Handler, Interface,
    IntoMethod, IntoReply, InvalidService, Invocation, KeyError, Kwargs, Member, Members, Method,
    MethodCall, MethodService, Output, Pacing, Param, Peer, PeerConfig, Progress, PublicKey,
    ReconnectPolicy, RegisterError, RemoteClientDisconnected, RemoteError, RemoteErrorKind,
    RemoteFile, RemoteObject, RemoteService, RemoteStream, Reply, ReplyEncoder, RequireContext,
    Rest, Returns, SealedCalls, Sealer, Secret, Service, ServiceId, State, Stats, StreamHandler,
    Streamed, Visibility, random_id,
};
#[cfg(feature = "schema")]
#[cfg_attr(docsrs, doc(cfg(feature = "schema")))]
pub use hypha_schema as json_schema;
#[cfg(feature = "schema")]
#[cfg_attr(docsrs, doc(cfg(feature = "schema")))]
pub use hypha_schema::{FunctionSchema, Parameter, ServiceSchema};
pub use hypha_transport::{CloseReason, Connector, TransportError, TransportErrorKind};

pub use self::case::CaseConversion;
pub use self::client::Client;
#[cfg(feature = "e2e")]
#[cfg_attr(docsrs, doc(cfg(feature = "e2e")))]
pub use self::encryption::Encryption;
pub use self::error::{Error, ErrorKind};
pub use self::get_service::{GetService, SelectCriterion, SelectMode};
pub use self::login::{
    LoginContext, LoginError, LoginOptions, LoginProfile, LogoutOptions, login, login_profile,
    logout,
};
pub use self::manager::{
    Bookmark, CleanupReport, ClientEntry, EventCount, EventQuery, LoggedEvent, Manager, Permission,
    SearchPage, ServiceInfo, ServiceQuery, ServiceSearch, ServiceTypeInfo, StatusReport,
    TokenOptions, UserInfo, UserScope, WorkspaceInfo, WorkspaceOptions, WorkspaceQuery,
    WorkspaceSummary,
};
pub use self::options::{ConnectOptions, OptionsError, connect_to_server};
#[cfg(feature = "schema")]
#[cfg_attr(docsrs, doc(cfg(feature = "schema")))]
pub use self::schema::{Described, TypeCheckError};
pub use self::service_url::{ServiceUrl, ServiceUrlError, get_remote_service, parse_service_url};
pub use self::shutdown::Served;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub use self::typed::__macros;
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use self::typed::Provider;
