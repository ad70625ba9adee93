//! Settings of a peer.

use std::sync::Arc;
use std::time::Duration;

use hypha_codec::{CodecRegistry, Text};
use hypha_transport::Limits;

use crate::pacing::Pacing;
use crate::protocol;
use crate::sealing::Sealer;

/// Times, limits and names of a peer. Every field has a default; any value is fine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PeerConfig {
    /// The longest silence of a provider that a caller bears, 30 s. Callers are told to expect a
    /// heartbeat every half of it.
    pub method_timeout: Duration,
    /// The same for functions of interfaces, 10 s.
    pub rintf_timeout: Duration,
    /// The longest time a call may take in all; unlimited by default.
    pub deadline: Option<Duration>,
    /// Messages with longer arguments or results go in several frames, each with so many bytes of
    /// them: 256 KiB, at least 4 KiB. What the transport carries bounds it too.
    ///
    /// Every known peer survives up to 480,000. Between Rust peers on a link of their own it may be
    /// as large as the transport carries.
    pub chunk_size: usize,
    /// Bytes of one message in several frames that others may send here, 1 GiB.
    pub max_message_bytes: usize,
    /// Bytes of all such messages that are under way to here at once, 2 GiB.
    pub max_assembly_bytes: usize,
    /// Bytes of calls that may wait for the network before callers have to, 64 MiB. Large messages
    /// do not count: they wait with their callers, chunk by chunk.
    pub max_queued_bytes: usize,
    /// Calls of others that may run here at once, 4096; more are refused as busy.
    pub max_running: usize,
    /// Bytes of arguments and answers of calls that run here, 2 GiB; more are refused as busy. One
    /// message alone always has room, however large it is.
    pub max_running_bytes: usize,
    /// Events of one name that may wait for their listener, 1024; when more come the oldest are
    /// dropped and counted.
    pub max_queued_events: usize,
    /// Bytes of these events, 16 MiB.
    pub max_queued_event_bytes: usize,
    /// How fast frames are sent over a server that relays: below its limit.
    pub pacing: Pacing,
    /// How long to look for an answer before the thread goes to sleep, where answers mostly come in that time: 150 us.
    /// Small calls between processes of one machine, or of one fast network, take half as long by that. No time at all
    /// turns it off; in a runtime of several threads it has no effect.
    pub busy_poll: Duration,
    /// How often to say that we are alive, 20 s; `None` turns it off.
    pub ping_interval: Option<Duration>,
    /// How long the server may take to show that it is alive after that, 10 s.
    pub ping_timeout: Duration,
    /// How often to ask for a fresh reconnection token, at most two hours; `None` turns it off.
    /// Two thirds of the life of a token bound it.
    pub token_refresh_interval: Option<Duration>,
    /// Name of the client, shown in its built-in service.
    pub name: Option<Text>,
    /// Application that the services belong to, `*` by default.
    pub app_id: Text,
    /// Codecs of user types.
    pub registry: CodecRegistry,
    /// Encrypts calls and answers, end to end; `None`, the default, turns encryption off.
    pub sealer: Option<Arc<dyn Sealer>>,
}

impl Default for PeerConfig {
    fn default() -> Self {
        Self {
            method_timeout: protocol::METHOD_TIMEOUT,
            rintf_timeout: protocol::RINTF_TIMEOUT,
            deadline: None,
            chunk_size: protocol::CHUNK_SIZE,
            max_message_bytes: 1 << 30,
            max_assembly_bytes: 2 << 30,
            max_queued_bytes: 64 << 20,
            max_running: 4096,
            max_running_bytes: 2 << 30,
            max_queued_events: 1024,
            max_queued_event_bytes: 16 << 20,
            pacing: Pacing::Default,
            busy_poll: BUSY_POLL,
            ping_interval: Some(protocol::PING_INTERVAL),
            ping_timeout: protocol::PING_TIMEOUT,
            token_refresh_interval: Some(protocol::TOKEN_REFRESH_INTERVAL),
            name: None,
            app_id: Text::from("*"),
            registry: CodecRegistry::default(),
            sealer: None,
        }
    }
}

impl PeerConfig {
    /// The same with a size of chunks that the protocol and the transport can bear.
    pub(crate) fn bounded_by(mut self, limits: Limits) -> Self {
        let carried = limits.max_frame - HEADER_ROOM.min(limits.max_frame / 2);
        self.chunk_size = self.chunk_size.max(protocol::MIN_CHUNK_SIZE).min(carried);
        self
    }

    /// The longest silence of a call of this path, if the caller says nothing else.
    pub(crate) fn timeout_of(&self, path: &str) -> Duration {
        if path.contains(protocol::RINTF_PREFIX) {
            self.rintf_timeout
        } else {
            self.method_timeout
        }
    }
}

/// Bytes that a header, a call around a chunk and what the server adds may take.
const HEADER_ROOM: usize = 4096;

/// Round trips over a server on the same machine take 40 to 120 us, the longer ones if everybody sleeps between.
const BUSY_POLL: Duration = Duration::from_micros(150);
