//! Putting a peer together: engine, link task, dispatch task, handle.

use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, OnceLock, RwLock};

use hypha_codec::{Text, Value};
use hypha_transport::{Connector, Limits};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};

use crate::address::Address;
use crate::backoff::{Backoff, ReconnectPolicy};
use crate::built_in;
use crate::call::CallService;
use crate::config::PeerConfig;
use crate::dispatch::{self, Environment};
use crate::engine::{AssemblyLimits, Engine, EngineConfig, KeepaliveConfig, Remote};
use crate::error::CallError;
use crate::events::Publisher;
use crate::lifecycle::KEPT_EVENTS;
use crate::link::{self, Channels, Dialler, Halves, Link, LinkParts};
use crate::pacing::FrameLimit;
use crate::peer::Peer;
use crate::protocol::{MAX_CHUNKS_AT_ONCE, MAX_ONE_FRAME};
use crate::registrar::{Registrar, Subject};
use crate::sealing::Sealing;
use crate::secret::Secret;
use crate::session::SessionIds;
use crate::shared::{Budget, MAX_POSTS, Server, Shared};
use crate::state::State;
use crate::subscriptions::Subscriptions;

/// What a peer is made of, once it is known who is at the other end.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) local: Address,
    pub(crate) remote: Remote,
    pub(crate) server_url: Option<Text>,
    /// On a direct link, the user that it was made with.
    pub(crate) direct_user: Option<Option<Arc<Value>>>,
    pub(crate) keepalive: KeepaliveConfig,
    /// The limit of the server on frames; `None` if there is none to keep.
    pub(crate) frame_limit: Option<FrameLimit>,
    pub(crate) sessions: SessionIds,
    pub(crate) token: Option<Secret>,
    /// Registers nothing by itself.
    pub(crate) silent: bool,
    /// Who waits until a server knows what it must know of us.
    pub(crate) first: Option<oneshot::Sender<Result<(), CallError>>>,
    pub(crate) config: PeerConfig,
}

impl Start {
    /// Starts the link and dispatch tasks. Must be called inside a tokio runtime.
    #[expect(
        clippy::disallowed_methods,
        reason = "the tasks of a peer end when its last handle is dropped; the engine is told when it began"
    )]
    pub(crate) fn run<C: Connector>(
        self,
        limits: Limits,
        halves: Halves<C::Transport>,
        dialler: Option<Dialler<C>>,
    ) -> Peer {
        let Self {
            local,
            remote,
            server_url,
            config,
            ..
        } = self;
        let config = config.bounded_by(limits);
        let sealing = config.sealer.clone().map(Sealing::new).map(Arc::new);
        let (commands, commands_rx) = mpsc::unbounded_channel();
        let (progress, progress_rx) = mpsc::unbounded_channel();
        let (work, work_rx) = mpsc::unbounded_channel();
        let state = match self.first {
            Some(_) => State::Connecting,
            None => State::Connected,
        };
        let (state_tx, state) = watch::channel(state);
        let (lifecycle_tx, lifecycle) = broadcast::channel(KEPT_EVENTS);
        let ended = Arc::new(OnceLock::new());
        let (tokens_tx, tokens) = watch::channel(self.token);

        let engine_config = EngineConfig {
            local: local.clone(),
            remote: remote.clone(),
            sessions: self.sessions.clone(),
            keepalive: self.keepalive,
            frame_limit: self.frame_limit,
            patience: config.method_timeout,
            max_running: config.max_running,
            max_running_bytes: config.max_running_bytes,
            assembly: AssemblyLimits {
                message_bytes: config.max_message_bytes,
                all_bytes: config.max_assembly_bytes,
            },
            chunk_size: config.chunk_size,
        };
        let mut engine = Engine::new(tokio::time::Instant::now().into_std(), engine_config);
        let (name, app_id) = (config.name.as_ref(), &config.app_id);
        let (built_in, info) =
            built_in::service(&local, server_url.as_ref(), name, app_id, sealing.is_some());
        drop(engine.add_service(built_in, true));
        let policy = ReconnectPolicy::new();
        let backoff = Backoff::new(policy.base, policy.cap);
        let mut registrar = Registrar::new(config.method_timeout, backoff);
        if !self.silent {
            registrar.want(Subject::BuiltIn, Some(Arc::new(info)));
            // Without it calls to a provider that dies would only end by their time-outs.
            registrar.want(Subject::OwnTopics, None);
        }
        let keepalive = KeepaliveConfig {
            refresh_interval: config.token_refresh_interval,
            ..self.keepalive
        };

        let (manager, direct) = match remote {
            Remote::Relay { manager } => (Some(manager), None),
            Remote::Direct { peer } => (None, Some(peer)),
        };
        let shared = Arc::new(Shared {
            local: local.clone(),
            relayed: manager.is_some(),
            server: RwLock::new(Server {
                manager,
                url: server_url,
            }),
            posts: Arc::new(Semaphore::new(MAX_POSTS)),
            budget: Budget::new(config.max_queued_bytes),
            one_frame: MAX_ONE_FRAME.min(limits.max_frame),
            chunk_budget: Budget::new(config.chunk_size.saturating_mul(MAX_CHUNKS_AT_ONCE)),
            transfers: AtomicUsize::new(0),
            small_frames: Arc::default(),
            sealing: sealing.clone(),
            config,
            commands,
            sessions: self.sessions,
            state,
            lifecycle,
            ended: Arc::clone(&ended),
            keys: AtomicU64::new(0),
            remote: direct,
            tokens,
            subscriptions: Subscriptions::default(),
            events: Arc::default(),
        });

        let environment = Environment {
            sealing,
            registry: shared.config.registry.clone(),
            chunk_size: shared.config.chunk_size,
            direct_user: self.direct_user,
            progress,
            shared: Arc::downgrade(&shared),
        };
        let channels = Channels {
            commands: commands_rx,
            progress: progress_rx,
            work,
            state: state_tx,
            lifecycle: lifecycle_tx,
            ended,
            small_frames: Arc::clone(&shared.small_frames),
            tokens: tokens_tx,
            events: Publisher::new(Arc::clone(&shared.events), shared.relayed),
        };
        let link = Link::new(LinkParts {
            engine,
            registrar,
            local,
            keepalive,
            pacing: shared.config.pacing,
            busy_poll: shared.config.busy_poll,
            channels,
            shared: Arc::downgrade(&shared),
            first: self.first,
        });
        tokio::spawn(link::run(halves, dialler, link));
        tokio::spawn(dispatch::run(work_rx, environment));

        let calls = CallService::new(Arc::clone(&shared));
        Peer { shared, calls }
    }
}
