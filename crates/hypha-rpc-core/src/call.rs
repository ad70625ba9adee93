//! A call on its way out: a tower service takes it to the link.

mod sealed;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll};
use std::time::Duration;

use hypha_codec::{Packet, Rope, Text, Value};
use serde::de::DeserializeOwned;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt as _};
use tower_layer::Layer;

use crate::address::Address;
use crate::engine::{Exported, Outcome, OutgoingCall};
use crate::error::{CallError, RemoteError, RemoteErrorKind};
use crate::extensions::Extensions;
use crate::import::{PeerRef, SenderImport};
use crate::payload;
use crate::progress::ProgressHook;
use crate::remote::Found;
use crate::repeat;
use crate::sealing::{EncryptionError, Recipient};
use crate::shared::Shared;
use crate::target::Target;
use crate::transfer;

/// A call of a method of another client, its arguments encoded.
///
/// Layers on the caller's side see it before it is sent. A clone shares the encoded arguments.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// Who is called.
    pub target: Address,
    /// The path of the method, such as `services.calculator.add`.
    pub method: Text,
    /// How long to wait.
    pub options: CallOptions,
    /// What layers hand to the layers inside them.
    pub extensions: Extensions,
    pub(crate) body: Body,
    pub(crate) answered: bool,
    /// The session of the peer that the call belongs to.
    pub(crate) parent: Option<Text>,
    pub(crate) exports: Exports,
    /// How the method was found, so that it can be looked up again.
    pub(crate) found: Option<Found>,
    /// Whom it is encrypted for.
    pub(crate) recipient: Option<Recipient>,
    /// What wants to know how far large messages of the call have come.
    pub(crate) progress: Option<ProgressHook>,
}

/// The functions inside the arguments of a call. They get their place when the call is sent, which
/// makes a call with functions one that can be sent once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exports {
    once: Option<Arc<Mutex<Option<Exported<Target>>>>>,
}

impl Exports {
    pub(crate) fn new(exported: Option<Exported<Target>>) -> Self {
        Self {
            once: exported.map(|exported| Arc::new(Mutex::new(Some(exported)))),
        }
    }

    fn take(&self) -> Result<Option<Exported<Target>>, CallError> {
        let Some(once) = &self.once else {
            return Ok(None);
        };
        let taken = once.lock().unwrap_or_else(PoisonError::into_inner).take();
        match taken {
            Some(exported) => Ok(Some(exported)),
            None => Err(hypha_codec::EncodeError::custom(
                "a call with functions in its arguments cannot be sent twice",
            )
            .into()),
        }
    }
}

/// What a call says, as far as it can be encoded before the call has a session.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// All of it.
    Encoded(Rope),
    /// The promise is written out and names the session: every try of the call has its own.
    Written {
        args: payload::Args,
        kwargs: payload::NamedArgs,
        interval: Duration,
    },
}

impl Call {
    /// Bytes of the encoded arguments.
    #[must_use]
    pub fn payload_len(&self) -> usize {
        match &self.body {
            Body::Encoded(payload) => payload.len(),
            Body::Written { args, .. } => args.len(),
        }
    }

    /// Whether a clone can be sent too: functions inside the arguments live in the one session of
    /// their call.
    pub(crate) fn can_repeat(&self) -> bool {
        self.exports.once.is_none()
    }
}

/// How long a call may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOptions {
    /// The longest silence: heartbeats of the provider begin it anew. It counts from the moment
    /// the call is handed to the transport. The client's `method_timeout` without it.
    pub timeout: Option<Duration>,
    /// The longest time in all, counted from the start of the call, queueing included. The
    /// client's without it; unlimited if that has none.
    pub deadline: Option<Duration>,
    /// Whether the method may run twice without harm. Such a call is made again when it may be lost:
    /// its provider went away, or our connection broke while it ran. Within its deadline, or else
    /// its `timeout` counted from its start.
    pub idempotent: bool,
}

impl CallOptions {
    /// The client's own times.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the longest silence.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The method may run twice without harm.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// Sets the longest time in all.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

/// The answer to a call, not yet decoded.
#[derive(Clone)]
pub struct Reply {
    packet: Option<Packet>,
    sender: Address,
    method: Text,
    shared: Arc<Shared>,
    /// Who sealed it, if it came encrypted.
    sealed_by: Option<Recipient>,
}

impl Reply {
    /// The result as a value. Calls that want no answer have the result null.
    ///
    /// # Errors
    /// [`CallError::Decode`] if the answer cannot be read.
    pub fn value(&self) -> Result<Value, CallError> {
        let Some(packet) = &self.packet else {
            return Ok(Value::Null);
        };
        first_argument(packet, &self.sender, &self.shared, self.sealed_by)
            .map_err(|source| self.unreadable(source))
    }

