//! Messages that are too long for one frame, on their way out (protocol section 9.2).
//!
//! The calls that carry a message do not pass the layers of the call path. A message waits with its
//! sender and is handed on chunk by chunk, as the other end takes them.

mod window;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hypha_codec::wire::payload;
use hypha_codec::{CodecRegistry, EncodeError, Rope, Text, Value, Writer};
use tokio::sync::watch;
use tokio::time::Instant;

use self::window::Window;
use crate::address::Address;
use crate::call::conclude;
use crate::engine::{Message, Outcome, OutgoingCall};
use crate::error::CallError;
use crate::link::Command;
use crate::progress::{Direction, ProgressHook};
use crate::protocol::{
    API_VERSION_WITH_SET, BUILT_IN, MAX_HEARTBEAT_INTERVAL, MESSAGE_CACHE, MIN_HEARTBEAT_INTERVAL,
    built_in_path,
};
use crate::request::{Pending, request, send_chunk};
use crate::session::random_id;
use crate::shared::Shared;
use crate::target::Target;

/// Sends a call in one frame or in several, as its length wants it, and waits for its outcome.
///
/// Dropping the future frees everything that was kept of the call, here and at the other end.
///
/// # Errors
/// Why the call was not sent.
pub(crate) async fn call(
    shared: &Arc<Shared>,
    key: u64,
    call: Box<OutgoingCall<Target>>,
    progress: Option<&ProgressHook>,
) -> Result<Outcome, CallError> {
    if progress.is_none() && call.payload.len() <= shared.config.chunk_size {
        return request(shared, key, call, None).await;
    }
    // Boxed for its size: most calls are small, and what waits for them is moved about.
    Box::pin(reporting(shared, key, call, progress)).await
}

async fn reporting(
    shared: &Arc<Shared>,
    key: u64,
    call: Box<OutgoingCall<Target>>,
    progress: Option<&ProgressHook>,
) -> Result<Outcome, CallError> {
    let Some(hook) = progress else {
        return carry(shared, key, call, None, None).await;
    };
    let (sender, mut received) = watch::channel(0);
    let report = async {
        while received.changed().await.is_ok() {
            hook.report(Direction::Receiving, *received.borrow_and_update(), None);
        }
        std::future::pending().await
    };
    tokio::select! {
        // What came last is reported before the outcome.
        biased;
        outcome = report => outcome,
        outcome = carry(shared, key, call, Some(sender), progress) => outcome,
    }
}

/// Sends an answer in several frames.
///
/// # Errors
/// Why the caller does not have it.
pub(crate) async fn answer(shared: &Arc<Shared>, message: Message) -> Result<(), CallError> {
    let target = Address::parse(&message.to).map_err(EncodeError::custom)?;
    // The session is the key of its answer, as of all that the references send under it. Everything
    // else gets a key of its own, so that no two messages meet under one.
    let session = message.parent.clone().unwrap_or_default();
    let frame = message.encode(&shared.local);
    let timeout = shared.config.method_timeout;
    let mut transfer = Transfer::new(shared, target, session, true, timeout);
    transfer.run(frame, None).await
}

async fn carry(
    shared: &Arc<Shared>,
    key: u64,
    mut call: Box<OutgoingCall<Target>>,
    received: Option<watch::Sender<usize>>,
    progress: Option<&ProgressHook>,
) -> Result<Outcome, CallError> {
    if call.payload.len() <= shared.config.chunk_size {
        return request(shared, key, call, received).await;
    }
    let session = call.timeout.map(|_| shared.sessions.id(key));
    let timeout = call.timeout.unwrap_or(shared.config.method_timeout);
    let is_answered = session.is_some();
    let frame = Message::call(&mut call, session).encode(&shared.local);
    let cache_key = Text::from(random_id().map_err(EncodeError::custom)?);
    let mut transfer = Transfer::new(shared, call.target.clone(), cache_key, false, timeout);
    if !is_answered {
        transfer.run(frame, progress).await?;
        return Ok(Outcome::Sent);
    }
    let expect = |reply| Command::Expect { key, call, reply };
    let mut pending = Pending::start(shared, key, received, expect)?;
    transfer.call = Some(key);
    let outcome = tokio::select! {
        biased;
        outcome = pending.outcome() => Some(outcome?),
        carried = transfer.run(frame, progress) => match carried {
            Ok(()) => None,
            // Nobody said whether it runs: that shows in its own signs of life.
            Err(CallError::Timeout { .. } | CallError::Disconnected { .. })
                if transfer.stage >= Stage::Processing => Some(pending.outcome().await?),
            Err(error) => return Err(error),
        },
    };
    let Some(outcome) = outcome else {
        drop(transfer);
        drop(shared.commands.send(Command::Delivered(key)));
        return pending.outcome().await;
    };
    // The method may be quicker than the answer of the call that began it.
    let maybe_ran = transfer.stage >= Stage::Processing;
    match outcome {
        Outcome::LinkLost { sent } => Ok(Outcome::LinkLost {
            sent: sent || maybe_ran,
        }),
        outcome => {
            if matches!(outcome, Outcome::Resolved(_) | Outcome::Rejected(_)) && maybe_ran {
                transfer.stage = Stage::Done;
            }
            Ok(outcome)
        }
    }
}

