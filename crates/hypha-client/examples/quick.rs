//! Registers a service and calls it, through the server: `cargo run --example quick -- http://127.0.0.1:9527`
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use hypha_client::{Context, Error, Service, connect_to_server};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "http://127.0.0.1:9527".to_owned());
    let server = connect_to_server(url).await?;
    println!("connected as {}", server.address());

    let calculator = Service::new("calculator")
        .method("add", |a: f64, b: f64| async move { a + b })
        .method("whoami", |cx: Context| async move { cx.from().to_string() })
        .value("version", "1.0");
    let registered = server.register_service(calculator).await?;
    println!("registered {}", registered.id);

    let calculator = server.get_service("calculator").await?;
    let sum: f64 = calculator.call("add", (1.0, 2.0)).await?;
    let caller: String = calculator.call("whoami", ()).await?;
    println!("1 + 2 = {sum}, said {} to {caller}", calculator.id());

    server.disconnect().await;
    Ok(())
}
