//! The link task: reads frames, runs the engine, writes frames. It owns the engine and the
//! transport, and ends when the last handle of its peer is dropped.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use hypha_codec::{Map, Text};
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, TransportError, TransportErrorKind};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use crate::address::Address;
use crate::built_in;
use crate::dispatch::Work;
use crate::engine::{
    Answer, Driver, Engine, Event, IdTaken, Invoke, Leave, Outcome, OutgoingCall, OutgoingEvent,
    ServiceRecord, Stats, TransmitContent,
};
use crate::events::Publisher;
use crate::secret::Secret;
use crate::state::{ClosedReason, State};
use crate::target::Target;
use crate::writer::{Queued, Writer};

/// What the engine carries for the tasks.
#[derive(Debug)]
pub(crate) struct TaskDriver;

impl Driver for TaskDriver {
    type Reply = oneshot::Sender<Outcome>;
    type Handler = Target;
    type Permit = OwnedSemaphorePermit;
}

/// What came of adding a service: the one in whose place it is, or nothing if its id is taken.
pub(crate) type Added = Result<Option<Box<ServiceRecord<Target>>>, IdTaken>;

/// What handles ask of the link.
///
/// The channel has no bound of its own: calls bring a permit of the budget, everything else is at
/// most one message for each call or handle.
#[derive(Debug)]
pub(crate) enum Command {
    Call {
        key: u64,
        call: OutgoingCall<Target>,
        reply: oneshot::Sender<Outcome>,
        permit: OwnedSemaphorePermit,
    },
    Event {
        key: u64,
        event: OutgoingEvent,
        reply: oneshot::Sender<Outcome>,
        permit: OwnedSemaphorePermit,
    },
    Cancel(u64),
    AddService {
        record: Box<ServiceRecord<Target>>,
        overwrite: bool,
        done: oneshot::Sender<Added>,
    },
    RemoveService {
        id: String,
        done: oneshot::Sender<bool>,
    },
    /// Functions that went out are of no use any more.
    Release {
        session: u64,
        names: Vec<Text>,
    },
    /// The receiver of an interface is done with it.
    DropInterface {
        id: String,
    },
    Services {
        done: oneshot::Sender<Vec<Arc<Map>>>,
    },
    Stats {
        done: oneshot::Sender<Stats>,
    },
    Close,
}

/// What the dispatch task reports of a running call.
#[derive(Debug)]
pub(crate) enum Progress {
    Accepted {
        key: u64,
        interval: Duration,
    },
    Answered {
        key: u64,
        /// How often the caller wants a sign of life, if the answer has to wait.
        interval: Option<Duration>,
        answer: Answer<Target>,
    },
}

/// The ends of the channels that the link holds.
pub(crate) struct Channels {
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    pub(crate) progress: mpsc::UnboundedReceiver<Progress>,
    /// Bounded by the engine, which counts a call as running until its answer is written.
    pub(crate) work: mpsc::UnboundedSender<Work>,
    pub(crate) state: watch::Sender<State>,
    /// Why the link ended, as soon as that is known.
    pub(crate) ended: Arc<OnceLock<ClosedReason>>,
    pub(crate) tokens: watch::Sender<Option<Secret>>,
    pub(crate) events: Publisher,
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Channels")
    }
}

/// Frames and bytes of one batch: written, then flushed once.
const BATCH_FRAMES: usize = 64;
const BATCH_BYTES: usize = 256 * 1024;

/// How long a close may take before the socket is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs a link to its end.
pub(crate) async fn run<Tx: FrameTx, Rx: FrameRx>(tx: Tx, mut rx: Rx, mut link: Link) {
    let mut writer = Writer::Idle(tx);
    let reason = link.drive(&mut writer, &mut rx).await;
    tracing::debug!(%reason, "link ended");
    if reason.is_rate_limit() {
        link.engine.frame_limit_exceeded();
    }
    if matches!(reason, ClosedReason::Local) {
        // What was handed over before the close still goes out, if the other end reads.
        let flush = reading(&mut rx, link.flush(&mut writer));
        drop(tokio::time::timeout(CLOSE_TIMEOUT, flush).await);
    }
    link.end(&reason);
    // The close may take its time; whoever waits for the end waits for that too.
    let close = reading(&mut rx, writer.close(&reason));
    drop(tokio::time::timeout(CLOSE_TIMEOUT, close).await);
    link.channels.state.send_replace(State::Closed(reason));
}

