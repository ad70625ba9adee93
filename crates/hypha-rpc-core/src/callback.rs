//! Functions that travel inside messages: those we give and those we are given.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;

use hypha_codec::{Method as Descriptor, Object, Value, native};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::Address;
use crate::error::CallError;
use crate::import::Origin;
use crate::method_call::MethodCall;
use crate::peer::Peer;
use crate::service::{Arguments, IntoMethod, Kwargs, Method, Rest};

/// A function of ours that goes out as an argument or result: for the receiver it is an ordinary
/// remote function.
///
/// As an argument it can be called until the call returns, by the one who was called and by nobody
/// else. Inside a result it lives until nobody has called it for ten minutes. What must outlive the
/// call is an [`Interface`](crate::Interface).
///
/// ```
/// use hypha_rpc_core::{Closure, Method};
///
/// let report = Closure::new(|done: f64| async move { println!("{done}") });
/// let named = Closure::new(Method::new(|a: u32, b: u32| async move { a + b }).params(["a", "b"]));
/// # let _ = (report, named);
/// ```
#[derive(Clone, Debug)]
pub struct Closure {
    method: Method,
}

impl Closure {
    /// Wraps an async function or closure, or a [`Method`] with names and docs.
    #[must_use]
    pub fn new<Args>(function: impl IntoMethod<Args>) -> Self {
        Self {
            method: function.into_method(),
        }
    }

    /// Wraps a function or closure that blocks its thread; see [`Method::blocking`].
    #[must_use]
    pub fn blocking<Args>(function: impl crate::service::BlockingHandler<Args>) -> Self {
        Self {
            method: Method::blocking(function),
        }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// A function of ours that does nothing but call a function of somebody else.
    pub(crate) fn forward(descriptor: Descriptor) -> Self {
        let doc = descriptor.doc.clone();
        let call = move |args: Rest, kwargs: Kwargs| {
            let descriptor = descriptor.clone();
            async move {
                let callback = Callback::<Vec<Value>, Value>::try_from(descriptor)?;
                let call = kwargs.0.into_iter().fold(
                    callback.invoke().args(args.0),
                    |call, (name, value)| match name.as_str() {
                        Some(name) => call.kwarg(name, value),
                        None => call,
                    },
                );
                call.decode::<Value>().await
            }
        };
        let method = Method::new(call);
        Self {
            method: match doc {
                Some(doc) => method.doc(doc),
                None => method,
            },
        }
    }
}

impl Serialize for Closure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        native::serialize(&Value::from(self.clone()), serializer)
    }
}

impl From<Closure> for Value {
    fn from(closure: Closure) -> Self {
        Self::Object(Object::new(closure))
    }
}

/// A function of another client that came inside a message.
///
/// It can stand anywhere in the arguments of a handler or in a result: as a parameter, in an
/// `Option`, in a field of a struct. `Args` is the tuple it is called with, `R` its result; with
/// `()` whatever it returns is dropped.
///
/// A callback among the arguments of a call can be called until that call has returned. One that a
/// handler received does not keep the connection open; one in a result does.
pub struct Callback<Args = Vec<Value>, R = Value> {
    descriptor: Box<Descriptor>,
    signature: PhantomData<fn(Args) -> R>,
}

impl<Args, R> Callback<Args, R> {
    /// Who is called: the workspace and client that the function leads to. A sender may pass on
    /// functions of other clients of its workspace, so this need not be the sender.
    ///
    /// # Errors
    /// If the descriptor leads nowhere, or where its sender must not lead us.
    pub fn target(&self) -> Result<Address, CallError> {
        self.origin()?.lead(&self.descriptor.target)
    }

    /// What is known of the function: name, documentation, schema.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The same function with another signature.
    #[must_use]
    pub fn typed<A, T>(self) -> Callback<A, T> {
        Callback {
            descriptor: self.descriptor,
            signature: PhantomData,
        }
    }

    /// Starts a call that has more to say than positional arguments.
    pub fn invoke(&self) -> MethodCall {
        let prepared = self.origin().and_then(|origin| {
            let target = origin.lead(&self.descriptor.target)?;
            let shared = origin.peer.get()?;
            let recipient = origin.recipient(&shared, self.descriptor.enc_pub.as_ref(), &target)?;
            Ok((shared, target, recipient, origin.parent.clone()))
        });
        match prepared {
            Ok((shared, target, recipient, parent)) => {
                let Descriptor {
                    method, promise, ..
                } = &*self.descriptor;
                MethodCall::new(Peer::of(shared), method.clone(), *promise, target)
                    .parent(parent)
                    .sealed_for(recipient)
            }
            Err(problem) => MethodCall::failed(problem),
        }
    }

    fn origin(&self) -> Result<&Origin, CallError> {
        let origin = self
            .descriptor
            .handle()
            .and_then(Object::downcast_ref::<Origin>);
        origin.ok_or_else(|| {
            hypha_codec::EncodeError::custom("the function did not come over a connection").into()
        })
    }
}

impl<Args: Arguments, R: DeserializeOwned + 'static> Callback<Args, R> {
    /// Calls the function.
    ///
    /// # Errors
    /// [`CallError`]: what the function answered, or why it did not.
    pub async fn call(&self, args: Args) -> Result<R, CallError> {
        let reply = self.invoke().args(args).send().await?;
        if TypeId::of::<R>() == TypeId::of::<()>() {
            return reply.decode_value(Value::Null);
        }
        reply.decode()
    }
}

impl<Args, R> TryFrom<Descriptor> for Callback<Args, R> {
    type Error = CallError;

    /// # Errors
    /// If the function did not come over a connection.
    fn try_from(descriptor: Descriptor) -> Result<Self, CallError> {
        let callback = Self {
            descriptor: Box::new(descriptor),
            signature: PhantomData,
        };
        callback.origin()?;
        Ok(callback)
    }
}

impl<Args, R> Clone for Callback<Args, R> {
    fn clone(&self) -> Self {
        Self {
            descriptor: self.descriptor.clone(),
            signature: PhantomData,
        }
    }
}

impl<Args, R> fmt::Debug for Callback<Args, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Callback({} {})",
            self.descriptor.target, self.descriptor.method
        )
    }
}

impl<Args, R> From<Callback<Args, R>> for Value {
    fn from(callback: Callback<Args, R>) -> Self {
        Self::Method(callback.descriptor)
    }
}

/// Passes the function on: the receiver calls it directly.
impl<Args, R> Serialize for Callback<Args, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        native::serialize(&Value::Method(self.descriptor.clone()), serializer)
    }
}

impl<'de, Args, R> Deserialize<'de> for Callback<Args, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match native::deserialize(deserializer)? {
            Value::Method(descriptor) => Self::try_from(*descriptor).map_err(D::Error::custom),
            other => Err(D::Error::custom(format_args!(
                "invalid type: {}, expected a function",
                other.kind()
            ))),
        }
    }
}