    /// The result as a type of yours.
    ///
    /// # Errors
    /// [`CallError::Decode`] if the answer cannot be read, [`CallError::Result`] if it is something
    /// else.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        self.decode_value(self.value()?)
    }

    pub(crate) fn decode_value<T: DeserializeOwned>(&self, value: Value) -> Result<T, CallError> {
        hypha_codec::from_value(value).map_err(|source| CallError::Result {
            method: self.method.clone(),
            source,
        })
    }

    /// Who answered.
    #[must_use]
    pub fn sender(&self) -> &Address {
        &self.sender
    }

    /// Whether the answer came encrypted, from the one the call was encrypted for.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.sealed_by.is_some()
    }

    fn unreadable(&self, source: hypha_codec::DecodeError) -> CallError {
        CallError::Decode {
            method: self.method.clone(),
            source,
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("sender", &self.sender)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// The tower service of the caller's side: hands calls to the link and waits for the answer.
///
/// Dropping the future of a call frees everything that was kept of it; a call that was not sent
/// yet never is.
#[derive(Clone)]
pub struct CallService {
    stack: Stack,
}

#[derive(Clone)]
enum Stack {
    Plain(Arc<Shared>),
    Layered(BoxCloneSyncService<Call, Reply, CallError>),
}

impl CallService {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            stack: Stack::Plain(shared),
        }
    }

    /// Stacks a layer outside the present ones.
    pub(crate) fn layered<L>(self, layer: &L) -> Self
    where
        L: Layer<Self>,
        L::Service: tower_service::Service<Call, Response = Reply> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<Call>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<Call>>::Future: Send + 'static,
    {
        let service = layer.layer(self).map_err(|error| from_layer(error.into()));
        Self {
            stack: Stack::Layered(BoxCloneSyncService::new(service)),
        }
    }

    /// Passes a call down and waits for its reply, no longer than its deadline. It is made again where
    /// that is safe.
    pub(crate) async fn run(
        &self,
        shared: &Arc<Shared>,
        call: Arc<Call>,
    ) -> Result<Reply, CallError> {
        match call.options.deadline.or(shared.config.deadline) {
            None => repeat::make(self, shared, call).await,
            Some(deadline) => Box::pin(self.run_until(shared, call, deadline)).await,
        }
    }

    async fn run_until(
        &self,
        shared: &Arc<Shared>,
        mut call: Arc<Call>,
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        Arc::make_mut(&mut call).options.deadline = Some(deadline);
        let (target, method) = (call.target.clone(), call.method.clone());
        match tokio::time::timeout(deadline, repeat::make(self, shared, call)).await {
            Ok(result) => result,
            Err(_) => Err(CallError::Deadline {
                target,
                method,
                deadline,
            }),
        }
    }

    /// What waits for a call is moved about, and most of it is only needed until the call is sent: all that is large is
    /// in boxes.
    pub(crate) async fn pass(&self, call: Arc<Call>) -> Result<Reply, CallError> {
        match &self.stack {
            Stack::Plain(shared) => send(shared, call).await,
            Stack::Layered(service) => {
                Box::pin(service.clone().oneshot(Arc::unwrap_or_clone(call))).await
            }
        }
    }
}

impl tower_service::Service<Call> for CallService {
    type Response = Reply;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, CallError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), CallError>> {
        match &mut self.stack {
            // The budget is taken by the size of a call, which is not known yet: `call` waits for it.
            Stack::Plain(_) => Poll::Ready(Ok(())),
            Stack::Layered(service) => service.poll_ready(cx),
        }
    }

    fn call(&mut self, call: Call) -> Self::Future {
        match &mut self.stack {
            Stack::Plain(shared) => {
                let shared = Arc::clone(shared);
                let call = Arc::new(call);
                Box::pin(async move { send(&shared, call).await })
            }
            Stack::Layered(service) => Box::pin(service.call(call)),
        }
    }
}

impl fmt::Debug for CallService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallService")
    }
}

/// Hands a call to the link and waits for its outcome.
async fn send(shared: &Arc<Shared>, call: Arc<Call>) -> Result<Reply, CallError> {
    if let Some(recipient) = call.recipient {
        // Boxed for its size.
        return Box::pin(sealed::send(shared, call, recipient)).await;
    }
    let Sending {
        key,
        outgoing,
        target,
        method,
        progress,
    } = Sending::prepare(shared, &call)?;
    // It may be large, and what is sent of it is freed as it goes.
    drop(call);
    let outcome = transfer::call(shared, key, outgoing, progress.as_ref()).await?;
    conclude(shared, target, method, outcome)
}