/// A message is begun anew after so many losses but one: it may be what ends the connections.
const MAX_LOSSES: u32 = 5;

/// One message under way.
struct Transfer<'a> {
    shared: &'a Arc<Shared>,
    target: Address,
    /// What the message is called at the other end.
    key: Text,
    /// The key is a session of the other end.
    is_session: bool,
    /// The longest silence of the other end that is borne.
    timeout: Duration,
    /// A message that the other end has under this key gives way.
    overwrites: bool,
    /// The call that the message is, if its answer is waited for.
    call: Option<u64>,
    /// How often a connection was lost with a part of it.
    losses: u32,
    stage: Stage,
    /// Path of the method that drops the message.
    remove: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// The other end knows nothing of the message.
    New,
    /// It may have a part of it.
    Begun,
    /// It may have all of it, and act on it.
    Processing,
    /// It has all of it.
    Done,
}

/// Where the other end takes messages.
struct MessageCache {
    create: Text,
    /// `set`, or `append`.
    add: Text,
    /// Chunks go with their index, many at once; else one after the other.
    in_any_order: bool,
    process: Text,
    remove: Text,
}

impl<'a> Transfer<'a> {
    fn new(
        shared: &'a Arc<Shared>,
        target: Address,
        key: Text,
        is_session: bool,
        timeout: Duration,
    ) -> Self {
        shared.transfers.fetch_add(1, Ordering::Relaxed);
        Self {
            shared,
            target,
            key,
            is_session,
            timeout,
            overwrites: false,
            call: None,
            losses: 0,
            stage: Stage::New,
            remove: Text::new(),
        }
    }

    /// Hands the message over. Once this returns, the other end acts on it.
    async fn run(&mut self, frame: Rope, progress: Option<&ProgressHook>) -> Result<(), CallError> {
        loop {
            let error = match self.hand_over(frame.clone(), progress).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let CallError::Disconnected {
                reason,
                maybe_ran: was_sent,
            } = error
            else {
                return Err(error);
            };
            // Parts of a message are no call: it has not run before all of them are there.
            let maybe_ran = self.stage >= Stage::Processing;
            self.losses += 1;
            let enough = self.losses >= MAX_LOSSES || self.shared.ended.get().is_some();
            if maybe_ran || !was_sent || enough {
                return Err(CallError::Disconnected { reason, maybe_ran });
            }
            // A part was lost with the connection. Over the next one the message begins anew: the
            // other end may have dropped what it had.
            self.begin_anew()?;
        }
    }

    fn begin_anew(&mut self) -> Result<(), CallError> {
        if !self.is_session {
            self.take_back();
            self.key = Text::from(random_id().map_err(EncodeError::custom)?);
        }
        self.overwrites = self.is_session;
        self.stage = Stage::New;
        Ok(())
    }

    async fn hand_over(
        &mut self,
        frame: Rope,
        progress: Option<&ProgressHook>,
    ) -> Result<(), CallError> {
        let cache = self.message_cache(frame.len()).await?;
        self.remove = cache.remove.clone();
        self.stage = Stage::Begun;
        self.create(&cache.create).await?;
        self.send_chunks(&cache, frame, progress).await?;
        self.stage = Stage::Processing;
        if let Some(call) = self.call {
            // It may run from here on, and its silence counts.
            drop(self.shared.commands.send(Command::Delivered(call)));
        }
        self.process(&cache.process).await?;
        self.stage = Stage::Done;
        Ok(())
    }

    /// Asks the other end where it takes messages. Asked each time: it may be another life of it.
    async fn message_cache(&self, size: usize) -> Result<MessageCache, CallError> {
        let get_service = Text::from(built_in_path("get_service"));
        let args = positional(self.timeout, 1, |writer| writer.str(BUILT_IN).map(drop))?;
        let service = self.call(false, &get_service, args).await?;
        self.read_message_cache(&service)
            .ok_or_else(|| CallError::OneFrameOnly {
                target: self.target.clone(),
                size,
            })
    }

    fn read_message_cache(&self, service: &Value) -> Option<MessageCache> {
        let cache = service.get(MESSAGE_CACHE)?;
        let path = |name: &str| match cache.get(name)? {
            // Whoever takes the message is its receiver and nobody else.
            Value::Method(method) => Address::resolve(&method.target, &self.target)
                .is_ok_and(|target| target == self.target)
                .then(|| method.method.clone()),
            _ => None,
        };
        let version = service
            .get("config")
            .and_then(|config| config.get("api_version")?.as_u64());
        let takes_any_order = version.is_some_and(|version| version >= API_VERSION_WITH_SET);
        let set = path("set").filter(|_| takes_any_order);
        Some(MessageCache {
            create: path("create")?,
            in_any_order: set.is_some(),
            add: set.or_else(|| path("append"))?,
            process: path("process")?,
            remove: path("remove")?,
        })
    }

