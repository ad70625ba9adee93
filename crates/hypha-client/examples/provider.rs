//! Offers statistics to everybody until Ctrl-C:
//! `cargo run --example provider -- http://127.0.0.1:9527`, then run the example `caller` with what it prints.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use hypha_client::{Context, Error, Method, NdArray, Service, Visibility, connect_to_server};
use serde::Serialize;

#[derive(Serialize)]
struct Summary {
    count: usize,
    mean: f64,
    largest: f64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "http://127.0.0.1:9527".to_owned());
    let server = connect_to_server(url).await?;

    let summarize = Method::new(summarize)
        .param("values")
        .doc("Count, mean and largest of some numbers.");
    let service = Service::new("statistics")
        .description("Statistics of numbers")
        .visibility(Visibility::Public)
        .method("summarize", summarize)
        .method(
            "shape",
            |array: NdArray| async move { array.shape().to_vec() },
        )
        .blocking("primes", |below: u32| (2..below).filter(is_prime).count())
        .method("greet", |cx: Context| async move {
            format!("hello, {}", cx.from())
        });
    let registered = server.register_service(service).await?;
    println!("{}", registered.id);
    server
        .register_probes(|probes| probes.method("liveness", || async { true }))
        .await?;

    tokio::select! {
        reason = server.serve() => println!("{reason}"),
        _ = tokio::signal::ctrl_c() => server.disconnect().await,
    }
    Ok(())
}

async fn summarize(values: Vec<f64>) -> Result<Summary, String> {
    let largest = values
        .iter()
        .copied()
        .reduce(f64::max)
        .ok_or("no numbers, no statistics")?;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Ok(Summary {
        count: values.len(),
        mean,
        largest,
    })
}

fn is_prime(number: &u32) -> bool {
    (2..=number.isqrt()).all(|divisor| !number.is_multiple_of(divisor))
}
