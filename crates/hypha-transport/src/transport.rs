use crate::{CloseReason, Frame, Limits, TransportError};

/// One established link to a peer.
///
/// # The contract
///
/// *Frames* arrive whole, in the order they were fed, each exactly once, up to the end of the link.
///
/// *Back-pressure*: a transport buffers a bounded amount. When the peer does not read, [`FrameTx::feed`] waits; it never
/// buffers without bound and never drops a frame.
///
/// *Two full pipes*: when both peers send more than fits in between, each waits for the other to read. So the owner of
/// a link keeps [`FrameRx::recv`] polled while a `feed` or `flush` is pending, and the transport must make progress in
/// that state: reading never waits for writing, and no lock is held while waiting.
///
/// *The end*: a link ends once, and both halves agree about it. A peer that closed with
/// [1000](CloseReason::NORMAL) is the clean end, `Ok(None)` from `recv`. So is the end that this side asked for with
/// [`FrameTx::close`]. Every other end is an error that carries its [`CloseReason`], with
/// [1006](CloseReason::ABNORMAL) where the peer vanished without a word.
///
/// `recv` is the one that knows how a link ended: when sending fails, go on receiving to learn the reason, and to get
/// what the peer had sent before. A transport that cannot carry a close code reports the peer's close as the clean end.
///
/// *Dropping* a transport, or both of its halves, ends the link without a close: the peer sees 1006. When only one half
/// is dropped the other one must not be relied upon: a transport may end the link then, and the ones of this project
/// do. To end a link well, call [`FrameTx::close`] before dropping [`FrameRx`](Transport::Rx).
///
/// The `conformance` feature holds a test suite for all this.
pub trait Transport: Send + 'static {
    /// The sending half.
    type Tx: FrameTx;
    /// The receiving half.
    type Rx: FrameRx;

    /// What this link can carry. Constant over its life.
    fn limits(&self) -> Limits;

    /// Takes the link apart, so that sending and receiving can wait independently of each other, also in different
    /// tasks.
    fn split(self) -> (Self::Tx, Self::Rx);
}

/// The sending half of a [`Transport`].
pub trait FrameTx: Send + 'static {
    /// Accepts a frame for sending, and waits while the transport has no room for it. A frame that was fed may rest in
    /// a buffer until [`flush`](Self::flush), so feed all there is and flush once.
    ///
    /// Not cancel safe: a `feed` once begun must be finished. Dropping the future early may lose the frame, but leaves
    /// the framing intact: a frame is sent whole or not at all.
    ///
    /// # Errors
    /// [`TooLarge`](crate::TransportErrorKind::TooLarge) and
    /// [`Unsupported`](crate::TransportErrorKind::Unsupported) for a frame beyond [`Transport::limits`]: it was not
    /// sent, and the link goes on. Any other error is the end of the link; later calls fail too.
    fn feed(&mut self, frame: Frame) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Hands everything that was fed to the network, and waits until that is done. It does not wait for the peer.
    /// Cancel safe: call it again to go on.
    ///
    /// # Errors
    /// Only when the link has ended.
    fn flush(&mut self) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Ends the link: sends what was fed, then tells the peer the `reason`. The peer receives all of it before it sees
    /// the end. With a code that [cannot be sent](CloseReason::is_sendable), such as
    /// [1006](CloseReason::ABNORMAL), the link is cut at once and without a word.
    ///
    /// The future ends when the close was handed to the network, or when the transport gave up on doing so, which it
    /// does by itself after a while if the peer reads nothing. After that [`FrameRx::recv`] still yields what the peer had
    /// sent, then `Ok(None)`. Dropping the future early cuts the link.
    fn close(self, reason: CloseReason) -> impl Future<Output = ()> + Send;
}

/// The receiving half of a [`Transport`].
pub trait FrameRx: Send + 'static {
    /// The next frame, or `None` after a clean end (see [`Transport`]).
    ///
    /// Cancel safe: dropping the future loses no frame, so it can stand in a `select`. After the end every further call
    /// returns the same end again at once.
    ///
    /// A transport may do its housekeeping in here, such as answering keepalives, so keep it polled even when no
    /// frame is expected.
    ///
    /// # Errors
    /// - [`Closed`](crate::TransportErrorKind::Closed) when the peer closed with another code than 1000 or vanished;
    /// - [`TooLarge`](crate::TransportErrorKind::TooLarge) when the peer sent a frame beyond [`Limits::max_frame`]: the
    ///   link was closed with 1009;
    /// - [`Timeout`](crate::TransportErrorKind::Timeout) when the transport's own keepalive went unanswered;
    /// - [`Protocol`](crate::TransportErrorKind::Protocol) or [`Io`](crate::TransportErrorKind::Io) when it broke.
    ///
    /// Each of them is the end of the link.
    fn recv(&mut self) -> impl Future<Output = Result<Option<Frame>, TransportError>> + Send;
}
