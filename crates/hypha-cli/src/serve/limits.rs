//! What clients may do.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use clap::Args;
use hypha_server::HyphaServerBuilder;

/// The limits of a server, each also under the name that the Python server has for its variable.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits (none but the size of frames unless asked for)")]
pub(super) struct LimitArgs {
    /// Begin with the limits that the Python server has by default
    #[arg(long, env = "HYPHA_REFERENCE_LIMITS", value_parser = clap::builder::FalseyValueParser::new())]
    reference_limits: bool,
    /// Frames a second that a client may send in the long run [env: HYPHA_WS_MSG_RATE_LIMIT]
    #[arg(long, value_name = "FRAMES", requires = "frame_burst")]
    frame_rate: Option<NonZeroU32>,
    /// Frames that a client may send at once after a while of silence [env: HYPHA_WS_MSG_BURST_LIMIT]
    #[arg(long, value_name = "FRAMES", requires = "frame_rate")]
    frame_burst: Option<NonZeroU32>,
    /// Largest frame that clients may send [env: HYPHA_WS_MAX_FRAME] [default: 64 MiB]
    #[arg(long, value_name = "BYTES")]
    max_frame: Option<NonZeroUsize>,
    /// How long a client may send nothing [env: HYPHA_WS_IDLE_TIMEOUT]
    #[arg(long, value_name = "SECONDS")]
    idle_timeout: Option<NonZeroU32>,
    /// Clients that are let in at the same time; the others wait [env: HYPHA_MAX_CONCURRENT_CONNECTIONS]
    #[arg(long, value_name = "N")]
    max_concurrent_handshakes: Option<NonZeroUsize>,
    /// Connections that a user may have [env: HYPHA_MAX_CONNECTIONS_PER_USER]
    #[arg(long, value_name = "N")]
    max_connections_per_user: Option<NonZeroUsize>,
    /// Clients that a workspace may have [env: HYPHA_MAX_CLIENTS_PER_WORKSPACE]
    #[arg(long, value_name = "N")]
    max_clients_per_workspace: Option<NonZeroUsize>,
    /// Services that a client may register [env: HYPHA_MAX_SERVICES_PER_CLIENT]
    #[arg(long, value_name = "N")]
    max_services_per_client: Option<NonZeroUsize>,
}

impl LimitArgs {
    /// What everything else is said on top of.
    pub(super) fn begin(&self, builder: HyphaServerBuilder) -> HyphaServerBuilder {
        if self.reference_limits {
            builder.reference_limits()
        } else {
            builder
        }
    }

    /// What was said of single limits.
    pub(super) fn apply(&self, mut builder: HyphaServerBuilder) -> HyphaServerBuilder {
        if let (Some(rate), Some(burst)) = (self.frame_rate, self.frame_burst) {
            builder = builder.frame_rate(rate.get().into(), burst.get());
        }
        if let Some(bytes) = self.max_frame {
            builder = builder.max_frame(bytes.get());
        }
        if let Some(seconds) = self.idle_timeout {
            builder = builder.idle_timeout(Duration::from_secs(seconds.get().into()));
        }
        if let Some(count) = self.max_concurrent_handshakes {
            builder = builder.max_concurrent_handshakes(count.get());
        }
        if let Some(count) = self.max_connections_per_user {
            builder = builder.max_connections_per_user(count.get());
        }
        if let Some(count) = self.max_clients_per_workspace {
            builder = builder.max_clients_per_workspace(count.get());
        }
        if let Some(count) = self.max_services_per_client {
            builder = builder.max_services_per_client(count.get());
        }
        builder
    }
}
