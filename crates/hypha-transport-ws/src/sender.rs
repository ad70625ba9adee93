use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures_util::Sink;
use hypha_transport::{CloseReason, Frame, FrameTx, Limits, TransportError};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::link::Link;
use crate::options::WsOptions;
use crate::outgoing::Outgoing;

/// The sending half of a [`WsTransport`](crate::WsTransport).
///
/// Dropping it without [`close`](FrameTx::close) closes the socket.
pub struct WsTx<S> {
    link: Arc<Link<S>>,
    outgoing: Outgoing,
    options: WsOptions,
    limits: Limits,
    /// Set when dropping must not end the link any more.
    closed: bool,
}

impl<S> WsTx<S> {
    pub(crate) fn new(link: Arc<Link<S>>, options: WsOptions) -> Self {
        Self {
            link,
            outgoing: Outgoing::default(),
            limits: options.limits(),
            options,
            closed: false,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> WsTx<S> {
    async fn send_outgoing(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| {
            let (mut state, mut cx) = self.link.for_sender(cx);
            state.poll_send(&mut self.outgoing, &mut cx)
        })
        .await
    }

    /// Sends what was fed, then the close, then hands both to the network.
    async fn say_goodbye(&mut self, reason: CloseReason) -> Result<(), TransportError> {
        self.send_outgoing().await?;
        poll_fn(|cx| {
            let (mut state, mut cx) = self.link.for_sender(cx);
            let sent = state.poll_send_close(&reason, &mut cx);
            if let Poll::Ready(Ok(())) = sent {
                state.asked = true;
            }
            sent
        })
        .await?;
        // The receiving half has a deadline to watch from now on.
        self.link.wake_both();
        poll_fn(|cx| {
            let (mut state, mut cx) = self.link.for_sender(cx);
            match &mut state.socket {
                Some(socket) => std::pin::Pin::new(socket)
                    .poll_flush(&mut cx)
                    .map_err(|error| state.sending_failed(error)),
                None => Poll::Ready(Ok(())),
            }
        })
        .await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> FrameTx for WsTx<S> {
    async fn feed(&mut self, frame: Frame) -> Result<(), TransportError> {
        self.limits.check(&frame)?;
        // The rest of a frame whose `feed` was dropped.
        self.send_outgoing().await?;
        self.outgoing.load(frame);
        self.send_outgoing().await
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        self.send_outgoing().await?;
        poll_fn(|cx| {
            let (mut state, mut cx) = self.link.for_sender(cx);
            state.poll_flush(&mut cx)
        })
        .await
    }

    async fn close(mut self, reason: CloseReason) {
        self.link.state().closing = true;
        let said = if reason.is_sendable() {
            let patience = self.options.close_timeout;
            tokio::time::timeout(patience, self.say_goodbye(reason))
                .await
                .is_ok_and(|said| said.is_ok())
        } else {
            false
        };
        let mut state = self.link.state();
        // Whatever the socket thinks, this end was asked for.
        state.asked = true;
        state.closing = false;
        if state.receiver_dropped || !said && state.write_error.is_none() {
            state.cut();
        }
        drop(state);
        self.link.wake_both();
        self.closed = true;
    }
}

impl<S> Drop for WsTx<S> {
    fn drop(&mut self) {
        if !self.closed {
            self.link.cut();
        }
    }
}

impl<S> fmt::Debug for WsTx<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsTx")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
