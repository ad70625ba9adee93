//! A server that breaks the rules, written here on the accepting side of the WebSocket transport.

use std::time::Duration;

use bytes::Bytes;
use hypha_client::{
    CallError, Client, ConnectError, ConnectOptions, Error, ErrorKind, Map, ReconnectPolicy, State,
    TransportErrorKind, Value,
};
use hypha_codec::Packet;
use hypha_transport::{CloseReason, Frame, FrameRx as _, FrameTx as _, Transport};
use hypha_transport_ws::{AcceptOptions, WsOptions, WsTransport, accept};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use crate::fixture::soon;
use crate::raw::frame;

type Ws = WsTransport<TcpStream>;

/// A server that says what a test tells it to.
struct FakeServer {
    tx: <Ws as Transport>::Tx,
    rx: <Ws as Transport>::Rx,
}

impl FakeServer {
    /// A server for one connection, and how a client reaches it.
    async fn listen() -> (TcpListener, ConnectOptions) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let options = Client::builder(url).client_id("us").silent(true);
        (listener, options.reconnect(ReconnectPolicy::off()))
    }

    /// Accepts the connection, and hears the introduction.
    async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.unwrap();
        let link = WsOptions::new().with_max_frame(256 << 20);
        let transport = accept(stream, AcceptOptions::new().with_link(link))
            .await
            .unwrap();
        let (tx, mut rx) = transport.split();
        assert!(
            matches!(rx.recv().await, Ok(Some(Frame::Text(_)))),
            "a client introduces itself"
        );
        Self { tx, rx }
    }

    /// A server that took the client in, and the client.
    async fn with_client() -> (Self, Client) {
        let (listener, options) = Self::listen().await;
        let welcome = async {
            let mut server = Self::accept(&listener).await;
            let info = json!({ "type": "connection_info", "manager_id": "m", "workspace": "w", "client_id": "us" });
            server.send(Frame::Text(info.to_string())).await;
            server
        };
        let (server, client) = tokio::join!(welcome, options.connect());
        (server, client.unwrap())
    }

    async fn send(&mut self, frame: impl Into<Frame>) {
        self.tx.feed(frame.into()).await.unwrap();
        self.tx.flush().await.unwrap();
    }

    /// The session of the next call that the client makes.
    async fn session(&mut self) -> String {
        loop {
            if let Frame::Binary(frame) = self.rx.recv().await.unwrap().unwrap() {
                return Packet::parse(frame)
                    .unwrap()
                    .header()
                    .unwrap()
                    .session()
                    .unwrap()
                    .to_owned();
            }
        }
    }

    /// Answers a call of the client.
    async fn resolve(&mut self, session: &str, result: impl Into<Value>) {
        self.send(answer(session, result)).await;
    }
}

fn answer(session: &str, result: impl Into<Value>) -> Bytes {
    let method = format!("{session}.resolve");
    let header = Map::from([
        ("type", "method"),
        ("from", "*/m"),
        ("to", "w/us"),
        ("method", &method),
    ]);
    frame(
        header,
        Map::from([("args", Value::from(vec![result.into()]))]),
    )
}

