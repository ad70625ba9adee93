use futures_util::{FutureExt, SinkExt, StreamExt};
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, Transport, TransportErrorKind};
use hypha_transport_ws::WsOptions;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::harness::{binary, client_of_bare_server, duplex_pair};

#[tokio::test]
async fn the_servers_codes_and_words_surface() {
    for (code, words) in [
        (1001, "Idle timeout (600s)"),
        (1008, "Authentication error: é"),
        (1013, ""),
        (4001, "own"),
    ] {
        let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
        let (mut tx, mut rx) = client.split();
        server
            .close(Some(CloseFrame {
                code: code.into(),
                reason: words.into(),
            }))
            .await
            .unwrap();
        let error = rx.recv().await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Closed);
        assert_eq!(error.close_reason(), Some(&CloseReason::new(code, words)));
        // Both halves agree.
        let error = tx.feed(binary(1)).await.unwrap_err();
        assert_eq!(error.close_reason(), Some(&CloseReason::new(code, words)));
        // The close was answered as the protocol asks.
        assert!(
            matches!(server.next().await, Some(Ok(Message::Close(Some(reply)))) if u16::from(reply.code) == code)
        );
    }
}

#[tokio::test]
async fn a_normal_close_is_clean_and_one_without_a_code_is_not() {
    let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
    let (_tx, mut rx) = client.split();
    server
        .close(Some(CloseFrame {
            code: 1000.into(),
            reason: "".into(),
        }))
        .await
        .unwrap();
    assert_eq!(rx.recv().await.unwrap(), None);

    let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
    let (_tx, mut rx) = client.split();
    server.close(None).await.unwrap();
    let error = rx.recv().await.unwrap_err();
    assert_eq!(
        error.close_reason().map(CloseReason::code),
        Some(CloseReason::NO_STATUS)
    );
}

#[tokio::test]
async fn our_reason_reaches_the_server() {
    let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
    let (mut tx, mut rx) = client.split();
    tx.feed(binary(10)).await.unwrap();
    tx.close(CloseReason::new(CloseReason::POLICY, "no thanks"))
        .await;
    assert_eq!(server.next().await.unwrap().unwrap().into_data().len(), 10);
    match server.next().await {
        Some(Ok(Message::Close(Some(frame)))) => {
            assert_eq!(
                (u16::from(frame.code), frame.reason.as_str()),
                (1008, "no thanks")
            );
        }
        other => panic!("expected a close, got {other:?}"),
    }
    server.flush().await.ok();
    assert_eq!(rx.recv().await.unwrap(), None);
}

#[tokio::test]
async fn a_vanished_server_is_1006() {
    let (client, server) = client_of_bare_server(WsOptions::new()).await;
    let (_tx, mut rx) = client.split();
    drop(server);
    let error = rx.recv().await.unwrap_err();
    assert_eq!(
        error.close_reason().map(CloseReason::code),
        Some(CloseReason::ABNORMAL)
    );
}

#[tokio::test]
async fn dropping_either_half_closes_the_socket() {
    for drop_tx in [true, false] {
        let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
        let (mut tx, mut rx) = client.split();
        let error = if drop_tx {
            drop(tx);
            assert!(!matches!(server.next().await, Some(Ok(_))));
            rx.recv().await.unwrap_err()
        } else {
            drop(rx);
            assert!(!matches!(server.next().await, Some(Ok(_))));
            tx.feed(binary(1)).await.unwrap_err()
        };
        assert_eq!(error.kind(), TransportErrorKind::Closed);
    }
}

#[tokio::test]
async fn dropping_a_transport_before_its_split_closes_the_socket() {
    let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
    drop(client);
    assert!(!matches!(server.next().await, Some(Ok(_))));
}

#[tokio::test]
async fn a_close_survives_the_drop_of_the_receiver() {
    let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
    let (tx, rx) = client.split();
    tx.close(CloseReason::new(CloseReason::GOING_AWAY, "bye"))
        .await;
    drop(rx);
    assert!(
        matches!(server.next().await, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 1001)
    );
}

