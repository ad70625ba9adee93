use std::fmt;
use std::sync::Arc;

use crate::{Transport, TransportError};

/// Dials, and can dial again.
///
/// A connector holds the address and the options; everything that has to do with *when* to dial (reconnecting, backing
/// off, giving up) is done once, above, for all transports. So `connect` makes exactly one attempt.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot dial a transport",
    note = "implement `Connector`, or wrap a function from `ConnectContext` to a future with `connector_fn`"
)]
pub trait Connector: Send + Sync + 'static {
    /// What a successful dial yields.
    type Transport: Transport;

    /// Makes one attempt to reach the peer, and ends by itself: every step has a time limit of the implementation's
    /// choice. Dropping the future abandons the attempt and frees what it holds.
    ///
    /// # Errors
    /// Any [`TransportErrorKind`](crate::TransportErrorKind); the kind tells the caller whether another attempt may
    /// help.
    fn connect(
        &self,
        cx: ConnectContext,
    ) -> impl Future<Output = Result<Self::Transport, TransportError>> + Send;
}

impl<C: Connector> Connector for Arc<C> {
    type Transport = C::Transport;

    fn connect(
        &self,
        cx: ConnectContext,
    ) -> impl Future<Output = Result<C::Transport, TransportError>> + Send {
        (**self).connect(cx)
    }
}

/// What a [`Connector`] is told about the attempt it is to make.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConnectContext {
    /// How many attempts preceded this one since the link was last up. 0 for the first.
    pub attempt: u32,
}

impl ConnectContext {
    /// The context of the first attempt.
    #[must_use]
    pub const fn new() -> Self {
        Self { attempt: 0 }
    }

    /// Sets the number of preceding attempts.
    #[must_use]
    pub const fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }
}

/// A [`Connector`] out of a function.
pub fn connector_fn<F, Fut, T>(dial: F) -> ConnectorFn<F>
where
    F: Fn(ConnectContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, TransportError>> + Send,
    T: Transport,
{
    ConnectorFn { dial }
}

/// See [`connector_fn`].
#[derive(Clone)]
pub struct ConnectorFn<F> {
    dial: F,
}

impl<F, Fut, T> Connector for ConnectorFn<F>
where
    F: Fn(ConnectContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, TransportError>> + Send,
    T: Transport,
{
    type Transport = T;

    fn connect(
        &self,
        cx: ConnectContext,
    ) -> impl Future<Output = Result<T, TransportError>> + Send {
        (self.dial)(cx)
    }
}

impl<F> fmt::Debug for ConnectorFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorFn").finish_non_exhaustive()
    }
}
