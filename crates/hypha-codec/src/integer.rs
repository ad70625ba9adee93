//! Integers over the full signed and unsigned 64 bit.

use std::cmp::Ordering;
use std::fmt;

/// An integer from -2^63 to 2^64-1; equal numbers are equal whatever they were made from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Integer(Repr);

/// Negative numbers are always `Negative`, all others `Natural`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Repr {
    Negative(i64),
    Natural(u64),
}

impl Integer {
    /// The number, if it is at most 2^63-1.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Repr::Negative(n) => Some(n),
            Repr::Natural(n) => i64::try_from(n).ok(),
        }
    }

    /// The number, if it is not negative.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        match self.0 {
            Repr::Negative(_) => None,
            Repr::Natural(n) => Some(n),
        }
    }

    /// The number as an `i128`, which holds every one.
    #[must_use]
    pub fn as_i128(self) -> i128 {
        match self.0 {
            Repr::Negative(n) => i128::from(n),
            Repr::Natural(n) => i128::from(n),
        }
    }

    /// The nearest float; beyond 2^53 that may be another number.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Repr::Negative(n) => n as f64,
            Repr::Natural(n) => n as f64,
        }
    }

    /// The float that is exactly this number.
    #[must_use]
    pub fn as_exact_f64(self) -> Option<f64> {
        let float = self.as_f64();
        (float as i128 == self.as_i128()).then_some(float)
    }

    /// The integer that is exactly this float: whole, and within 64 bit.
    #[must_use]
    pub fn from_whole_f64(float: f64) -> Option<Self> {
        // 2^64 and -2^63 are floats; the comparison is false for NaN.
        let in_range =
            (-9_223_372_036_854_775_808.0..18_446_744_073_709_551_616.0).contains(&float);
        (in_range && float.trunc() == float).then(|| {
            if float < 0.0 {
                Self::from(float as i64)
            } else {
                Self::from(float as u64)
            }
        })
    }
}

impl From<i64> for Integer {
    #[inline]
    fn from(n: i64) -> Self {
        match u64::try_from(n) {
            Ok(natural) => Self(Repr::Natural(natural)),
            Err(_) => Self(Repr::Negative(n)),
        }
    }
}

impl From<u64> for Integer {
    #[inline]
    fn from(n: u64) -> Self {
        Self(Repr::Natural(n))
    }
}

macro_rules! from_signed {
    ($($int:ty),*) => {$(
        impl From<$int> for Integer {
            #[inline]
            fn from(n: $int) -> Self {
                Self::from(n as i64)
            }
        }
    )*};
}
from_signed!(i8, i16, i32, isize);

macro_rules! from_unsigned {
    ($($int:ty),*) => {$(
        impl From<$int> for Integer {
            #[inline]
            fn from(n: $int) -> Self {
                Self(Repr::Natural(n as u64))
            }
        }
    )*};
}
from_unsigned!(u8, u16, u32, usize);

/// The number needs more than 64 bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntegerOutOfRange;

impl fmt::Display for IntegerOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("integer does not fit 64 bit")
    }
}

impl std::error::Error for IntegerOutOfRange {}

impl TryFrom<i128> for Integer {
    type Error = IntegerOutOfRange;

    fn try_from(n: i128) -> Result<Self, IntegerOutOfRange> {
        if let Ok(n) = u64::try_from(n) {
            return Ok(Self::from(n));
        }
        i64::try_from(n)
            .map(Self::from)
            .map_err(|_| IntegerOutOfRange)
    }
}

impl TryFrom<u128> for Integer {
    type Error = IntegerOutOfRange;

    fn try_from(n: u128) -> Result<Self, IntegerOutOfRange> {
        u64::try_from(n)
            .map(Self::from)
            .map_err(|_| IntegerOutOfRange)
    }
}

impl PartialOrd for Integer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Integer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_i128().cmp(&other.as_i128())
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Negative(n) => fmt::Display::fmt(&n, f),
            Repr::Natural(n) => fmt::Display::fmt(&n, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_equal() {
        assert_eq!(Integer::from(5_i8), Integer::from(5_u64));
        assert_ne!(Integer::from(-1_i64), Integer::from(u64::MAX));
        assert!(Integer::from(-1) < Integer::from(0_u8));
        assert!(Integer::from(i64::MAX) < Integer::from(u64::MAX));
    }

    #[test]
    fn whole_floats_are_exact_integers_and_back() {
        assert_eq!(Integer::from_whole_f64(15.0), Some(Integer::from(15)));
        assert_eq!(Integer::from_whole_f64(-0.0), Some(Integer::from(0)));
        assert_eq!(
            Integer::from_whole_f64(-9_223_372_036_854_775_808.0),
            Some(Integer::from(i64::MIN))
        );
        assert_eq!(Integer::from_whole_f64(18_446_744_073_709_551_616.0), None);
        assert_eq!(Integer::from_whole_f64(1.5), None);
        assert_eq!(Integer::from_whole_f64(f64::NAN), None);
        assert_eq!(Integer::from_whole_f64(f64::INFINITY), None);
        assert_eq!(
            Integer::from(1_u64 << 53).as_exact_f64(),
            Some(9_007_199_254_740_992.0)
        );
        assert_eq!(Integer::from((1_u64 << 53) + 1).as_exact_f64(), None);
        assert_eq!(Integer::from(u64::MAX).as_exact_f64(), None);
    }

    #[test]
    fn wider_integers_are_checked() {
        assert_eq!(
            Integer::try_from(i128::from(u64::MAX)),
            Ok(Integer::from(u64::MAX))
        );
        assert_eq!(
            Integer::try_from(i128::from(u64::MAX) + 1),
            Err(IntegerOutOfRange)
        );
        assert_eq!(
            Integer::try_from(i128::from(i64::MIN) - 1),
            Err(IntegerOutOfRange)
        );
        assert_eq!(Integer::try_from(7_u128), Ok(Integer::from(7)));
    }
}
