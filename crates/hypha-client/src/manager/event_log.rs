//! The log that a server keeps of a workspace.

use hypha_codec::{Map, Value};
use serde::{Deserialize, Serialize};

use super::OptionalArgument as _;
use crate::client::Client;
use crate::error::Error;
use crate::lenient::null_as_default;

/// Which events to look at; all of them unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventQuery {
    /// Only those of this type.
    pub event_type: Option<String>,
    /// Only those from this time on, as ISO 8601 text.
    pub start_time: Option<String>,
    /// Only those up to this time, as ISO 8601 text.
    pub end_time: Option<String>,
}

impl EventQuery {
    /// All events.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those of this type.
    #[must_use]
    pub fn event_type(mut self, event_type: impl Into<String>) -> Self {
        self.event_type = Some(event_type.into());
        self
    }

    /// Only those from this time on, as ISO 8601 text.
    #[must_use]
    pub fn start_time(mut self, time: impl Into<String>) -> Self {
        self.start_time = Some(time.into());
        self
    }

    /// Only those up to this time, as ISO 8601 text.
    #[must_use]
    pub fn end_time(mut self, time: impl Into<String>) -> Self {
        self.end_time = Some(time.into());
        self
    }
}

/// An event in the log.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct LoggedEvent {
    /// Its number.
    #[serde(default)]
    pub id: Option<i64>,
    /// Its type.
    pub event_type: String,
    /// Where it happened.
    #[serde(default, deserialize_with = "null_as_default")]
    pub workspace: String,
    /// Who logged it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub user_id: String,
    /// When, as the server writes it: ISO 8601 text without a time zone.
    #[serde(default)]
    pub timestamp: Value,
    /// What was logged.
    #[serde(default)]
    pub data: Value,
    /// What else the server says.
    #[serde(flatten)]
    pub extra: Map,
}

/// How many events there are of a type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct EventCount {
    /// The type.
    pub event_type: String,
    /// How many.
    pub count: u64,
}

impl Client {
    /// Writes a message into the log of the workspace.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn log(&self, message: impl Serialize) -> Result<(), Error> {
        self.tell("log", |call| call.args((message,))).await
    }

    /// Writes an event into the log of the workspace.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn log_event(&self, event_type: &str, data: impl Serialize) -> Result<(), Error> {
        self.tell("log_event", |call| call.args((event_type, data)))
            .await
    }

    /// Events from the log of the workspace.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn get_events(&self, query: EventQuery) -> Result<Vec<LoggedEvent>, Error> {
        self.ask("get_events", |call| query.arguments_of(call))
            .await
    }

    /// How many events of each type are in the log of the workspace.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn get_event_stats(&self, query: EventQuery) -> Result<Vec<EventCount>, Error> {
        self.ask("get_event_stats", |call| query.arguments_of(call))
            .await
    }
}

impl EventQuery {
    fn arguments_of(self, call: hypha_rpc_core::MethodCall) -> hypha_rpc_core::MethodCall {
        call.optional("event_type", self.event_type)
            .optional("start_time", self.start_time)
            .optional("end_time", self.end_time)
    }
}
