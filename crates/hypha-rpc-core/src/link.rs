//! The link task: reads frames, runs the engine, writes frames, and connects again. It owns the
//! engine and one transport after the other, and ends when the last handle of its peer is dropped.

mod channels;
mod drive;
mod redial;
mod setup;

use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use hypha_codec::Text;
use hypha_transport::{Connector, FrameRx, FrameTx};
use tokio::sync::oneshot;
use tokio::time::Sleep;

use crate::address::Address;
use crate::backoff::{Redials, random};
use crate::built_in;
use crate::busy_poll::BusyPoll;
use crate::dispatch::Work;
use crate::engine::{Engine, Event, Invoke, KeepaliveConfig, Leave, NewLink, Outcome};
use crate::error::CallError;
use crate::handshake::ConnectionInfo;
use crate::lifecycle::ConnectionEvent;
use crate::pacing::Pacing;
use crate::registrar::{Registrar, Subject};
use crate::shared::Shared;
use crate::state::{ClosedReason, State};
use crate::target::Target;
use crate::writer::Writer;

pub(crate) use self::channels::{Channels, Command, Progress, ReplyTo, TaskDriver, Waiter};
use self::redial::{Dialled, farewell};
pub(crate) use self::redial::{Dialler, Halves, NoConnector};
use self::setup::Registration;

/// Commands that are handled together.
const BATCH_COMMANDS: usize = 64;

/// How long a close may take before the socket is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs a peer to its end, over as many links as it takes. Without a dialler one is all there is.
pub(crate) async fn run<C: Connector>(
    first: Halves<C::Transport>,
    dialler: Option<Dialler<C>>,
    mut link: Link,
) {
    let policy = dialler.as_ref().map(|dialler| dialler.policy.clone());
    let mut redials = Redials::new(policy.unwrap_or_default());
    let (mut tx, mut rx) = first;
    loop {
        let began = now();
        let mut writer = Writer::new(tx, link.local.clone());
        let reason = link.drive(&mut writer, &mut rx).await;
        tracing::debug!(%reason, "link ended");
        if reason.is_rate_limit() {
            link.engine.frame_limit_exceeded();
        }
        let final_end = matches!(reason, ClosedReason::Local | ClosedReason::ForceExit(_));
        let dialler = dialler.as_ref().filter(|_| link.established && !final_end);
        let wait = redials.lost(now().saturating_duration_since(began), random());
        let (Some(dialler), Some(wait)) = (dialler, wait) else {
            return link.finish(writer, rx, reason).await;
        };
        link.lose(&mut writer, &reason);
        let farewell = farewell(writer, rx, reason);
        match link.redial(dialler, &mut redials, wait, farewell).await {
            Ok(dialled) => (tx, rx) = link.adopt(dialled),
            Err(reason) => {
                link.end(&reason);
                link.say_closed(reason);
                return;
            }
        }
    }
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
    pub(crate) registrar: Registrar<Registration>,
    local: Address,
    relayed: bool,
    /// Times of a connection, but for that of the token, which the server may shorten.
    keepalive: KeepaliveConfig,
    pacing: Pacing,
    channels: Channels,
    shared: Weak<Shared>,
    /// Who waits for the first connection to be usable.
    first: Option<oneshot::Sender<Result<(), CallError>>>,
    /// It was usable once. Until then a loss is the end.
    established: bool,
    /// Counts connections.
    epoch: u64,
    /// What the server said of the present one, unless it is the first.
    info: Option<Arc<ConnectionInfo>>,
    /// Registrations that wait for another one of the same service.
    deferred: Vec<Command>,
    /// What the server said last about an error; explains the close that follows.
    complaint: Option<String>,
    leaving: Option<ClosedReason>,
    /// Those who wait until no call runs here.
    draining: Vec<oneshot::Sender<()>>,
    /// For answers, while calls wait for them.
    busy_poll: BusyPoll,
    sleep: Pin<Box<Sleep>>,
    armed: Option<Instant>,
}

/// What a [`Link`] is made of.
pub(crate) struct LinkParts {
    pub(crate) engine: Engine<TaskDriver>,
    pub(crate) registrar: Registrar<Registration>,
    pub(crate) local: Address,
    pub(crate) keepalive: KeepaliveConfig,
    pub(crate) pacing: Pacing,
    pub(crate) busy_poll: Duration,
    pub(crate) channels: Channels,
    pub(crate) shared: Weak<Shared>,
    pub(crate) first: Option<oneshot::Sender<Result<(), CallError>>>,
}

