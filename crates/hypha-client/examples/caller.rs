//! Calls what the example `provider` offers:
//! `cargo run --example caller -- http://127.0.0.1:9527 <the id that the provider prints>`
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::time::Duration;

use hypha_client::{Client, Error, ErrorKind, Value};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Summary {
    count: usize,
    mean: f64,
    largest: f64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(id)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: caller <server url> <service id>");
        return Ok(());
    };
    let server = Client::builder(url)
        .name("caller")
        .method_timeout(Duration::from_secs(10))
        .connect()
        .await?;
    let statistics = server.get_service(&id).await?;

    let greeting: String = statistics.call("greet", ()).await?;
    println!("{greeting}");

    let Summary {
        count,
        mean,
        largest,
    } = statistics.call("summarize", (vec![1.0, 2.5, 7.0],)).await?;
    println!("{count} numbers, {mean} on average, {largest} at the most");

    let by_name: Value = statistics
        .method("summarize")
        .kwarg("values", [4, 5])
        .await?;
    println!("{by_name:?}");

    let primes = statistics
        .method("primes")
        .args((100_000,))
        .deadline(Duration::from_secs(60))
        .returns::<u64>();
    println!("{} primes below 100000", primes.await?);

    // `?` turns the error of a call into that of this crate, which has kinds.
    let empty =
        async { Ok::<Summary, Error>(statistics.call("summarize", (Vec::<f64>::new(),)).await?) };
    match empty.await {
        Err(error) if error.kind() == ErrorKind::Remote => println!("as it should be: {error}"),
        other => println!("unexpected: {other:?}"),
    }
    server.disconnect().await;
    Ok(())
}
