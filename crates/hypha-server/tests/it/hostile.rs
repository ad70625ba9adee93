//! Clients that mean harm: the server stays up, and others hardly notice.

use hypha_codec::Value;
use hypha_transport::{Frame, FrameRx as _, FrameTx as _};

use crate::raw::{Raw, call, payload, server, soon};

/// As large as the parts of long messages.
fn chunk() -> Value {
    Value::from(bytes::Bytes::from(vec![0; 256 * 1024]))
}

#[tokio::test]
async fn server_33_who_reads_nothing_is_closed_and_its_sender_goes_on() {
    let server = server().await;
    let mut sender = Raw::anonymous(&server, "sender").await;
    let mut deaf = Raw::anonymous(&server, "deaf").await;
    let mut bystander = Raw::anonymous(&server, "bystander").await;
    let (to_deaf, to_bystander) = (deaf.address(), bystander.address());
    let chunks = tokio::spawn(async move {
        // Far more than all buffers between here and there hold.
        for _ in 0..400 {
            sender
                .send(call(&to_deaf, "services.x.y", None, vec![chunk()]))
                .await;
        }
        sender
            .send(call(&to_bystander, "services.x.y", None, Vec::new()))
            .await;
        sender
    });
    bystander.packet().await;
    let mut sender = soon("the sending", chunks).await.unwrap();
    // What the network still held is there to read; then the connection has ended.
    assert!(deaf.end().await.is_some());
    sender.ping().await;
    bystander.ping().await;
}

#[tokio::test]
async fn who_reads_no_answers_is_closed() {
    let server = server().await;
    let mut greedy = Raw::anonymous(&server, "greedy").await;
    let echo = call(
        &greedy.manager(),
        "services.default.echo",
        Some("s"),
        vec![chunk()],
    );
    let flood = async {
        while greedy.tx.feed(Frame::Binary(echo.clone())).await.is_ok() {
            if greedy.tx.flush().await.is_err() {
                return;
            }
        }
    };
    soon("the close", flood).await;
    Raw::anonymous(&server, "other").await.ping().await;
}

#[tokio::test]
async fn who_floods_nobody_and_reads_no_rejections_is_closed() {
    let server = server().await;
    let mut flooder = Raw::anonymous(&server, "flooder").await;
    // The rejections are longer than the calls.
    let to = format!("nowhere/{}", "x".repeat(2000));
    let frame = call(&to, "services.x.y", Some(&"s".repeat(2000)), Vec::new());
    let flood = async {
        loop {
            for _ in 0..100 {
                if flooder.tx.feed(Frame::Binary(frame.clone())).await.is_err() {
                    return;
                }
            }
            if flooder.tx.flush().await.is_err() {
                return;
            }
        }
    };
    soon("the close", flood).await;
    Raw::anonymous(&server, "other").await.ping().await;
}

#[tokio::test]
async fn frames_beyond_the_limit_end_their_connection_alone() {
    let server = hypha_server::HyphaServer::builder()
        .port(0)
        .max_frame(1024 * 1024)
        .start()
        .await
        .unwrap();
    let mut big = Raw::anonymous(&server, "big").await;
    let mut other = Raw::anonymous(&server, "other").await;
    let frame = vec![0; 1024 * 1024 + 1];
    // The server may close while this is still on its way.
    drop(big.tx.feed(Frame::from(frame)).await);
    drop(big.tx.flush().await);
    let end = big.end().await.unwrap();
    let code = end.close_reason().map(|reason| reason.code());
    assert!(matches!(code, Some(1009 | 1006)), "{end:?}");
    other.ping().await;
}

#[tokio::test]
async fn who_was_not_let_in_gets_no_room_for_large_frames() {
    let server = server().await;
    let mut other = Raw::anonymous(&server, "other").await;
    let (mut tx, mut rx) = Raw::dial(server.url()).await;
    // The server may close while this is still on its way.
    drop(tx.feed(Frame::from(vec![0; 16 * 1024 * 1024])).await);
    drop(tx.flush().await);
    let end = soon("the end", rx.recv()).await.unwrap_err();
    let code = end.close_reason().map(|reason| reason.code());
    assert_eq!(code, Some(1009), "{end:?}");
    // Whoever is in may send them.
    let to = other.address();
    let chunks = vec![chunk(); 16];
    other.send(call(&to, "services.x.y", None, chunks)).await;
    other.packet().await;
}

