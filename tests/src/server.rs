//! The server of a test: the real one, or ours.

mod kind;

use std::net::TcpListener;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};

pub use self::kind::{Feature, ServerKind};
use crate::guard::Guard;
use crate::http;
use crate::log::Log;

/// The token of the user who may do everything on every server of the tests.
pub const ROOT_TOKEN: &str = "Q7mW2xRz9KpL4vNc8YhB3sFj6DgUeT1a";

/// A start takes about two seconds on an idle machine.
const START_DEADLINE: Duration = Duration::from_secs(120);

/// Another process may take the free port between our look and the server's start.
const START_ATTEMPTS: usize = 3;

/// How the server is started.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Which server. The one of the whole run unless a test is about one of them.
    pub kind: ServerKind,
    /// Keep the real server's limits: 200 binary frames a second with bursts of 2000. Without it they are out of reach.
    pub reference_limits: bool,
    /// Further environment variables.
    pub env: Vec<(String, String)>,
}

impl ServerOptions {
    /// This server, whatever the others of the run are.
    #[must_use]
    pub fn kind(mut self, kind: ServerKind) -> Self {
        self.kind = kind;
        self
    }

    /// The real server's limits on frames.
    #[must_use]
    pub fn reference_limits(mut self) -> Self {
        self.reference_limits = true;
        self
    }

    /// Sets an environment variable, such as `HYPHA_WS_IDLE_TIMEOUT`.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running Hypha server on a port of its own. Dropping it kills it.
#[derive(Debug)]
pub struct HyphaServer {
    options: ServerOptions,
    port: u16,
    log: Arc<Log>,
    guard: Option<Guard>,
}

impl HyphaServer {
    /// The server that all tests of a binary share. The first who asks starts it; it ends with the process.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<HyphaServer> = OnceCell::const_new();
        SHARED
            .get_or_try_init(|| Self::start(ServerOptions::default()))
            .await
    }

    /// Starts a server and waits until it is ready.
    ///
    /// # Errors
    /// The peers are not installed, or the server does not become ready; with the end of its log.
    pub async fn start(options: ServerOptions) -> Result<Self> {
        let mut last = None;
        for _ in 0..START_ATTEMPTS {
            let port = free_port()?;
            let mut server = Self {
                options: options.clone(),
                port,
                log: Arc::new(Log::new(format!("hypha server on port {port}"))?),
                guard: None,
            };
            match server.boot().await {
                Ok(()) => return Ok(server),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("the server was not started")?)
    }

    /// Which server it is.
    #[must_use]
    pub fn kind(&self) -> ServerKind {
        self.options.kind
    }

    /// Whether the server can do what not every server can.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.kind().has(feature)
    }

    /// The URL for clients: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server at once: its sockets close without a word.
    ///
    /// # Errors
    /// The server is not running.
    pub fn kill(&mut self) -> Result<()> {
        self.end("KILL").map(drop)
    }

    /// Asks the server to stop, and waits until it did: it says goodbye to its clients (close code 1001).
    ///
    /// # Errors
    /// The server is not running, or it calls it a failure that it was stopped.
    pub fn stop(&mut self) -> Result<()> {
        let status = self.end("TERM")?;
        // The real one ends by the signal once it has said goodbye.
        let ended = match self.kind() {
            ServerKind::Reference => self.logged("shutdown complete"),
            ServerKind::Ours => status.success(),
        };
        ensure!(ended, "the server ended with {status}");
        Ok(())
    }

    /// Kills the server if it runs, and starts it again on the same port. It knows nothing of its former life.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn restart(&mut self) -> Result<()> {
        self.guard = None;
        self.boot().await
    }

    /// As [`restart`](Self::restart), with other options.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn restart_as(&mut self, options: ServerOptions) -> Result<()> {
        self.options = options;
        self.restart().await
    }

    /// Freezes the server: its sockets stay open and silent. [`resume`](Self::resume) ends it.
    ///
    /// # Errors
    /// The server is not running.
    pub fn freeze(&mut self) -> Result<()> {
        self.running()?.signal("STOP")
    }

    /// Ends [`freeze`](Self::freeze).
    ///
    /// # Errors
    /// The server is not running.
    pub fn resume(&mut self) -> Result<()> {
        self.running()?.signal("CONT")
    }

    /// The whole answer to `GET path`, from its status line on.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn http_get(&self, path: &str) -> Result<String> {
        http::get(self.port, path)
            .await
            .context("no answer to an HTTP request")
    }

    /// Whether these words are in the server's log.
    #[must_use]
    pub fn logged(&self, words: &str) -> bool {
        self.log.since(0).contains(words)
    }

    /// The end of the server's log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.log.tail()
    }

    pub(crate) fn log(&self) -> &Arc<Log> {
        &self.log
    }

    async fn boot(&mut self) -> Result<()> {
        let command = self.options.kind.command(self.port, &self.options).await?;
        let mut guard = Guard::start(&command, &self.log)?;
        timeout(START_DEADLINE, wait_until_ready(&mut guard, self.port))
            .await
            .context("the server did not become ready")
            .and_then(|outcome| outcome)
            .with_context(|| self.log.tail())?;
        self.guard = Some(guard);
        Ok(())
    }

    fn end(&mut self, signal: &str) -> Result<ExitStatus> {
        self.running()?.signal(signal)?;
        let status = self.running()?.wait()?;
        self.guard = None;
        Ok(status)
    }

    fn running(&mut self) -> Result<&mut Guard> {
        self.guard.as_mut().context("the server is not running")
    }
}

impl Drop for HyphaServer {
    fn drop(&mut self) {
        self.log.print_if_panicking();
    }
}

async fn wait_until_ready(guard: &mut Guard, port: u16) -> Result<()> {
    while !http::is_ready(port).await {
        if let Some(status) = guard.ended()? {
            bail!("the server ended at its start: {status}");
        }
        sleep(http::INTERVAL).await;
    }
    Ok(())
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}
