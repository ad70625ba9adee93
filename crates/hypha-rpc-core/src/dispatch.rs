//! The dispatch task: decodes the arguments of calls and runs their handlers.
//!
//! Each handler is polled once in the order of arrival; one that is not ready then goes on in a
//! task of its own. So quick handlers keep their order and cost no task.

mod sealed;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{self, Poll, Waker};
use std::time::{Duration, Instant};

use hypha_codec::{CodecRegistry, Decoder, Envelope, Packet, Value};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::sealed::Seal;
use crate::address::Address;
use crate::context::Context;
use crate::engine::{Answer, Invoke, LargeAnswer};
use crate::error::{RemoteError, RemoteErrorKind, with_sources};
use crate::import::{PeerRef, SenderImport};
use crate::link::Progress;
use crate::payload;
use crate::sealing::{self, Sealing};
use crate::service::{Invocation, Output, ReplyEncoder};
use crate::shared::Shared;
use crate::target::{Target, UserMethod};
use crate::transfer;

/// Arguments above this size are decoded in the task of their call.
const DECODE_INLINE: usize = 16 * 1024;

/// A handler that takes longer than this for its first poll is worth a warning.
const SLOW_START: Duration = Duration::from_millis(100);

/// What the task needs to know of its peer.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    pub(crate) registry: CodecRegistry,
    /// Longer texts of errors are cut.
    pub(crate) chunk_size: usize,
    /// On a direct link, the user that it was made with.
    pub(crate) direct_user: Option<Option<Arc<Value>>>,
    pub(crate) progress: mpsc::UnboundedSender<Progress>,
    /// The way out. Weak: handlers do not keep a connection open that nobody holds.
    pub(crate) shared: Weak<Shared>,
    /// Encryption, if it is on.
    pub(crate) sealing: Option<Arc<Sealing>>,
}

type Incoming = Invoke<(Arc<UserMethod>, Address)>;

/// What the link hands over, in order.
#[derive(Debug)]
pub(crate) enum Work {
    /// A call to run.
    Run(Incoming),
    /// Functions that nobody can call any more: what they hold is dropped here, as that may be code
    /// of the user.
    Drop(Vec<Target>),
    /// An answer that nobody reads: generators inside it are closed.
    Unread { from: Address, packet: Packet },
    /// An answer to send in several frames.
    Deliver(LargeAnswer),
}

/// Runs until the link is gone; calls that still run are stopped then.
pub(crate) async fn run(mut work: mpsc::UnboundedReceiver<Work>, environment: Environment) {
    let environment = Arc::new(environment);
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            next = work.recv() => match next {
                Some(Work::Run(invoke)) => start(invoke, &environment, &mut tasks),
                Some(Work::Drop(targets)) => {
                    drop(catch_unwind(AssertUnwindSafe(|| drop(targets))));
                }
                Some(Work::Unread { from, packet }) => {
                    if packet.payload().len() > DECODE_INLINE {
                        let environment = Arc::clone(&environment);
                        tasks.spawn(give_back_aside(from, packet, environment));
                    } else {
                        give_back(&from, &packet, &environment);
                    }
                }
                Some(Work::Deliver(answer)) => deliver(answer, &environment, &mut tasks),
                None => return,
            },
            // Panics are caught inside: a task has nothing to report.
            Some(_) = tasks.join_next() => {}
        }
    }
}

fn start(invoke: Incoming, environment: &Arc<Environment>, tasks: &mut JoinSet<()>) {
    if invoke.packet.payload().len() > DECODE_INLINE {
        let environment = Arc::clone(environment);
        tasks.spawn(async move {
            if let Some(running) = begin_aside(invoke, &environment).await {
                running.accept(&environment);
                running.finish(environment).await;
            }
        });
        return;
    }
    let slow = SlowStart::watch(&invoke);
    let Some(mut running) = Running::begin(invoke, environment) else {
        return;
    };
    // Nothing is lost by a waker that does nothing: a task polls again as soon as it is spawned.
    match running.poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(result) if running.answers_quickly(&result) => {
            running.answer(environment, result);
        }
        Poll::Ready(result) => {
            tasks.spawn(running.answer_aside(Arc::clone(environment), result));
        }
        Poll::Pending => {
            running.accept(environment);
            tasks.spawn(running.finish(Arc::clone(environment)));
        }
    }
    slow.tell();
}

