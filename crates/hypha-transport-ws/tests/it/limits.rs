use futures_util::{SinkExt, StreamExt};
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, Transport, TransportErrorKind};
use hypha_transport_ws::WsOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{binary, client_of_bare_server, client_of_bare_server_with, pair, upgraded};

const MIB: usize = 1 << 20;

/// Above the library's own default for frames, which is 16 MiB; unfragmented, as other peers send it.
#[tokio::test]
async fn a_frame_of_20_mib_in_one_piece_is_received() {
    let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
    let (_tx, mut rx) = client.split();
    let payload = match binary(20 * MIB) {
        Frame::Binary(bytes) => bytes,
        Frame::Text(_) => unreachable!(),
    };
    let (sent, received) = tokio::join!(server.send(Message::Binary(payload.clone())), rx.recv());
    sent.unwrap();
    assert_eq!(received.unwrap(), Some(Frame::Binary(payload)));
}

#[tokio::test]
async fn a_frame_of_20_mib_reaches_other_peers_as_one_message() {
    let (client, mut server) = client_of_bare_server_with(WsOptions::new(), 32 * MIB).await;
    let (mut tx, mut rx) = client.split();
    let send = async {
        tx.feed(binary(20 * MIB)).await.unwrap();
        tx.flush().await.unwrap();
    };
    let receive = async { server.next().await.unwrap().unwrap() };
    tokio::select! {
        (_, message) = async { tokio::join!(send, receive) } => {
            assert!(message.is_binary());
            assert_eq!(Frame::Binary(message.into_data()), binary(20 * MIB));
        }
        end = rx.recv() => panic!("the link ended: {end:?}"),
    }
}

/// The server announces 65 MiB and sends them; it learns why it is cut off.
#[tokio::test]
async fn a_frame_of_65_mib_is_refused_with_1009() {
    let (client, mut server) = client_of_bare_server(WsOptions::new()).await;
    let (mut tx, mut rx) = client.split();
    let payload = vec![0; 65 * MIB];
    let offender = async {
        let (mut sink, mut stream) = (&mut server).split();
        let (_sent, close) = tokio::join!(sink.send(Message::binary(payload)), stream.next());
        close
    };
    let victim = async {
        let received = rx.recv().await;
        let again = rx.recv().await;
        let fed = tx.feed(binary(1)).await;
        drop((tx, rx));
        (received, again, fed)
    };
    let (close, (received, again, fed)) = tokio::join!(offender, victim);
    for received in [received, again] {
        let error = received.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::TooLarge);
        assert_eq!(
            error.close_reason().map(CloseReason::code),
            Some(CloseReason::TOO_LARGE)
        );
        assert!(
            error.to_string().contains(&format!("{} bytes", 65 * MIB)),
            "{error}"
        );
    }
    assert_eq!(
        fed.unwrap_err().close_reason().map(CloseReason::code),
        Some(CloseReason::TOO_LARGE)
    );
    assert!(
        matches!(&close, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 1009),
        "{close:?}"
    );
}

/// Fragments do not get around the limit.
#[tokio::test]
async fn a_message_of_many_fragments_is_refused_at_the_limit() {
    let (server, mut client) = upgraded(WsOptions::new().with_max_frame(1000)).await;
    let (_tx, mut rx) = server.split();
    let offender = async {
        // Opcode binary, then continuations, none final, of 100 bytes each. It goes on after it was refused, as one does
        // who is in the middle of a large message, and must not be cut off before it can read why.
        for n in 0..200_u8 {
            let head = [if n == 0 { 0x02 } else { 0x00 }, 0x80 | 100, 0, 0, 0, 0];
            client
                .write_all(&[&head[..], &[n; 100]].concat())
                .await
                .unwrap();
        }
        let mut close = [0; 4];
        client.read_exact(&mut close).await.unwrap();
        drop(client);
        u16::from_be_bytes([close[2], close[3]])
    };
    let (received, code) = tokio::join!(rx.recv(), offender);
    assert_eq!(received.unwrap_err().kind(), TransportErrorKind::TooLarge);
    assert_eq!(code, CloseReason::TOO_LARGE);
}

