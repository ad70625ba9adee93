//! The dispatch task: decodes the arguments of calls and runs their handlers.
//!
//! Each handler is polled once in the order of arrival; one that is not ready then goes on in a
//! task of its own. So quick handlers keep their order and cost no task.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{self, Poll, Waker};
use std::time::{Duration, Instant};

use hypha_codec::{CodecRegistry, Decoder, Packet, Value};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::address::Address;
use crate::context::Context;
use crate::engine::{Answer, Invoke, LargeAnswer};
use crate::error::{RemoteError, RemoteErrorKind, with_sources};
use crate::import::{PeerRef, SenderImport};
use crate::link::Progress;
use crate::payload;
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
                        tasks.spawn(async move { give_back(&from, &packet, &environment) });
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
            if let Some(running) = Running::begin(invoke, &environment) {
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
        Poll::Ready(result) => running.answer(environment, result),
        Poll::Pending => {
            running.accept(environment);
            tasks.spawn(running.finish(Arc::clone(environment)));
        }
    }
    slow.tell();
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

/// Reads an answer that nobody waits for and drops it, as whoever waited would have.
fn give_back(from: &Address, packet: &Packet, environment: &Environment) {
    let peer = PeerRef::Weak(Weak::clone(&environment.shared));
    let import = SenderImport::new(peer, from, None);
    let decoder = Decoder::new(&environment.registry).import(&import);
    let payload = packet.payload();
    // Codecs of the user run here.
    let read = AssertUnwindSafe(|| drop(hypha_codec::Payload::decode(payload, &decoder)));
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
    handler: Pin<Box<dyn Future<Output = Result<Output, RemoteError>> + Send>>,
}

impl Running {
    /// Decodes the arguments and calls the handler; a call that cannot run is answered here.
    fn begin(invoke: Incoming, environment: &Environment) -> Option<Self> {
        let key = invoke.key;
        // Codecs, extractors and layers of the user run here: a panic of theirs rejects this call
        // and no other.
        let prepared = catch_unwind(AssertUnwindSafe(|| Self::prepare(invoke, environment)));
        match prepared.unwrap_or_else(|panic| Err(RemoteError::panicked(&*panic))) {
            Ok(running) => Some(running),
            Err(error) => {
                environment.report(key, None, Err(error));
                None
            }
        }
    }

    fn prepare(invoke: Incoming, environment: &Environment) -> Result<Self, RemoteError> {
        let Invoke {
            key,
            handler: (method, local),
            from,
            packet,
        } = invoke;
        let session = packet.header().ok().and_then(|header| header.session());
        let peer = PeerRef::Weak(Weak::clone(&environment.shared));
        let import = SenderImport::new(peer, &from, session).trusting(method.foreign_functions);
        let decoder = Decoder::new(&environment.registry).import(&import);
        let received = payload::receive(&packet, &decoder, &from, session).map_err(|problem| {
            RemoteError::of_kind(RemoteErrorKind::InvalidArguments, problem.text())
        })?;
        let encoder = ReplyEncoder::new(
            environment.registry.clone(),
            Weak::clone(&environment.shared),
            from.clone(),
        );
        let context = Context::new(from, local, packet, environment.direct_user.clone());
        let params = Arc::clone(&method.params);
        let invocation = Invocation::new(context, received.args, received.kwargs, params, encoder);
        Ok(Self {
            key,
            interval: received.interval,
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
        self.answer(&environment, result);
    }

    fn answer(self, environment: &Environment, result: Result<Output, RemoteError>) {
        environment.report(self.key, self.interval, result);
        // What a handler holds may panic when it is dropped; that must not end the dispatch task.
        drop(catch_unwind(AssertUnwindSafe(|| drop(self.handler))));
    }
}

impl Environment {
    fn report(&self, key: u64, interval: Option<Duration>, result: Result<Output, RemoteError>) {
        let answer = match result {
            Ok(output) => Answer::Resolve {
                payload: output.payload,
                exports: output.exports,
            },
            Err(error) => Answer::Reject(payload::reject_error(&error, self.chunk_size)),
        };
        // A link that is gone has nobody to answer.
        drop(self.progress.send(Progress::Answered {
            key,
            interval,
            answer,
        }));
    }
}
