use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;
use futures_sink::Sink;

use crate::{CloseReason, Frame, FrameRx, FrameTx, Limits, Transport, TransportError};

/// A [`Transport`] out of a sink and a stream of frames, which is the shape that many libraries offer.
///
/// A sink has no room for a [`CloseReason`]: closing sends what was fed and closes the sink, and the peer learns no
/// code from it. The end of the stream is the clean end of the link. To report any other end let the stream yield a
/// [`TransportError::closed`] as its last item.
///
/// Closing the sink should end the stream as well. Where the two close by halves, as those of a socket do, `recv` after
/// our own close waits until the peer closes too: end the stream when the sink was closed.
///
/// Frames beyond `limits` are refused before they reach the sink. A received frame beyond [`Limits::max_frame`] ends
/// the receiving half, but its memory has been spent by then: bound it in the stream too.
pub fn from_sink_stream<Si, St>(sink: Si, stream: St, limits: Limits) -> SinkStream<Si, St>
where
    Si: Sink<Frame> + Send + 'static,
    Si::Error: Into<TransportError>,
    St: Stream + Send + 'static,
    SinkStream<Si, St>: Transport,
{
    SinkStream {
        sink,
        stream,
        limits,
    }
}

/// See [`from_sink_stream`].
pub struct SinkStream<Si, St> {
    sink: Si,
    stream: St,
    limits: Limits,
}

impl<Si, St, E> Transport for SinkStream<Si, St>
where
    Si: Sink<Frame> + Send + 'static,
    Si::Error: Into<TransportError>,
    St: Stream<Item = Result<Frame, E>> + Send + 'static,
    E: Into<TransportError> + 'static,
{
    type Tx = SinkTx<Si>;
    type Rx = StreamRx<St>;

    fn limits(&self) -> Limits {
        self.limits
    }

    fn split(self) -> (Self::Tx, Self::Rx) {
        let tx = SinkTx {
            sink: Box::pin(self.sink),
            limits: self.limits,
        };
        let rx = StreamRx {
            stream: Some(Box::pin(self.stream)),
            end: Ok(()),
            limits: self.limits,
        };
        (tx, rx)
    }
}

impl<Si, St> fmt::Debug for SinkStream<Si, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkStream")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The sending half of a [`SinkStream`].
pub struct SinkTx<Si> {
    sink: Pin<Box<Si>>,
    limits: Limits,
}

impl<Si> FrameTx for SinkTx<Si>
where
    Si: Sink<Frame> + Send + 'static,
    Si::Error: Into<TransportError>,
{
    async fn feed(&mut self, frame: Frame) -> Result<(), TransportError> {
        self.limits.check(&frame)?;
        poll_fn(|cx| self.sink.as_mut().poll_ready(cx))
            .await
            .map_err(Into::into)?;
        self.sink.as_mut().start_send(frame).map_err(Into::into)
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.sink.as_mut().poll_flush(cx))
            .await
            .map_err(Into::into)
    }

    async fn close(mut self, reason: CloseReason) {
        if reason.is_sendable() {
            // The link is over either way, and the receiving half reports how.
            let _closed: Result<(), Si::Error> =
                poll_fn(|cx| self.sink.as_mut().poll_close(cx)).await;
        }
    }
}

impl<Si> fmt::Debug for SinkTx<Si> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkTx").finish_non_exhaustive()
    }
}

/// The receiving half of a [`SinkStream`].
pub struct StreamRx<St> {
    stream: Option<Pin<Box<St>>>,
    end: Result<(), TransportError>,
    limits: Limits,
}

impl<St> StreamRx<St> {
    fn finish(&mut self, end: Result<(), TransportError>) -> Result<Option<Frame>, TransportError> {
        self.stream = None;
        self.end = end;
        self.end.clone().map(|()| None)
    }
}

impl<St, E> FrameRx for StreamRx<St>
where
    St: Stream<Item = Result<Frame, E>> + Send + 'static,
    E: Into<TransportError> + 'static,
{
    async fn recv(&mut self) -> Result<Option<Frame>, TransportError> {
        let Some(stream) = &mut self.stream else {
            return self.end.clone().map(|()| None);
        };
        let next = poll_fn(|cx| stream.as_mut().poll_next(cx))
            .await
            .map(|item| item.map_err(Into::into));
        match next {
            Some(Ok(frame)) if frame.len() > self.limits.max_frame => self.finish(Err(
                TransportError::too_large(frame.len(), self.limits.max_frame),
            )),
            Some(Ok(frame)) => Ok(Some(frame)),
            Some(Err(error)) => self.finish(Err(error)),
            None => self.finish(Ok(())),
        }
    }
}

impl<St> fmt::Debug for StreamRx<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamRx")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