impl Link {
    /// The link of a peer; a relayed one has somebody who waits for it to be set up.
    pub(crate) fn new(parts: LinkParts) -> Self {
        let relayed = parts.first.is_some();
        let mut link = Self {
            engine: parts.engine,
            registrar: parts.registrar,
            local: parts.local,
            relayed,
            keepalive: parts.keepalive,
            pacing: parts.pacing,
            channels: parts.channels,
            shared: parts.shared,
            first: parts.first,
            established: !relayed,
            epoch: 0,
            info: None,
            deferred: Vec::new(),
            complaint: None,
            leaving: None,
            draining: Vec::new(),
            busy_poll: BusyPoll::for_this_runtime(parts.busy_poll),
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
            armed: None,
        };
        if relayed {
            link.engine.hold_calls();
            link.registrar.link_up();
        }
        link
    }

    /// Waits for work that needs no transport, and does it. Cancel safe. Says so if the link is to
    /// end.
    async fn next_work(&mut self) -> Option<ClosedReason> {
        self.arm();
        tokio::select! {
            command = self.channels.commands.recv() => match command {
                Some(command) => self.handle_commands(command),
                None => return Some(ClosedReason::Local),
            },
            Some(progress) = self.channels.progress.recv() => self.handle_progress(progress),
            () = self.sleep.as_mut(), if self.armed.is_some() => {
                self.armed = None;
                self.engine.handle_timeout(now());
                self.registrar_timeout();
            }
        }
        None
    }

    fn arm(&mut self) {
        let timeouts = [self.engine.poll_timeout(), self.registrar.poll_timeout()];
        let timeout = timeouts.into_iter().flatten().min();
        if timeout != self.armed {
            self.armed = timeout;
            if let Some(at) = timeout {
                self.sleep.as_mut().reset(at.into());
            }
        }
    }

    /// The link is lost; another one will be made.
    fn lose<Tx: FrameTx>(&mut self, writer: &mut Writer<Tx>, reason: &ClosedReason) {
        self.engine.take_back(writer.take_back());
        self.engine.link_down(now());
        self.registrar.link_down(now());
        self.handle_events();
        // What went wrong with the old link does not concern the next.
        self.complaint = None;
        self.leaving = self
            .leaving
            .take()
            .filter(|reason| matches!(reason, ClosedReason::Local | ClosedReason::ForceExit(_)));
        self.channels.state.send_replace(State::Reconnecting {
            attempt: 0,
            reason: reason.clone(),
        });
        self.channels.tell(ConnectionEvent::Disconnected {
            reason: reason.clone(),
            reconnecting: true,
        });
    }

    /// Goes on over a new link.
    fn adopt<T: hypha_transport::Transport>(&mut self, dialled: Dialled<T>) -> Halves<T> {
        let Dialled {
            halves,
            info,
            manager,
            early,
        } = dialled;
        self.epoch += 1;
        let mut keepalive = self.keepalive;
        keepalive.refresh_interval = info.refresh_interval(keepalive.refresh_interval);
        if let Some(token) = &info.reconnection_token {
            self.channels.tokens.send_replace(Some(token.clone()));
        }
        if let Some(shared) = self.shared.upgrade() {
            let url = info.public_base_url.as_deref().map(Text::from);
            if shared.set_server(manager.clone(), url.clone()) {
                self.engine.set_server_url(url.as_ref());
            }
            match shared.subscriptions.of_user().is_empty() {
                true => self.registrar.forget(&Subject::UserTopics),
                false => self.registrar.want(Subject::UserTopics, None),
            }
        }
        let link = NewLink {
            manager: manager.clone(),
            keepalive,
            frame_limit: self.pacing.limit(&info.limits),
        };
        self.engine.link_up(now(), link);
        self.registrar.link_up();
        for frame in early {
            self.engine.handle_frame(now(), frame);
        }
        self.channels
            .tell(ConnectionEvent::ManagerRefreshed(manager));
        self.info = Some(Arc::new(info));
        halves
    }

    /// The end of a link that is not made again.
    async fn finish<Tx: FrameTx, Rx: FrameRx>(
        mut self,
        mut writer: Writer<Tx>,
        mut rx: Rx,
        reason: ClosedReason,
    ) {
        if matches!(reason, ClosedReason::Local) {
            // What was handed over before the close still goes out, if the other end reads.
            let flush = reading(&mut rx, self.flush(&mut writer));
            drop(tokio::time::timeout(CLOSE_TIMEOUT, flush).await);
        }
        self.engine.take_back(writer.take_back());
        self.end(&reason);
        // The close may take its time; whoever waits for the end waits for that too.
        let close = reading(&mut rx, writer.close(&reason));
        drop(tokio::time::timeout(CLOSE_TIMEOUT, close).await);
        self.say_closed(reason);
    }