/// A pipe of 100 bytes that nobody reads holds the close up; the receiver is dropped meanwhile.
#[tokio::test]
async fn a_close_under_way_survives_the_drop_of_the_receiver() {
    let (client, server) = duplex_pair(100, WsOptions::new()).await;
    let ((mut tx, rx), (_server_tx, mut server_rx)) = (client.split(), server.split());
    assert!(tx.feed(binary(500)).now_or_never().is_some());
    let mut close = Box::pin(tx.close(CloseReason::new(CloseReason::GOING_AWAY, "bye")));
    assert!(close.as_mut().now_or_never().is_none());
    drop(rx);
    let (end, ()) = tokio::join!(
        async {
            assert_eq!(server_rx.recv().await.unwrap(), Some(binary(500)));
            server_rx.recv().await.unwrap_err()
        },
        close
    );
    assert_eq!(
        end.close_reason(),
        Some(&CloseReason::new(CloseReason::GOING_AWAY, "bye"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_close_gives_up_on_a_peer_that_reads_nothing() {
    let (client, server) = duplex_pair(100, WsOptions::new()).await;
    let (mut tx, mut rx) = client.split();
    assert!(tx.feed(binary(500)).now_or_never().is_some());
    let before = tokio::time::Instant::now();
    tx.close(CloseReason::normal()).await;
    assert_eq!(before.elapsed(), WsOptions::new().close_timeout);
    assert_eq!(rx.recv().await.unwrap(), None);
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_close_ends_all_the_same() {
    let (client, server) = duplex_pair(1000, WsOptions::new()).await;
    let (tx, mut rx) = client.split();
    let before = tokio::time::Instant::now();
    tx.close(CloseReason::normal()).await;
    assert_eq!(rx.recv().await.unwrap(), None);
    assert_eq!(before.elapsed(), WsOptions::new().close_timeout);
    drop(server);
}

#[tokio::test]
async fn dropping_a_close_halfway_cuts_the_link() {
    let (client, server) = duplex_pair(100, WsOptions::new()).await;
    let ((mut tx, _rx), (_server_tx, mut server_rx)) = (client.split(), server.split());
    assert!(tx.feed(binary(500)).now_or_never().is_some());
    assert!(tx.close(CloseReason::normal()).now_or_never().is_none());
    assert_eq!(
        server_rx
            .recv()
            .await
            .unwrap_err()
            .close_reason()
            .map(CloseReason::code),
        Some(CloseReason::ABNORMAL)
    );
}

/// A `feed` that was dropped halfway must not leave half a message on the wire.
#[tokio::test]
async fn a_dropped_feed_leaves_whole_frames() {
    let (client, server) = duplex_pair(5000, WsOptions::new()).await;
    let ((mut tx, _rx), (_server_tx, mut server_rx)) = (client.split(), server.split());
    let large = binary(3 << 20);
    assert!(
        tx.feed(large.clone()).now_or_never().is_none(),
        "the pipe is far too small"
    );
    let sender = async {
        tx.feed(Frame::from("after".to_owned())).await.unwrap();
        tx.flush().await.unwrap();
    };
    let receiver = async {
        assert_eq!(server_rx.recv().await.unwrap(), Some(large));
        assert_eq!(
            server_rx.recv().await.unwrap(),
            Some(Frame::from("after".to_owned()))
        );
    };
    tokio::join!(sender, receiver);
}

/// Bytes that are no WebSocket at all.
#[tokio::test]
async fn garbage_after_the_upgrade_is_a_protocol_error_with_a_code() {
    let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
    let (_tx, mut rx) = client.split();
    server.get_mut().write_all(&[0xff; 64]).await.unwrap();
    let told = async {
        let close = server.next().await;
        drop(server);
        close
    };
    let (error, close) = tokio::join!(rx.recv(), told);
    assert_eq!(error.unwrap_err().kind(), TransportErrorKind::Protocol);
    assert!(
        matches!(close, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 1002)
    );
}
