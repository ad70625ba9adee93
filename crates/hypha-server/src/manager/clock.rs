//! Times as text.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Now, as events tell it.
#[expect(clippy::disallowed_methods, reason = "the manager dates what it logs")]
pub(super) fn now() -> String {
    utc_text(SystemTime::now())
}

/// A time in UTC, as Python writes one without a zone: `2026-11-23T10:12:01.399301`.
fn utc_text(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (
        since.as_secs() / SECONDS_PER_DAY,
        since.as_secs() % SECONDS_PER_DAY,
    );
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}")
}

/// Year, month and day, so many days after the first of January 1970. Years begin in March here, so that the day that
/// some have more is their last.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_FROM_MARCH_0: u64 = 719_468;
    const DAYS_PER_400_YEARS: u64 = 146_097;
    let days = days + DAYS_FROM_MARCH_0;
    let (era, day) = (days / DAYS_PER_400_YEARS, days % DAYS_PER_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (400 * era + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
