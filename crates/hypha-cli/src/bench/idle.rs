//! `hypha bench idle`: connections that do nothing.

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{StreamExt as _, TryStreamExt as _};
use hypha_client::{Client, ClosedReason, ReconnectPolicy};

use crate::ending::input_ended;
use crate::files;
use crate::runtime::Flavour;
use crate::server::ServerArgs;

/// Hold connections open that do nothing.
///
/// Opens them, prints `OPEN N`, and ends when standard input does. Fails if any of them was lost by then.
#[derive(Args, Debug)]
pub(crate) struct IdleArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Connections to open
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,
    /// Connections that are opened at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    opening: u32,
    /// Let every client register its own services, as clients do that others call
    #[arg(long)]
    registered: bool,
    /// Threads that run the tasks
    #[arg(long, value_enum, default_value = DEFAULT_FLAVOUR.name())]
    pub(super) runtime: Flavour,
}

const DEFAULT_FLAVOUR: Flavour = Flavour::CurrentThread;

/// Servers end connections that were silent for ten minutes. More often than needed would be work that is not idle.
const PING_INTERVAL: Duration = Duration::from_secs(120);

/// A server that is asked for thousands of connections may take its time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

/// Opens connections, and holds them until the input ends.
pub(super) async fn hold(arguments: IdleArgs) -> Result<()> {
    files::make_room_for(arguments.clients.into())?;
    let opened = (0..arguments.clients).map(|_| open(&arguments));
    let clients: Vec<Client> = stream::iter(opened)
        .buffer_unordered(arguments.opening as usize)
        .try_collect()
        .await?;
    announce(clients.len())?;
    let mut ended = std::pin::pin!(input_ended());
    let mut losses: FuturesUnordered<_> = clients.iter().map(Client::closed).collect();
    let mut lost: usize = 0;
    loop {
        tokio::select! {
            () = &mut ended => break,
            Some(reason) = losses.next() => {
                // Where thousands are held thousands may be lost at once: the first says it all.
                if lost == 0 {
                    say(&reason)?;
                }
                lost += 1;
            }
        }
    }
    ensure!(
        lost == 0,
        "{lost} of {} connections were lost",
        clients.len()
    );
    Ok(())
}

/// While the input lasts, so that nobody measures what is not there any more.
fn say(reason: &ClosedReason) -> io::Result<()> {
    writeln!(io::stderr(), "hypha: a connection was lost: {reason}")
}

async fn open(arguments: &IdleArgs) -> Result<Client> {
    let options = arguments
        .server
        .options()
        .silent(!arguments.registered)
        .reconnect(ReconnectPolicy::off())
        .connect_timeout(CONNECT_TIMEOUT)
        .ping_interval(PING_INTERVAL);
    arguments.server.connect(options).await
}

fn announce(open: usize) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "OPEN {open}")?;
    output.flush()
}
