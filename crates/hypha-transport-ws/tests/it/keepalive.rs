use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use hypha_transport::{Frame, FrameRx, FrameTx, Transport, TransportErrorKind};
use hypha_transport_ws::WsOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::harness::{binary, duplex_pair, upgraded};

const INTERVAL: Duration = Duration::from_secs(20);
const TIMEOUT: Duration = Duration::from_secs(10);

fn options() -> WsOptions {
    WsOptions::new()
        .with_ping_interval(Some(INTERVAL))
        .with_ping_timeout(TIMEOUT)
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_ends_the_link() {
    let (server, _silent_client) = upgraded(options()).await;
    let (mut tx, mut rx) = server.split();
    let before = Instant::now();
    let error = rx.recv().await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    assert_eq!(before.elapsed().as_secs(), (INTERVAL + TIMEOUT).as_secs());
    assert_eq!(
        tx.feed(binary(1)).await.unwrap_err().kind(),
        TransportErrorKind::Closed
    );
}

/// Neither side's owner sends anything: recv alone answers pings.
#[tokio::test(start_paused = true)]
async fn an_idle_link_stays_up() {
    let (client, server) = duplex_pair(1000, options()).await;
    let ((_client_tx, mut client_rx), (_server_tx, mut server_rx)) =
        (client.split(), server.split());
    let idle = tokio::time::timeout(Duration::from_secs(3600), async {
        tokio::select! {
            end = client_rx.recv() => end,
            end = server_rx.recv() => end,
        }
    });
    assert!(idle.await.is_err(), "the link ended");
}

#[tokio::test(start_paused = true)]
async fn without_an_interval_silence_is_fine_and_nothing_is_sent() {
    let (server, mut silent_client) = upgraded(options().with_ping_interval(None)).await;
    let (_tx, mut rx) = server.split();
    assert!(
        tokio::time::timeout(Duration::from_secs(3600), rx.recv())
            .await
            .is_err()
    );
    assert!(silent_client.read_u8().now_or_never().is_none());
}

/// The peer answers no ping, but one byte of a large frame arrives now and then.
#[tokio::test(start_paused = true)]
async fn a_slow_frame_is_a_sign_of_life() {
    let (server, mut client) = upgraded(options()).await;
    let (_tx, mut rx) = server.split();
    let trickle = async {
        // A masked binary frame of 50 bytes, masked with zeros.
        let mut frame = vec![0x82, 0x80 | 50, 0, 0, 0, 0];
        frame.extend([7; 50]);
        for byte in frame {
            client.write_u8(byte).await.unwrap();
            tokio::time::sleep(Duration::from_secs(8)).await;
        }
        client
    };
    let (frame, _client) = tokio::join!(rx.recv(), trickle);
    assert_eq!(frame.unwrap().unwrap().len(), 50);
}

/// The ping waits behind a large frame which the peer takes in slowly, without a word.
#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_data_in_is_alive() {
    let (server, mut client) = upgraded(options()).await;
    let (mut tx, mut rx) = server.split();
    let sender = async {
        tx.feed(binary(900_000)).await.unwrap();
        tx.flush().await.unwrap();
    };
    let reader = async {
        let mut received = 0;
        let mut piece = [0; 4096];
        while received < 900_000 {
            received += client.read(&mut piece).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        client
    };
    let before = Instant::now();
    let work = async { tokio::join!(sender, reader) };
    tokio::select! {
        end = rx.recv() => panic!("the link ended after {:?}: {end:?}", before.elapsed()),
        _ = work => assert!(before.elapsed() > 2 * (INTERVAL + TIMEOUT)),
    }
}

/// And one that stops taking it in is not.
#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_taking_data_in_is_lost() {
    let (server, _client) = upgraded(options()).await;
    let (mut tx, mut rx) = server.split();
    let (fed, received) = tokio::join!(tx.feed(binary(3 << 20)), rx.recv());
    assert_eq!(received.unwrap_err().kind(), TransportErrorKind::Timeout);
    assert_eq!(fed.unwrap_err().kind(), TransportErrorKind::Closed);
}

/// More pings than the pipe can hold answers for, from a peer that reads none.
#[tokio::test]
async fn a_flood_of_pings_costs_bounded_memory_and_is_survived() {
    let (server, mut client) = upgraded(options()).await;
    let (_tx, mut rx) = server.split();
    let ping = { [vec![0x89, 0x80 | 125, 0, 0, 0, 0], vec![1; 125]].concat() };
    let flood = async {
        for _ in 0..20_000 {
            client.write_all(&ping).await.unwrap();
        }
        client
            .write_all(&[0x82, 0x80 | 1, 0, 0, 0, 0, 9])
            .await
            .unwrap();
        client
    };
    let (frame, _client) = tokio::join!(rx.recv(), flood);
    assert_eq!(frame.unwrap().unwrap().len(), 1);
}

/// After such a flood the write buffer is full of answers: a frame still finds its way once the peer reads.
#[tokio::test]
async fn a_frame_gets_through_after_a_flood_of_pings() {
    let (server, mut client) = upgraded(options()).await;
    let (mut tx, mut rx) = server.split();
    let ping = [vec![0x89, 0x80 | 125, 0, 0, 0, 0], vec![1; 125]].concat();
    let flood = async {
        for _ in 0..20_000 {
            client.write_all(&ping).await.unwrap();
        }
        client
            .write_all(&[0x82, 0x80 | 1, 0, 0, 0, 0, 9])
            .await
            .unwrap();
    };
    let (frame, ()) = tokio::join!(rx.recv(), flood);
    frame.unwrap().unwrap();

    let send = async {
        tx.feed(binary(1 << 20)).await.unwrap();
        tx.flush().await.unwrap();
    };
    let read = async {
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let mut pongs = 0;
        loop {
            match client.next().await.unwrap().unwrap() {
                Message::Pong(_) => pongs += 1,
                message => break (pongs, message),
            }
        }
    };
    let ((), (pongs, message)) = tokio::join!(send, read);
    assert!(pongs > 0);
    assert_eq!(Frame::from(message.into_data()), binary(1 << 20));
}
