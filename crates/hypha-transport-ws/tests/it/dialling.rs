use std::time::Duration;

use http::StatusCode;
use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use hypha_transport::{
    ConnectContext, Connector, Frame, FrameRx, FrameTx, Transport, TransportErrorKind,
};
use hypha_transport_ws::{AcceptOptions, Rejection, WsConnector, WsOptions, accept, accept_with};
use tokio::io::{AsyncWriteExt, duplex};

use crate::harness::{answer, connector, listen, read_head};

#[tokio::test]
async fn path_and_headers_arrive() {
    let (listener, address) = listen().await;
    let mut headers = HeaderMap::new();
    headers.append("x-proxy", HeaderValue::from_static("one"));
    headers.append("x-proxy", HeaderValue::from_static("two"));
    let connector = WsConnector::builder(&format!("http://{address}/base/"))
        .header(AUTHORIZATION, HeaderValue::from_static("Bearer secret"))
        .headers(&headers)
        .build()
        .unwrap();
    let mut seen = None;
    let server = async {
        let (tcp, _) = listener.accept().await.unwrap();
        accept_with(tcp, AcceptOptions::new(), |request| {
            seen = Some((request.uri().to_string(), request.headers().clone()));
            Ok(())
        })
        .await
        .unwrap()
    };
    let (client, _server) = tokio::join!(connector.connect(ConnectContext::new()), server);
    client.unwrap();
    let (path, headers) = seen.unwrap();
    assert_eq!(path, "/base/ws");
    assert_eq!(headers[AUTHORIZATION], "Bearer secret");
    assert_eq!(
        headers.get_all("x-proxy").iter().collect::<Vec<_>>(),
        ["one", "two"]
    );
    assert_eq!(headers[HOST], address.to_string().as_str());
    assert!(!format!("{connector:?}").contains("secret"));
}

#[tokio::test]
async fn headers_of_the_upgrade_cannot_be_set() {
    for name in [
        "host",
        "connection",
        "upgrade",
        "sec-websocket-key",
        "sec-websocket-protocol",
    ] {
        let error = WsConnector::builder("http://h")
            .header(HeaderName::from_static(name), HeaderValue::from_static("x"))
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::InvalidOption, "{name}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_tells_status_and_words() {
    let (listener, address) = listen().await;
    let connector = connector(address, WsOptions::new());
    let server = async {
        let (tcp, _) = listener.accept().await.unwrap();
        accept_with(tcp, AcceptOptions::new(), |_| {
            Err(Rejection::new(StatusCode::FORBIDDEN, "no\nquery strings"))
        })
        .await
        .unwrap_err()
    };
    let (client, server) = tokio::join!(connector.connect(ConnectContext::new()), server);
    let error = client.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::HttpStatus(403));
    assert_eq!(
        error.to_string(),
        "the server refused the websocket upgrade with 403 Forbidden: no query strings"
    );
    assert_eq!(server.kind(), TransportErrorKind::HttpStatus(403));
}

