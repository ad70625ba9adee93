//! What becomes of a connection.

use std::fmt;
use std::time::Duration;

use hypha_client::{ConnectionEvent, State};
use tokio::sync::watch;

use crate::client::Client;
use crate::connection::Connection;
use crate::error::Error;

impl Client {
    /// What happens to the connection from now on.
    #[must_use]
    pub fn connection_events(&self) -> ConnectionEvents {
        ConnectionEvents {
            events: self.as_async().connection_events(),
            connection: self.into(),
        }
    }

    /// Follows the state of the connection: the present one, and what it changes to.
    #[must_use]
    pub fn watch_state(&self) -> States {
        let mut state = self.as_async().watch_state();
        state.mark_changed();
        States {
            state,
            connection: self.into(),
        }
    }
}

/// What happens to a connection, as it happens. It ends with the connection, and does not keep it open.
#[derive(Debug)]
pub struct ConnectionEvents {
    events: hypha_client::ConnectionEvents,
    connection: Connection,
}

impl ConnectionEvents {
    /// Waits for the next event, but no longer than `timeout`.
    ///
    /// # Errors
    /// [`Error::TimedOut`], and [`CannotBlock`](crate::CannotBlock).
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Result<ConnectionEvent, Error>> {
        let event = async { self.events.recv().await.map(Ok::<_, Error>) };
        self.connection.next_timeout(timeout, event)
    }
}

impl Iterator for ConnectionEvents {
    /// The only error is [`CannotBlock`](crate::CannotBlock).
    type Item = Result<ConnectionEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = async { self.events.recv().await.map(Ok::<_, Error>) };
        self.connection.next(event)
    }
}

/// The states of a connection: the newest that was not seen yet. It ends after [`State::Closed`], and does not keep the
/// connection open.
pub struct States {
    state: watch::Receiver<State>,
    connection: Connection,
}

impl States {
    /// Waits for the next state, but no longer than `timeout`.
    ///
    /// # Errors
    /// [`Error::TimedOut`], and [`CannotBlock`](crate::CannotBlock).
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Result<State, Error>> {
        let next = next(&mut self.state);
        self.connection.next_timeout(timeout, next)
    }
}

impl Iterator for States {
    /// The only error is [`CannotBlock`](crate::CannotBlock).
    type Item = Result<State, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = next(&mut self.state);
        self.connection.next(next)
    }
}

async fn next(state: &mut watch::Receiver<State>) -> Option<Result<State, Error>> {
    state.changed().await.ok()?;
    Some(Ok(state.borrow_and_update().clone()))
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("States")
            .field(&*self.state.borrow())
            .finish()
    }
}
