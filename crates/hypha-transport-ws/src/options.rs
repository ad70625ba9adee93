use std::time::Duration;

use hypha_transport::{DEFAULT_MAX_FRAME, Limits};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::outgoing::FRAGMENT;

/// Small frames gather in here until a flush, or until they exceed it.
const WRITE_BUFFER: usize = 128 * 1024;

/// A server has many connections, most of them idle, and the buffer is zero-filled memory.
const READ_BUFFER_SERVER: usize = 8 * 1024;
const READ_BUFFER_CLIENT: usize = 16 * 1024;

/// Room for frame headers, and for pongs that wait behind data.
const WRITE_BUFFER_HEADROOM: usize = 64 * 1024;

/// Options of a WebSocket link, the same for both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WsOptions {
    /// The largest frame in bytes, sent or received. Default 64 MiB. A peer that sends fragments may make a link hold
    /// twice as much for a moment.
    pub max_frame: usize,
    /// The largest first message of the peer in bytes, where it is less than `max_frame`: for servers that do not know yet
    /// whom they talk to. `None` by default.
    pub max_first: Option<usize>,
    /// How often a ping is sent; `None` sends none. Default 20 s. A peer of which nothing was heard for
    /// `ping_interval + ping_timeout` ends the link with
    /// [`Timeout`](hypha_transport::TransportErrorKind::Timeout). Whatever arrives counts as an answer, and while data
    /// that was sent before the ping still trickles out the peer counts as alive.
    pub ping_interval: Option<Duration>,
    /// How long the peer may take to answer a ping. Default 20 s.
    pub ping_timeout: Duration,
    /// How long [`close`](hypha_transport::FrameTx::close) tries to hand over what was fed and the close itself, and how
    /// long receiving goes on without hearing anything after that. Default 5 s.
    pub close_timeout: Duration,
}

impl WsOptions {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_frame: DEFAULT_MAX_FRAME,
            max_first: None,
            ping_interval: Some(Duration::from_secs(20)),
            ping_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
        }
    }

    /// Sets the largest frame in bytes.
    #[must_use]
    pub const fn with_max_frame(mut self, bytes: usize) -> Self {
        self.max_frame = bytes;
        self
    }

    /// Sets the largest first message of the peer in bytes.
    #[must_use]
    pub const fn with_max_first(mut self, bytes: usize) -> Self {
        self.max_first = Some(bytes);
        self
    }

    /// Sets how often a ping is sent.
    #[must_use]
    pub const fn with_ping_interval(mut self, interval: Option<Duration>) -> Self {
        self.ping_interval = interval;
        self
    }

    /// Sets how long the peer may take to answer a ping.
    #[must_use]
    pub const fn with_ping_timeout(mut self, timeout: Duration) -> Self {
        self.ping_timeout = timeout;
        self
    }

    /// Sets how long closing may take.
    #[must_use]
    pub const fn with_close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits::new().with_max_frame(self.max_frame)
    }

    pub(crate) fn config(&self, role: Role) -> WebSocketConfig {
        let read_buffer = match role {
            Role::Server => READ_BUFFER_SERVER,
            Role::Client => READ_BUFFER_CLIENT,
        };
        WebSocketConfig::default()
            .read_buffer_size(read_buffer)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(WRITE_BUFFER + FRAGMENT + WRITE_BUFFER_HEADROOM)
            .max_message_size(Some(self.max_frame))
            .max_frame_size(Some(self.max_frame))
    }
}

impl Default for WsOptions {
    fn default() -> Self {
        Self::new()
    }
}
