//! MessagePack extensions: timestamps and opaque ones.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

/// A point in time: the timestamp extension of MessagePack, which JavaScript uses for dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

impl Timestamp {
    /// A point in time as seconds since 1970 (UTC) and nanoseconds after them; none if those are a second or more.
    #[must_use]
    pub fn new(seconds: i64, nanoseconds: u32) -> Option<Self> {
        (nanoseconds < 1_000_000_000).then_some(Self {
            seconds,
            nanoseconds,
        })
    }

    /// Whole seconds since 1970 (UTC), rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after the whole second, always below 10^9.
    #[must_use]
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// Reads the content of the extension, in one of its three sizes.
    pub(crate) fn from_ext(data: &[u8]) -> Option<Self> {
        if let Ok(data) = <[u8; 4]>::try_from(data) {
            return Self::new(i64::from(u32::from_be_bytes(data)), 0);
        }
        if let Ok(data) = <[u8; 8]>::try_from(data) {
            let packed = u64::from_be_bytes(data);
            return Self::new((packed & ((1 << 34) - 1)) as i64, (packed >> 34) as u32);
        }
        let (nanoseconds, seconds) = data.split_first_chunk::<4>()?;
        let seconds = <[u8; 8]>::try_from(seconds).ok()?;
        Self::new(
            i64::from_be_bytes(seconds),
            u32::from_be_bytes(*nanoseconds),
        )
    }
}

impl From<SystemTime> for Timestamp {
    /// Times that do not fit become the nearest that does.
    fn from(time: SystemTime) -> Self {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self {
                seconds: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                nanoseconds: after.subsec_nanos(),
            },
            Err(before) => {
                let before = before.duration();
                let seconds = i64::try_from(before.as_secs()).map_or(i64::MIN, |seconds| -seconds);
                match before.subsec_nanos() {
                    0 => Self {
                        seconds,
                        nanoseconds: 0,
                    },
                    nanos => Self {
                        seconds: seconds.saturating_sub(1),
                        nanoseconds: 1_000_000_000 - nanos,
                    },
                }
            }
        }
    }
}

impl From<Timestamp> for Option<SystemTime> {
    /// None if the system's clock cannot hold the time.
    fn from(time: Timestamp) -> Self {
        let whole = Duration::from_secs(time.seconds.unsigned_abs());
        let second = if time.seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(whole)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(whole)
        };
        second?.checked_add(Duration::from_nanos(u64::from(time.nanoseconds)))
    }
}

/// An extension other than a timestamp, kept as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Ext(Box<(i8, Bytes)>);

impl Ext {
    /// An extension of a type with its content.
    #[must_use]
    pub fn new(kind: i8, data: impl Into<Bytes>) -> Self {
        Self(Box::new((kind, data.into())))
    }

    /// The type of the extension; the negative ones belong to MessagePack.
    #[must_use]
    pub fn kind(&self) -> i8 {
        self.0.0
    }

    /// The content.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.0.1
    }

    /// The content, by value.
    #[must_use]
    pub fn into_data(self) -> Bytes {
        self.0.1
    }
}

impl fmt::Debug for Ext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Ext({}, {:?})",
            self.kind(),
            crate::value::debug::ShortBytes(self.data())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_sizes() {
        assert_eq!(
            Timestamp::from_ext(&[0x5e, 0x0b, 0xe1, 0x00]),
            Timestamp::new(1_577_836_800, 0)
        );
        let packed = (123_000_000_u64 << 34) | 1_577_836_800;
        assert_eq!(
            Timestamp::from_ext(&packed.to_be_bytes()),
            Timestamp::new(1_577_836_800, 123_000_000)
        );
        let mut long = 5_u32.to_be_bytes().to_vec();
        long.extend((-1_i64).to_be_bytes());
        assert_eq!(Timestamp::from_ext(&long), Timestamp::new(-1, 5));
        assert_eq!(
            Timestamp::from_ext(&u64::MAX.to_be_bytes()),
            None,
            "a second or more of nanoseconds"
        );
        assert_eq!(Timestamp::from_ext(&[1, 2, 3]), None);
    }

    #[test]
    fn system_time_there_and_back() {
        for (seconds, nanos) in [(0, 0), (1_577_836_800, 123), (-1, 999_999_999), (-5, 0)] {
            let time = Timestamp::new(seconds, nanos).expect("a valid time");
            let system = Option::<SystemTime>::from(time).expect("fits the clock");
            assert_eq!(Timestamp::from(system), time);
        }
    }
}