/// An announced size alone allocates nothing that is kept, and is refused before the payload comes.
#[tokio::test(start_paused = true)]
async fn an_announced_exabyte_is_refused_at_once_and_the_peer_is_not_waited_for() {
    let (server, mut client) = upgraded(WsOptions::new()).await;
    let (_tx, mut rx) = server.split();
    client
        .write_all(&[
            0x82, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
        ])
        .await
        .unwrap();
    let before = tokio::time::Instant::now();
    assert_eq!(
        rx.recv().await.unwrap_err().kind(),
        TransportErrorKind::TooLarge
    );
    assert!(before.elapsed().as_secs() <= 2);
    drop(client);
}

#[tokio::test]
async fn text_that_is_not_utf8_is_refused_with_a_code() {
    let (server, mut client) = upgraded(WsOptions::new()).await;
    let (_tx, mut rx) = server.split();
    let offender = async {
        client
            .write_all(&[0x81, 0x80 | 2, 0, 0, 0, 0, 0xff, 0xfe])
            .await
            .unwrap();
        let mut close = [0; 4];
        client.read_exact(&mut close).await.unwrap();
        drop(client);
        u16::from_be_bytes([close[2], close[3]])
    };
    let (received, code) = tokio::join!(rx.recv(), offender);
    assert_eq!(received.unwrap_err().kind(), TransportErrorKind::Protocol);
    assert_eq!(code, CloseReason::INVALID_PAYLOAD);
}

/// Received bytes are handed up as they lie in the read buffer: the address is that of a slice, not of a copy.
#[tokio::test]
async fn two_frames_of_one_read_share_its_buffer() {
    let (client, server) = pair(WsOptions::new(), WsOptions::new()).await;
    let ((mut tx, _rx), (_server_tx, mut server_rx)) = (client.split(), server.split());
    tx.feed(binary(500)).await.unwrap();
    tx.feed(binary(600)).await.unwrap();
    tx.flush().await.unwrap();
    let mut addresses = Vec::new();
    let mut kept = Vec::new();
    for _ in 0..2 {
        match server_rx.recv().await.unwrap() {
            Some(Frame::Binary(bytes)) => {
                addresses.push(bytes.as_ptr() as usize);
                kept.push(bytes);
            }
            other => panic!("{other:?}"),
        }
    }
    // A client's header for a frame of this size has 8 bytes: 2 + 2 for the length, 4 for the mask.
    assert_eq!(addresses[1] - addresses[0], 500 + 8);
}

/// Whoever is not known yet gets no room for a large frame, whether it comes whole or stops halfway.
#[tokio::test]
async fn a_first_message_beyond_its_own_limit_is_refused_before_it_is_there() {
    for announced in [3000_u16, 60_000] {
        let options = WsOptions::new().with_max_first(2000);
        let (server, mut client) = upgraded(options).await;
        let (_tx, mut rx) = server.split();
        let offender = async {
            let [high, low] = announced.to_be_bytes();
            let head = [0x81, 0x80 | 126, high, low, 0, 0, 0, 0];
            client.write_all(&head).await.unwrap();
            let text = vec![b'x'; announced.min(4000).into()];
            client.write_all(&text).await.unwrap();
            let mut close = [0; 4];
            client.read_exact(&mut close).await.unwrap();
            drop(client);
            u16::from_be_bytes([close[2], close[3]])
        };
        let (received, code) = tokio::join!(rx.recv(), offender);
        assert_eq!(received.unwrap_err().kind(), TransportErrorKind::TooLarge);
        assert_eq!(code, CloseReason::TOO_LARGE);
    }
}

#[tokio::test]
async fn after_the_first_message_others_may_be_larger() {
    let options = WsOptions::new().with_max_first(2000);
    let (server, mut client) = upgraded(options).await;
    let (_tx, mut rx) = server.split();
    let sender = async {
        for size in [2000_u16, 60_000] {
            let [high, low] = size.to_be_bytes();
            let head = [0x82, 0x80 | 126, high, low, 0, 0, 0, 0];
            client.write_all(&head).await.unwrap();
            client.write_all(&vec![0; size.into()]).await.unwrap();
        }
    };
    let receiver = async {
        for size in [2000, 60_000] {
            let frame = rx.recv().await.unwrap().unwrap();
            assert_eq!(frame.len(), size);
        }
    };
    tokio::join!(sender, receiver);
}
