use std::time::{SystemTime, UNIX_EPOCH};

/// Whole seconds since 1970, in which tokens are dated.
pub(crate) fn unix_seconds() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "tokens end by the clock of the world"
    )]
    let now = SystemTime::now();
    // A clock before 1970 makes every token one of the future: none is taken for expired by mistake.
    now.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
