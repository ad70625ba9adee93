//! Keys of maps that repeat.

use std::collections::HashMap;

use crate::integer::Integer;
use crate::value::Value;
use crate::wire::key;

/// The part of a key that two entries are compared by.
#[derive(PartialEq, Eq, Hash)]
enum Identity<'a> {
    Null,
    Bool(bool),
    Int(Integer),
    Float(u64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

fn identity(key: &Value) -> Option<Identity<'_>> {
    Some(match key {
        Value::Null => Identity::Null,
        Value::Bool(b) => Identity::Bool(*b),
        Value::Int(n) => Identity::Int(*n),
        Value::Float(float) => Identity::Float(float.to_bits()),
        Value::Text(text) => Identity::Text(text),
        Value::Bytes(bytes) => Identity::Bytes(bytes),
        _ => return None,
    })
}

/// Watches the keys of a map go by, to see at little cost that no two are equal and that none is the tag.
pub(crate) struct KeyWatch {
    /// One bit for each glance at a key: two equal keys have the same.
    seen: u128,
    may_repeat: bool,
    may_have_tag: bool,
}

impl KeyWatch {
    pub(crate) fn new() -> Self {
        Self {
            seen: 0,
            may_repeat: false,
            may_have_tag: false,
        }
    }

    #[inline]
    pub(crate) fn watch(&mut self, key: &Value) {
        let Value::Text(text) = key else {
            self.may_repeat = true;
            return;
        };
        let text = text.as_bytes();
        let spread = glance(text).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bit = 1_u128 << (spread >> 57);
        self.may_repeat |= self.seen & bit != 0;
        self.seen |= bit;
        self.may_have_tag |= text.first() == Some(&b'_') && text.len() == key::RTYPE.len();
    }

    pub(crate) fn may_repeat(&self) -> bool {
        self.may_repeat
    }

    pub(crate) fn may_have_tag(&self) -> bool {
        self.may_have_tag
    }
}

/// Up to this many entries are compared pair by pair; beyond, a hostile sender would make that quadratic.
const PAIRWISE: usize = 16;

pub(crate) fn drop_duplicates(entries: &mut Vec<(Value, Value)>) {
    let repeats = match entries.len() {
        0..=1 => return,
        2..=PAIRWISE if !may_repeat(entries) => return,
        2..=PAIRWISE => repeats_pairwise(entries),
        _ => repeats_hashed(entries),
    };
    if repeats.is_empty() {
        return;
    }
    let mut gone = vec![false; entries.len()];
    for (first, repeat) in repeats {
        entries[first].1 = std::mem::take(&mut entries[repeat].1);
        gone[repeat] = true;
    }
    let mut gone = gone.into_iter();
    entries.retain(|_| !gone.next().unwrap_or(false));
}

/// Whether two of up to 16 keys look the same at a glance. Nearly always they do not, and that is quick to see.
fn may_repeat(entries: &[(Value, Value)]) -> bool {
    let mut glances = [0; PAIRWISE];
    for (at, (key, _)) in entries.iter().enumerate() {
        let Value::Text(text) = key else { return true };
        let glance = glance(text.as_bytes());
        if glances[..at].contains(&glance) {
            return true;
        }
        glances[at] = glance;
    }
    false
}

/// Length and ends of a text in one number.
fn glance(text: &[u8]) -> u64 {
    let ends = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(20)
        }
        _ => match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
            }
            _ => text
                .iter()
                .fold(0, |bits, byte| bits << 8 | u64::from(*byte)),
        },
    };
    ends ^ (text.len() as u64).rotate_right(8)
}

/// Pairs of places (first, repeat) of equal keys, in the order of the repeats.
fn repeats_pairwise(entries: &[(Value, Value)]) -> Vec<(usize, usize)> {
    let mut repeats = Vec::new();
    for (at, (key, _)) in entries.iter().enumerate().skip(1) {
        let Some(key) = identity(key) else { continue };
        let first = entries[..at]
            .iter()
            .position(|(earlier, _)| identity(earlier).is_some_and(|it| it == key));
        repeats.extend(first.map(|first| (first, at)));
    }
    repeats
}

fn repeats_hashed(entries: &[(Value, Value)]) -> Vec<(usize, usize)> {
    let mut repeats = Vec::new();
    let mut seen = HashMap::with_capacity(entries.len());
    for (at, (key, _)) in entries.iter().enumerate() {
        let Some(key) = identity(key) else { continue };
        let first = *seen.entry(key).or_insert(at);
        if first != at {
            repeats.push((first, at));
        }
    }
    repeats
}