/// Begins a call with large arguments, which may have to be decrypted first.
async fn begin_aside(invoke: Incoming, environment: &Arc<Environment>) -> Option<Running> {
    if environment.sealing.is_none() || sealing::is_quick(invoke.packet.payload().len()) {
        return Running::begin(invoke, environment);
    }
    let environment = Arc::clone(environment);
    let begun = tokio::task::spawn_blocking(move || Running::begin(invoke, &environment));
    // Only a runtime that goes down says no.
    begun.await.ok().flatten()
}

/// Notices handlers that keep those behind them waiting.
struct SlowStart {
    began: Instant,
    packet: Packet,
}

impl SlowStart {
    #[expect(
        clippy::disallowed_methods,
        reason = "the dispatch task is one of the two places that read the clock"
    )]
    fn watch(invoke: &Incoming) -> Self {
        Self {
            began: Instant::now(),
            packet: invoke.packet.clone(),
        }
    }

    fn tell(self) {
        let held = self.began.elapsed();
        if held >= SLOW_START {
            let header = self.packet.header().ok();
            let method = header
                .and_then(|header| header.method())
                .unwrap_or_default();
            tracing::warn!(
                method,
                ?held,
                "a handler computed before it first awaited, and held up other calls: `blocking` is for such work"
            );
        }
    }
}

/// The same with a large one, which may have to be decrypted first.
async fn give_back_aside(from: Address, packet: Packet, environment: Arc<Environment>) {
    if environment.sealing.is_none() || sealing::is_quick(packet.payload().len()) {
        return give_back(&from, &packet, &environment);
    }
    let read = tokio::task::spawn_blocking(move || give_back(&from, &packet, &environment));
    // Only a runtime that goes down says no.
    drop(read.await);
}

/// Reads an answer that nobody waits for and drops it, as whoever waited would have.
fn give_back(from: &Address, packet: &Packet, environment: &Environment) {
    let peer = PeerRef::Weak(Weak::clone(&environment.shared));
    // Codecs and sealers of the user run here.
    let read = AssertUnwindSafe(|| {
        let mut import = SenderImport::new(peer, from, None);
        let mut payload = packet.payload();
        if let (Some(sealing), Ok(Some(envelope))) =
            (&environment.sealing, Envelope::read(&payload))
            && let Some(shared) = environment.shared.upgrade()
        {
            let opened = sealed::open_unread(sealing, packet, &envelope, &shared.local);
            let Some((clear, sender)) = opened else {
                return;
            };
            payload = clear;
            import = import.sealed_by(Some(sender));
        }
        let decoder = Decoder::new(&environment.registry).import(&import);
        drop(hypha_codec::Payload::decode(payload, &decoder));
    });
    drop(catch_unwind(read));
}

fn deliver(answer: LargeAnswer, environment: &Environment, tasks: &mut JoinSet<()>) {
    // Nobody holds the connection any more: it ends, and its callers learn that.
    let Some(shared) = environment.shared.upgrade() else {
        return;
    };
    let progress = environment.progress.clone();
    tasks.spawn(async move {
        let LargeAnswer { key, message } = answer;
        let result = transfer::answer(&shared, message).await;
        let result = result.map_err(|error| with_sources(&error));
        drop(progress.send(Progress::Delivered { key, result }));
    });
}

/// A call that runs.
struct Running {
    key: u64,
    interval: Option<Duration>,
    seal: Option<Seal>,
    handler: Pin<Box<dyn Future<Output = Result<Output, RemoteError>> + Send>>,
}

impl Running {
    /// Decodes the arguments and calls the handler; a call that cannot run is answered here.
    fn begin(invoke: Incoming, environment: &Environment) -> Option<Self> {
        let key = invoke.key;
        let mut seal = None;
        // Sealers, codecs, extractors and layers of the user run here: a panic of theirs rejects
        // this call and no other.
        let prepared = catch_unwind(AssertUnwindSafe(|| {
            let (invoke, opened) = sealed::open(invoke, environment)?;
            seal = opened;
            Self::prepare(invoke, seal.clone(), environment)
        }));
        match prepared.unwrap_or_else(|panic| Err(RemoteError::panicked(&*panic))) {
            Ok(running) => Some(running),
            Err(error) => {
                environment.report(key, None, seal.as_ref(), Err(error));
                None
            }
        }
    }

