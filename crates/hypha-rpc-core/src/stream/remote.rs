//! A generator of another client.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{self, Poll};

use futures_core::Stream;
use hypha_codec::wire::{key, tag};
use hypha_codec::{Generator, Object, Promised, Rope, Text, Value, native};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{CallError, RemoteError};
use crate::import::Origin;
use crate::method_call::MethodCall;
use crate::peer::Peer;
use crate::texts;

/// The items of a generator of another client, in their order.
///
/// It can stand anywhere in the arguments of a handler or in a result. Each item is one call, made
/// when the stream is polled for it. Dropping the stream closes the generator at once, also if it
/// was never polled. After an error there are no more items.
///
/// ```no_run
/// use futures_util::TryStreamExt;
/// use hypha_rpc_core::{CallError, RemoteService, RemoteStream};
///
/// # async fn example(service: RemoteService) -> Result<(), CallError> {
/// let mut items: RemoteStream<u64> = service.stream("count", (10,)).await?;
/// while let Some(item) = items.try_next().await? {
///     println!("{item}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct RemoteStream<T = Value> {
    source: Option<Arc<Source>>,
    /// Never locked: it makes a stream `Sync`, and thereby objects of the user that hold one.
    pending: Mutex<Option<Pending>>,
    item: PhantomData<fn() -> T>,
}

type Pending = Pin<Box<dyn Future<Output = Result<Option<Value>, CallError>> + Send>>;

impl<T> RemoteStream<T> {
    pub(crate) fn of(source: Arc<Source>) -> Self {
        Self {
            source: Some(source),
            pending: Mutex::default(),
            item: PhantomData,
        }
    }

    /// Closes the generator and waits until it is closed. Dropping the stream closes it as well.
    ///
    /// # Errors
    /// If the generator's holder does not answer.
    pub async fn close(mut self) -> Result<(), CallError> {
        self.pending = Mutex::default();
        match self.source.take() {
            Some(source) => source.close().await,
            None => Ok(()),
        }
    }

    fn end(&mut self) {
        self.pending = Mutex::default();
        self.source = None;
    }
}

impl<T: DeserializeOwned> Stream for RemoteStream<T> {
    type Item = Result<T, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(source) = &this.source else {
            return Poll::Ready(None);
        };
        let pending = this
            .pending
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let future = pending.get_or_insert_with(|| {
            let source = Arc::clone(source);
            Box::pin(async move { source.next().await })
        });
        let result = task::ready!(future.as_mut().poll(cx));
        *pending = None;
        match result {
            Ok(Some(item)) => {
                let method = source.descriptor.method.clone();
                let item = hypha_codec::from_value(item)
                    .map_err(|source| CallError::Result { method, source });
                if item.is_err() {
                    this.end();
                }
                Poll::Ready(Some(item))
            }
            Ok(None) => {
                this.end();
                Poll::Ready(None)
            }
            Err(error) => {
                this.end();
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

impl<T> fmt::Debug for RemoteStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteStream")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Passes the stream on: the receiver pulls its items through us.
impl<T> Serialize for RemoteStream<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(source) = &self.source else {
            return Err(serde::ser::Error::custom("the stream has ended"));
        };
        let handle = Object::from_arc(Arc::clone(source));
        let descriptor = source.descriptor.clone().with_handle(handle);
        native::serialize(&Value::from(descriptor), serializer)
    }
}

impl<'de, T> Deserialize<'de> for RemoteStream<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let generator = match native::deserialize(deserializer)? {
            Value::Generator(generator) => generator,
            other => {
                return Err(D::Error::custom(format_args!(
                    "invalid type: {}, expected a generator",
                    other.kind()
                )));
            }
        };
        let source = generator
            .handle()
            .cloned()
            .and_then(|handle| handle.downcast_arc::<Source>().ok());
        source
            .map(Self::of)
            .ok_or_else(|| D::Error::custom("the generator did not come over a connection"))
    }
}

/// The right to pull a generator: when the last one who has it is gone, the generator is closed.
pub(crate) struct Source {
    origin: Arc<Origin>,
    descriptor: Generator,
    /// Somebody pulled: where the generator leads was allowed.
    started: AtomicBool,
    /// That it ended, and the error that it ended with.
    end: OnceLock<Option<RemoteError>>,
}

impl Source {
    pub(crate) fn new(origin: Arc<Origin>, descriptor: Generator) -> Self {
        Self {
            origin,
            descriptor,
            started: AtomicBool::new(false),
            end: OnceLock::new(),
        }
    }

    async fn next(&self) -> Result<Option<Value>, CallError> {
        // Whoever else reads it must not take what came for all.
        match self.end.get() {
            Some(Some(error)) => return Err(CallError::Remote(error.clone())),
            Some(None) => return Ok(None),
            None => {}
        }
        let call = self.call(self.descriptor.method.clone())?;
        self.started.store(true, Ordering::Relaxed);
        let item = call.decode::<Value>().await;
        let is_stop = |item: &Value| {
            item.as_map()
                .and_then(|map| map.get(key::RTYPE))
                .and_then(Value::as_str)
                == Some(tag::STOP_ITERATION)
        };
        match item {
            Ok(item) if is_stop(&item) => {
                self.end.set(None).ok();
                Ok(None)
            }
            Ok(item) => Ok(Some(item)),
            Err(error) => {
                // The generator raised, and is over.
                if let Some(error) = error.remote() {
                    self.end.set(Some(error.clone())).ok();
                }
                Err(error)
            }
        }
    }

    async fn close(&self) -> Result<(), CallError> {
        let Some(path) = self.descriptor.close_method.clone() else {
            return Ok(());
        };
        let closed = RemoteError::new(texts::STREAM_CLOSED);
        if self.end.set(Some(closed)).is_err() {
            return Ok(());
        }
        self.call(path)?.decode::<Value>().await.map(drop)
    }

    fn call(&self, path: Text) -> Result<MethodCall, CallError> {
        let target = self.origin.lead(&self.descriptor.target)?;
        let shared = self.origin.peer.get()?;
        let own = self.descriptor.enc_pub.as_ref();
        let recipient = self.origin.recipient(&shared, own, &target)?;
        let call = MethodCall::new(Peer::of(shared), path, Promised::Always, target);
        Ok(call
            .parent(self.origin.parent.clone())
            .sealed_for(recipient))
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let Some(path) = self.descriptor.close_method.take() else {
            return;
        };
        if self.end.get().is_some() {
            return;
        }
        // A sender must not make us call others by a generator that nobody here wanted.
        let Ok(target) = self.origin.lead(&self.descriptor.target) else {
            return;
        };
        if !self.started.load(Ordering::Relaxed) && target != self.origin.sender {
            return;
        }
        if let Ok(shared) = self.origin.peer.get() {
            shared.post(target, path, Rope::default(), self.origin.parent.clone());
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.descriptor, f)
    }
}
