//! Making a lost connection again (protocol section 2).

use std::marker::PhantomData;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use hypha_transport::{
    ConnectContext, Connector, FrameRx, FrameTx, Transport, TransportError, TransportErrorKind,
};

use super::{CLOSE_TIMEOUT, Link, reading};
use crate::address::Address;
use crate::backoff::{ReconnectPolicy, Redials, random};
use crate::error::with_sources;
use crate::handshake::{ConnectionInfo, Credentials, Greeting, HandshakeFailure, greet};
use crate::secret::Secret;
use crate::state::{ClosedReason, State};
use crate::writer::Writer;

/// What it takes to connect again.
pub(crate) struct Dialler<C> {
    pub(crate) connector: C,
    /// As the user gave them; the reconnection token is that of the server.
    pub(crate) credentials: Credentials,
    /// How long one attempt may take, handshake included.
    pub(crate) timeout: Duration,
    pub(crate) policy: ReconnectPolicy,
}

/// Both halves of a transport.
pub(crate) type Halves<T> = (<T as Transport>::Tx, <T as Transport>::Rx);

/// A connection that was made again.
pub(super) struct Dialled<T: Transport> {
    pub(super) halves: Halves<T>,
    pub(super) info: ConnectionInfo,
    pub(super) manager: Address,
    /// What the server kept for us meanwhile.
    pub(super) early: Vec<Bytes>,
}

/// An attempt that failed.
enum Failure {
    /// The server does not want us: trying again does not help.
    Refused(String),
    Failed(String),
}

impl<C: Connector> Dialler<C> {
    async fn attempt(
        &self,
        local: &Address,
        token: Option<Secret>,
        number: u32,
        wait: Duration,
    ) -> Result<Dialled<C::Transport>, Failure> {
        tokio::time::sleep(wait).await;
        match tokio::time::timeout(self.timeout, self.dial(local, token, number)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Failed(format!(
                "the server did not answer within {:?}",
                self.timeout
            ))),
        }
    }

    async fn dial(
        &self,
        local: &Address,
        token: Option<Secret>,
        number: u32,
    ) -> Result<Dialled<C::Transport>, Failure> {
        let failed = |error: &dyn std::error::Error| Failure::Failed(with_sources(error));
        let context = ConnectContext::new().with_attempt(number);
        let transport = self.connector.connect(context).await;
        let (mut tx, mut rx) = transport.map_err(|error| failed(&error))?.split();
        let mut credentials = self.credentials.clone();
        credentials.reconnection_token = token.or(credentials.reconnection_token);
        let Greeting { info, early } = match greet(&mut tx, &mut rx, &credentials).await {
            Ok(greeting) => greeting,
            Err(HandshakeFailure {
                error,
                refused: true,
            }) => return Err(Failure::Refused(error.to_string())),
            Err(failure) => return Err(failed(&failure.error)),
        };
        let manager = info.manager().map_err(|error| failed(&error))?;
        // Everything that we said of ourselves names this address.
        match info.address() {
            Ok(address) if address == *local => Ok(Dialled {
                halves: (tx, rx),
                info,
                manager,
                early,
            }),
            _ => Err(Failure::Refused(format!(
                "it takes this client for `{}/{}` instead of `{local}`",
                info.workspace, info.client_id
            ))),
        }
    }
}

impl Link {
    /// Dials until there is a connection, and meanwhile does whatever needs none. The old one is
    /// closed besides.
    pub(super) async fn redial<C: Connector>(
        &mut self,
        dialler: &Dialler<C>,
        redials: &mut Redials,
        mut wait: Duration,
        farewell: impl Future<Output = ()>,
    ) -> Result<Dialled<C::Transport>, ClosedReason> {
        let local = self.local.clone();
        let mut farewell = pin!(farewell);
        let mut closing = true;
        loop {
            let number = redials.attempts();
            let token = self.channels.tokens.borrow().clone();
            let mut attempt = pin!(dialler.attempt(&local, token, number, wait));
            let failure = loop {
                self.handle_events();
                if let Some(reason) = self.leaving.take() {
                    return Err(reason);
                }
                self.tell_drained();
                tokio::select! {
                    result = &mut attempt => match result {
                        Ok(dialled) => return Ok(dialled),
                        Err(failure) => break failure,
                    },
                    () = &mut farewell, if closing => closing = false,
                    end = self.next_work() => if let Some(reason) = end {
                        return Err(reason);
                    },
                }
            };
            let text = match failure {
                Failure::Refused(text) => return Err(ClosedReason::Refused(text.into())),
                Failure::Failed(text) => text,
            };
            match redials.failed(random()) {
                Some(next) => wait = next,
                None => {
                    return Err(ClosedReason::GaveUp {
                        attempts: redials.attempts(),
                        last: text.into(),
                    });
                }
            }
            tracing::debug!(%text, ?wait, "an attempt to reconnect failed");
            self.channels.state.send_modify(|state| {
                if let State::Reconnecting { attempt, .. } = state {
                    *attempt = redials.attempts();
                }
            });
        }
    }
}

/// Closes the link that was lost, as far as that is still possible.
pub(super) async fn farewell<Tx: FrameTx, Rx: FrameRx>(
    writer: Writer<Tx>,
    mut rx: Rx,
    reason: ClosedReason,
) {
    let close = reading(&mut rx, writer.close(&reason));
    drop(tokio::time::timeout(CLOSE_TIMEOUT, close).await);
}

/// Stands where a link has nobody to dial.
pub(crate) struct NoConnector<T>(PhantomData<fn() -> T>);

impl<T: Transport> Connector for NoConnector<T> {
    type Transport = T;

    async fn connect(&self, _: ConnectContext) -> Result<T, TransportError> {
        Err(TransportError::new(
            TransportErrorKind::Unreachable,
            "a direct link is not dialled",
        ))
    }
}