    fn prepare(
        invoke: Incoming,
        seal: Option<Seal>,
        environment: &Environment,
    ) -> Result<Self, RemoteError> {
        let Invoke {
            key,
            handler: (method, local),
            from,
            packet,
        } = invoke;
        let caller = seal.as_ref().map(Seal::caller);
        let caller_key = caller.map(|caller| caller.key);
        sealed::admit(&method, caller_key.as_ref(), &packet)?;
        let session = packet.header().ok().and_then(|header| header.session());
        let peer = PeerRef::Weak(Weak::clone(&environment.shared));
        let import = SenderImport::new(peer, &from, session)
            .trusting(method.foreign_functions)
            .sealed_by(caller);
        let decoder = Decoder::new(&environment.registry).import(&import);
        let received = payload::receive(&packet, &decoder, &from, session).map_err(|problem| {
            RemoteError::of_kind(RemoteErrorKind::InvalidArguments, problem.text())
        })?;
        let mut encoder = ReplyEncoder::new(
            environment.registry.clone(),
            Weak::clone(&environment.shared),
            from.clone(),
        );
        if let Some(seal) = &seal {
            encoder = encoder.seal_for(seal.caller().key, Arc::clone(seal.sealing()));
        }
        let user = environment.direct_user.clone();
        let context = Context::new(from, local, packet, user, caller_key);
        let params = Arc::clone(&method.params);
        let invocation = Invocation::new(context, received.args, received.kwargs, params, encoder);
        Ok(Self {
            key,
            interval: received.interval,
            seal,
            handler: method.service.run(invocation),
        })
    }

    /// Polls the handler; its panic is its answer.
    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<Output, RemoteError>> {
        match catch_unwind(AssertUnwindSafe(|| self.handler.as_mut().poll(cx))) {
            Ok(poll) => poll,
            Err(panic) => Poll::Ready(Err(RemoteError::panicked(&*panic))),
        }
    }

    /// The call takes its time: its caller gets heartbeats.
    fn accept(&self, environment: &Environment) {
        if let Some(interval) = self.interval {
            drop(environment.progress.send(Progress::Accepted {
                key: self.key,
                interval,
            }));
        }
    }

    async fn finish(mut self, environment: Arc<Environment>) {
        let result = std::future::poll_fn(|cx| self.poll(cx)).await;
        if self.answers_quickly(&result) {
            self.answer(&environment, result);
        } else {
            self.answer_aside(environment, result).await;
        }
    }

    /// Whether the answer is encoded as it goes out, or sealed in no time.
    fn answers_quickly(&self, result: &Result<Output, RemoteError>) -> bool {
        let length = result.as_ref().map_or(0, |output| output.payload.len());
        self.seal.is_none() || sealing::is_quick(length)
    }

    /// Seals the answer where that keeps nobody waiting.
    async fn answer_aside(
        self,
        environment: Arc<Environment>,
        result: Result<Output, RemoteError>,
    ) {
        let answered = tokio::task::spawn_blocking(move || self.answer(&environment, result));
        // It says what became of it by itself.
        drop(answered.await);
    }

    fn answer(self, environment: &Environment, result: Result<Output, RemoteError>) {
        environment.report(self.key, self.interval, self.seal.as_ref(), result);
        // What a handler holds may panic when it is dropped; that must not end the dispatch task.
        drop(catch_unwind(AssertUnwindSafe(|| drop(self.handler))));
    }
}

impl Environment {
    fn report(
        &self,
        key: u64,
        interval: Option<Duration>,
        seal: Option<&Seal>,
        result: Result<Output, RemoteError>,
    ) {
        let answer = match result {
            Ok(output) => Answer::Resolve {
                payload: output.payload,
                exports: output.exports,
            },
            Err(error) => Answer::Reject(payload::reject_error(&error, self.chunk_size)),
        };
        let answer = match seal {
            Some(seal) => seal.answer(answer),
            None => answer,
        };
        // A link that is gone has nobody to answer.
        drop(self.progress.send(Progress::Answered {
            key,
            interval,
            answer,
        }));
    }
}