/// Most servers send headers and body in packets of their own: here everything comes in pieces of 16 bytes.
#[tokio::test]
async fn the_body_of_a_refusal_may_come_later() {
    let (near, mut far) = duplex(16);
    let connector = WsConnector::new("http://h").unwrap();
    let server = async {
        let head = read_head(&mut far).await;
        let body = "slow down, and when you have slowed down, slow down more";
        let answer = format!(
            "HTTP/1.1 429 Too Many Requests\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        far.write_all(answer.as_bytes()).await.unwrap();
        head
    };
    let (client, _head) = tokio::join!(connector.upgrade(near), server);
    let error = client.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::HttpStatus(429));
    assert!(
        error
            .to_string()
            .ends_with(": slow down, and when you have slowed down, slow down more"),
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_is_named() {
    let (listener, address) = listen().await;
    let connector = connector(address, WsOptions::new());
    let server = answer(
        listener,
        &[
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://other/\r\nContent-Length: 0\r\n\r\n",
        ],
    );
    let (client, ()) = tokio::join!(connector.connect(ConnectContext::new()), server);
    assert!(
        client
            .unwrap_err()
            .to_string()
            .ends_with("307 Temporary Redirect, it points to https://other/")
    );
}

/// The body is bounded although the server never ends it.
#[tokio::test]
async fn an_endless_refusal_is_cut() {
    let (near, mut far) = duplex(1 << 16);
    let connector = WsConnector::new("http://h").unwrap();
    let server = async {
        far.write_all(b"HTTP/1.1 500 Internal Server Error\r\n\r\n")
            .await
            .unwrap();
        while far.write_all(&[b'x'; 4096]).await.is_ok() {}
    };
    let (client, ()) = tokio::join!(connector.upgrade(near), server);
    let error = client.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::HttpStatus(500));
    assert!(error.to_string().len() < 500);
}

#[tokio::test]
async fn garbage_for_an_answer_is_a_protocol_error() {
    for words in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    ] {
        let (listener, address) = listen().await;
        let connector = connector(address, WsOptions::new());
        let pieces = &[words];
        let (client, ()) = tokio::join!(
            connector.connect(ConnectContext::new()),
            answer(listener, pieces)
        );
        assert_eq!(
            client.unwrap_err().kind(),
            TransportErrorKind::Protocol,
            "{words}"
        );
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_during_the_upgrade_is_no_success() {
    let (listener, address) = listen().await;
    let connector = connector(address, WsOptions::new());
    let (client, ()) = tokio::join!(
        connector.connect(ConnectContext::new()),
        answer(listener, &[])
    );
    let error = client.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            TransportErrorKind::Protocol | TransportErrorKind::Closed
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let (listener, address) = listen().await;
    drop(listener);
    let error = connector(address, WsOptions::new())
        .connect(ConnectContext::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unreachable);
    assert!(
        error.to_string().contains(&address.port().to_string()),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let (near, _far) = duplex(1024);
    let connector = WsConnector::builder("http://h")
        .connect_timeout(Duration::from_secs(7))
        .build()
        .unwrap();
    let before = tokio::time::Instant::now();
    let error = connector.upgrade(near).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    assert_eq!(before.elapsed().as_secs(), 7);
    assert_eq!(
        error.to_string(),
        "the websocket upgrade took longer than 7s"
    );
}

/// The same over TCP, where the kernel accepts for a listener that never does.
#[tokio::test]
async fn a_listener_that_never_accepts_is_given_up() {
    let (_listener, address) = listen().await;
    let connector = WsConnector::builder(&format!("http://{address}"))
        .connect_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    assert_eq!(
        connector
            .connect(ConnectContext::new())
            .await
            .unwrap_err()
            .kind(),
        TransportErrorKind::Timeout
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_asks_is_given_up() {
    let (_near, far) = duplex(1024);
    let error = accept(far, AcceptOptions::new()).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
}

#[tokio::test]
async fn a_client_that_speaks_no_websocket_is_a_protocol_error() {
    let (mut near, far) = duplex(1024);
    near.write_all(b"POST / HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let error = accept(far, AcceptOptions::new()).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Protocol);
}

/// A server may speak first, in the same packet as its answer.
#[tokio::test]
async fn what_follows_the_upgrade_at_once_is_not_lost() {
    let (near, far) = duplex(1 << 16);
    let connector = WsConnector::new("http://h").unwrap();
    let server = async {
        let (mut tx, rx) = accept(far, AcceptOptions::new()).await.unwrap().split();
        tx.feed(Frame::from("first".to_owned())).await.unwrap();
        tx.flush().await.unwrap();
        (tx, rx)
    };
    let client = async {
        let (_tx, mut rx) = connector.upgrade(near).await.unwrap().split();
        rx.recv().await.unwrap()
    };
    let (_server, first) = tokio::join!(server, client);
    assert_eq!(first, Some(Frame::from("first".to_owned())));
}
