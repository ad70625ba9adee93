//! Shows what happens in a workspace until Ctrl-C, and says hello to everybody who watches it too:
//! `cargo run --example watch -- http://127.0.0.1:9527`, twice with one token in `HYPHA_TOKEN` to see the other.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use hypha_client::{
    Client, ClientEvent, Error, EventTarget, ServiceInfo, connect_to_server, event,
};

const HELLO: &str = "watch-hello";

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "http://127.0.0.1:9527".to_owned());
    let options = Client::builder(url);
    let server = match std::env::var("HYPHA_TOKEN") {
        Ok(token) => options.token(token).connect().await?,
        Err(_) => connect_to_server(options).await?,
    };

    let mut come = server.on::<ClientEvent>(event::CLIENT_CONNECTED);
    let mut gone = server.on::<ClientEvent>(event::CLIENT_DISCONNECTED);
    let mut added = server.on::<ServiceInfo>(event::SERVICE_ADDED);
    let mut removed = server.on::<ServiceInfo>(event::SERVICE_REMOVED);
    let mut hellos = server.on::<String>(HELLO);
    server
        .subscribe([
            event::CLIENT_CONNECTED,
            event::CLIENT_DISCONNECTED,
            event::SERVICE_ADDED,
            event::SERVICE_REMOVED,
            HELLO,
        ])
        .await?;
    server
        .emit(HELLO, EventTarget::Broadcast, "I am watching")
        .await?;

    println!("watching {}", server.workspace());
    loop {
        tokio::select! {
            Some(event) = come.next() => println!("+ {}", event?.data.client),
            Some(event) = gone.next() => println!("- {}", event?.data.client),
            Some(event) = added.next() => println!("+ {}", event?.data.id),
            Some(event) = removed.next() => println!("- {}", event?.data.id),
            Some(event) = hellos.next() => {
                let event = event?;
                let from = event.from.as_ref().map(ToString::to_string).unwrap_or_default();
                println!("{from}: {}", event.data);
            }
            reason = server.closed() => {
                println!("{reason}");
                return Ok(());
            }
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
