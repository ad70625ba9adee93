//! `hypha serve`: a server until it is told to stop.

mod limits;
mod logs;
mod secrets;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use hypha_server::{HyphaServer, HyphaServerBuilder};

use self::limits::LimitArgs;
use self::logs::LogArgs;
use self::secrets::SecretArgs;
use crate::ending::Ending;
use crate::files;
use crate::runtime::Flavour;
use crate::signals::Signals;

/// Run a Hypha server.
///
/// Prints `listening on http://HOST:PORT` on standard output once clients can connect; everything else it has to say
/// goes to standard error. SIGTERM and SIGINT (Ctrl-C) say goodbye to all clients and end it within five seconds, a
/// second one ends it at once.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    /// Name or address to listen on; 0.0.0.0 for everywhere
    #[arg(long, default_value = "127.0.0.1", env = "HYPHA_HOST")]
    host: String,
    /// Port to listen on; 0 for any that is free
    #[arg(long, default_value_t = 9527, env = "HYPHA_PORT")]
    port: u16,
    /// URL that clients know the server by, if that is not where it listens: behind a proxy
    #[arg(long, value_name = "URL", env = "HYPHA_PUBLIC_BASE_URL", value_parser = web_url)]
    public_base_url: Option<String>,
    /// Threads that run the tasks [default: one per core, a single one where there are at most two]
    #[arg(long, value_enum, env = "HYPHA_RUNTIME")]
    runtime: Option<Flavour>,
    /// How long a single thread looks for the next frame before it sleeps, while frames mostly come within that time; 0
    /// turns it off [default: 100]
    #[arg(long, value_name = "MICROSECONDS", env = "HYPHA_BUSY_POLL")]
    busy_poll: Option<u32>,
    #[command(flatten)]
    ending: Ending,
    #[command(flatten)]
    logs: LogArgs,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// From so many cores on the threads of a server gain more by working at the same time than it costs them to wake each
/// other.
const CORES_OF_SEVERAL_THREADS: usize = 3;

const EXAMPLES: &str = "\
Examples:
  hypha serve
  hypha serve --host 0.0.0.0 --port 8080 --public-base-url https://hypha.example.org
  HYPHA_JWT_SECRET=... hypha serve               # tokens outlive the server
  hypha serve --jwt-secret-file /run/secrets/jwt --log-format json";

impl ServeArgs {
    /// Serves until it is told to stop.
    pub(crate) fn run(self) -> Result<()> {
        self.logs.start()?;
        files::allow_as_many_as_possible();
        let runtime = self.runtime.unwrap_or_else(default_flavour).build()?;
        let outcome = runtime.block_on(self.serve());
        // Whoever did not take a goodbye in time is not waited for.
        runtime.shutdown_background();
        outcome
    }

    async fn serve(self) -> Result<()> {
        // From here on signals do not end us in the middle of anything.
        let mut signals = Signals::listen()?;
        let server = tokio::select! {
            started = self.builder()?.start() => started?,
            () = signals.next() => return Ok(()),
        };
        announce(server.local_addr())?;
        tokio::select! {
            () = signals.next() => {}
            () = self.ending.reached() => {}
        }
        goodbye(server.shutdown(), signals.next()).await
    }

    fn builder(&self) -> Result<HyphaServerBuilder> {
        let mut builder = HyphaServer::builder().host(&self.host).port(self.port);
        // A variable that is set to nothing says nothing.
        if let Some(url) = self.public_base_url.as_ref().filter(|url| !url.is_empty()) {
            builder = builder.public_base_url(url);
        }
        if let Some(micros) = self.busy_poll {
            builder = builder.busy_poll(Duration::from_micros(micros.into()));
        }
        // What is said here counts before what the environment says.
        let builder = self.limits.begin(builder).from_env()?;
        self.secrets.apply(self.limits.apply(builder))
    }
}

fn default_flavour() -> Flavour {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    if cores < CORES_OF_SEVERAL_THREADS {
        Flavour::CurrentThread
    } else {
        Flavour::MultiThread
    }
}

/// A URL that browsers and clients can use as it is.
fn web_url(text: &str) -> Result<String, &'static str> {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(text.to_owned()),
        None if text.is_empty() => Ok(String::new()),
        _ => Err("it has to be http://HOST or https://HOST"),
    }
}

/// Stops gracefully, unless somebody cannot wait.
async fn goodbye(
    shutdown: impl Future<Output = ()>,
    impatience: impl Future<Output = ()>,
) -> Result<()> {
    tokio::select! {
        () = shutdown => Ok(()),
        () = impatience => bail!("ended by a second signal, before every client had its goodbye"),
    }
}

/// Whoever started us may connect now.
fn announce(address: SocketAddr) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{LISTENING}http://{address}")?;
    output.flush()
}

/// What stands before the URL in the one line of our output.
pub(crate) const LISTENING: &str = "listening on ";

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::{goodbye, web_url};

    #[test]
    fn clients_can_use_the_public_url() {
        for url in ["https://hypha.example.org", "http://h:1/base", ""] {
            assert_eq!(web_url(url).as_deref(), Ok(url));
        }
        for wrong in ["hypha.example.org", "ws://h", "http://", "https:///x"] {
            assert!(web_url(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn nobody_is_waited_for_after_a_second_signal() {
        goodbye(ready(()), pending()).await.unwrap();
        let error = goodbye(pending(), ready(())).await.unwrap_err();
        assert!(error.to_string().contains("second signal"), "{error}");
    }
}
