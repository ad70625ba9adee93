//! `hypha bench provider`: what is called.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use clap::Args;
use futures_util::stream;
use hypha_client::{
    Client, Method, NdArray, Permission, RemoteError, Secret, Service, TokenOptions, Value,
};
use serde::Deserialize;

use super::contract;
use super::noise::Noise;
use super::size::size_of;
use crate::ending::Ending;
use crate::runtime::Flavour;
use crate::server::ServerArgs;
use crate::signals::Signals;

/// Serve what callers measure.
///
/// Connects as client `bench-provider`, registers the service `bench`, prints `READY <workspace> <token>` and serves
/// until it is ended by a signal.
#[derive(Args, Debug)]
pub(crate) struct ProviderArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Threads that run the tasks
    #[arg(long, value_enum, default_value = DEFAULT_FLAVOUR.name())]
    pub(super) runtime: Flavour,
    #[command(flatten)]
    ending: Ending,
}

/// A provider does little between frames, and what it does for one caller comes one after the other.
const DEFAULT_FLAVOUR: Flavour = Flavour::CurrentThread;

/// How long the token is good that is handed out: a day.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long calls may still run when we are asked to end.
const GRACE: Duration = Duration::from_secs(2);

/// Serves until it is ended.
pub(super) async fn serve(arguments: ProviderArgs) -> Result<()> {
    // Whoever reads that we are ready may end us at once.
    let mut signals = Signals::listen()?;
    let client = tokio::select! {
        client = get_ready(&arguments.server) => client?,
        () = signals.next() => return Ok(()),
    };
    tokio::select! {
        reason = client.closed() => bail!("the connection ended: {reason}"),
        () = signals.next() => tokio::select! {
            _ = client.drain(GRACE) => {}
            () = signals.next() => client.disconnect().await,
        },
        () = arguments.ending.reached() => client.disconnect().await,
    }
    Ok(())
}

/// Connects, registers the service, and tells callers where it is.
async fn get_ready(server: &ServerArgs) -> Result<Client> {
    let options = server
        .options()
        .client_id(contract::PROVIDER)
        .configure(|config| {
            config.max_message_bytes = contract::MAX_MESSAGE;
            config.max_assembly_bytes = 2 * contract::MAX_MESSAGE;
        });
    let client = server.connect(options).await?;
    client
        .register_service(service())
        .await
        .context("cannot register the service")?;
    let token = match server.token() {
        Some(token) => token.clone(),
        None => token_for_callers(&client).await?,
    };
    announce(client.workspace(), &token)?;
    Ok(client)
}

/// A token by which callers join our workspace.
async fn token_for_callers(client: &Client) -> Result<Secret> {
    let options = TokenOptions::new()
        .permission(Permission::ReadWrite)
        .expires_in(TOKEN_LIFE);
    client
        .generate_token(options)
        .await
        .context("cannot make a token for callers")
}

/// What a caller needs to know. The token is shown because that is what it is for: it opens this workspace, for a day.
fn announce(workspace: &str, token: &Secret) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "READY {workspace} {}", token.expose())?;
    output.flush()
}

fn service() -> Service {
    let echo = Method::new(async |x: Value| x)
        .param("x")
        .doc("Gives its argument back.");
    let size = Method::new(async |a: Value| size_of(&a).ok_or("neither an array nor bytes"))
        .param("a")
        .doc("How many bytes an array or bytes have.");
    let noise = Arc::new(Noise::default());
    let make = Method::new(move |n: u64, kind: Kind| make(Arc::clone(&noise), n, kind))
        .param("n")
        .param_default("kind", "random")
        .doc("An array of n bytes, `random` or `zeros`.");
    let count = Method::stream(|n: u64| stream::iter(0..n))
        .param("n")
        .doc("The numbers from 0 up to n, without n.");
    Service::new(contract::SERVICE)
        .name("Benchmark")
        .description("What benchmarks call")
        .method(contract::ECHO, echo)
        .method(contract::SIZE, size)
        .method(contract::MAKE, make)
        .method(contract::GEN, count)
}

/// What the bytes of an array are.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Random,
    Zeros,
}

async fn make(noise: Arc<Noise>, n: u64, kind: Kind) -> Result<NdArray, RemoteError> {
    let bytes = usize::try_from(n)
        .ok()
        .filter(|bytes| *bytes <= (contract::MAX_BULK_MIB as usize) << 20)
        .ok_or_else(|| RemoteError::new(format!("more than {} MiB", contract::MAX_BULK_MIB)))?;
    let data = match kind {
        Kind::Zeros => Bytes::from(vec![0; bytes]),
        Kind::Random if noise.has(bytes) => noise.take(bytes),
        Kind::Random => tokio::task::spawn_blocking(move || noise.take(bytes))
            .await
            .map_err(|error| RemoteError::new(error.to_string()))?,
    };
    NdArray::new("uint8", [bytes], data).map_err(|error| RemoteError::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn arrays_are_of_the_kind_and_size_asked_for() {
        let noise = Arc::new(Noise::default());
        for kind in [Kind::Random, Kind::Zeros] {
            let array = make(Arc::clone(&noise), 1000, kind).await.unwrap();
            assert_eq!(
                (array.shape(), array.dtype().as_str()),
                (&[1000][..], "uint8")
            );
            let zeros = array.data().iter().all(|byte| *byte == 0);
            assert_eq!(zeros, matches!(kind, Kind::Zeros));
        }
        let error = make(noise, u64::MAX, Kind::Random).await.unwrap_err();
        assert!(error.to_string().contains("2048 MiB"), "{error}");
    }
}
