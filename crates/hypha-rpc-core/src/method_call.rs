//! A call that is being put together.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use hypha_codec::{EncodeError, Promised, Text, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::address::Address;
use crate::call::{Body, Call, CallOptions, Exports, Reply};
use crate::error::CallError;
use crate::export::Exporter;
use crate::extensions::Extensions;
use crate::payload;
use crate::peer::Peer;
use crate::progress::{Progress, ProgressHook};
use crate::protocol::{MAX_HEARTBEAT_INTERVAL, MIN_HEARTBEAT_INTERVAL};
use crate::remote::Found;
use crate::sealing::{EncryptionError, Recipient};
use crate::service::Arguments;

/// A call that is being put together; awaiting it makes it.
///
/// Dropping the future cancels the call: if it was not sent it never is, and its answer is not
/// waited for.
#[must_use = "a call is made when it is awaited"]
pub struct MethodCall<T = Value> {
    /// What is to be called, or why that cannot be said.
    call: Result<Prepared, CallError>,
    options: CallOptions,
    extensions: Extensions,
    progress: Option<ProgressHook>,
    result: PhantomData<fn() -> T>,
}

struct Prepared {
    peer: Peer,
    path: Text,
    promise: Promised,
    parent: Option<Text>,
    args: payload::Args,
    kwargs: payload::NamedArgs,
    exporter: Exporter,
    /// The service that the method was found in, if it can be found again.
    found: Option<Found>,
    /// Whom the call is encrypted for.
    recipient: Option<Recipient>,
}

/// A call with its arguments encoded.
struct Ready {
    peer: Peer,
    call: Arc<Call>,
}

impl MethodCall {
    pub(crate) fn new(peer: Peer, path: Text, promise: Promised, target: Address) -> Self {
        let exporter = Exporter::new(Arc::clone(&peer.shared), target);
        Self::of(Ok(Prepared {
            peer,
            path,
            promise,
            parent: None,
            args: payload::Args::default(),
            kwargs: payload::NamedArgs::default(),
            exporter,
            found: None,
            recipient: None,
        }))
    }

    /// A call of a method of a service, which can be found again if `found` says how.
    pub(crate) fn of_service(mut self, found: Option<Found>, options: CallOptions) -> Self {
        if let Ok(call) = &mut self.call {
            call.found = found;
        }
        Self { options, ..self }
    }

    /// A call that cannot be made.
    pub(crate) fn failed(problem: CallError) -> Self {
        Self::of(Err(problem))
    }

    /// Encrypts the call. Must come before the arguments.
    pub(crate) fn sealed_for(mut self, recipient: Option<Recipient>) -> Self {
        let (Some(recipient), Ok(call)) = (recipient, &mut self.call) else {
            return self;
        };
        let sealing = match &call.peer.shared.sealing {
            Some(sealing) => sealing.sealing_for(&recipient),
            None => Err(EncryptionError::Off(call.exporter.receiver().clone())),
        };
        match sealing {
            Ok(sealing) => {
                call.recipient = Some(recipient);
                call.exporter.seal_for(recipient.key, sealing);
                self
            }
            Err(problem) => Self::failed(problem.into()),
        }
    }

    /// Sets the session of the peer that the call belongs to.
    pub(crate) fn parent(mut self, parent: Option<Text>) -> Self {
        if let Ok(call) = &mut self.call {
            call.parent = parent;
        }
        self
    }

    fn of(call: Result<Prepared, CallError>) -> Self {
        Self {
            call,
            options: CallOptions::default(),
            extensions: Extensions::new(),
            progress: None,
            result: PhantomData,
        }
    }
}

impl<T> MethodCall<T> {
    /// The positional arguments: a tuple, such as `(1.0, "a")`.
    #[expect(clippy::needless_pass_by_value, reason = "arguments are handed over")]
    pub fn args(self, args: impl Arguments) -> Self {
        self.prepare(|call| {
            let registry = call.peer.shared.registry();
            call.args = payload::Args::encode(registry, &mut call.exporter, &args)?;
            Ok(())
        })
    }

    /// An argument by name.
    pub fn kwarg(self, name: impl Into<Text>, value: impl Serialize) -> Self {
        self.prepare(|call| {
            let registry = call.peer.shared.registry();
            call.kwargs
                .add(registry, &mut call.exporter, name.into(), &value)
        })
    }

