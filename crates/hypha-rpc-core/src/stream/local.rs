//! A stream of ours that goes out inside a message.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{self, Poll};

use futures_core::Stream;
use hypha_codec::wire::{key, tag};
use hypha_codec::{EncodeError, Generator, Map, Object, Text, Value, native};
use serde::{Serialize, Serializer};
use tokio::sync::watch;

use crate::error::RemoteError;
use crate::export::Exporter;
use crate::link::Command;
use crate::service::{IntoReply, Method, Output, ReplyEncoder};
use crate::shared::Shared;
use crate::texts;

/// A stream that goes out as an argument or result: the receiver pulls its items one by one.
///
/// Items are whatever a handler may return; a `Result` that is an error ends the stream with it.
/// The stream is polled only while the receiver waits for an item, and dropped as soon as the
/// receiver is done with it: at its end, when the receiver stops early, or when the call returns
/// that it was an argument of. It travels once; what is written twice is an error.
///
/// ```
/// use futures_util::stream;
/// use hypha_rpc_core::{Service, Streamed};
///
/// let service = Service::new("numbers")
///     .stream("count", |n: u64| stream::iter(0..n))
///     .method("rows", |n: u64| async move {
///         if n > 1000 {
///             return Err("at most 1000 rows");
///         }
///         Ok(Streamed::new(stream::iter((0..n).map(|row| vec![row; 3]))))
///     });
/// # drop(service);
/// ```
#[derive(Clone)]
pub struct Streamed {
    items: Arc<Mutex<Option<Items>>>,
}

type Items = Pin<Box<dyn Stream<Item = Item> + Send>>;
type Item = Box<dyn FnOnce(&ReplyEncoder) -> Result<Output, RemoteError> + Send>;

impl Streamed {
    /// Wraps a stream.
    #[must_use]
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream + Send + 'static,
        S::Item: IntoReply + Send + 'static,
    {
        Self {
            items: Arc::new(Mutex::new(Some(Box::pin(Boxed(Box::pin(stream)))))),
        }
    }

    /// Gives the stream a place in the session of a message.
    pub(crate) fn export(&self, exporter: &mut Exporter) -> Result<Value, EncodeError> {
        let taken = self
            .items
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(items) = taken else {
            return Err(EncodeError::custom(
                "a stream travels once, and this one already has",
            ));
        };
        let session = exporter.session();
        let shared = Arc::downgrade(exporter.shared());
        let (names, paths) = exporter.pair("close");
        let producer = Arc::new(Producer {
            items: tokio::sync::Mutex::new(Some(items)),
            closed: watch::Sender::new(false),
            is_complete: AtomicBool::new(false),
            shared,
            session,
            names: names.clone(),
        });
        let next = {
            let producer = Arc::clone(&producer);
            Method::raw(move |arguments| {
                let (producer, encoder) = (Arc::clone(&producer), arguments.encoder().clone());
                Box::pin(async move { producer.next(&encoder).await })
            })
        };
        let closer = Closer(producer);
        let close = Method::new(move || {
            let producer = Arc::clone(&closer.0);
            async move {
                producer.close().await;
                true
            }
        });
        let [next_name, close_name] = names;
        exporter.place(next_name, &next);
        exporter.place_open(close_name, &close);
        let [next_path, close_path] = paths;
        let mut descriptor =
            Generator::new(exporter.shared().local.as_str(), next_path, close_path);
        descriptor.server = exporter.shared().server_url();
        descriptor.enc_pub = exporter.public_key();
        Ok(Value::from(descriptor))
    }
}

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streamed")
    }
}

impl Serialize for Streamed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        native::serialize(&Value::from(self.clone()), serializer)
    }
}

impl From<Streamed> for Value {
    fn from(stream: Streamed) -> Self {
        Self::Object(Object::new(stream))
    }
}

/// Makes the items of a stream one type.
struct Boxed<S>(Pin<Box<S>>);

impl<S> Stream for Boxed<S>
where
    S: Stream,
    S::Item: IntoReply + Send + 'static,
{
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Item>> {
        let item = task::ready!(self.0.as_mut().poll_next(cx));
        Poll::Ready(item.map(|item| -> Item { Box::new(move |encoder| item.into_reply(encoder)) }))
    }
}

/// A stream that went out.
struct Producer {
    /// Locked while an item is waited for; empty once the stream has ended.
    items: tokio::sync::Mutex<Option<Items>>,
    closed: watch::Sender<bool>,
    /// The stream itself came to its end.
    is_complete: AtomicBool,
    shared: Weak<Shared>,
    session: u64,
    names: [Text; 2],
}

/// What comes next of a stream.
enum Next {
    Item(Item),
    End,
    /// It was closed, or has ended before.
    Gone,
}

impl Producer {
    async fn next(&self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        let mut closed = self.closed.subscribe();
        let next = tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Next::Gone,
            next = self.pull() => next,
        };
        match next {
            Next::Item(item) => {
                let output = item(encoder);
                if output.is_err() {
                    self.end().await;
                }
                output
            }
            // Whoever closed it does not ask for more: this is for a reader who would take a part of the items for all.
            Next::Gone if !self.is_complete.load(Ordering::Acquire) => {
                self.end().await;
                Err(RemoteError::new(texts::STREAM_CLOSED))
            }
            Next::Gone | Next::End => {
                self.is_complete.store(true, Ordering::Release);
                self.end().await;
                let stop = Map::from([(key::RTYPE, tag::STOP_ITERATION)]);
                Output::new(encoder, &Value::Map(stop))
            }
        }
    }

    async fn pull(&self) -> Next {
        let mut items = self.items.lock().await;
        let Some(items) = items.as_mut() else {
            return Next::Gone;
        };
        match poll_fn(|cx| items.as_mut().poll_next(cx)).await {
            Some(item) => Next::Item(item),
            None => Next::End,
        }
    }

    /// Ends the stream now, also while an item is being waited for.
    async fn close(&self) {
        self.closed.send_replace(true);
        self.end().await;
    }

    async fn end(&self) {
        drop(self.items.lock().await.take());
        if let Some(shared) = self.shared.upgrade() {
            let release = Command::Release {
                session: self.session,
                names: self.names.to_vec(),
            };
            // Without a link the session is gone as well.
            drop(shared.commands.send(release));
        }
    }
}

/// Ends the stream when the session that it lives in ends.
struct Closer(Arc<Producer>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.closed.send_replace(true);
        // Whoever waits for an item right now drops the items instead.
        if let Ok(mut items) = self.0.items.try_lock() {
            drop(items.take());
        }
    }
}
