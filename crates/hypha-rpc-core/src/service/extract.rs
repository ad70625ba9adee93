//! Arguments of a call, taken one by one by the parameters of a handler.

use std::fmt;
use std::sync::Arc;

use hypha_codec::{Map, Value};
use serde::de::value::Error as SimpleError;
use serde::de::{DeserializeOwned, Deserializer, Visitor};

use super::encoder::ReplyEncoder;
use super::method::{Invocation, Param};
use crate::context::Context;
use crate::error::{RemoteError, RemoteErrorKind};

/// What a parameter of a handler can be.
///
/// Every `DeserializeOwned` type takes the next positional argument, or the keyword argument of its
/// name. [`Context`] takes the caller's identity, [`Kwargs`] all keyword arguments that no other
/// parameter took. Implement it for extractors of your own.
pub trait FromCall: Sized + Send + 'static {
    /// Whether this is the context; tells `require_context`.
    const IS_CONTEXT: bool = false;

    /// Takes what is its own.
    ///
    /// # Errors
    /// If it is missing or does not fit; the caller sees the text.
    fn from_call(arguments: &mut CallArguments) -> Result<Self, RemoteError>;
}

/// The arguments that no parameter has taken yet.
#[derive(Debug)]
pub struct CallArguments {
    context: Context,
    positional: std::vec::IntoIter<Value>,
    kwargs: Map,
    params: Arc<Vec<Param>>,
    encoder: ReplyEncoder,
    /// How many parameters have asked for an argument.
    taken: usize,
    given: usize,
    open_kwargs: bool,
}

impl CallArguments {
    pub(crate) fn new(invocation: Invocation) -> Self {
        let given = invocation.args.len();
        Self {
            context: invocation.context,
            positional: invocation.args.into_iter(),
            kwargs: invocation.kwargs,
            params: invocation.params,
            encoder: invocation.encoder,
            taken: 0,
            given,
            open_kwargs: false,
        }
    }

    /// Who calls.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What encodes the result of the call.
    #[must_use]
    pub fn encoder(&self) -> &ReplyEncoder {
        &self.encoder
    }

    /// The next argument: positional, by name, or the default of its parameter.
    ///
    /// # Errors
    /// If it was given both ways.
    pub fn next_value(&mut self) -> Result<Option<Value>, RemoteError> {
        let param = self.params.get(self.taken);
        self.taken += 1;
        let named = param.and_then(|param| self.kwargs.remove(&param.name));
        match (self.positional.next(), named, param) {
            (Some(_), Some(_), Some(param)) => Err(invalid(format!(
                "argument `{}` was given twice",
                param.name
            ))),
            (Some(value), ..) | (None, Some(value), _) => Ok(Some(value)),
            (None, None, param) => Ok(param.and_then(|param| param.default.clone())),
        }
    }

    /// The default of the parameter taken last.
    fn default_of_last(&self) -> Option<Value> {
        let param = self.params.get(self.taken.checked_sub(1)?)?;
        param.default.clone()
    }

    /// The name of the parameter taken last, for messages.
    fn last_name(&self) -> String {
        let index = self.taken.saturating_sub(1);
        self.params.get(index).map_or_else(
            || format!("{}", index + 1),
            |param| format!("`{}`", param.name),
        )
    }

    /// The argument taken last is not there.
    fn missing(&self) -> RemoteError {
        let missing = format!("argument {} is missing", self.last_name());
        match self.kwargs.keys().next() {
            Some(name) if self.params.is_empty() => invalid(format!(
                "{missing}, and `{name}` cannot be passed by name: the parameters of this method have no names"
            )),
            _ => invalid(missing),
        }
    }

    /// Refuses what no parameter took. `contexts` says which parameters are the context.
    pub(super) fn finish(mut self, contexts: &[bool]) -> Result<(), RemoteError> {
        // JavaScript pads calls with nulls for arguments it leaves undefined (protocol section 18, rule 2).
        if self.positional.any(|value| !value.is_null()) {
            let given = self.given;
            return Err(invalid(format!(
                "the method takes {} arguments, {given} were given",
                self.taken
            )));
        }
        // Python clients may send `context` along; the true one comes from the header.
        if contexts.contains(&true) {
            drop(self.kwargs.remove("context"));
        }
        if self.open_kwargs {
            return Ok(());
        }
        match self.kwargs.keys().next() {
            None => Ok(()),
            Some(name) if self.params.is_empty() => Err(invalid(format!(
                "keyword argument `{name}` cannot be passed: the parameters of this method have no names"
            ))),
            Some(name) => {
                let known: Vec<&str> = self.params.iter().map(|param| &*param.name).collect();
                Err(invalid(format!(
                    "the method has no parameter `{name}`; it has {}",
                    known.join(", ")
                )))
            }
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> FromCall for T {
    fn from_call(arguments: &mut CallArguments) -> Result<Self, RemoteError> {
        let Some(value) = arguments.next_value()? else {
            return T::deserialize(Absent).map_err(|_| arguments.missing());
        };
        let is_null = value.is_null();
        let read = match hypha_codec::from_value(value) {
            // JavaScript says null for what it leaves out in front of what it gives.
            Err(error) if is_null => match arguments.default_of_last() {
                Some(default) => hypha_codec::from_value(default),
                None => Err(error),
            },
            read => read,
        };
        read.map_err(|error| invalid(format!("argument {}: {error}", arguments.last_name())))
    }
}

impl FromCall for Context {
    const IS_CONTEXT: bool = true;

    fn from_call(arguments: &mut CallArguments) -> Result<Self, RemoteError> {
        Ok(arguments.context.clone())
    }
}

/// All keyword arguments that no other parameter of the handler took.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a wrapper to be taken apart in a parameter list"
)]
pub struct Kwargs(pub Map);

impl FromCall for Kwargs {
    fn from_call(arguments: &mut CallArguments) -> Result<Self, RemoteError> {
        // Parameters after this one may still be named: those stay.
        let later: Vec<_> = arguments
            .params
            .iter()
            .skip(arguments.taken)
            .map(|param| param.name.clone())
            .collect();
        arguments.open_kwargs = true;
        let (kept, taken): (Vec<_>, Vec<_>) = std::mem::take(&mut arguments.kwargs)
            .into_iter()
            .partition(|(name, _)| later.iter().any(|kept| name.as_str() == Some(kept)));
        arguments.kwargs = Map::from_entries(kept);
        Ok(Self(Map::from_entries(taken)))
    }
}

/// All positional arguments that the parameters before this one left.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a wrapper to be taken apart in a parameter list"
)]
pub struct Rest(pub Vec<Value>);

impl FromCall for Rest {
    fn from_call(arguments: &mut CallArguments) -> Result<Self, RemoteError> {
        Ok(Self(arguments.positional.by_ref().collect()))
    }
}

/// An argument that is not there: only an `Option` can be made of it.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = SimpleError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, SimpleError> {
        Err(serde::de::Error::custom("absent"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SimpleError> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

fn invalid(what: impl fmt::Display) -> RemoteError {
    RemoteError::of_kind(
        RemoteErrorKind::InvalidArguments,
        format!("Invalid arguments: {what}"),
    )
}
