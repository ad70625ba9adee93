//! How a server ends.

use hypha_server::{HyphaServer, StartError};
use hypha_transport::{Frame, FrameRx as _};

use crate::raw::{Raw, server, soon};

#[tokio::test]
async fn a_graceful_stop_says_goodbye() {
    let server = server().await;
    let mut client = Raw::anonymous(&server, "c").await;
    let url = server.url().to_owned();
    let stop = tokio::spawn(server.shutdown());
    let Ok(Some(Frame::Text(words))) = soon("a goodbye", client.rx.recv()).await else {
        panic!("no goodbye");
    };
    assert_eq!(words, r#"{"type":"error","message":"Server is stopping"}"#);
    let end = client.end().await.unwrap();
    assert_eq!(end.close_reason().unwrap().code(), 1001);
    soon("the stop", stop).await.unwrap();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    HyphaServer::builder().port(port).start().await.unwrap();
}

#[tokio::test]
async fn a_dropped_server_stops() {
    let server = server().await;
    let mut client = Raw::anonymous(&server, "c").await;
    drop(server);
    client.end().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_clients_that_do_not_read() {
    let server = server().await;
    let client = Raw::anonymous(&server, "c").await;
    soon("the stop", server.shutdown()).await;
    drop(client);
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let server = server().await;
    let port = server.local_addr().port();
    let error = HyphaServer::builder().port(port).start().await.unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn a_stopped_server_leaves_no_task() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    for graceful in [true, false] {
        let server = server().await;
        let mut client = Raw::anonymous(&server, "c").await;
        client.manage("echo", vec![1.into()]).await;
        if graceful {
            soon("the stop", server.shutdown()).await;
        } else {
            drop(server);
        }
        client.end().await;
        drop(client);
        soon("the end of all tasks", async {
            while tasks() > before {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}
