//! The last handle is dropped, in whatever state the connection is: its tasks end.

use std::time::Duration;

use futures_util::stream;
use hypha_codec::{Binary, Map, Value};
use hypha_rpc_core::{Peer, Service};
use tokio::runtime::Handle;

use super::{SECOND, call, is_lost};
use crate::relay::{Relay, connected};
use crate::server::{Server, text};

fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn register(peer: &Peer, relay: &Relay, server: &mut Server) {
    let service = Service::new("s")
        .method("hang", std::future::pending::<()>)
        .method("large", || async { Binary::from(vec![0; 1 << 20]) })
        .stream("items", |_: u32| stream::pending::<u32>());
    let registering = tokio::spawn({
        let peer = peer.clone();
        async move { peer.register_service(service).await }
    });
    let (header, _) = server.next().await.unwrap();
    relay.answer(server, &header, "resolve", Value::Null).await;
    registering.await.unwrap().unwrap();
}

async fn ask(server: &mut Server, method: &str) {
    let call = Value::Map(Map::from([
        ("args", Value::from(vec![Value::from(1)])),
        ("promise", Value::from("*")),
        ("t", Value::from(15.0)),
    ]));
    let method = format!("services.s.{method}");
    server.send("ws/caller", &method, Some("T"), call).await;
}

#[tokio::test(start_paused = true)]
async fn no_task_outlives_the_last_handle_for_long() {
    for what in ["nothing", "hang", "large", "items"] {
        for lost in [false, true] {
            let before = alive();
            let (peer, mut relay, mut server) = connected().await;
            register(&peer, &relay, &mut server).await;
            let pending = call(&peer, "f");
            let (header, _) = server.next().await.unwrap();
            assert_eq!(text(&header, "method"), "services.s.f");
            if what != "nothing" {
                ask(&mut server, what).await;
                if what != "hang" {
                    drop(server.next().await.unwrap());
                }
            }
            let server = if lost {
                drop(server);
                is_lost(&peer).await;
                relay.accept().await
            } else {
                server
            };
            pending.abort();
            drop(peer);
            // The longest silence of the receiver of a large answer.
            tokio::time::timeout(40 * SECOND, async {
                while alive() > before {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            })
            .await
            .unwrap_or_else(|_| panic!("{what}, lost: {lost}: {} tasks", alive() - before));
            drop((relay, server));
        }
    }
}