/// A call on its way to the link, and what is kept of it.
struct Sending {
    key: u64,
    outgoing: Box<OutgoingCall<Target>>,
    target: Address,
    method: Text,
    progress: Option<ProgressHook>,
}

impl Sending {
    /// Takes what is sent out of a call, which whoever may make it again holds besides.
    fn prepare(shared: &Shared, call: &Call) -> Result<Self, CallError> {
        let exports = call.exports.take()?;
        // The functions live in the session of their call.
        let key = exports
            .as_ref()
            .map_or_else(|| shared.next_key(), |exported| exported.key);
        let payload = match &call.body {
            Body::Encoded(payload) => payload.clone(),
            Body::Written {
                args,
                kwargs,
                interval,
            } => {
                let form = payload::Promise::Written {
                    local: &shared.local,
                    session: &shared.sessions.id(key),
                    interval: *interval,
                };
                payload::call(shared.registry(), args, kwargs, form)?
            }
        };
        let timeout = call.options.timeout.unwrap_or(shared.config.method_timeout);
        let outgoing = Box::new(OutgoingCall {
            target: call.target.clone(),
            method: call.method.clone(),
            payload,
            timeout: call.answered.then_some(timeout),
            parent: call.parent.clone(),
            idempotent: call.options.idempotent,
            exports,
        });
        Ok(Self {
            key,
            outgoing,
            target: call.target.clone(),
            method: call.method.clone(),
            progress: call.progress.clone(),
        })
    }
}

/// What the outcome of a call means to its caller.
pub(crate) fn conclude(
    shared: &Arc<Shared>,
    target: Address,
    method: Text,
    outcome: Outcome,
) -> Result<Reply, CallError> {
    match outcome {
        Outcome::Resolved(packet) => Ok(Reply {
            packet: Some(packet),
            sender: target,
            method,
            shared: Arc::clone(shared),
            sealed_by: None,
        }),
        Outcome::Sent => Ok(Reply {
            packet: None,
            sender: target,
            method,
            shared: Arc::clone(shared),
            sealed_by: None,
        }),
        Outcome::Rejected(packet) => Err(rejected(&packet, &target, method, shared)),
        Outcome::Silent(silence) => Err(CallError::Timeout {
            target,
            method,
            silence,
        }),
        Outcome::PeerGone(notice) => Err(CallError::PeerGone {
            peer: target,
            notice,
        }),
        Outcome::LinkLost { sent } => Err(shared.disconnected(sent)),
    }
}

/// The error that a peer answered with. Any value may come (protocol section 5.1).
fn rejected(packet: &Packet, target: &Address, method: Text, shared: &Arc<Shared>) -> CallError {
    match first_argument(packet, target, shared, None) {
        Ok(Value::Error(error)) => {
            let error = RemoteError::from(&*error);
            // Only the server knows that a call was not delivered, and it alone writes no `ws`
            // (protocol section 6.7). From the provider these words are about a call of its own.
            let delivered =
                !shared.relayed || packet.header().is_ok_and(|header| header.ws().is_some());
            CallError::Remote(match error.kind() {
                RemoteErrorKind::PeerNotConnected if delivered => error.of_application(),
                _ => error,
            })
        }
        Ok(Value::Text(text)) => CallError::Remote(RemoteError::new(text).of_application()),
        Ok(other) => CallError::Remote(RemoteError::new(format!("{other:?}"))),
        Err(source) => CallError::Decode { method, source },
    }
}

fn first_argument(
    packet: &Packet,
    sender: &Address,
    shared: &Arc<Shared>,
    sealed_by: Option<Recipient>,
) -> Result<Value, hypha_codec::DecodeError> {
    let import =
        SenderImport::new(PeerRef::Strong(Arc::clone(shared)), sender, None).sealed_by(sealed_by);
    let decoder = hypha_codec::Decoder::new(shared.registry()).import(&import);
    let payload = hypha_codec::Payload::decode(packet.payload(), &decoder)?;
    if payload.encrypted.is_some() {
        return Err(hypha_codec::DecodeError::custom(
            EncryptionError::SealedAnswer,
        ));
    }
    Ok(payload.args.into_iter().next().unwrap_or_default())
}

fn from_layer(error: BoxError) -> CallError {
    match error.downcast::<CallError>() {
        Ok(error) => *error,
        Err(error) => CallError::Layer(error),
    }
}