    fn say_closed(&mut self, reason: ClosedReason) {
        self.channels.tell(ConnectionEvent::Disconnected {
            reason: reason.clone(),
            reconnecting: false,
        });
        self.channels.state.send_replace(State::Closed(reason));
    }

    /// Takes one command and those that wait behind it, so that they share a flush.
    fn handle_commands(&mut self, first: Command) {
        self.handle_command(first);
        for _ in 1..BATCH_COMMANDS {
            match self.channels.commands.try_recv() {
                Ok(command) => self.handle_command(command),
                Err(_) => break,
            }
        }
    }

    /// Handles what waits now; what is added meanwhile has its turn later.
    fn handle_waiting_commands(&mut self) {
        for _ in 0..self.channels.commands.len() {
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
            } => {
                self.engine
                    .start_call(now(), key, *call, reply.into(), Some(permit));
            }
            Command::Chunk {
                key,
                call,
                reply,
                permit,
            } => {
                self.engine
                    .start_chunk(now(), key, *call, reply.into(), Some(permit));
            }
            Command::Expect { key, call, reply } => {
                self.engine.expect_call(now(), key, *call, reply.into());
            }
            Command::Delivered(key) => self.engine.delivered(now(), key),
            Command::Event {
                key,
                event,
                reply,
                permit,
            } => {
                let reply = ReplyTo::Caller(reply);
                self.engine
                    .start_event(now(), key, event, reply, Some(permit));
            }
            Command::Cancel(key) => self.engine.cancel_call(key),
            Command::Unread(packet) => self.engine.unread(packet),
            Command::Register {
                record,
                info,
                overwrite,
                done,
            } => self.register(record, info, overwrite, done),
            Command::Unregister { id, done } => self.unregister(id, done),
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
            Command::Unlist => self.registrar.forget_services(),
            Command::Drain { done } => self.drain(done),
            Command::Stats { done } => {
                let _ = done.send(self.engine.stats());
            }
            Command::Close => self.leaving = Some(ClosedReason::Local),
        }
    }

    fn handle_progress(&mut self, first: Progress) {
        let mut next = Some(first);
        // All of these came before now, and none of what follows waits.
        let now = now();
        while let Some(progress) = next {
            match progress {
                Progress::Accepted { key, interval } => self.engine.accepted(now, key, interval),
                Progress::Answered {
                    key,
                    interval,
                    answer,
                } => {
                    // What the handler did before it returned goes out before its answer.
                    self.handle_waiting_commands();
                    if let Some(interval) = interval {
                        self.engine.answering(now, key, interval);
                    }
                    self.engine.answer(now, key, answer);
                }
                Progress::Delivered { key, result } => {
                    self.engine.answer_delivered(now, key, result);
                }
            }
            next = self.channels.progress.try_recv().ok();
        }
    }

    fn handle_events(&mut self) {
        loop {
            self.tell_server();
            let Some(event) = self.engine.poll_event() else {
                return;
            };
            match event {
                Event::Answered { reply, outcome } => match reply {
                    ReplyTo::Caller(caller) => {
                        if let Some(packet) = caller.answer(outcome) {
                            self.engine.unread(packet);
                        }
                    }
                    ReplyTo::Setup { subject, token } => {
                        self.told_server(&subject, token, outcome);
                    }
                },
                Event::Invoke(invoke) => self.invoke(invoke),
                Event::Arrived(event) => self.channels.events.arrived(event),
                Event::Departed(departure) => self.channels.events.departed(&departure),
                // The dispatch task ends after the link.
                Event::AnswerInChunks(answer) => {
                    drop(self.channels.work.send(Work::Deliver(answer)));
                }
                Event::Unread { from, packet } => {
                    drop(self.channels.work.send(Work::Unread { from, packet }));
                }
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
                let answer = built_in::answer(now(), method, &mut self.engine, &from, &packet);
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

    /// Gives every call its outcome, those included that are still on their way to the link.
    fn end(&mut self, reason: &ClosedReason) {
        drop(self.channels.ended.set(reason.clone()));
        self.registrar.link_down(now());
        self.engine.lose_link();
        self.handle_events();
        if let (Some(first), Some(shared)) = (self.first.take(), self.shared.upgrade()) {
            drop(first.send(Err(shared.disconnected(true))));
        }
        self.channels.commands.close();
        while let Ok(command) = self.channels.commands.try_recv() {
            if let Command::Call { reply, .. }
            | Command::Chunk { reply, .. }
            | Command::Expect { reply, .. }
            | Command::Event { reply, .. } = command
            {
                drop(reply.answer(Outcome::LinkLost { sent: false }));
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
