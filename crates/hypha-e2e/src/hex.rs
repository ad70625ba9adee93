//! Keys as text.

/// Digits of a key.
pub(crate) const DIGITS: usize = 64;

/// Reads 64 hexadecimal digits. The text is not looked at longer for one key than for another.
pub(crate) fn read(text: &str, key: &mut [u8; 32]) -> Option<()> {
    let text: &[u8; DIGITS] = text.as_bytes().try_into().ok()?;
    let mut wrong = 0;
    for (pair, byte) in text.chunks_exact(2).zip(key) {
        let (high, low) = (value(pair[0]), value(pair[1]));
        wrong |= (high | low) & 0xff00;
        *byte = u8::try_from(((high & 0xf) << 4) | (low & 0xf)).unwrap_or_default();
    }
    (wrong == 0).then_some(())
}

/// The value of a digit, or one with high bits. Without branches or tables, for they show in time what they see.
fn value(digit: u8) -> u16 {
    let digit = i32::from(digit);
    // -1 (all bits) where the digit is in the range, 0 elsewhere.
    let within =
        |first: u8, last: u8| ((i32::from(first) - 1 - digit) & (digit - i32::from(last) - 1)) >> 8;
    let mut found = 0x0f00;
    found ^= within(b'0', b'9') & (0x0f00 ^ (digit - i32::from(b'0')));
    found ^= within(b'a', b'f') & (0x0f00 ^ (digit - i32::from(b'a') + 10));
    found ^= within(b'A', b'F') & (0x0f00 ^ (digit - i32::from(b'A') + 10));
    u16::try_from(found).unwrap_or(0x0f00)
}

/// The digit of a value below 16, in the same manner.
#[cfg(any(feature = "crypto", test))]
pub(crate) fn digit(value: u8) -> char {
    let value = i32::from(value & 0xf);
    let letter = (9 - value) >> 8;
    let digit = value + i32::from(b'0') + (letter & (i32::from(b'a') - 10 - i32::from(b'0')));
    char::from(u8::try_from(digit).unwrap_or(b'?'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_digits_and_nothing_else() {
        for byte in 0..=u8::MAX {
            let expected = char::from(byte)
                .to_digit(16)
                .filter(|_| byte.is_ascii())
                .and_then(|value| u16::try_from(value).ok());
            let found = Some(value(byte)).filter(|value| *value < 16);
            assert_eq!(found, expected, "{byte}");
        }
        for value in 0..16 {
            assert_eq!(Some(digit(value)), char::from_digit(value.into(), 16));
        }
    }
}
