//! Real clients: a child process that runs `tests/peers`, and the commands that it understands.

mod process;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use self::process::Process;
use crate::server::HyphaServer;
use crate::{install, notation};

/// Longer than anything a test asks for, on a machine that does much else.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(90);

/// The full ids of registered services, by their own ids.
pub type Services = HashMap<String, String>;

/// The client that a peer runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests match on both")]
pub enum Language {
    /// `hypha-rpc` from PyPI.
    Python,
    /// `hypha-rpc` from npm, in Node.
    JavaScript,
}

/// Why a command of a peer failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The client raised an error.
    #[error("{kind}: {message}")]
    Raised {
        /// The name of its type in the peer's language.
        kind: String,
        /// Its text.
        message: String,
    },
    /// The process has ended.
    #[error("the peer process has ended")]
    Ended,
    /// The peer did not answer in time.
    #[error("the peer did not answer within {0:?}")]
    TimedOut(Duration),
    /// The peer's answer is not what the command gives.
    #[error("unexpected answer: {0}")]
    Unexpected(Json),
}

impl PeerError {
    /// The text of an error that the client raised, else an empty one.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Raised { message, .. } => message,
            _ => "",
        }
    }
}

/// What it takes to join a workspace.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Membership {
    /// The workspace.
    pub workspace: String,
    /// A token for it.
    pub token: String,
}

impl Membership {
    /// Membership of `workspace` by `token`.
    pub fn new(workspace: impl Into<String>, token: impl Into<String>) -> Self {
        let (workspace, token) = (workspace.into(), token.into());
        Self { workspace, token }
    }
}

/// A peer that is about to start.
#[derive(Debug)]
#[must_use]
pub struct PeerBuilder<'a> {
    server: &'a HyphaServer,
    language: Language,
    options: Map<String, Json>,
}

impl PeerBuilder<'_> {
    /// Joins a workspace. Without it the peer is an anonymous user in a workspace of its own.
    pub fn member(self, membership: &Membership) -> Self {
        self.option("workspace", json!(membership.workspace))
            .option("token", json!(membership.token))
    }

    /// Seconds of silence after which the peer gives up a call.
    pub fn method_timeout(self, seconds: f64) -> Self {
        self.option("method_timeout", json!(seconds))
    }

    /// Sets any option of the client's `connect_to_server`.
    pub fn option(mut self, name: &str, value: Json) -> Self {
        self.options.insert(name.to_owned(), value);
        self
    }

    /// Starts the process and connects it.
    ///
    /// # Errors
    /// The peers are not installed, or the client cannot connect.
    pub async fn start(self) -> Result<Peer> {
        let title = self.options["client_id"].as_str().unwrap_or_default();
        let log = self.server.log().clone();
        let process = match self.language {
            Language::Python => {
                let mut command = install::python()?;
                command.arg(install::scripts().join("python/peer.py"));
                Process::start(command, title, log)?
            }
            Language::JavaScript => {
                let mut command = install::node();
                command.arg(install::scripts().join("js/peer.mjs"));
                command.arg(install::javascript()?);
                Process::start(command, title, log)?
            }
        };
        let mut peer = Peer {
            language: self.language,
            client_id: String::new(),
            workspace: String::new(),
            user: String::new(),
            process,
        };
        let info = peer.command("connect", self.options.into()).await;
        let info = info.with_context(|| peer.process.log_tail())?;
        let text = |name: &str| {
            let found = info[name].as_str().map(str::to_owned);
            found.with_context(|| format!("the peer's connection has no {name}"))
        };
        (peer.client_id, peer.workspace, peer.user) =
            (text("client_id")?, text("workspace")?, text("user")?);
        Ok(peer)
    }
}

/// A call of a service through a peer.
#[derive(Clone, Debug)]
#[must_use]
pub struct Call {
    arguments: Map<String, Json>,
}

impl Call {
    /// Calls `method`, a path with dots, of the service that `get_service` finds under `service`.
    pub fn new(service: &str, method: &str) -> Self {
        let call = Self {
            arguments: Map::new(),
        };
        call.set("service", json!(service))
            .set("method", json!(method))
    }

    /// Positional arguments: an array in the notation.
    pub fn args(self, args: Json) -> Self {
        self.set("args", args)
    }

    /// Keyword arguments: an object of values in the notation.
    pub fn kwargs(self, kwargs: Json) -> Self {
        self.set("kwargs", kwargs)
    }

    /// The second argument of `get_service`, such as `{"mode": "first"}`.
    pub fn config(self, config: Json) -> Self {
        self.set("config", config)
    }

    /// What of the result to give back instead of its value: `size`, `depth`, the `items` of a generator, or
    /// whether it is the `same` as the first argument.
    pub fn reduce(self, how: &str) -> Self {
        self.set("reduce", json!(how))
    }

    fn set(mut self, name: &str, value: Json) -> Self {
        self.arguments.insert(name.to_owned(), value);
        self
    }
}

/// A running client, connected to the server. Dropping it kills it.
#[derive(Debug)]
pub struct Peer {
    language: Language,
    client_id: String,
    workspace: String,
    user: String,
    process: Process,
}

