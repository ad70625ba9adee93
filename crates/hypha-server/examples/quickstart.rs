//! A server, two clients, and a service that one offers and the other calls:
//!
//! ```text
//! cargo run --release --example quickstart
//! cargo run --release --example quickstart -- --server-url http://127.0.0.1:9527
//! cargo run --release --example quickstart -- --stay
//! ```
//!
//! With `--server-url` it starts no server of its own. With `--stay` the service can be called, from Python or a
//! browser, until Ctrl-C; the server then listens where Hypha servers do, on port 9527.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use futures_util::{TryStreamExt as _, stream};
use hypha_client::{
    CallError, Callback, Client, Closure, NdArray, Service, Visibility, connect_to_server,
};
use hypha_server::HyphaServer;
use ndarray::{Array2, ArrayD, array};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Where Hypha servers listen.
const USUAL_PORT: u16 = 9527;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        [] => on_own_server(0, false).await,
        ["--stay"] => on_own_server(USUAL_PORT, true).await,
        ["--server-url", url] => quickstart(url, false).await,
        ["--server-url", url, "--stay"] | ["--stay", "--server-url", url] => {
            quickstart(url, true).await
        }
        _ => {
            eprintln!("usage: quickstart [--server-url URL] [--stay]");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("it did not work: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The same on a server inside this program.
async fn on_own_server(port: u16, stay: bool) -> Result<(), Error> {
    let server = HyphaServer::builder().port(port).start().await?;
    println!("started a server of our own");
    let outcome = quickstart(server.url(), stay).await;
    server.shutdown().await;
    outcome
}

async fn quickstart(url: &str, stay: bool) -> Result<(), Error> {
    let provider = connect_to_server(url).await?;
    let registered = provider.register_service(statistics()).await?;
    println!("one client offers {} at {url}", registered.id);

    let caller = connect_to_server(url).await?;
    println!("another one calls it:");
    for line in tour(&caller, &registered.id).await? {
        println!("  {line}");
    }
    caller.disconnect().await;
    if stay {
        println!("everybody who knows its id can call it until Ctrl-C");
        provider
            .serve_until_shutdown(Duration::from_secs(1))
            .await?;
    }
    provider.disconnect().await;
    Ok(())
}

/// What is offered: methods are closures, their types say what travels.
pub(crate) fn statistics() -> Service {
    Service::new("statistics")
        .visibility(Visibility::Public)
        .method("add", |a: f64, b: f64| async move { a + b })
        .method("column_means", |table: NdArray| async move {
            let table = ArrayD::<f64>::try_from(&table)?;
            let means = table.mean_axis(ndarray::Axis(0)).ok_or("no rows")?;
            Ok::<_, Error>(NdArray::from(means))
        })
        .method(
            "fit",
            |rounds: u32, report: Callback<(u32, f64), ()>| async move {
                for round in 1..=rounds {
                    report.call((round, 1.0 / f64::from(round))).await?;
                }
                Ok::<_, CallError>("done")
            },
        )
        .stream("squares", |n: u64| stream::iter((1..=n).map(|n| n * n)))
}

/// Calls all of it, and says what came back.
pub(crate) async fn tour(caller: &Client, id: &str) -> Result<Vec<String>, Error> {
    let statistics = caller.get_service(id).await?;
    let mut lines = Vec::new();

    let sum: f64 = statistics.call("add", (1.5, 2)).await?;
    lines.push(format!("scalars     add(1.5, 2) is {sum}"));

    let table: Array2<f64> = array![[1.0, 10.0], [2.0, 20.0], [6.0, 60.0]];
    let table = NdArray::from(table.into_dyn());
    let means: NdArray = statistics.call("column_means", (table,)).await?;
    let means = ArrayD::<f64>::try_from(&means)?;
    lines.push(format!(
        "an array    column_means([[1, 10], [2, 20], [6, 60]]) is {means}"
    ));

    // The service calls us back while its method runs.
    let (told, reports) = mpsc::channel();
    let report = Closure::new(move |round: u32, loss: f64| {
        told.send(format!("{round}: {loss:.2}")).ok();
        async {}
    });
    let outcome: String = statistics.call("fit", (3, report)).await?;
    let reports: Vec<String> = reports.try_iter().collect();
    lines.push(format!(
        "a callback  fit(3, report) is {outcome:?}, and reported {}",
        reports.join(", ")
    ));

    // Each item is asked for when we want it.
    let squares = statistics.stream::<u64>("squares", (5,)).await?;
    let squares: Vec<u64> = squares.try_collect().await?;
    lines.push(format!("a generator squares(5) gives {squares:?}"));
    Ok(lines)
}