#[tokio::test]
async fn headers_without_end_are_ignored() {
    let server = server().await;
    let mut one = Raw::anonymous(&server, "one").await;
    let to = one.address();
    let huge = "m".repeat(100 * 1024);
    one.send(call(&to, &huge, Some("s"), Vec::new())).await;
    // A map of arrays of arrays, deeper than any stack.
    let mut deep = vec![0x81, 0xa1, b'a'];
    deep.extend(std::iter::repeat_n(0x91, 60_000));
    deep.push(0xc0);
    one.send(deep).await;
    one.ping().await;
}

#[tokio::test]
async fn nobody_keeps_the_manager_busy_for_all() {
    let server = server().await;
    let mut greedy = Raw::anonymous(&server, "greedy").await;
    let echo = call(
        &greedy.manager(),
        "services.default.echo",
        Some("s"),
        vec![chunk()],
    );
    // Nobody takes the parts of these answers, so each of them waits for long.
    for _ in 0..20 {
        greedy.send(echo.clone()).await;
    }
    let mut other = Raw::anonymous(&server, "other").await;
    for number in 0..100 {
        let (method, answer) = soon("an answer", other.manage("echo", vec![number.into()])).await;
        assert_eq!(method, "managed.resolve");
        let echoed = answer.get("args").and_then(|args| args.as_list()?.first());
        assert_eq!(echoed, Some(&number.into()));
    }
}

/// The first argument of an answer.
fn first(answer: &Value) -> Value {
    let first = answer.get("args").and_then(|args| args.as_list()?.first());
    first.cloned().unwrap_or_default()
}

#[tokio::test]
async fn calls_of_the_manager_without_an_answer_are_counted_too() {
    let server = server().await;
    let mut busy = Raw::anonymous(&server, "busy").await;
    let log = call(
        &busy.manager(),
        "services.default.log",
        None,
        vec!["x".into()],
    );
    for _ in 0..3000 {
        busy.send(log.clone()).await;
    }
    busy.manage("log", vec!["the last one".into()]).await;
    let (_, events) = busy.manage("get_events", Vec::new()).await;
    let events = first(&events);
    let numbers = events.as_list().unwrap().iter();
    let numbers = numbers.map(|event| event.get("id").and_then(Value::as_i64).unwrap());
    let last = numbers.max().unwrap();
    assert!((1000..=1100).contains(&last), "{last}");
}

#[tokio::test]
async fn calls_of_the_manager_under_one_name_are_counted_one_by_one() {
    let server = server().await;
    // It is asked for its service, and does not answer.
    let mut deaf = Raw::anonymous(&server, "deaf").await;
    for (id, kind) in [("built-in", "built-in"), ("s", "generic")] {
        let id = format!("deaf:{id}");
        let service = [("id", Value::from(id)), ("type", kind.into())];
        let service = Value::from(hypha_codec::Map::from(service));
        let (answer, why) = deaf.manage("register_service", vec![service]).await;
        assert!(answer.ends_with(".resolve"), "{why:?}");
    }
    let get = call(
        &deaf.manager(),
        "services.default.get_service",
        Some("same"),
        vec!["deaf:s".into()],
    );
    for _ in 0..1100 {
        deaf.send(get.clone()).await;
    }
    loop {
        let answer = deaf.packet().await;
        if answer.header().unwrap().method() == Some("same.reject") {
            let why = format!("{:?}", first(&payload(&answer)));
            assert!(why.contains("Too many calls"), "{why}");
            return;
        }
    }
}

#[tokio::test]
async fn nobody_is_remembered_under_a_name_without_end() {
    let server = server().await;
    let mut one = Raw::anonymous(&server, "one").await;
    let session = "s".repeat(60_000);
    let path = "services.default.echo";
    let echo = call(&one.manager(), path, Some(&session), vec![1.into()]);
    one.send(echo).await;
    let answer = one.packet().await;
    let method = answer.header().unwrap().method().unwrap().to_owned();
    assert!(method.ends_with(".reject"), "{:?}", payload(&answer));
}
