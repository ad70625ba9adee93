//! Session ids of our own calls: unguessable in their first part, countable in their second.

use hypha_codec::Text;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Digits of the largest number of a call.
const MAX_DIGITS: usize = 11;

/// Makes a random id of 22 characters of `[A-Za-z0-9_-]`, 132 random bits, as the Python client's
/// ids are long (protocol section 4).
///
/// # Errors
/// If the operating system gives no randomness.
pub fn random_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 22];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| letter(u64::from(*byte))).collect())
}

/// The session ids of one connection: a random prefix and the number of the call.
///
/// Answers are believed by their sender, not by the secrecy of the id; the prefix keeps apart the
/// sessions of two lives of one client, and of two clients.
#[derive(Clone, Debug)]
pub(crate) struct SessionIds {
    prefix: String,
}

impl SessionIds {
    /// Ids with this prefix, which must hold no dot.
    pub(crate) fn new(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
        }
    }

    /// The id of call `key`.
    pub(crate) fn id(&self, key: u64) -> Text {
        let mut digits = [0_u8; MAX_DIGITS];
        let mut count = 0;
        let mut rest = key;
        for digit in &mut digits {
            *digit = ALPHABET[(rest & 63) as usize];
            count += 1;
            rest >>= 6;
            if rest == 0 {
                break;
            }
        }
        // The alphabet is ASCII.
        let digits = std::str::from_utf8(&digits[..count]).unwrap_or_default();
        Text::concat(&[&self.prefix, digits])
    }

    /// The number in an id, if the id is one of ours.
    pub(crate) fn key(&self, id: &str) -> Option<u64> {
        let digits = id.strip_prefix(&self.prefix)?.as_bytes();
        if digits.is_empty()
            || digits.len() > MAX_DIGITS
            || (digits.len() > 1 && digits.last() == Some(&ALPHABET[0]))
        {
            return None;
        }
        digits.iter().rev().try_fold(0_u64, |key, digit| {
            let value = ALPHABET.iter().position(|letter| letter == digit)?;
            key.checked_mul(64)?.checked_add(value as u64)
        })
    }
}

fn letter(value: u64) -> char {
    char::from(ALPHABET[(value & 63) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_foreign_ids_are_not_ours() {
        let ids = SessionIds::new("pre");
        for key in [0, 1, 63, 64, 4095, 4096, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(ids.key(&ids.id(key)), Some(key));
        }
        for foreign in [
            "",
            "pre",
            "prf0",
            "pre.A",
            "pre\u{e9}",
            "preBAA",
            "preBBBBBBBBBBBBBBBB",
        ] {
            assert_eq!(ids.key(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn random_ids_are_plain_and_differ() {
        let (a, b) = (random_id().unwrap(), random_id().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), 22);
        assert!(crate::address::is_plain_name(&a));
    }
}
