//! Who sent frames lately.

use crate::address::Address;

/// Addresses of senders: most frames come from few clients, and a clone of an address that is known
/// costs less than reading it again.
#[derive(Debug, Default)]
pub(crate) struct Senders {
    recent: [Option<Address>; PLACES],
}

/// Clients that may send in turns without being forgotten, if each has a place of its own.
const PLACES: usize = 16;

/// Longer addresses are not kept.
const MAX_KEPT: usize = 256;

impl Senders {
    /// The address in the header of a frame, if it is one.
    pub(crate) fn address(&mut self, from: &str) -> Option<Address> {
        let known = self.recent.get_mut(place(from))?;
        match known {
            Some(known) if known.as_str() == from => Some(known.clone()),
            _ => {
                let address = Address::parse(from).ok()?;
                if from.len() <= MAX_KEPT {
                    *known = Some(address.clone());
                }
                Some(address)
            }
        }
    }
}

/// Client ids differ in their last letters.
fn place(from: &str) -> usize {
    let last = from.bytes().rev().take(4);
    last.fold(0, |sum, byte| sum + usize::from(byte)) % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_its_text_says_whoever_sent_before() {
        let mut senders = Senders::default();
        let long = format!("ws/{}", "c".repeat(MAX_KEPT));
        // Several have the same place.
        let texts = ["ws/ab", "ws/ba", "", "other/ab", "ws", &long, "ws/ba"];
        for text in texts.into_iter().chain(texts) {
            assert_eq!(senders.address(text), Address::parse(text).ok(), "{text}");
        }
        assert!(
            senders
                .recent
                .iter()
                .flatten()
                .all(|kept| kept.as_str().len() <= MAX_KEPT)
        );
    }
}
