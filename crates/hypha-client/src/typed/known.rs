//! The types that `#[service]` knows by their names.

use hypha_codec::{Binary, Custom, Map, NdArray, Text, Timestamp, TypedArray, Value};
use hypha_rpc_core::{
    Callback, Closure, Context, FileObject, Interface, Kwargs, RemoteFile, RemoteObject,
    RemoteStream, Rest, Streamed,
};

/// What a type of its name is taken for: Hypha's, or one that is described the same way.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has the name of a type of Hypha and is another one",
    label = "`#[service]` takes it for Hypha's",
    note = "what callers pass and are told is known by this name: call the type something else, or import it `as` something else"
)]
pub trait OfHypha {}

/// It is.
pub fn is_of_hypha<T: OfHypha>() {}

macro_rules! of_hypha {
    ($($ty:ty),* $(,)?) => { $(impl OfHypha for $ty {})* };
}

of_hypha! {
    Binary,
    Closure,
    Context,
    FileObject,
    Interface,
    Kwargs,
    Map,
    NdArray,
    RemoteFile,
    RemoteObject,
    Rest,
    Streamed,
    Text,
    Timestamp,
    TypedArray,
    Value,
    // Bytes, and anything, as ours are.
    bytes::Bytes,
    serde_json::Value,
    serde_json::Map<String, serde_json::Value>,
}

impl<T> OfHypha for Custom<T> {}
impl<A, R> OfHypha for Callback<A, R> {}
impl<T> OfHypha for RemoteStream<T> {}
