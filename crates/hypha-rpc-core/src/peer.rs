//! A peer: the handle with which services are registered and called.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hypha_codec::{EncodeError, Map, Promised, Text, Value};
use hypha_e2e::PublicKey;
use hypha_transport::Transport;
use serde::de::DeserializeOwned;
use tokio::sync::{oneshot, watch};
use tower::BoxError;
use tower_layer::Layer;

use crate::address::{Address, ServiceId};
use crate::call::{Call, CallService, Reply};
use crate::config::PeerConfig;
use crate::engine::{KeepaliveConfig, Remote, Stats};
use crate::error::{CallError, ConnectError, RegisterError, RemoteErrorKind};
use crate::lifecycle::ConnectionEvents;
use crate::link::{Command, NoConnector};
use crate::method_call::MethodCall;
use crate::protocol::{self, RINTF_PREFIX, built_in_path, manager_path};
use crate::remote::RemoteService;
use crate::secret::Secret;
use crate::service::{Arguments, Service};
use crate::session::{SessionIds, random_id};
use crate::shared::Shared;
use crate::start::Start;
use crate::state::{ClosedReason, State};

/// One end of a connection: registers services and calls those of others.
///
/// A cheap clone of a handle. The connection ends when the last one is dropped; a handler that
/// holds a clone therefore keeps it open until [`disconnect`](Self::disconnect).
#[derive(Clone)]
pub struct Peer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) calls: CallService,
}

/// Who the two ends of a direct link are.
///
/// The link has no server that vouches for its ends, so identity is what it was made with: whatever
/// the frames of the other end say of `from`, `ws` and `user` is ignored.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PeerIdentity {
    /// This end.
    pub local: Address,
    /// The other end.
    pub remote: Address,
    /// The user behind the other end, as handlers see it in their context.
    pub user: Option<Value>,
}

impl PeerIdentity {
    /// The two ends, and no user.
    #[must_use]
    pub fn new(local: Address, remote: Address) -> Self {
        Self {
            local,
            remote,
            user: None,
        }
    }

    /// Sets the user behind the other end.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<Value>) -> Self {
        self.user = Some(user.into());
        self
    }
}

impl Peer {
    /// Talks to one peer without a server: no handshake, no manager.
    ///
    /// Both ends of the link must be made with matching identities. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// [`ConnectError::Random`] if there is no randomness for ids.
    pub fn direct<T: Transport>(
        transport: T,
        identity: PeerIdentity,
        config: PeerConfig,
    ) -> Result<Self, ConnectError> {
        let PeerIdentity {
            local,
            remote,
            user,
        } = identity;
        let start = Start {
            local,
            remote: Remote::Direct { peer: remote },
            server_url: None,
            direct_user: Some(user.map(Arc::new)),
            keepalive: KeepaliveConfig::default(),
            frame_limit: None,
            sessions: SessionIds::new(random_id()?),
            token: None,
            silent: true,
            first: None,
            config,
        };
        let limits = transport.limits();
        Ok(start.run::<NoConnector<T>>(limits, transport.split(), None))
    }

