//! The one place where the relay reads the clock.

use tokio::time::Instant;

/// The time, as timers have it.
#[expect(
    clippy::disallowed_methods,
    reason = "who waits for a receiver, and who calls too much, is a matter of time"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
