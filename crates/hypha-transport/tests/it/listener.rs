use futures_util::FutureExt;
use hypha_transport::memory::{self, MemoryConfig};
use hypha_transport::{
    ConnectContext, Connector, Frame, FrameRx, FrameTx, Transport, TransportErrorKind, connector_fn,
};

#[tokio::test]
async fn what_is_dialled_is_accepted_in_order() {
    let (connector, mut listener) = memory::listener(MemoryConfig::new());
    for name in ["first", "second"] {
        let (mut tx, _rx) = connector
            .connect(ConnectContext::new())
            .await
            .unwrap()
            .split();
        tx.feed(Frame::from(name.to_owned())).await.unwrap();
        tx.flush().await.unwrap();
        let (_tx, mut rx) = listener.accept().await.split();
        assert_eq!(rx.recv().await.unwrap(), Some(Frame::from(name.to_owned())));
    }
}

#[tokio::test]
async fn accept_waits_for_a_dial() {
    let (connector, mut listener) = memory::listener(MemoryConfig::new());
    let mut accept = Box::pin(listener.accept());
    assert!(accept.as_mut().now_or_never().is_none());
    let (_dialled, _accepted) = tokio::join!(connector.connect(ConnectContext::new()), accept);
}

#[tokio::test]
async fn a_dropped_listener_refuses_and_ends_what_waits() {
    let (connector, listener) = memory::listener(MemoryConfig::new());
    let (_tx, mut rx) = connector
        .connect(ConnectContext::new())
        .await
        .unwrap()
        .split();
    drop(listener);
    assert_eq!(
        rx.recv().await.unwrap_err().kind(),
        TransportErrorKind::Closed
    );
    let error = connector.connect(ConnectContext::new()).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unreachable);
}

#[tokio::test]
async fn the_backlog_is_bounded() {
    let (connector, _listener) = memory::listener(MemoryConfig::new());
    let mut kept = Vec::new();
    let error = loop {
        match connector.connect(ConnectContext::new()).await {
            Ok(transport) => kept.push(transport),
            Err(error) => break error,
        }
    };
    assert_eq!(kept.len(), 128);
    assert_eq!(error.kind(), TransportErrorKind::Unreachable);
}

#[tokio::test]
async fn a_function_is_a_connector() {
    let (memory, mut listener) = memory::listener(MemoryConfig::new());
    let connector = connector_fn(move |cx: ConnectContext| {
        let memory = memory.clone();
        async move {
            assert_eq!(cx.attempt, 4);
            memory.connect(cx).await
        }
    });
    connector
        .connect(ConnectContext::new().with_attempt(4))
        .await
        .unwrap();
    listener.accept().await;
}