    /// A handle without layers.
    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        let calls = CallService::new(Arc::clone(&shared));
        Self { shared, calls }
    }

    /// Our address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.shared.local
    }

    /// Our public key, which others encrypt for, if encryption is on
    /// ([`PeerConfig::sealer`]).
    #[must_use]
    pub fn public_key(&self) -> Option<PublicKey> {
        Some(self.shared.sealing.as_ref()?.public_key())
    }

    /// The other end of a direct link.
    #[must_use]
    pub fn remote(&self) -> Option<&Address> {
        self.shared.remote.as_ref()
    }

    /// The manager of the server, if a server relays. Another server, or the same one started anew,
    /// has another one.
    #[must_use]
    pub fn manager(&self) -> Option<Address> {
        self.shared.manager()
    }

    /// The newest reconnection token of the server.
    #[must_use]
    pub fn reconnection_token(&self) -> Option<Secret> {
        self.shared.tokens.borrow().clone()
    }

    /// State of the connection.
    #[must_use]
    pub fn state(&self) -> State {
        // The link says its last word before it goes; without one its runtime was shut down.
        match (
            &*self.shared.state.borrow(),
            self.shared.state.has_changed(),
        ) {
            (State::Closed(reason), _) => State::Closed(reason.clone()),
            (_, Err(_)) => State::Closed(ClosedReason::Local),
            (state, Ok(_)) => state.clone(),
        }
    }

    /// Follows the state of the connection.
    #[must_use]
    pub fn watch_state(&self) -> watch::Receiver<State> {
        self.shared.state.clone()
    }

    /// What happens to the connection from now on.
    #[must_use]
    pub fn connection_events(&self) -> ConnectionEvents {
        ConnectionEvents::new(self.shared.lifecycle.resubscribe())
    }

    /// Stacks a tower layer on the calls that this handle and its clones make from now on, outside
    /// the layers stacked before. Heartbeats and answers do not pass it.
    #[must_use]
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<CallService>,
        L::Service: tower_service::Service<Call, Response = Reply> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<Call>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<Call>>::Future: Send + 'static,
    {
        Self {
            calls: self.calls.layered(&layer),
            ..self
        }
    }

    /// Registers a service: peers can call it once this returns. It is registered again whenever the
    /// connection was lost. Dropping the future does not take it back.
    ///
    /// # Errors
    /// [`RegisterError`] if the service does not hold together, its id is taken, or the server does
    /// not take it; then nothing is registered.
    pub async fn register_service(&self, service: Service) -> Result<ServiceInfo, RegisterError> {
        self.register(service, false).await
    }

    /// Registers a service, in the place of one with the same id if there is one.
    ///
    /// # Errors
    /// As [`register_service`](Self::register_service), but for a taken id.
    pub async fn replace_service(&self, service: Service) -> Result<ServiceInfo, RegisterError> {
        self.register(service, true).await
    }

    async fn register(
        &self,
        service: Service,
        overwrite: bool,
    ) -> Result<ServiceInfo, RegisterError> {
        let shared = &self.shared;
        let built = service.build(
            &shared.local,
            shared.server_url().as_ref(),
            &shared.config.app_id,
            shared.sealing.is_some(),
        )?;
        let (record, info) = (Box::new(built.record), Arc::new(built.info));
        let told = Arc::clone(&info);
        let register = |done| Command::Register {
            record,
            info: told,
            overwrite,
            done,
        };
        self.ask(register).await??;
        Ok(ServiceInfo { info })
    }

    /// Takes a service back. `id` is the bare id or any full form of it, or the id of an
    /// [`Interface`](crate::Interface), which the server knows nothing of.
    ///
    /// # Errors
    /// [`RegisterError::Unknown`] if it is not registered here, and what the server says.
    pub async fn unregister_service(&self, id: &str) -> Result<(), RegisterError> {
        let local = &self.shared.local;
        let ours = |id: &ServiceId| {
            id.workspace
                .as_deref()
                .is_none_or(|ws| ws == local.workspace())
                && id
                    .client
                    .as_deref()
                    .is_none_or(|client| client == local.client_id())
        };
        if id.starts_with(RINTF_PREFIX) {
            let gone = Text::from(id);
            let removed = self
                .ask(|done| Command::Unregister { id: gone, done })
                .await?;
            return removed
                .then_some(())
                .ok_or_else(|| RegisterError::Unknown(Text::from(id)));
        }
        let bare = match ServiceId::parse(id) {
            Ok(id) if ours(&id) && &*id.service != protocol::BUILT_IN => id.service,
            _ => return Err(RegisterError::Unknown(Text::from(id))),
        };
        let id = bare.clone();
        let removed = self.ask(|done| Command::Unregister { id, done }).await?;
        if !self.shared.relayed {
            return removed.then_some(()).ok_or(RegisterError::Unknown(bare));
        }
        // The bare id would be looked up over all clients of the workspace (protocol section 10.3).
        // The server is asked even if the service is not here: an earlier try may have failed there.
        let full = format!("{local}:{bare}");
        // Asking twice does no harm, and a new connection does not know the service.
        let asked = self.manager_method("unregister_service").args((full,));
        match asked.idempotent().await {
            Ok(_) => Ok(()),
            Err(error) if !removed && error.is_remote() => Err(RegisterError::Unknown(bare)),
            Err(CallError::Remote(error)) if error.kind() == RemoteErrorKind::ServiceNotFound => {
                Ok(())
            }
            Err(error) => Err(RegisterError::StillListed(error)),
        }
    }

    /// Looks a service up at its provider, without the manager: `[workspace/]client:service`.
    ///
    /// # Errors
    /// The provider's error if it has no such service or does not let us see it.
    pub async fn get_remote_service(&self, id: &str) -> Result<RemoteService, CallError> {
        let parsed = ServiceId::parse(id);
        let (provider, service) = match (&self.shared.remote, &parsed) {
            (Some(remote), Ok(id)) => (remote.clone(), id.service.clone()),
            (None, Ok(id)) => {
                let workspace = id
                    .workspace
                    .as_deref()
                    .unwrap_or_else(|| self.shared.local.workspace());
                let client = id
                    .client
                    .as_deref()
                    .unwrap_or_else(|| self.shared.local.client_id());
                let provider = Address::new(workspace, client).map_err(EncodeError::custom)?;
                (provider, id.service.clone())
            }
            (_, Err(error)) => return Err(EncodeError::custom(error).into()),
        };
        let found = self.look_up(&provider, &service).await?;
        Ok(found.with_lookup(move |peer| {
            let (provider, service) = (provider.clone(), service.clone());
            async move { peer.look_up(&provider, &service).await }
        }))
    }

    async fn look_up(&self, provider: &Address, service: &str) -> Result<RemoteService, CallError> {
        let description: Value = self
            .method_at(provider, built_in_path("get_service"))
            .args((service,))
            .await?;
        RemoteService::new(self.clone(), description, provider)
    }

    /// Starts a call of the method at a path of a client, such as `services.calculator.add`.
    pub fn method_at(&self, target: &Address, path: impl Into<Text>) -> MethodCall {
        MethodCall::new(self.clone(), path.into(), Promised::Always, target.clone())
    }

    /// Starts a call of a method of the manager.
    ///
    /// On a direct link there is no manager, and the call fails.
    pub fn manager_method(&self, name: &str) -> MethodCall {
        let manager = self
            .shared
            .manager()
            .or_else(|| self.shared.remote.clone())
            .unwrap_or_else(|| self.shared.local.clone());
        self.method_at(&manager, manager_path(name))
    }

    /// Asks another client for a sign of life.
    ///
    /// # Errors
    /// If it gives none.
    pub async fn ping(&self, client: &Address) -> Result<(), CallError> {
        drop::<Value>(
            self.method_at(client, built_in_path("ping"))
                .args(("ping",))
                .await?,
        );
        Ok(())
    }

    /// Gauges of this connection.
    ///
    /// # Errors
    /// If the connection is over.
    pub async fn stats(&self) -> Result<Stats, CallError> {
        let mut stats = self.ask(|done| Command::Stats { done }).await?;
        stats.transfers = self.shared.transfers.load(Ordering::Relaxed);
        Ok(stats)
    }

    /// Descriptions of the services that are registered here, the built-in one included.
    ///
    /// # Errors
    /// If the connection is over.
    pub async fn local_services(&self) -> Result<Vec<Arc<Map>>, CallError> {
        self.ask(|done| Command::Services { done }).await
    }

    /// Closes the connection and waits until it is closed. Pending calls fail; calling it again
    /// does nothing.
    pub async fn disconnect(&self) {
        drop(self.shared.commands.send(Command::Close));
        self.closed().await;
    }

    /// Waits until the connection is closed, and says why it was.
    pub async fn closed(&self) -> ClosedReason {
        let mut state = self.shared.state.clone();
        match state
            .wait_for(|state| matches!(state, State::Closed(_)))
            .await
            .as_deref()
        {
            Ok(State::Closed(reason)) => reason.clone(),
            _ => ClosedReason::Local,
        }
    }

    pub(crate) async fn call_manager<T>(
        &self,
        method: &str,
        args: impl Arguments,
    ) -> Result<T, CallError>
    where
        T: DeserializeOwned,
    {
        self.manager_method(method).args(args).decode().await
    }

    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, CallError> {
        let (done, answer) = oneshot::channel();
        if self.shared.commands.send(command(done)).is_err() {
            return Err(self.shared.disconnected(false));
        }
        answer.await.map_err(|_| self.shared.disconnected(false))
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("address", self.address())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

/// What is known of a service that was registered.
#[derive(Clone, Debug)]
pub struct ServiceInfo {
    info: Arc<Map>,
}

impl ServiceInfo {
    /// The full id: `workspace/client:service`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.field("id")
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.field("name")
    }

    /// Everything that the manager was told: `config`, `type`, `service_schema` and more.
    #[must_use]
    pub fn as_map(&self) -> &Map {
        &self.info
    }

    fn field(&self, name: &str) -> &str {
        self.info
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}
