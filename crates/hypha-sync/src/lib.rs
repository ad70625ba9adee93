#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - [`connect_to_server`] and [`ConnectOptions`]: connecting.
//! - [`Client`]: registering and finding services, and the server's manager.
//! - [`RemoteService`], [`MethodCall`], [`Items`]: what is called.
//! - [`Waiting`]: callbacks, objects, generators and files that a handler was given, or that came in a result.
//! - [`from_iter`], [`from_reader`]: generators and files of ours.
//! - [`login`], [`logout`]: tokens for people.
//!
//! Everything else is that of `hypha-client`, and found here under the same names.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod aside;
mod background;
mod client;
mod connection;
mod error;
mod events;
mod file;
mod items;
mod iterator;
mod login;
mod manager;
mod method_call;
mod parking;
mod reader;
mod remote_service;
#[cfg(feature = "schema")]
mod schema;
mod search;
mod state;
mod waiting;

/// The error of the async client.
pub use hypha_client::Error as ClientError;
pub use hypha_client::{
    Address, AddressError, Arguments, ArrayError, Binary, BlockingHandler, Bookmark, Call,
    CallArguments, CallError, CallOptions, CallService, Callback, CaseConversion, CleanupReport,
    ClientEntry, ClientEvent, CloseReason, ClosedReason, Closure, CodecRegisterError,
    CodecRegistry, ConnectError, ConnectOptions, ConnectionEvent, ConnectionInfo, Connector,
    Context, Custom, DType, DecodeError, Direction, EmitError, EncodeError, EncryptionError,
    ErrorKind, ErrorValue, Event, EventCount, EventError, EventQuery, EventTarget, Ext, Extensions,
    FileObject, FromCall, FromValueError, GetService, Handler, Interface, IntoMethod, IntoReply,
    InvalidService, Invocation, KeyError, Kwargs, LoggedEvent, LoginContext, LoginError,
    LoginOptions, LoginProfile, LogoutOptions, Map, Member, Members, Method, MethodService,
    NdArray, Object, OptionsError, Output, Pacing, Param, Peer, PeerConfig, Permission, Progress,
    PublicKey, ReconnectPolicy, RegisterError, RemoteClientDisconnected, RemoteError,
    RemoteErrorKind, RemoteFile, RemoteObject, RemoteStream, Reply, ReplyEncoder, RequireContext,
    Rest, Returns, SealedCalls, Sealer, SearchPage, Secret, SelectCriterion, SelectMode, Served,
    Service, ServiceId, ServiceInfo, ServiceQuery, ServiceSearch, ServiceTypeInfo, ServiceUrl,
    ServiceUrlError, State, Stats, StatusReport, StreamHandler, Streamed, Text, Timestamp,
    TokenOptions, TransportError, TransportErrorKind, TypeCodec, TypedArray, UserInfo, UserScope,
    Value, Visibility, WorkspaceInfo, WorkspaceOptions, WorkspaceQuery, WorkspaceSummary, event,
    from_value, parse_service_url, random_id, to_value,
};
#[cfg(feature = "schema")]
#[cfg_attr(docsrs, doc(cfg(feature = "schema")))]
pub use hypha_client::{Described, FunctionSchema, Parameter, ServiceSchema, json_schema};
#[cfg(feature = "e2e")]
#[cfg_attr(docsrs, doc(cfg(feature = "e2e")))]
pub use hypha_client::{Encryption, KeyFileError, RandomError, SecretKey};

#[cfg(feature = "macros")]
#[doc(hidden)]
pub use hypha_client::__macros;
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use hypha_client::{Provider, service};

pub use self::client::{Client, connect_to_server, get_remote_service};
pub use self::connection::Connection;
pub use self::error::{CannotBlock, Error};
pub use self::events::{Emit, Events};
pub use self::file::FileReader;
pub use self::items::Items;
pub use self::iterator::from_iter;
pub use self::login::{login, login_profile, logout};
pub use self::manager::Manager;
pub use self::method_call::MethodCall;
pub use self::reader::from_reader;
pub use self::remote_service::RemoteService;
#[cfg(feature = "schema")]
#[cfg_attr(docsrs, doc(cfg(feature = "schema")))]
pub use self::schema::TypeCheckError;
pub use self::state::{ConnectionEvents, States};
pub use self::waiting::{Waiting, block_on};
