//! Moving frames between connections: nothing but their header segment is looked at.

mod clock;
mod connection;
mod control;
mod forward;
mod limiter;
mod manager_calls;
mod outbound;
mod router;
mod routes;
mod topics;
mod vigil;

pub(crate) use self::connection::{Connection, End, Identity, run, tell};
pub(crate) use self::outbound::SERVER;
pub(crate) use self::router::{Router, event_frame, notify};
pub(crate) use self::topics::{MAX_EVENT_NAME, MAX_SUBSCRIPTIONS};
pub(crate) use self::vigil::Vigil;