    /// The longest silence; see [`CallOptions::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// The longest time in all; see [`CallOptions::deadline`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// The method may run twice without harm; see [`CallOptions::idempotent`].
    pub fn idempotent(mut self) -> Self {
        self.options.idempotent = true;
        self
    }

    /// Something for the layers of the call path.
    pub fn extension<E: std::any::Any + Send + Sync>(mut self, extension: E) -> Self {
        self.extensions.insert(extension);
        self
    }

    /// Calls `hook` with the progress of messages that are too long for one frame: of the arguments
    /// whenever the provider has taken a part, of the result whenever a part has come. Shorter
    /// messages come to pass without it.
    ///
    /// It is called from within the future of the call, so it should be quick.
    pub fn progress(mut self, hook: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(ProgressHook::new(hook));
        self
    }

    /// Awaits a result of this type instead of a [`Value`].
    pub fn returns<U: DeserializeOwned>(self) -> MethodCall<U> {
        MethodCall {
            call: self.call,
            options: self.options,
            extensions: self.extensions,
            progress: self.progress,
            result: PhantomData,
        }
    }

    /// Makes the call and reads its result.
    ///
    /// # Errors
    /// [`CallError`]: what the provider answered, or why it did not.
    pub fn decode<U: DeserializeOwned>(self) -> impl Future<Output = Result<U, CallError>> + Send {
        self.send().map(|reply| reply?.decode())
    }

    /// Makes the call.
    ///
    /// # Errors
    /// [`CallError`]: what the provider answered, or why it did not.
    pub fn send(self) -> impl Future<Output = Result<Reply, CallError>> + Send {
        // Put together before anything waits, so that what waits is small.
        let ready = self.finish();
        async move {
            let Ready { peer, call } = ready?;
            peer.calls.run(&peer.shared, call).await
        }
    }

    fn finish(self) -> Result<Ready, CallError> {
        let Self {
            call,
            mut options,
            extensions,
            progress,
            ..
        } = self;
        let Prepared {
            peer,
            path,
            promise,
            parent,
            args,
            kwargs,
            exporter,
            found,
            recipient,
        } = call?;
        let shared = &peer.shared;
        let target = exporter.receiver().clone();
        let timeout = options
            .timeout
            .unwrap_or_else(|| shared.config.timeout_of(&path));
        options.timeout = Some(timeout);
        let interval = (timeout / 2).clamp(MIN_HEARTBEAT_INTERVAL, MAX_HEARTBEAT_INTERVAL);
        let form = match promise {
            Promised::Written => None,
            Promised::Never => Some(payload::Promise::None),
            _ => Some(payload::Promise::Star(interval)),
        };
        let body = match form {
            Some(form) => Body::Encoded(payload::call(shared.registry(), &args, &kwargs, form)?),
            None => Body::Written {
                args,
                kwargs,
                interval,
            },
        };
        let call = Arc::new(Call {
            target,
            method: path,
            options,
            extensions,
            body,
            answered: promise != Promised::Never,
            parent,
            exports: Exports::new(exporter.finish()),
            found,
            recipient,
            progress,
        });
        Ok(Ready { peer, call })
    }

    fn prepare(mut self, step: impl FnOnce(&mut Prepared) -> Result<(), EncodeError>) -> Self {
        if let Ok(call) = &mut self.call
            && let Err(problem) = step(call)
        {
            self.call = Err(problem.into());
        }
        self
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for MethodCall<T> {
    type Output = Result<T, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.decode())
    }
}

impl<T> fmt::Debug for MethodCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("MethodCall");
        if let Ok(call) = &self.call {
            debug.field("target", call.exporter.receiver());
            debug.field("method", &call.path);
        }
        debug.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It is moved several times, into its task and out again, and allocators are slow with what is beyond 1 KiB.
    #[test]
    fn what_waits_for_a_call_is_small() {
        fn size<F>(_: impl Fn(MethodCall) -> F) -> usize {
            size_of::<F>()
        }
        let size = size(MethodCall::decode::<Value>);
        assert!(size <= 768, "{size} bytes");
    }
}
