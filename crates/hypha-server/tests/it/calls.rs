//! Calls of the manager and between clients.

use hypha_server::HyphaServer;
use hypha_transport::{
    ConnectContext, Connector as _, Frame, FrameRx as _, FrameTx as _, Transport as _,
};

use hypha_rpc_core::{Address, Credentials, Peer, RelayOptions};
use hypha_transport_ws::WsConnector;

#[tokio::test]
async fn the_manager_answers() {
    let server = HyphaServer::builder().port(0).start().await.unwrap();
    let connector = WsConnector::new(server.url()).unwrap();
    let mut options = RelayOptions::new(Credentials::new("c"));
    options.silent = true;
    let (peer, info) = Peer::connect(connector, options).await.unwrap();
    let manager: Address = info.manager().unwrap();
    assert_eq!(peer.manager(), Some(manager));
    let answer: u32 = peer
        .manager_method("echo")
        .args((7,))
        .returns()
        .await
        .unwrap();
    assert_eq!(answer, 7);
    server.shutdown().await;
}

#[tokio::test]
async fn a_first_message_without_an_id_is_refused() {
    let server = HyphaServer::builder().port(0).start().await.unwrap();
    let connector = WsConnector::new(server.url()).unwrap();
    let transport = connector.connect(ConnectContext::new()).await.unwrap();
    let (mut tx, mut rx) = transport.split();
    tx.feed(Frame::from("{}".to_owned())).await.unwrap();
    tx.flush().await.unwrap();
    let Frame::Text(error) = rx.recv().await.unwrap().unwrap() else {
        panic!("no error message");
    };
    assert!(
        error.contains("Failed to authenticate user to workspace"),
        "{error}"
    );
    let closed = rx.recv().await.unwrap_err();
    assert_eq!(closed.close_reason().unwrap().code(), 1001);
}
