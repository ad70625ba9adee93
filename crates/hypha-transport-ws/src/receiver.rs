use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, Stream};
use hypha_transport::{CloseReason, Frame, FrameRx, TransportError, TransportErrorKind};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::failure::{close_reason, link_failure};
use crate::keepalive::{Due, Keepalive};
use crate::link::{Link, Socket, State};
use crate::options::WsOptions;

/// How long what the peer still sends is read and thrown away after its frame was refused. Without that the kernel would
/// answer the peer's data with a reset, which can overtake the close that says why.
const LINGER: Duration = Duration::from_secs(2);

/// Room for frame headers, and for pings before the first message.
const FIRST_HEADROOM: usize = 1024;

/// The receiving half of a [`WsTransport`](crate::WsTransport).
///
/// Dropping it closes the socket, unless a [`close`](hypha_transport::FrameTx::close) is under way, which finishes first.
pub struct WsRx<S> {
    link: Arc<Link<S>>,
    keepalive: Keepalive,
    ping_timeout: Duration,
    /// Whether a ping waits for room in the network.
    ping_unsent: bool,
    /// The largest first message, until it came.
    max_first: Option<usize>,
    /// The peer's offence and the time left to tell it.
    refused: Option<(TransportError, Pin<Box<Sleep>>)>,
}

impl<S> WsRx<S> {
    pub(crate) fn new(link: Arc<Link<S>>, options: WsOptions) -> Self {
        Self {
            link,
            keepalive: Keepalive::new(options),
            ping_timeout: options.ping_timeout,
            ping_unsent: false,
            max_first: options.max_first,
            refused: None,
        }
    }
}

