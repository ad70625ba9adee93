//! One connection of a client, or of the manager: who it is, and the task that moves its frames.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hypha_codec::EncodeError;
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use super::clock::now;
use super::control;
use super::forward::Forwarder;
use super::limiter::{Limiter, Received};
use super::manager_calls::ManagerCalls;
use super::outbound::{BURST, KEPT, Next, Outbound, SenderKey};
use crate::hub::Hub;
use crate::identity::{Permission, User};

/// How client ids end whose load is counted (protocol section 1.2).
const COUNTS_LOAD: &str = "__rlb";

/// A frame from this size on goes out before the next one is read.
const LARGE: usize = 64 * 1024;

/// How long a client may take to receive what waits for it when its connection is ended.
const GOODBYE: Duration = Duration::from_secs(3);

/// How long a client that got its goodbye is still read: a reset for what nobody read would make its system forget it.
const LINGER: Duration = Duration::from_secs(1);

/// Whom a connection belongs to.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) workspace: String,
    pub(crate) client_id: String,
    pub(crate) user: User,
    /// The server's own: it speaks for every workspace.
    pub(crate) is_system: bool,
}

/// How a connection ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// The client left, or its connection was lost.
    Left,
    /// The client is told why, and its connection closed.
    Told(CloseReason),
    /// The connection is cut without a word.
    Cut,
}

/// What others see of a connection.
#[derive(Debug)]
pub(crate) struct Connection {
    key: SenderKey,
    identity: Identity,
    address: String,
    /// The user, encoded once for the headers of all frames.
    user: Bytes,
    may_broadcast: bool,
    outbound: Outbound,
    gone: AtomicBool,
    ending: Notify,
    /// Bytes that the network took from us.
    drained: Arc<AtomicU64>,
    load: Option<Load>,
    manager_calls: ManagerCalls,
}

/// Frames that a client sent, for those that count them.
#[derive(Debug)]
struct Load {
    since: Instant,
    frames: AtomicU64,
}

impl Connection {
    pub(crate) fn new(
        key: SenderKey,
        identity: Identity,
        drained: Arc<AtomicU64>,
    ) -> Result<Self, EncodeError> {
        let load = identity.client_id.ends_with(COUNTS_LOAD).then(|| Load {
            since: now(),
            frames: AtomicU64::new(0),
        });
        let user = hypha_codec::encode(&hypha_codec::to_value(&identity.user)?)?;
        Ok(Self {
            key,
            address: format!("{}/{}", identity.workspace, identity.client_id),
            // Without the room that the encoder left.
            user: Bytes::copy_from_slice(&user),
            may_broadcast: identity
                .user
                .may(Permission::ReadWrite, &identity.workspace),
            identity,
            outbound: Outbound::default(),
            gone: AtomicBool::new(false),
            ending: Notify::new(),
            drained,
            load,
            manager_calls: ManagerCalls::default(),
        })
    }