    /// Sends the chunks, as many at once as the way there can use.
    async fn send_chunks(
        &self,
        cache: &MessageCache,
        frame: Rope,
        progress: Option<&ProgressHook>,
    ) -> Result<(), CallError> {
        let total = frame.len();
        let mut done = 0;
        let begun = now();
        let small_frames = || self.shared.small_frames.load(Ordering::Relaxed);
        let mut window = Window::new(small_frames());
        let mut chunks = (0_u64..).zip(frame.chunks(self.shared.config.chunk_size));
        let mut under_way = FuturesUnordered::new();
        loop {
            let at_once = if cache.in_any_order { window.size() } else { 1 };
            while under_way.len() < at_once
                && let Some((index, chunk)) = chunks.next()
            {
                under_way.push(self.send_chunk(cache, index, chunk));
            }
            let Some(sent) = under_way.next().await else {
                return Ok(());
            };
            let (bytes, after) = sent?;
            window.taken(now().duration_since(begun), after, small_frames());
            done += bytes;
            if let Some(hook) = progress {
                hook.report(Direction::Sending, done, Some(total));
            }
        }
    }

    /// Sends one chunk. Says how long it is and how long it took.
    async fn send_chunk(
        &self,
        cache: &MessageCache,
        index: u64,
        chunk: Bytes,
    ) -> Result<(usize, Duration), CallError> {
        let bytes = chunk.len();
        let begun = now();
        let count = 3 + u32::from(cache.in_any_order);
        let args = positional(self.timeout, count, |writer| {
            writer.str(&self.key)?;
            if cache.in_any_order {
                writer.int(index);
            }
            writer.bytes(&chunk)?.bool(self.is_session);
            Ok(())
        })?;
        drop(chunk);
        drop(self.call(true, &cache.add, args).await?);
        Ok((bytes, now().duration_since(begun)))
    }

    async fn create(&self, method: &Text) -> Result<(), CallError> {
        let count = 2 + u32::from(self.overwrites);
        let args = positional(self.timeout, count, |writer| {
            writer.str(&self.key)?.bool(self.is_session);
            if self.overwrites {
                writer.bool(true);
            }
            Ok(())
        })?;
        self.call(false, method, args).await.map(drop)
    }

    async fn process(&self, method: &Text) -> Result<(), CallError> {
        let args = positional(self.timeout, 2, |writer| {
            writer.str(&self.key)?.bool(self.is_session);
            Ok(())
        })?;
        self.call(false, method, args).await.map(drop)
    }

    async fn call(&self, is_chunk: bool, method: &Text, args: Rope) -> Result<Value, CallError> {
        let call = Box::new(OutgoingCall {
            target: self.target.clone(),
            method: method.clone(),
            payload: args,
            timeout: Some(self.timeout),
            parent: None,
            // What is lost with the connection is told at once.
            idempotent: self.stage < Stage::Processing,
            exports: None,
        });
        let outcome = if is_chunk {
            send_chunk(self.shared, call).await?
        } else {
            request(self.shared, self.shared.next_key(), call, None).await?
        };
        conclude(self.shared, self.target.clone(), method.clone(), outcome)?.value()
    }
}

impl Drop for Transfer<'_> {
    fn drop(&mut self) {
        self.shared.transfers.fetch_sub(1, Ordering::Relaxed);
        self.take_back();
    }
}

impl Transfer<'_> {
    /// A message that was given up is dropped at the other end.
    fn take_back(&self) {
        if !matches!(self.stage, Stage::Begun | Stage::Processing) {
            return;
        }
        let mut writer = Writer::new(CodecRegistry::builtin());
        let written = writer
            .map_header(1)
            .str(payload::ARGS)
            .map(|writer| writer.array_header(1))
            .and_then(|writer| writer.str(&self.key).map(drop));
        if written.is_err() {
            return;
        }
        // Nobody waits for an answer. A link that is gone has taken the message along.
        let (target, remove) = (self.target.clone(), self.remove.clone());
        self.shared.post(target, remove, writer.finish(), None);
    }
}

/// The payload of a call with plain arguments, whose provider may take `timeout` between signs of
/// life.
fn positional(
    timeout: Duration,
    count: u32,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), EncodeError>,
) -> Result<Rope, EncodeError> {
    let interval = (timeout / 2).clamp(MIN_HEARTBEAT_INTERVAL, MAX_HEARTBEAT_INTERVAL);
    let mut writer = Writer::new(CodecRegistry::builtin());
    writer.map_header(3).str(payload::ARGS)?.array_header(count);
    write(&mut writer)?;
    writer
        .str(payload::PROMISE)?
        .str(payload::PROMISE_STAR)?
        .str(payload::INTERVAL)?
        .f64(interval.as_secs_f64());
    Ok(writer.finish())
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a chunk takes is measured where it is sent; no rule of the protocol depends on it"
)]
fn now() -> Instant {
    Instant::now()
}
