//! Pairs of connected transports, and servers that misbehave.

use std::net::SocketAddr;

use hypha_transport::{ConnectContext, Connector, Frame};
use hypha_transport_ws::{
    AcceptOptions, ClientStream, WsConnector, WsOptions, WsTransport, accept,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(crate) fn connector(address: SocketAddr, options: WsOptions) -> WsConnector {
    WsConnector::builder(&format!("http://{address}"))
        .options(options)
        .build()
        .unwrap()
}

/// The client's and the server's end of a link over TCP.
pub(crate) async fn pair(
    client: WsOptions,
    server: WsOptions,
) -> (WsTransport<ClientStream>, WsTransport<TcpStream>) {
    let (listener, address) = listen().await;
    let connector = connector(address, client);
    let accepted = async {
        let (tcp, _) = listener.accept().await.unwrap();
        tcp.set_nodelay(true).unwrap();
        accept(tcp, AcceptOptions::new().with_link(server))
            .await
            .unwrap()
    };
    let (dialled, accepted) = tokio::join!(connector.connect(ConnectContext::new()), accepted);
    (dialled.unwrap(), accepted)
}

/// Our client's end, and a bare socket of the WebSocket library as the server.
pub(crate) async fn client_of_bare_server(
    options: WsOptions,
) -> (WsTransport<ClientStream>, WebSocketStream<TcpStream>) {
    client_of_bare_server_with(options, 64 << 20).await
}

/// The same with a limit on the messages that the server takes.
pub(crate) async fn client_of_bare_server_with(
    options: WsOptions,
    server_limit: usize,
) -> (WsTransport<ClientStream>, WebSocketStream<TcpStream>) {
    let (listener, address) = listen().await;
    let connector = connector(address, options);
    let server = async {
        let (tcp, _) = listener.accept().await.unwrap();
        let config = WebSocketConfig::default().max_message_size(Some(server_limit));
        tokio_tungstenite::accept_async_with_config(tcp, Some(config))
            .await
            .unwrap()
    };
    let (dialled, server) = tokio::join!(connector.connect(ConnectContext::new()), server);
    (dialled.unwrap(), server)
}

/// An HTTP request, up to the empty line after its headers.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    request
}

/// Answers one connection with these bytes, after it has sent its request.
pub(crate) async fn answer(listener: TcpListener, pieces: &[&str]) {
    let (mut tcp, _) = listener.accept().await.unwrap();
    read_head(&mut tcp).await;
    for piece in pieces {
        tcp.write_all(piece.as_bytes()).await.unwrap();
        tcp.flush().await.unwrap();
    }
}

pub(crate) fn binary(size: usize) -> Frame {
    Frame::from((0..size).map(|n| (n % 251) as u8).collect::<Vec<u8>>())
}

/// Both ends over a pipe in memory that holds `capacity` bytes: nothing is real, so time can be paused.
pub(crate) async fn duplex_pair(
    capacity: usize,
    options: WsOptions,
) -> (WsTransport<DuplexStream>, WsTransport<DuplexStream>) {
    let (near, far) = duplex(capacity);
    let connector = WsConnector::builder("http://memory")
        .options(options)
        .build()
        .unwrap();
    let server = accept(far, AcceptOptions::new().with_link(options));
    let (client, server) = tokio::join!(connector.upgrade(near), server);
    (client.unwrap(), server.unwrap())
}

/// The server's end of an upgraded stream, and the client's end as a bare pipe: a client that does only what the test
/// writes. The pipe holds 1000 bytes.
pub(crate) async fn upgraded(options: WsOptions) -> (WsTransport<DuplexStream>, DuplexStream) {
    let (near, far) = duplex(1000);
    (WsTransport::from_upgraded(far, options).await, near)
}