    pub(crate) fn key(&self) -> SenderKey {
        self.key
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn workspace(&self) -> &str {
        &self.identity.workspace
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.identity.client_id
    }

    pub(crate) fn user(&self) -> &User {
        &self.identity.user
    }

    pub(crate) fn encoded_user(&self) -> &Bytes {
        &self.user
    }

    pub(crate) fn is_system(&self) -> bool {
        self.identity.is_system
    }

    pub(crate) fn may_broadcast(&self) -> bool {
        self.may_broadcast
    }

    pub(crate) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    pub(crate) fn manager_calls(&self) -> &ManagerCalls {
        &self.manager_calls
    }

    /// Bytes that the network took so far.
    pub(crate) fn drained(&self) -> u64 {
        self.drained.load(Ordering::Relaxed)
    }

    /// Whether it has left, or is about to.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Ends the connection; what waits for the client goes out before, if the client takes it in time. The first end
    /// counts.
    pub(crate) fn end(&self, end: End) {
        self.gone.store(true, Ordering::Release);
        self.outbound.end(end);
        self.ending.notify_one();
    }

    /// Waits until the connection has to end at once.
    async fn cut(&self) {
        self.ending.notified().await;
        if let Some(End::Told(_)) = self.outbound.ended() {
            Box::pin(sleep(GOODBYE)).await;
        }
    }

    /// Frames a minute that the client sent, 0 for one whose load is not counted.
    pub(crate) fn load(&self) -> f64 {
        self.load.as_ref().map_or(0.0, |load| {
            let minutes = load
                .since
                .elapsed()
                .max(Duration::from_secs(1))
                .as_secs_f64()
                / 60.0;
            load.frames.load(Ordering::Relaxed) as f64 / minutes
        })
    }

    pub(crate) fn count_frame(&self) {
        if let Some(load) = &self.load {
            load.frames.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Moves frames until the connection ends.
///
/// What it is made of is part of each connection for as long as that lasts: both halves are borrowed from here, because
/// whatever an `async fn` takes by value is in its future twice, and what is needed for a moment is in a box.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` would hold both halves twice"
)]
pub(crate) fn run<Tx: FrameTx, Rx: FrameRx>(
    hub: Arc<Hub>,
    connection: Arc<Connection>,
    mut tx: Tx,
    mut rx: Rx,
) -> impl Future<Output = ()> + Send {
    async move {
        let mut reading = pin!(read(&hub, &connection, &mut rx));
        let mut cut = pin!(connection.cut());
        // Both go on all the time: a client that waits for its own answers to leave still gets those of others.
        let end = tokio::select! {
            end = write(&connection, &mut tx) => end,
            () = &mut reading => End::Left,
            () = &mut cut => End::Cut,
        };
        if let End::Told(reason) = end {
            let is_told = tokio::select! {
                () = Box::pin(tell(tx, reason.text(), reason.clone())) => true,
                () = &mut reading => false,
                () = &mut cut => false,
            };
            if is_told {
                drop(Box::pin(timeout(LINGER, reading)).await);
            }
        }
        connection.gone.store(true, Ordering::Release);
        connection.outbound.end(End::Left);
    }
}

/// Sends what waits, many small frames by one flush, and says how it ends.
async fn write<Tx: FrameTx>(connection: &Connection, tx: &mut Tx) -> End {
    let mut batch = Vec::new();
    loop {
        match connection.outbound.next(&mut batch).await {
            Next::Send => {
                for frame in batch.drain(..) {
                    if tx.feed(frame).await.is_err() {
                        return End::Left;
                    }
                }
                batch.shrink_to(KEPT);
                if tx.flush().await.is_err() {
                    return End::Left;
                }
            }
            Next::End(end) => return end,
        }
    }
}

/// Says goodbye: an error message, because the reason of a close does not always arrive, then the close.
pub(crate) async fn tell<Tx: FrameTx>(mut tx: Tx, words: &str, close: CloseReason) {
    let words = json!({ "type": "error", "message": words }).to_string();
    // What cannot be said any more is not.
    drop(tx.feed(Frame::Text(words)).await);
    tx.close(close).await;
}

/// Sends on what the client says, until there is nothing more.
async fn read<Rx: FrameRx>(hub: &Arc<Hub>, connection: &Arc<Connection>, rx: &mut Rx) {
    let mut forwarder = Forwarder::new(hub, connection);
    let mut limiter = if connection.is_system() {
        Limiter::default()
    } else {
        Limiter::new(&hub.settings().limits)
    };
    let mut frames = 0_usize;
    loop {
        match limiter.receive(rx).await {
            // Whoever is told to leave has nothing to say any more.
            Received::Frame(_) if connection.is_gone() => {}
            Received::Frame(Frame::Binary(frame)) => {
                let is_large = frame.len() >= LARGE;
                if let Some(held_up) = forwarder.forward(frame) {
                    Box::pin(forwarder.wait_for_room(held_up)).await;
                }
                frames += 1;
                if is_large || frames.is_multiple_of(BURST) {
                    // Their receivers begin while more is read, and what is large is in the processor's cache.
                    yield_now().await;
                }
            }
            Received::Frame(Frame::Text(text)) => {
                if let Some(end) = control::answer(hub, connection, &text) {
                    connection.end(end);
                }
            }
            Received::Offence(_) if connection.is_gone() => {}
            Received::Offence(reason) => {
                tracing::info!(
                    client = connection.address(),
                    words = reason.text(),
                    "is sent away"
                );
                connection.end(End::Told(reason));
            }
            Received::Nothing => return,
        }
    }
}
