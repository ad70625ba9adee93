//! What the two halves share: the socket, and how it ended.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};

use futures_util::Sink;
use futures_util::task::AtomicWaker;
use hypha_transport::{CloseReason, TransportError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::failure::link_failure;
use crate::metered::Metered;
use crate::outgoing::Outgoing;

pub(crate) type Socket<S> = WebSocketStream<Metered<S>>;

/// The lock is held for one poll and never while waiting, so halves in one task never contend for it.
pub(crate) struct Link<S> {
    state: Mutex<State<S>>,
    wakers: Arc<Wakers>,
    /// Wakes both halves. The socket remembers one waker per direction, and both halves read and write: answering a ping
    /// is a write by the receiving half.
    waker: Waker,
}

pub(crate) struct State<S> {
    /// Gone once the link has ended.
    pub(crate) socket: Option<Socket<S>>,
    /// How it ended, for the receiving half.
    pub(crate) end: Option<Result<(), TransportError>>,
    /// The close that was sent, by request or because the peer's frames were unacceptable.
    pub(crate) sent_close: Option<CloseReason>,
    /// Whether the owner asked for the end, which makes it a clean one.
    pub(crate) asked: bool,
    /// Why sending is over. Receiving goes on as long as there is something to receive, for it may be the peer's reason.
    pub(crate) write_error: Option<TransportError>,
    /// A `close` is under way and finishes even when the receiving half is dropped.
    pub(crate) closing: bool,
    pub(crate) receiver_dropped: bool,
}

impl<S> Link<S> {
    pub(crate) fn new(socket: Socket<S>) -> Self {
        let wakers = Arc::new(Wakers::default());
        Self {
            state: Mutex::new(State {
                socket: Some(socket),
                end: None,
                sent_close: None,
                asked: false,
                write_error: None,
                closing: false,
                receiver_dropped: false,
            }),
            waker: Waker::from(Arc::clone(&wakers)),
            wakers,
        }
    }

    /// The state, and a context that wakes both halves, for the sending half.
    pub(crate) fn for_sender(&self, cx: &Context<'_>) -> (MutexGuard<'_, State<S>>, Context<'_>) {
        self.wakers.sender.register(cx.waker());
        (self.state(), Context::from_waker(&self.waker))
    }

    /// The state, and a context that wakes both halves, for the receiving half.
    pub(crate) fn for_receiver(&self, cx: &Context<'_>) -> (MutexGuard<'_, State<S>>, Context<'_>) {
        self.wakers.receiver.register(cx.waker());
        (self.state(), Context::from_waker(&self.waker))
    }

    pub(crate) fn wake_both(&self) {
        self.waker.wake_by_ref();
    }

    /// Ends the link without a word, if it has not ended.
    pub(crate) fn cut(&self) {
        self.state().cut();
        self.wake_both();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State<S>> {
        // A panic below the lock leaves a socket in an unknown state, but one that still reports its own errors.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> State<S> {
    pub(crate) fn finish(&mut self, end: Result<(), TransportError>) {
        self.end
            .get_or_insert(if self.asked { Ok(()) } else { end });
        self.socket = None;
    }

    pub(crate) fn cut(&mut self) {
        self.finish(Err(TransportError::closed(CloseReason::abnormal())));
    }

    pub(crate) fn sending_failed(&mut self, error: WsError) -> TransportError {
        self.write_error
            .get_or_insert_with(|| link_failure(error))
            .clone()
    }

    /// Why nothing can be sent any more.
    fn sending_is_over(&self) -> Option<TransportError> {
        if let Some(reason) = &self.sent_close {
            return Some(TransportError::closed(reason.clone()));
        }
        match &self.end {
            Some(Ok(())) => Some(TransportError::closed(CloseReason::normal())),
            // The receiving half has the kind; to the sender it is a closed link.
            Some(Err(error)) => {
                let reason = error
                    .close_reason()
                    .cloned()
                    .unwrap_or_else(CloseReason::abnormal);
                Some(TransportError::closed(reason))
            }
            None => self.write_error.clone(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> State<S> {
    /// Hands everything in `outgoing` to the socket's write buffer.
    pub(crate) fn poll_send(
        &mut self,
        outgoing: &mut Outgoing,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), TransportError>> {
        while !outgoing.is_empty() {
            let mut socket = match self.sender_socket() {
                Ok(socket) => socket,
                Err(error) => return Poll::Ready(Err(error)),
            };
            if let Err(error) = ready!(socket.as_mut().poll_ready(cx)) {
                return Poll::Ready(Err(self.sending_failed(error)));
            }
            let Some(message) = outgoing.next() else {
                break;
            };
            match socket.start_send(message) {
                Ok(()) => {}
                Err(WsError::WriteBufferFull(message)) => {
                    // Pongs took the room of this one.
                    outgoing.give_back(*message);
                    ready!(self.poll_flush(cx))?;
                }
                Err(error) => return Poll::Ready(Err(self.sending_failed(error))),
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let socket = match self.sender_socket() {
            Ok(socket) => socket,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let flushed = ready!(socket.poll_flush(cx));
        Poll::Ready(flushed.map_err(|error| self.sending_failed(error)))
    }

    /// Puts a close behind everything that was sent.
    pub(crate) fn poll_send_close(
        &mut self,
        reason: &CloseReason,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), TransportError>> {
        // Only an empty write buffer is sure to have room: the library forgets a close that found none.
        ready!(self.poll_flush(cx))?;
        self.send_close_now(reason);
        Poll::Ready(Ok(()))
    }

    /// Puts a close into the write buffer whatever is in there.
    pub(crate) fn send_close_now(&mut self, reason: &CloseReason) {
        if let Some(socket) = &mut self.socket {
            let close = Message::Close(Some(crate::failure::close_frame(reason)));
            if let Err(error) = Pin::new(socket).start_send(close) {
                self.sending_failed(error);
            }
            self.sent_close = Some(reason.clone());
        }
    }

    fn sender_socket(&mut self) -> Result<Pin<&mut Socket<S>>, TransportError> {
        if let Some(error) = self.sending_is_over() {
            return Err(error);
        }
        match &mut self.socket {
            Some(socket) => Ok(Pin::new(socket)),
            None => Err(TransportError::closed(CloseReason::abnormal())),
        }
    }
}

#[derive(Default)]
struct Wakers {
    sender: AtomicWaker,
    receiver: AtomicWaker,
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.sender.wake();
        self.receiver.wake();
    }
}