/// Frames that are none, or not of the kind that their place calls for.
pub(super) fn garbage() -> Vec<Bytes> {
    let header = |entries: &[(&'static str, Value)]| {
        let header: Map = entries.iter().cloned().collect();
        hypha_codec::encode(&header.into()).unwrap().to_vec()
    };
    let with = |segment: &[u8]| {
        let call = [
            ("type", "method".into()),
            ("to", "w/us".into()),
            ("method", "services.built-in.ping".into()),
        ];
        [header(&call).as_slice(), segment].concat()
    };
    let frames: Vec<Vec<u8>> = vec![
        vec![],
        vec![0xc1],
        vec![0xff; 100],
        b"\x93\x01\x02\x03".to_vec(),
        // a map, an array, text and bytes that promise four thousand million entries
        b"\xdf\xff\xff\xff\xff".to_vec(),
        b"\xdd\xff\xff\xff\xff".to_vec(),
        b"\xdb\xff\xff\xff\xff".to_vec(),
        b"\x81\xc6\xff\xff\xff\xff".to_vec(),
        vec![0x91; 100_000],
        header(&[("type", 1.into())]),
        header(&[
            ("type", "method".into()),
            ("method", 7.into()),
            ("from", Value::Null),
        ]),
        header(&[
            ("type", "method".into()),
            ("method", "a.b".into()),
            ("from", "no slash".into()),
        ]),
        header(&[
            ("type", "method".into()),
            ("method", "a.b".into()),
            ("from", "w/x".into()),
            ("to", "other/us".into()),
        ]),
        header(&[("type", "nobody knows this".into()), ("from", "w/x".into())]),
        header(&[("type", "client_disconnected".into()), ("data", 1.into())]),
        header(&[("type", "peer_not_found".into()), ("session", 1.into())]),
        with(b"\xc1"),
        with(b"\x01"),
        with(b"\x81\xa4args\x01"),
        with(b"\x81\xa4args\xdd\xff\xff\xff\xff"),
        with(b"\x82\xa4args\x90\xabwith_kwargs\xc3"),
        with(b"\x82\xa4args\x90\xa7promise\x01"),
        with(b"\x81\xa4args\x91\xa2\xff\xfe"),
        with(&[b"\x81\xa4args".as_slice(), &[0x91; 10_000], b"\xc0"].concat()),
    ];
    frames.into_iter().map(Bytes::from).collect()
}

#[tokio::test]
async fn a_client_outlives_garbage_of_its_server() {
    let (mut server, client) = FakeServer::with_client().await;
    let serve = async {
        let session = server.session().await;
        for frame in garbage() {
            server.send(frame).await;
        }
        for text in [
            "",
            "x",
            "[]",
            "{}",
            "7",
            r#"{"type":1}"#,
            r#"{"type":"reconnection_token"}"#,
        ] {
            server.send(Frame::Text(text.to_owned())).await;
        }
        // Answers that nobody waits for, and to the right one with nothing in it the right thing.
        for dead in ["nobody", "", &session[1..]] {
            server.resolve(dead, 1).await;
        }
        server.resolve(&session, "still here").await;
        server
    };
    let hello = "hello".to_owned();
    let (echo, _server) = soon("the answer", async {
        tokio::join!(client.echo(&hello), serve)
    })
    .await;
    assert_eq!(echo.unwrap(), "still here");
    assert!(client.peer().stats().await.unwrap().malformed_frames > 0);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_error_of_its_call() {
    let (mut server, client) = FakeServer::with_client().await;
    let serve = async {
        let session = server.session().await;
        let mut header = Map::from([("type", "method"), ("from", "*/m"), ("to", "w/us")]);
        header.insert("method", format!("{session}.resolve"));
        let mut frame = hypha_codec::encode(&header.into()).unwrap().to_vec();
        frame.extend_from_slice(b"\x81\xa4args");
        frame.extend(std::iter::repeat_n(0x91, 10_000));
        frame.push(0xc0);
        server.send(frame).await;
        let session = server.session().await;
        server.resolve(&session, 7).await;
        server
    };
    let calls = async {
        let unreadable = client
            .manager()
            .method("deep")
            .send()
            .await
            .and_then(|reply| reply.value());
        let readable = client.manager().call::<i64>("seven", ()).await;
        (unreadable, readable)
    };
    let ((unreadable, readable), _server) =
        soon("the answers", async { tokio::join!(calls, serve) }).await;
    assert!(
        matches!(unreadable, Err(CallError::Decode { .. })),
        "{unreadable:?}"
    );
    assert_eq!(readable.unwrap(), 7);
}

#[tokio::test]
async fn defect_08_a_frame_of_20_mib_is_read() {
    let (mut server, client) = FakeServer::with_client().await;
    let big = Bytes::from(vec![7; 20 << 20]);
    let serve = async {
        let session = server.session().await;
        server.resolve(&session, big.clone()).await;
        let session = server.session().await;
        server.resolve(&session, 1).await;
        server
    };
    let calls = async {
        let size = client
            .manager()
            .call::<hypha_client::Binary>("big", ())
            .await
            .unwrap()
            .len();
        (size, client.manager().call::<i64>("one", ()).await.unwrap())
    };
    let (results, _server) = soon("the answers", async { tokio::join!(calls, serve) }).await;
    assert_eq!(results, (20 << 20, 1));
}

#[tokio::test]
async fn a_frame_of_65_mib_ends_the_connection_with_1009() {
    let (mut server, client) = FakeServer::with_client().await;
    let serve = async {
        let session = server.session().await;
        let frame = answer(&session, Bytes::from(vec![7; 65 << 20]));
        // The client may close before it has read all of it.
        let _cut = server.tx.feed(Frame::Binary(frame)).await;
        let _cut = server.tx.flush().await;
        loop {
            if let Err(error) = server.rx.recv().await {
                return error.close_reason().map(CloseReason::code);
            }
        }
    };
    let manager = client.manager();
    let call = manager.call::<Value>("big", ());
    let (error, code) = soon("the end of the connection", async {
        tokio::join!(call, serve)
    })
    .await;
    assert_eq!(code, Some(CloseReason::TOO_LARGE));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Disconnected);
    let State::Closed(hypha_client::ClosedReason::Transport(reason)) = client.state() else {
        panic!("{:?}", client.state())
    };
    assert_eq!(reason.kind(), TransportErrorKind::TooLarge, "{reason}");
}

/// What a client makes of a server that begins like this.
async fn greeted(greeting: Vec<Frame>, close: Option<CloseReason>) -> Error {
    let (listener, options) = FakeServer::listen().await;
    let serve = async {
        let mut server = FakeServer::accept(&listener).await;
        for frame in greeting {
            server.send(frame).await;
        }
        match close {
            Some(reason) => {
                server.tx.close(reason).await;
                (None, server.rx)
            }
            None => (Some(server.tx), server.rx),
        }
    };
    let connect = options.connect_timeout(Duration::from_secs(2)).connect();
    // Both halves keep the connection up until the client has made up its mind.
    let (result, _halves) = soon("the end of it", async { tokio::join!(connect, serve) }).await;
    result.unwrap_err()
}

#[tokio::test]
async fn a1_31_greetings_that_are_none() {
    let text = |text: &str| vec![Frame::Text(text.to_owned())];
    for frames in [
        text(""),
        text("hello"),
        text("[]"),
        text(r#"{"type":"welcome"}"#),
        text(r#"{"type":"connection_info"}"#),
    ] {
        let error = greeted(frames, None).await;
        assert!(
            matches!(error.connect(), Some(ConnectError::Protocol(_))),
            "{error:?}"
        );
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
    let error = greeted(
        text(r#"{"type":"error","message":"Go away: you are not known"}"#),
        None,
    )
    .await;
    assert_eq!(
        error.to_string(),
        "the server refused the connection: Go away: you are not known"
    );
    let error = greeted(
        vec![],
        Some(CloseReason::new(
            CloseReason::POLICY,
            "Authentication payload timeout",
        )),
    )
    .await;
    assert!(
        error.to_string().contains("Authentication payload timeout"),
        "{error:#}"
    );
    let error = greeted(vec![Frame::Binary(Bytes::from_static(b"\x80"))], None).await;
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:#}");
}
