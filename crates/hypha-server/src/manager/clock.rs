//! Times as text.

use std::time::SystemTime;

use time::OffsetDateTime;

/// Now, as events tell it.
#[expect(clippy::disallowed_methods, reason = "the manager dates what it logs")]
pub(super) fn now() -> String {
    utc_text(SystemTime::now())
}

/// A time in UTC, as Python writes one without a zone: `2026-11-23T10:12:01.399301`.
fn utc_text(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    let (hour, minute, second, micros) = time.to_hms_micro();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000007"),
            (951_782_399, "2000-02-28T23:59:59.000007"),
            (951_782_400, "2000-02-29T00:00:00.000007"),
            (951_868_800, "2000-03-01T00:00:00.000007"),
            (1_704_067_199, "2023-12-31T23:59:59.000007"),
            (1_709_164_800, "2024-02-29T00:00:00.000007"),
            (4_107_542_400, "2100-03-01T00:00:00.000007"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(7);
            assert_eq!(utc_text(time), text);
        }
    }
}
