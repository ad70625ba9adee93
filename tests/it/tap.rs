//! A transport that shows the frames which pass, and can hold back those that go out.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hypha_client::{Client, ConnectOptions, TransportError, TransportErrorKind};
use hypha_codec::Packet;
use hypha_tests::HyphaServer;
use hypha_transport::{
    CloseReason, ConnectContext, Connector, Frame, FrameRx, FrameTx, Limits, Transport,
};
use hypha_transport_ws::{ClientStream, WsConnector, WsTransport};
use tokio::sync::Notify;

type Ws = WsTransport<ClientStream>;

/// What passed on one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap(Arc<Mutex<Passed>>, Arc<Notify>);

#[derive(Debug, Default)]
struct Passed {
    frames: Vec<Passing>,
    texts_sent: usize,
    hold: bool,
    /// What passed as it was, for those who look into it.
    recorded: Option<Vec<Bytes>>,
}

/// A binary frame.
#[derive(Debug)]
struct Passing {
    direction: Direction,
    method: String,
    session: Option<String>,
}

/// Where a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Out,
    In,
}

impl Tap {
    /// Options for a connection to the server through this tap.
    pub(crate) fn options(&self, server: &HyphaServer) -> ConnectOptions {
        let ws = WsConnector::new(&server.url()).unwrap();
        let tap = self.clone();
        Client::builder(server.url()).connector(TappedConnector { ws, tap })
    }

    /// All frames of the calls of a method: the calls, under its path, and what came for their sessions, under the last
    /// part of its path.
    pub(crate) fn conversation(&self, method: &str) -> Vec<(Direction, String)> {
        let passed = self.0.lock().unwrap();
        let calls = passed.frames.iter().filter(|frame| frame.method == method);
        let sessions: Vec<&str> = calls.filter_map(|call| call.session.as_deref()).collect();
        let part = |frame: &Passing| {
            if frame.method == method {
                return Some(method.to_owned());
            }
            let (session, end) = frame.method.rsplit_once('.')?;
            sessions.contains(&session).then(|| end.to_owned())
        };
        passed
            .frames
            .iter()
            .filter_map(|frame| Some((frame.direction, part(frame)?)))
            .collect()
    }

    /// Keeps everything that passes from now on.
    pub(crate) fn record(&self) {
        self.0.lock().unwrap().recorded = Some(Vec::new());
    }

    /// Whether a text stands in clear in a frame that was kept.
    pub(crate) fn sees(&self, text: &str) -> bool {
        let passed = self.0.lock().unwrap();
        let mut frames = passed.recorded.as_ref().unwrap().iter();
        frames.any(|frame| {
            frame
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        })
    }

    /// How many text frames went out.
    pub(crate) fn texts_sent(&self) -> usize {
        self.0.lock().unwrap().texts_sent
    }

    /// From now on no binary frame goes out.
    pub(crate) fn hold(&self) {
        self.0.lock().unwrap().hold = true;
    }

    /// Cuts the connection that there is, without a word to either side.
    pub(crate) fn cut(&self) {
        self.1.notify_one();
    }

    /// Takes note of a frame, and says whether it may pass.
    fn pass(&self, direction: Direction, frame: &Frame) -> bool {
        let mut passed = self.0.lock().unwrap();
        match frame {
            Frame::Binary(bytes) => {
                if let Some(recorded) = &mut passed.recorded {
                    recorded.push(bytes.clone());
                }
                let packet = Packet::parse(bytes.clone()).unwrap();
                let header = packet.header().unwrap();
                let method = header.method().unwrap_or_default().to_owned();
                let session = header.session().map(str::to_owned);
                passed.frames.push(Passing {
                    direction,
                    method,
                    session,
                });
                direction == Direction::In || !passed.hold
            }
            Frame::Text(_) => {
                passed.texts_sent += usize::from(direction == Direction::Out);
                true
            }
        }
    }
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
        if self.tap.pass(Direction::Out, &frame) {
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
        let frame = tokio::select! {
            frame = self.inner.recv() => frame?,
            () = self.tap.1.notified() => {
                return Err(TransportError::new(TransportErrorKind::Io, "cut"));
            }
        };
        if let Some(frame) = &frame {
            self.tap.pass(Direction::In, frame);
        }
        Ok(frame)
    }
}
