//! A transport that shows the frames which pass, and can hold back those that go out.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hypha_client::{Client, ConnectOptions, TransportError};
use hypha_codec::Packet;
use hypha_tests::HyphaServer;
use hypha_transport::{
    CloseReason, ConnectContext, Connector, Frame, FrameRx, FrameTx, Limits, Transport,
};
use hypha_transport_ws::{ClientStream, WsConnector, WsTransport};

type Ws = WsTransport<ClientStream>;

/// What passed on one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap(Arc<Mutex<Passed>>);

#[derive(Debug, Default)]
struct Passed {
    /// Binary frames that went out, those held back among them.
    sent: Vec<Bytes>,
    /// Binary frames that came in.
    received: Vec<Bytes>,
    texts_sent: usize,
    hold: bool,
}

impl Tap {
    /// Options for a connection to the server through this tap.
    pub(crate) fn options(&self, server: &HyphaServer) -> ConnectOptions {
        let ws = WsConnector::new(&server.url()).unwrap();
        let tap = self.clone();
        Client::builder(server.url()).connector(TappedConnector { ws, tap })
    }

    /// The paths of the methods called by the frames that went out since the last look.
    pub(crate) fn take_sent(&self) -> Vec<String> {
        let frames = std::mem::take(&mut self.0.lock().unwrap().sent);
        frames.into_iter().map(method).collect()
    }

    /// The paths of the methods called by the frames that came in since the last look.
    pub(crate) fn take_received(&self) -> Vec<String> {
        let frames = std::mem::take(&mut self.0.lock().unwrap().received);
        frames.into_iter().map(method).collect()
    }

    /// How many text frames went out.
    pub(crate) fn texts_sent(&self) -> usize {
        self.0.lock().unwrap().texts_sent
    }

    /// From now on no binary frame goes out.
    pub(crate) fn hold(&self) {
        self.0.lock().unwrap().hold = true;
    }

    /// Whether the frame may pass.
    fn outgoing(&self, frame: &Frame) -> bool {
        let mut passed = self.0.lock().unwrap();
        match frame {
            Frame::Binary(bytes) => {
                passed.sent.push(bytes.clone());
                !passed.hold
            }
            Frame::Text(_) => {
                passed.texts_sent += 1;
                true
            }
        }
    }

    fn incoming(&self, frame: &Frame) {
        if let Frame::Binary(bytes) = frame {
            self.0.lock().unwrap().received.push(bytes.clone());
        }
    }
}

fn method(frame: Bytes) -> String {
    let packet = Packet::parse(frame).unwrap();
    let header = packet.header().unwrap();
    header
        .method()
        .or(header.kind())
        .unwrap_or_default()
        .to_owned()
}

#[derive(Debug)]
struct TappedConnector {
    ws: WsConnector,
    tap: Tap,
}

impl Connector for TappedConnector {
    type Transport = Tapped<Ws>;

    async fn connect(&self, cx: ConnectContext) -> Result<Self::Transport, TransportError> {
        let inner = self.ws.connect(cx).await?;
        Ok(Tapped {
            inner,
            tap: self.tap.clone(),
        })
    }
}

/// A transport, or a half of one, with a tap.
struct Tapped<T> {
    inner: T,
    tap: Tap,
}

impl<T: Transport> Transport for Tapped<T> {
    type Tx = Tapped<T::Tx>;
    type Rx = Tapped<T::Rx>;

    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    fn split(self) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = self.inner.split();
        let tap = self.tap.clone();
        (
            Tapped { inner: tx, tap },
            Tapped {
                inner: rx,
                tap: self.tap,
            },
        )
    }
}

impl<T: FrameTx> FrameTx for Tapped<T> {
    async fn feed(&mut self, frame: Frame) -> Result<(), TransportError> {
        if self.tap.outgoing(&frame) {
            self.inner.feed(frame).await
        } else {
            Ok(())
        }
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        self.inner.flush().await
    }

    async fn close(self, reason: CloseReason) {
        self.inner.close(reason).await;
    }
}

impl<T: FrameRx> FrameRx for Tapped<T> {
    async fn recv(&mut self) -> Result<Option<Frame>, TransportError> {
        let frame = self.inner.recv().await?;
        if let Some(frame) = &frame {
            self.tap.incoming(frame);
        }
        Ok(frame)
    }
}
