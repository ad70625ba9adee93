//! What the attribute `service` builds upon.

mod known;
mod yielding;

use std::sync::Arc;

use hypha_rpc_core::Service;
use hypha_schema::ServiceSchema;

/// A type whose methods are a service: what `#[service]` makes of a type on its impl block.
///
/// Such a type is also `Into<Service>`, which [`Client::register_service`](crate::Client::register_service) takes.
pub trait Provider: Sized + Send + Sync + 'static {
    /// The id of the service.
    const ID: &'static str;

    /// What callers are told of the methods.
    fn schema() -> ServiceSchema;

    /// The service, of a value that is used elsewhere too.
    fn service(implementation: Arc<Self>) -> Service;

    /// The service.
    fn into_service(self) -> Service {
        Self::service(Arc::new(self))
    }
}

/// The value of a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is called `Result` and is none",
    note = "`#[service]` tells by this name that a method may fail: call the type something else"
)]
pub trait Fallible {
    /// What it is if nothing failed.
    type Value;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
}

/// Everything that expansions name. No part of the API.
#[doc(hidden)]
pub mod __macros {
    use std::marker::PhantomData;

    pub use hypha_rpc_core::{
        Callback, Closure, FileObject, Interface, Kwargs, Method, RemoteFile, RemoteObject,
        RemoteStream, Returns, Service, Streamed, Visibility,
    };
    pub use hypha_schema::{FunctionSchema, Parameter, ServiceSchema};

    pub use super::known::{OfHypha, is_of_hypha};
    pub use super::yielding::{Items, next, yielding};
    pub use super::{Fallible, Provider};
    pub use crate::schema::Described;

    /// Whether a type is a `Result`, by whatever name: `IS_RESULT`.
    #[derive(Debug)]
    pub struct Probe<T>(PhantomData<T>);

    impl<T, E> Probe<Result<T, E>> {
        /// It is.
        pub const IS_RESULT: bool = true;
    }

    /// What [`Probe`] says of every other type.
    pub trait NoResult {
        /// It is not.
        const IS_RESULT: bool = false;
    }

    impl<T> NoResult for Probe<T> {}

    /// A method may take it.
    pub fn is_parameter<T: hypha_rpc_core::FromCall>() {}

    /// A method may give it.
    pub fn is_reply<T: hypha_rpc_core::IntoReply>() {}

    /// It can travel.
    pub fn is_sent<T: serde::Serialize>() {}

    /// At most what a server takes as the description of a service (wire-protocol section 10.2).
    const MAX_DESCRIPTION: usize = 1024;

    /// What a service says of itself: the first paragraph of its docs, on one line.
    #[must_use]
    pub fn description(docs: &str) -> String {
        let paragraph = docs.split("\n\n").next().unwrap_or_default();
        let words: Vec<&str> = paragraph.split_whitespace().collect();
        words.join(" ").chars().take(MAX_DESCRIPTION).collect()
    }

    /// The text of doc comments, without the space that starts each line.
    #[must_use]
    pub fn docs(texts: &[&str]) -> String {
        let lines = texts.iter().flat_map(|text| text.split('\n'));
        let lines: Vec<&str> = lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
            .collect();
        lines.join("\n").trim().to_owned()
    }

    /// The value, whose type is said.
    #[must_use]
    pub fn typed<T>(value: T) -> T {
        value
    }

    /// The `None` of a type, as it travels.
    pub fn none<T>(_: T) {}

    /// Fails registering if the default of a parameter is none of its type.
    #[must_use]
    pub fn with_default<T: serde::de::DeserializeOwned>(
        method: Method,
        name: &str,
        value: impl serde::Serialize,
    ) -> Method {
        let read = hypha_codec::to_value(&value)
            .map_err(|error| error.to_string())
            .and_then(|value| match hypha_codec::from_value::<T>(value.clone()) {
                Ok(_) => Ok(value),
                Err(error) => Err(error.to_string()),
            });
        match read {
            // That of the schema came through JSON, which does not have all values.
            Ok(value) => method.default_of(name, &value),
            Err(problem) => method.invalid(format!("the default of parameter `{name}`: {problem}")),
        }
    }
}