/// Waits for the last writes with the reader polled, as the contract of transports wants it: two
/// ends that both write into full pipes would else wait for each other. What arrives is too late.
async fn reading<Rx: FrameRx>(rx: &mut Rx, write: impl Future<Output = ()>) {
    let mut write = pin!(write);
    let mut open = true;
    loop {
        tokio::select! {
            () = &mut write => return,
            frame = rx.recv(), if open => open = matches!(frame, Ok(Some(_))),
        }
    }
}

/// The engine and its channels.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) engine: Engine<TaskDriver>,
    pub(crate) local: Address,
    pub(crate) channels: Channels,
    /// What the server said last about an error; explains the close that follows.
    pub(crate) complaint: Option<String>,
    pub(crate) leaving: Option<ClosedReason>,
}

impl Link {
    pub(crate) fn new(engine: Engine<TaskDriver>, local: Address, channels: Channels) -> Self {
        Self {
            engine,
            local,
            channels,
            complaint: None,
            leaving: None,
        }
    }

    /// Moves frames until the link ends, and says why it did.
    async fn drive<Tx: FrameTx, Rx: FrameRx>(
        &mut self,
        writer: &mut Writer<Tx>,
        rx: &mut Rx,
    ) -> ClosedReason {
        let mut sleep = pin!(tokio::time::sleep(Duration::ZERO));
        let mut armed: Option<Instant> = None;
        loop {
            self.handle_events();
            if let Some(reason) = self.leaving.take() {
                return reason;
            }
            if let Some(batch) = self.next_batch(writer) {
                writer.start(batch);
            }
            let timeout = self.engine.poll_timeout();
            if timeout != armed {
                armed = timeout;
                if let Some(at) = timeout {
                    sleep.as_mut().reset(at.into());
                }
            }
            tokio::select! {
                frame = rx.recv() => match frame {
                    Ok(Some(frame)) => {
                        // What went on after a complaint was not ended by it.
                        self.complaint = None;
                        self.receive(frame);
                    }
                    Ok(None) => return self.closed_by(CloseReason::normal()),
                    Err(error) => return self.failed(error),
                },
                command = self.channels.commands.recv() => match command {
                    Some(command) => self.handle_commands(command),
                    None => return ClosedReason::Local,
                },
                Some(progress) = self.channels.progress.recv() => self.handle_progress(progress),
                result = writer.finished(), if writer.is_busy() => {
                    if let Err(error) = result {
                        return self.read_the_end(rx, error).await;
                    }
                    self.engine.written(now());
                }
                () = sleep.as_mut(), if armed.is_some() => {
                    armed = None;
                    self.engine.handle_timeout(now());
                }
            }
        }
    }

    fn receive(&mut self, frame: Frame) {
        match frame {
            Frame::Binary(frame) => self.engine.handle_frame(now(), frame),
            Frame::Text(text) => self.engine.handle_text(&text),
        }
    }

    /// Sending failed: what the other end sent before, and why the link ended, is still to be read.
    async fn read_the_end<Rx: FrameRx>(
        &mut self,
        rx: &mut Rx,
        error: TransportError,
    ) -> ClosedReason {
        let read = async {
            loop {
                match rx.recv().await {
                    Ok(Some(frame)) => self.receive(frame),
                    Ok(None) => return TransportError::closed(CloseReason::normal()),
                    Err(end) => return end,
                }
                self.handle_events();
            }
        };
        let end = tokio::time::timeout(CLOSE_TIMEOUT, read).await;
        self.handle_events();
        match end {
            Ok(end) => self.failed(end),
            Err(_) => self.failed(error),
        }
    }

