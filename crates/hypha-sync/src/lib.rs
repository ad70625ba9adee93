#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - [`connect_to_server`] and [`ConnectOptions`]: connecting.
//! - [`Client`]: registering and finding services, and the server's manager.
//! - [`RemoteService`], [`MethodCall`], [`Items`]: what is called.
//! - [`Waiting`]: callbacks, objects and generators that a handler was given.
//! - [`from_iter`]: generators of ours.
//! - [`login`], [`logout`]: tokens for people.
//!
//! Everything else is that of `hypha-client`, and found here under the same names.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod background;
mod client;
mod error;
mod events;
mod items;
mod iterator;
mod login;
mod manager;
mod method_call;
mod parking;
mod remote_service;
mod waiting;

pub use hypha_client::{
    Address, Arguments, Binary, Bookmark, Callback, CaseConversion, CleanupReport, ClientEntry,
    ClosedReason, Closure, CodecRegistry, ConnectOptions, ConnectionEvent, ConnectionInfo, Context,
    ErrorKind, Event, EventCount, EventQuery, EventTarget, FileObject, GetService, Interface,
    Kwargs, LoggedEvent, LoginContext, LoginOptions, LoginProfile, LogoutOptions, Map, Members,
    Method, NdArray, Permission, Progress, PublicKey, RemoteError, RemoteErrorKind, RemoteFile,
    RemoteObject, RemoteStream, Reply, Rest, Returns, SearchPage, Secret, SelectMode, Served,
    Service, ServiceInfo, ServiceQuery, ServiceSearch, ServiceTypeInfo, State, StatusReport,
    Streamed, Text, TokenOptions, UserInfo, Value, Visibility, WorkspaceInfo, WorkspaceOptions,
    WorkspaceQuery, WorkspaceSummary, event, from_value, to_value,
};

#[cfg(feature = "e2e")]
#[cfg_attr(docsrs, doc(cfg(feature = "e2e")))]
pub use hypha_client::{Encryption, SecretKey};

pub use self::client::{Client, connect_to_server, get_remote_service};
pub use self::error::{CannotBlock, Error};
pub use self::events::{ConnectionEvents, Emit, Events};
pub use self::items::Items;
pub use self::iterator::from_iter;
pub use self::login::{login, login_profile, logout};
pub use self::manager::Manager;
pub use self::method_call::MethodCall;
pub use self::remote_service::RemoteService;
pub use self::waiting::{Waiting, block_on};
