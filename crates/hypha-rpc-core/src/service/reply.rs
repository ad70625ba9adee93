//! Results of handlers, encoded as the answer's payload.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use bytes::Bytes;
use hypha_codec::{Binary, Custom, NdArray, Rope, Timestamp, TypedArray, Value};
use serde::Serialize;
use tower::BoxError;

use super::encoder::ReplyEncoder;
use crate::callback::{Callback, Closure};
use crate::engine::Exported;
use crate::error::{CallError, RemoteError, with_sources};
use crate::file::{FileObject, RemoteFile};
use crate::interface::{Interface, RemoteObject};
use crate::stream::{RemoteStream, Streamed};
use crate::target::Target;

/// The result of a method, encoded.
#[derive(Debug)]
pub struct Output {
    pub(crate) payload: Rope,
    /// Functions inside the result.
    pub(crate) exports: Option<Exported<Target>>,
}

impl Output {
    /// Encodes a result.
    ///
    /// # Errors
    /// If it cannot travel.
    pub fn new<T: Serialize + ?Sized>(
        encoder: &ReplyEncoder,
        result: &T,
    ) -> Result<Self, RemoteError> {
        encoder
            .encode(result)
            .map_err(|error| RemoteError::new(format!("the result cannot be sent: {error}")))
    }

    /// Bytes of the encoded answer.
    #[must_use]
    pub fn len(&self) -> usize {
        self.payload.len()
    }

    /// Whether the answer has no bytes; encoded answers have some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.payload.is_empty()
    }
}

/// What a handler can return.
///
/// `Result<T, E>` with any `T: Serialize` and any `E: Display`, plain types directly, and
/// [`Returns`] around any other `Serialize` type. An error goes to the caller as its text; a
/// [`RemoteError`] keeps its trace.
#[diagnostic::on_unimplemented(
    message = "a method cannot return `{Self}`",
    note = "return `Result<T, E>` with `T: Serialize` and `E: Display`, or wrap it: `Returns(value)`"
)]
pub trait IntoReply {
    /// Encodes the result.
    ///
    /// # Errors
    /// The error that the caller gets.
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError>;
}

/// Any `Serialize` type as the result of a handler that cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a wrapper to be built in a return expression"
)]
pub struct Returns<T>(pub T);

impl<T: Serialize> IntoReply for Returns<T> {
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        Output::new(encoder, &self.0)
    }
}

impl<T: Serialize, E: fmt::Display + Send + 'static> IntoReply for Result<T, E> {
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        match self {
            Ok(result) => Output::new(encoder, &result),
            Err(error) => Err(into_remote_error(error)),
        }
    }
}

macro_rules! plain {
    ($($type:ty),* $(,)?) => {$(
        impl IntoReply for $type {
            fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
                Output::new(encoder, &self)
            }
        }
    )*};
}

plain!(
    (),
    bool,
    char,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    isize,
    u8,
    u16,
    u32,
    u64,
    usize
);
plain!(
    String,
    &'static str,
    hypha_codec::Text,
    Value,
    NdArray,
    TypedArray,
    Timestamp,
    Binary,
    Closure,
    Streamed,
    Interface,
    FileObject,
    RemoteObject,
    RemoteFile
);

impl<T> IntoReply for Custom<T>
where
    Self: Serialize,
{
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        Output::new(encoder, &self)
    }
}

impl<Args, R> IntoReply for Callback<Args, R> {
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        Output::new(encoder, &self)
    }
}

impl<T> IntoReply for RemoteStream<T> {
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        Output::new(encoder, &self)
    }
}

impl IntoReply for Bytes {
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        Output::new(encoder, &Binary::from(self))
    }
}

macro_rules! containers {
    ($($type:ty where [$($param:ident),*]),* $(,)?) => {$(
        impl<$($param: Serialize),*> IntoReply for $type {
            fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
                Output::new(encoder, &self)
            }
        }
    )*};
}

containers!(
    Vec<T> where [T],
    Option<T> where [T],
    Box<T> where [T],
    BTreeMap<K, T> where [K, T],
    BTreeSet<T> where [T],
    (A,) where [A],
    (A, B) where [A, B],
    (A, B, C) where [A, B, C],
    (A, B, C, D) where [A, B, C, D],
);

impl<K: Serialize, T: Serialize, S> IntoReply for HashMap<K, T, S> {
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        Output::new(encoder, &self)
    }
}

impl<T: Serialize, S> IntoReply for HashSet<T, S> {
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        Output::new(encoder, &self)
    }
}

/// The error that a caller gets for any error of a handler.
pub(crate) fn into_remote_error<E: fmt::Display + Send + 'static>(error: E) -> RemoteError {
    let mut error = Some(error);
    let any: &mut dyn Any = &mut error;
    if let Some(remote) = any
        .downcast_mut::<Option<RemoteError>>()
        .and_then(Option::take)
    {
        return of_handler(remote);
    }
    if let Some(call) = any
        .downcast_mut::<Option<CallError>>()
        .and_then(Option::take)
    {
        return call.into();
    }
    if let Some(boxed) = any
        .downcast_mut::<Option<BoxError>>()
        .and_then(Option::take)
    {
        return boxed_into_remote_error(boxed);
    }
    // `{:#}` shows the sources of errors that know how to.
    error.map_or_else(
        || RemoteError::new(""),
        |error| RemoteError::new(format!("{error:#}")).of_method(),
    )
}

/// An error that a handler made says what it means; one that came for a call of its own is about that call.
fn of_handler(error: RemoteError) -> RemoteError {
    if error.is_received() {
        error.of_method()
    } else {
        error
    }
}

/// The error that a caller gets for the error of a layer.
pub(crate) fn boxed_into_remote_error(error: BoxError) -> RemoteError {
    match error.downcast::<RemoteError>() {
        Ok(remote) => of_handler(*remote),
        Err(other) => match other.downcast::<CallError>() {
            Ok(call) => (*call).into(),
            Err(other) => RemoteError::new(with_sources(&*other)).of_method(),
        },
    }
}
