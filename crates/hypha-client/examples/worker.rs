//! A provider as it runs in production: at most four calls at once, sixteen wait, the rest is told to go elsewhere, and
//! SIGTERM lets it finish what it began: `cargo run --example worker -- http://127.0.0.1:9527`.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::Duration;

use hypha_client::{Service, Visibility, connect_to_server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "http://127.0.0.1:9527".to_owned());
    let server = connect_to_server(url).await?;

    let service = Service::new("worker")
        .visibility(Visibility::Public)
        .concurrency(4)
        .queue(16)
        .blocking("collatz", collatz);
    println!("{}", server.register_service(service).await?.id);

    let served = server.serve_until_shutdown(Duration::from_secs(30)).await?;
    println!("{served:?}");
    Ok(())
}

/// The longest chain of Collatz below a number: where it begins, and how long it is.
fn collatz(below: u64) -> (u64, u64) {
    let chain = |start: u64| {
        let (mut number, mut length) = (start, 1);
        while number != 1 {
            let next = if number.is_multiple_of(2) {
                Some(number / 2)
            } else {
                number
                    .checked_mul(3)
                    .and_then(|number| number.checked_add(1))
            };
            let Some(next) = next else { break };
            number = next;
            length += 1;
        }
        length
    };
    (1..below.clamp(2, 10_000_000))
        .map(|start| (start, chain(start)))
        .max_by_key(|(_, length)| *length)
        .unwrap_or((1, 1))
}
