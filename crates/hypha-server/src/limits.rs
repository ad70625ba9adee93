//! How much clients may do, and what they are told of it. By default nothing here is limited but the size of frames and the
//! number of services.

use std::time::Duration;

use serde_json::{Value, json};

use crate::registry::SERVICES_PER_CLIENT;

/// What a server lets its clients do. `None` is without limit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limits {
    /// Binary frames that a client may send.
    pub(crate) frames: Option<FrameRate>,
    /// How long a client may send nothing.
    pub(crate) idle: Option<Duration>,
    /// Clients that are let in at the same time; the others wait.
    pub(crate) handshakes: Option<usize>,
    /// Connections of one user.
    pub(crate) connections_per_user: Option<usize>,
    /// Clients in one workspace.
    pub(crate) clients_per_workspace: Option<usize>,
    /// Services of one client.
    pub(crate) services_per_client: Option<usize>,
}

/// How many frames a client may send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FrameRate {
    /// Frames a second, in the long run.
    pub(crate) per_second: f64,
    /// Frames at once, after a while of silence.
    pub(crate) burst: u32,
}

impl FrameRate {
    /// That of the reference server.
    pub(crate) const REFERENCE: Self = Self {
        per_second: 200.0,
        burst: 2000,
    };
}

/// The largest frame that the reference server takes, in bytes.
pub(crate) const REFERENCE_MAX_FRAME: usize = 16 * 1024 * 1024;

/// How long a client may wait until it is let in.
pub(crate) const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(30);

impl Default for Limits {
    fn default() -> Self {
        Self {
            frames: None,
            idle: None,
            handshakes: None,
            connections_per_user: None,
            clients_per_workspace: None,
            services_per_client: Some(SERVICES_PER_CLIENT),
        }
    }
}

impl Limits {
    /// The defaults of the reference server.
    pub(crate) fn reference() -> Self {
        Self {
            frames: Some(FrameRate::REFERENCE),
            idle: Some(Duration::from_secs(600)),
            handshakes: Some(10),
            connections_per_user: Some(200),
            clients_per_workspace: Some(1000),
            services_per_client: Some(SERVICES_PER_CLIENT),
        }
    }

    /// As clients are told on connecting.
    pub(crate) fn stated(&self, max_frame: usize) -> Value {
        json!({
            "messages_per_second": self.frames.map(|rate| rate.per_second),
            "burst": self.frames.map(|rate| rate.burst),
            "max_frame": max_frame,
            "idle_timeout": self.idle.map(|idle| idle.as_secs_f64()),
            "connections_per_user": self.connections_per_user,
            "clients_per_workspace": self.clients_per_workspace,
            "services_per_client": self.services_per_client,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_what_holds() {
        let stated = Limits::reference().stated(REFERENCE_MAX_FRAME);
        let wanted = json!({
            "messages_per_second": 200.0,
            "burst": 2000,
            "max_frame": 16_777_216,
            "idle_timeout": 600.0,
            "connections_per_user": 200,
            "clients_per_workspace": 1000,
            "services_per_client": 1000,
        });
        assert_eq!(stated, wanted);
        let stated = Limits::default().stated(7);
        assert_eq!(stated["messages_per_second"], Value::Null);
        assert_eq!(stated["max_frame"], 7);
    }
}