    /// Frames that are ready, if the transport can take some.
    fn next_batch<Tx>(&mut self, writer: &Writer<Tx>) -> Option<Vec<Queued>> {
        if writer.is_busy() || !self.engine.has_transmit() {
            return None;
        }
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH_FRAMES && bytes < BATCH_BYTES {
            let Some(transmit) = self.engine.poll_transmit(now()) else {
                break;
            };
            if let TransmitContent::Binary(rope) = &transmit.content {
                bytes += rope.len();
            }
            batch.push(transmit);
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Writes all that is ready.
    async fn flush<Tx: FrameTx>(&mut self, writer: &mut Writer<Tx>) {
        loop {
            if writer.is_busy() && writer.finished().await.is_err() {
                return;
            }
            match self.next_batch(writer) {
                Some(batch) => writer.start(batch),
                None => return,
            }
        }
    }

    /// Takes one command and those that wait behind it, so that they share a flush.
    fn handle_commands(&mut self, first: Command) {
        self.handle_command(first);
        for _ in 1..BATCH_FRAMES {
            match self.channels.commands.try_recv() {
                Ok(command) => self.handle_command(command),
                Err(_) => break,
            }
        }
    }

    fn handle_command(&mut self, command: Command) {
        // Whoever asked may have stopped waiting; then nobody misses the answer.
        match command {
            Command::Call {
                key,
                call,
                reply,
                permit,
            } => self
                .engine
                .start_call(now(), key, call, reply, Some(permit)),
            Command::Event {
                key,
                event,
                reply,
                permit,
            } => self.engine.start_event(key, event, reply, Some(permit)),
            Command::Cancel(key) => self.engine.cancel_call(key),
            Command::AddService {
                record,
                overwrite,
                done,
            } => {
                drop(done.send(self.engine.add_service(*record, overwrite)));
            }
            Command::RemoveService { id, done } => {
                let _ = done.send(self.engine.remove_service(&id));
            }
            Command::Release { session, names } => self.engine.release(session, &names),
            Command::DropInterface { id } => {
                let _ = self.engine.remove_service(&id);
            }
            Command::Services { done } => {
                drop(
                    done.send(
                        self.engine
                            .services()
                            .map(|record| Arc::clone(&record.description))
                            .collect(),
                    ),
                );
            }
            Command::Stats { done } => {
                let _ = done.send(self.engine.stats());
            }
            Command::Close => self.leaving = Some(ClosedReason::Local),
        }
    }

    fn handle_progress(&mut self, first: Progress) {
        let mut next = Some(first);
        while let Some(progress) = next {
            match progress {
                Progress::Accepted { key, interval } => self.engine.accepted(now(), key, interval),
                Progress::Answered {
                    key,
                    interval,
                    answer,
                } => {
                    if let Some(interval) = interval {
                        self.engine.answering(now(), key, interval);
                    }
                    self.engine.answer(now(), key, answer);
                }
            }
            next = self.channels.progress.try_recv().ok();
        }
    }

    fn handle_events(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Answered { reply, outcome } => {
                    drop(reply.send(outcome));
                }
                Event::Invoke(invoke) => self.invoke(invoke),
                Event::Arrived(event) => self.channels.events.arrived(event),
                Event::Departed(departure) => self.channels.events.departed(&departure),
                // The dispatch task ends after the link.
                Event::Dropped(targets) => drop(self.channels.work.send(Work::Drop(targets))),
                Event::Token(token) => {
                    self.channels.tokens.send_replace(Some(token));
                }
                Event::ServerError(text) => {
                    tracing::warn!(%text, "the server reports an error");
                    self.complaint = Some(text);
                }
                Event::Leave(Leave::Silent) => self.leaving = Some(ClosedReason::Silent),
                Event::Leave(Leave::ForceExit(text)) => {
                    self.leaving = Some(ClosedReason::ForceExit(text.into()))
                }
            }
        }
    }

    fn invoke(&mut self, invoke: Invoke<Target>) {
        let Invoke {
            key,
            handler,
            from,
            packet,
        } = invoke;
        match handler {
            Target::BuiltIn(method) => {
                let answer = built_in::answer(method, &mut self.engine, &from, &packet);
                self.engine.answer(now(), key, answer);
            }
            Target::User(method) => {
                let invoke = Invoke {
                    key,
                    handler: (method, self.local.clone()),
                    from,
                    packet,
                };
                // The dispatch task ends after the link.
                drop(self.channels.work.send(Work::Run(invoke)));
            }
        }
    }

    fn closed_by(&mut self, reason: CloseReason) -> ClosedReason {
        match self.complaint.take() {
            Some(text) => ClosedReason::Server(text.into()),
            None => ClosedReason::Remote(reason),
        }
    }

    fn failed(&mut self, error: TransportError) -> ClosedReason {
        match (self.complaint.take(), error.close_reason()) {
            (Some(text), _) => ClosedReason::Server(text.into()),
            (None, Some(reason)) if error.kind() == TransportErrorKind::Closed => {
                ClosedReason::Remote(reason.clone())
            }
            _ => ClosedReason::Transport(Arc::new(error)),
        }
    }

    /// Gives every call its outcome, those included that are still on their way to the link.
    fn end(&mut self, reason: &ClosedReason) {
        drop(self.channels.ended.set(reason.clone()));
        self.engine.lose_link();
        self.handle_events();
        self.channels.commands.close();
        while let Ok(command) = self.channels.commands.try_recv() {
            if let Command::Call { reply, .. } | Command::Event { reply, .. } = command {
                drop(reply.send(Outcome::LinkLost { sent: false }));
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the link task is one of the two places that read the clock"
)]
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