impl Peer {
    /// A Python client.
    pub fn python(server: &HyphaServer) -> PeerBuilder<'_> {
        Self::of(Language::Python, server)
    }

    /// A JavaScript client.
    pub fn javascript(server: &HyphaServer) -> PeerBuilder<'_> {
        Self::of(Language::JavaScript, server)
    }

    /// A client in `language`.
    pub fn of(language: Language, server: &HyphaServer) -> PeerBuilder<'_> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let builder = PeerBuilder {
            server,
            language,
            options: Map::new(),
        };
        builder
            .option("server_url", json!(server.url()))
            .option("client_id", json!(format!("{language:?}-{count}")))
    }

    /// The language of the client.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The client's id, without its workspace.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The workspace that the client has joined.
    #[must_use]
    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    /// The id of the client's user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A token that lets another client join this one's workspace with full rights.
    ///
    /// # Errors
    /// The client is not an administrator of its workspace.
    pub async fn membership(&self) -> Result<Membership, PeerError> {
        let config = json!([{ "permission": "admin" }]);
        match self.manager("generate_token", config).await? {
            Json::String(token) => Ok(Membership::new(self.workspace.clone(), token)),
            other => Err(PeerError::Unexpected(other)),
        }
    }

    /// Registers all services of `tests/peers`, and says under which full ids.
    ///
    /// # Errors
    /// The server refuses one.
    pub async fn register(&self) -> Result<Services, PeerError> {
        self.register_with(json!({})).await
    }

    /// As [`register`](Self::register): `only` names the services to register, `authorized_workspaces` those that may
    /// call `interop-authorized`, and `trusted_keys` those of whoever may call `interop-trusted`, which are registered
    /// only then.
    ///
    /// # Errors
    /// The server refuses one.
    pub async fn register_with(&self, arguments: Json) -> Result<Services, PeerError> {
        let ids = self.command("register", arguments).await?;
        serde_json::from_value(ids.clone()).map_err(|_| PeerError::Unexpected(ids))
    }

    /// Unregisters a service.
    ///
    /// # Errors
    /// There is no such service.
    pub async fn unregister(&self, service: &str) -> Result<(), PeerError> {
        let arguments = json!({ "service": service });
        self.command("unregister", arguments).await.map(drop)
    }

    /// The service that the client finds, with its functions as `{"$fn": name}`.
    ///
    /// # Errors
    /// There is none, or the client may not have it.
    pub async fn get_service(&self, service: &str) -> Result<Json, PeerError> {
        let arguments = json!({ "service": service });
        self.command("get_service", arguments).await
    }

    /// Calls a method with positional arguments, and gives the result in the notation.
    ///
    /// # Errors
    /// The call fails.
    pub async fn call(&self, service: &str, method: &str, args: Json) -> Result<Json, PeerError> {
        self.run(Call::new(service, method).args(args)).await
    }

    /// Makes a call.
    ///
    /// # Errors
    /// The call fails.
    pub async fn run(&self, call: Call) -> Result<Json, PeerError> {
        self.command("call", call.arguments.into()).await
    }

    /// Calls a method of the workspace manager, by its name in Python.
    ///
    /// # Errors
    /// The call fails.
    pub async fn manager(&self, method: &str, args: Json) -> Result<Json, PeerError> {
        let arguments = json!({ "method": method, "args": args });
        self.command("manager", arguments).await
    }

    /// Reports events of these names as `heard` from now on, and subscribes to their broadcasts if asked to.
    ///
    /// # Errors
    /// The server refuses the subscription.
    pub async fn listen(&self, names: &[&str], subscribe: bool) -> Result<(), PeerError> {
        for name in names {
            let arguments = json!({ "name": name });
            self.command("listen", arguments).await?;
        }
        if subscribe {
            self.manager("subscribe", json!([names])).await?;
        }
        Ok(())
    }

    /// Sends an event: a whole message, with its `type`, as the client's `emit` takes it.
    ///
    /// # Errors
    /// The client does not take it.
    pub async fn emit(&self, message: Json) -> Result<(), PeerError> {
        let arguments = json!({ "message": message });
        self.command("emit", arguments).await.map(drop)
    }

    /// Sends bytes of the test's own making over the client's connection.
    ///
    /// # Errors
    /// The connection is closed.
    pub async fn send_raw(&self, frame: &[u8]) -> Result<(), PeerError> {
        let arguments = json!({ "hex": notation::hex(frame) });
        self.command("send_raw", arguments).await.map(drop)
    }

    /// The next happening of this name that was not asked for before: `started` with the name of a method, `touched`
    /// with the id of a service, `called` with the name and arguments of a recorded function, `generator_closed`,
    /// `heard` with the message of an event that was listened for.
    ///
    /// # Errors
    /// Nothing of this name happens before the deadline.
    pub async fn event(&self, name: &str) -> Result<Json, PeerError> {
        self.process.event(name, DEFAULT_DEADLINE).await
    }

    /// Any other command of `peer.py`, with its arguments.
    ///
    /// # Errors
    /// The command fails.
    pub async fn command(&self, name: &str, arguments: Json) -> Result<Json, PeerError> {
        let result = self.process.request(name, &arguments, DEFAULT_DEADLINE);
        result.await.map(notation::canonical)
    }

    /// Closes the connection as the client does it.
    ///
    /// # Errors
    /// The client does not manage to.
    pub async fn disconnect(&self) -> Result<(), PeerError> {
        self.command("disconnect", json!({})).await.map(drop)
    }

    /// Kills the process. The server sees its socket close without a word.
    pub fn kill(&self) {
        self.process.kill();
    }
}