type Received = Result<Option<Frame>, TransportError>;

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> FrameRx for WsRx<S> {
    async fn recv(&mut self) -> Received {
        poll_fn(|cx| self.poll_recv(cx)).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WsRx<S> {
    fn poll_recv(&mut self, task: &mut Context<'_>) -> Poll<Received> {
        let link = Arc::clone(&self.link);
        let (mut state, mut cx) = link.for_receiver(task);
        if let Some(end) = &state.end {
            return Poll::Ready(end.clone().map(|()| None));
        }
        let received = if self.refused.is_some() {
            self.poll_linger(&mut state, &mut cx)
        } else {
            self.poll_frame(&mut state, &mut cx)
        };
        let Some(event) = received else {
            return Poll::Pending;
        };
        match event {
            Event::Frame(frame) => Poll::Ready(Ok(Some(frame))),
            Event::End(end) => {
                state.finish(end);
                let end = state.end.clone().unwrap_or(Ok(()));
                drop(state);
                // A sender that waits for room has to learn of it.
                link.wake_both();
                Poll::Ready(end.map(|()| None))
            }
        }
    }

    fn poll_frame(&mut self, state: &mut State<S>, cx: &mut Context<'_>) -> Option<Event> {
        loop {
            let Some(socket) = &mut state.socket else {
                return Some(Event::lost());
            };
            match Pin::new(&mut *socket).poll_next(cx) {
                Poll::Ready(Some(Ok(message @ (Message::Binary(_) | Message::Text(_))))) => {
                    if let Some(max) = self.max_first.take()
                        && message.len() > max
                    {
                        return self.fail(state, too_long(message.len(), max), cx);
                    }
                    return Some(Event::Frame(match message {
                        Message::Text(text) => Frame::Text(text.as_str().to_owned()),
                        other => Frame::Binary(other.into_data()),
                    }));
                }
                // The library has queued the pong.
                Poll::Ready(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => {}
                Poll::Ready(Some(Ok(Message::Close(frame)))) => {
                    answer_close(socket, cx);
                    return Some(Event::closed_by_peer(frame));
                }
                Poll::Ready(Some(Err(error))) => return self.fail(state, error, cx),
                Poll::Ready(None) => return Some(Event::lost()),
                Poll::Pending => break,
            }
        }
        if let Some(error) = &state.write_error {
            return Some(Event::End(Err(error.clone())));
        }
        // The library holds what has come of a message, and knows no limit but that of all messages.
        if let (Some(max), Some(socket)) = (self.max_first, &state.socket) {
            let read = usize::try_from(socket.get_ref().counts().0).unwrap_or(usize::MAX);
            if read > max.saturating_add(FIRST_HEADROOM) {
                return self.fail(state, too_long(read, max), cx);
            }
        }
        self.poll_housekeeping(state, cx)
    }

    /// Flushes the ping, and sends the next one when it is time.
    fn poll_housekeeping(&mut self, state: &mut State<S>, cx: &mut Context<'_>) -> Option<Event> {
        loop {
            if self.ping_unsent
                && state.sent_close.is_none()
                && let Poll::Ready(flushed) = state.poll_flush(cx)
            {
                self.ping_unsent = false;
                match flushed {
                    Ok(()) => self.keepalive.ping_left(),
                    Err(error) => return Some(Event::End(Err(error))),
                }
            }
            let socket = state.socket.as_mut()?;
            let counts = socket.get_ref().counts();
            match self
                .keepalive
                .poll(counts, self.ping_unsent, state.asked, cx)
            {
                Due::Nothing => return None,
                Due::Ping => {
                    self.ping_unsent = true;
                    match Pin::new(socket).start_send(Message::Ping(bytes::Bytes::new())) {
                        // Without room there is data on its way, and whatever answers that will do.
                        Ok(()) | Err(WsError::WriteBufferFull(_)) => {}
                        Err(error) => {
                            let error = state.sending_failed(error);
                            return Some(Event::End(Err(error)));
                        }
                    }
                }
                Due::Lost => {
                    let message = format!(
                        "the peer has not answered a ping for {:?}",
                        self.ping_timeout
                    );
                    return Some(Event::End(Err(TransportError::new(
                        TransportErrorKind::Timeout,
                        message,
                    ))));
                }
                Due::Closed => return Some(Event::End(Ok(()))),
            }
        }
    }

    /// The peer's input cannot be used further: tell it so where there is a code for it.
    fn fail(
        &mut self,
        state: &mut State<S>,
        error: WsError,
        cx: &mut Context<'_>,
    ) -> Option<Event> {
        let error = link_failure(error);
        let refusal = match error.kind() {
            TransportErrorKind::TooLarge | TransportErrorKind::Protocol => {
                error.close_reason().cloned()
            }
            _ => None,
        };
        let Some(reason) = refusal.filter(|_| state.sent_close.is_none()) else {
            return Some(Event::End(Err(error)));
        };
        state.send_close_now(&reason);
        self.link.wake_both();
        self.refused = Some((error, Box::pin(sleep(LINGER))));
        self.poll_linger(state, cx)
    }

    fn poll_linger(&mut self, state: &mut State<S>, cx: &mut Context<'_>) -> Option<Event> {
        let (error, timer) = self.refused.as_mut()?;
        let told = match &mut state.socket {
            Some(socket) => poll_tell_and_discard(socket, cx),
            None => Poll::Ready(()),
        };
        if told.is_ready() || timer.as_mut().poll(cx).is_ready() {
            return Some(Event::End(Err(error.clone())));
        }
        None
    }
}

impl<S> Drop for WsRx<S> {
    fn drop(&mut self) {
        let mut state = self.link.state();
        state.receiver_dropped = true;
        if !state.closing {
            state.cut();
        }
        drop(state);
        self.link.wake_both();
    }
}

impl<S> fmt::Debug for WsRx<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsRx").finish_non_exhaustive()
    }
}

enum Event {
    Frame(Frame),
    End(Result<(), TransportError>),
}

impl Event {
    fn lost() -> Self {
        Self::End(Err(TransportError::closed(CloseReason::abnormal())))
    }

    fn closed_by_peer(frame: Option<CloseFrame>) -> Self {
        let reason = close_reason(frame);
        Self::End(if reason.is_normal() {
            Ok(())
        } else {
            Err(TransportError::closed(reason))
        })
    }
}

/// Sends the answer to the peer's close as far as the network takes it now. The peer is not waited for: it has said all
/// it had to say.
fn too_long(size: usize, max_size: usize) -> WsError {
    CapacityError::MessageTooLong { size, max_size }.into()
}

fn answer_close<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>, cx: &mut Context<'_>) {
    if Pin::new(&mut *socket).poll_flush(cx).is_ready() {
        let _shut: Poll<std::io::Result<()>> = Pin::new(socket.get_mut()).poll_shutdown(cx);
    }
}

/// Ready when the close is out and the peer has ended the stream, or when the socket failed.
fn poll_tell_and_discard<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    if let Poll::Ready(Err(_)) = Pin::new(&mut *socket).poll_flush(cx) {
        return Poll::Ready(());
    }
    let mut scratch = [0; 8 * 1024];
    loop {
        let mut buffer = ReadBuf::new(&mut scratch);
        match Pin::new(socket.get_mut()).poll_read(cx, &mut buffer) {
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(()),
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => return Poll::Ready(()),
            Poll::Pending => return Poll::Pending,
        }
    }
}
