//! What all connections of a server share.

use std::sync::{Arc, OnceLock};

use hypha_codec::{Map, Value};
use hypha_rpc_core::Secret;
use hypha_rpc_core::protocol::{MANAGER_WORKSPACE, event};
use hypha_transport::CloseReason;
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::identity::{TokenError, Tokens, User};
use crate::manager::Manager;
use crate::registry::Registry;
use crate::relay::{Connection, End, Router, Vigil};
use crate::seats::Seats;
use crate::settings::Settings;

/// The state of a server.
#[derive(Debug)]
pub(crate) struct Hub {
    settings: Settings,
    /// The URL that clients know the server by.
    public_url: String,
    manager_id: String,
    manager_address: String,
    router: Router,
    vigil: Vigil,
    joining: Mutex<()>,
    registry: Arc<dyn Registry>,
    tokens: Tokens,
    seats: Seats,
    /// Turns at being let in, where they are limited.
    turns: Option<Semaphore>,
    manager: OnceLock<Manager>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Hub {
    pub(crate) fn new(
        settings: Settings,
        secret: &Secret,
        public_url: String,
        manager_id: String,
        registry: Arc<dyn Registry>,
    ) -> Self {
        Self {
            tokens: Tokens::new(secret, &settings, Arc::clone(&registry)),
            seats: Seats::default(),
            turns: settings.limits.handshakes.map(Semaphore::new),
            settings,
            public_url,
            manager_address: format!("{MANAGER_WORKSPACE}/{manager_id}"),
            manager_id,
            router: Router::default(),
            vigil: Vigil::default(),
            joining: Mutex::default(),
            registry,
            manager: OnceLock::new(),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.public_url
    }

    pub(crate) fn manager_id(&self) -> &str {
        &self.manager_id
    }

    pub(crate) fn manager_address(&self) -> &str {
        &self.manager_address
    }

    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// Keeps the thread awake while there are frames.
    pub(crate) fn vigil(&self) -> &Vigil {
        &self.vigil
    }

    pub(crate) fn registry(&self) -> &dyn Registry {
        &*self.registry
    }

    /// Makes tokens and reads them.
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Who has how many clients.
    pub(crate) fn seats(&self) -> &Seats {
        &self.seats
    }

    /// Turns at being let in, where they are limited.
    pub(crate) fn turns(&self) -> Option<&Semaphore> {
        self.turns.as_ref()
    }

    /// The manager, once it is up.
    pub(crate) fn manager(&self) -> Option<&Manager> {
        self.manager.get()
    }

    pub(crate) fn set_manager(&self, manager: Manager) {
        // Done once, at the start.
        drop(self.manager.set(manager));
    }

    /// Cancelled when the server stops.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// All tasks that a graceful stop waits for.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Sends all clients of a user away, but for the one that asks for it and waits for the answer.
    pub(crate) fn expel(&self, user: &User, asking: &str, words: &str) {
        for connection in self.router.all() {
            if connection.user().id == user.id && connection.address() != asking {
                let reason = CloseReason::new(CloseReason::POLICY, words);
                connection.end(End::Told(reason));
            }
        }
    }

    /// Puts a client that was let in at its address. Others hear of it when it has registered what every client has.
    ///
    /// # Errors
    /// Who is there already, or what has changed since it was let in.
    pub(crate) async fn join(&self, client: &Arc<Connection>) -> Result<(), NotJoined> {
        // One after the other: who is at an address is the same client for the router and for the registry.
        let _turn = self.joining.lock().await;
        self.router.insert(client).map_err(NotJoined::Taken)?;
        let (workspace, id, user) = (client.workspace(), client.client_id(), client.user());
        let is_there = self.registry.add_client(workspace, id, user, client.key());
        let why = if !is_there.await {
            no_workspace(workspace)
        } else if self.tokens.is_revoked(user).await {
            TokenError::Revoked.to_string()
        } else {
            tracing::info!(client = client.address(), "connected");
            return Ok(());
        };
        client.end(End::Left);
        self.router.remove(client);
        let key = Some(client.key());
        self.registry.remove_client(workspace, id, key).await;
        Err(NotJoined::Outdated(why))
    }

    /// A client is gone, and nobody took its place.
    pub(crate) async fn left(&self, client: &Connection) {
        tracing::info!(client = client.address(), "disconnected");
        let (workspace, client_id) = (client.workspace(), client.client_id());
        let key = Some(client.key());
        if !self.registry.remove_client(workspace, client_id, key).await {
            // It is back already.
            return;
        }
        self.close_home_of(client.user()).await;
        let data = client_event(client.workspace(), client.client_id());
        self.router
            .announce(client.workspace(), event::CLIENT_DISCONNECTED, data.clone());
        if let Some(manager) = self.manager() {
            manager.client_left(self, data);
        }
    }
}

impl Hub {
    /// The bookmarks of a user bring the user's own workspace up, though no client is ever in it. A temporary one goes
    /// when the user does.
    async fn close_home_of(&self, user: &User) {
        let home = user.own_workspace();
        let there = self.registry.workspace(&home).await;
        let is_temporary = there.is_some_and(|there| !there.is_persistent);
        let is_user = |client: &Arc<Connection>| client.user().id == user.id;
        if is_temporary && !self.router.all().iter().any(is_user) {
            self.registry.close_workspace(&home).await;
        }
    }
}

/// Why a client that was let in is not there.
#[derive(Debug)]
pub(crate) enum NotJoined {
    /// Somebody else is there already.
    Taken(Arc<Connection>),
    /// What it was let in for holds no more, in words for the client.
    Outdated(String),
}

/// What clients are told of a workspace that is not there, or not for them.
pub(crate) fn no_workspace(id: &str) -> String {
    format!("'Workspace {id} does not exist or is not accessible'")
}

/// The data of events about clients: some name it by its id, some by its address (protocol section 8.3).
pub(crate) fn client_event(workspace: &str, id: &str) -> Value {
    Map::from_iter([
        ("id", Value::from(id)),
        ("workspace", Value::from(workspace)),
    ])
    .into()
}
