//! Which values are the same.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};

use serde_json::Value as Json;

use super::budget::Budget;
use crate::instance::{Instance, Kind};

/// Values inside values; what is deeper is never the same.
const MAX_DEPTH: usize = 130;

/// An object with more members is sorted before it is compared: looking members up may be linear.
const FEW: usize = 16;

/// Whether a value is this one.
pub(super) fn equal<V: Instance>(value: V, expected: &Json, work: &mut Budget<V>) -> bool {
    same(value, expected, 0, work)
}

/// The first item that was there before.
pub(super) fn repeated<V: Instance>(
    array: V,
    length: usize,
    work: &mut Budget<V>,
) -> Option<usize> {
    // Its keys are random: nobody can choose items that meet.
    let state = RandomState::new();
    let mut seen: HashMap<u64, Vec<V>> = HashMap::new();
    for index in 0..length {
        let item = array.item(index)?;
        let digest = digest(item, 0, &state, work);
        if work.is_spent() {
            return None;
        }
        if is_never_the_same(item.kind()) {
            continue;
        }
        let alike = seen.entry(digest).or_default();
        for earlier in alike.iter() {
            // Those inside of which something is never the same all meet here.
            if !work.spend(1) {
                return None;
            }
            if same(*earlier, item, 0, work) {
                return Some(index);
            }
        }
        alike.push(item);
    }
    None
}

/// A number that is the same for values that are the same.
fn digest<V: Instance>(value: V, depth: usize, state: &RandomState, work: &mut Budget<V>) -> u64 {
    let mut hasher = state.build_hasher();
    if depth >= MAX_DEPTH || !work.spend(1) {
        return hasher.finish();
    }
    match value.kind() {
        Kind::Null => 0_u8.hash(&mut hasher),
        Kind::Bool(truth) => truth.hash(&mut hasher),
        kind @ (Kind::Integer(_) | Kind::Float(_)) => match exactly(kind) {
            Some(whole) => whole.hash(&mut hasher),
            None => as_f64(kind).map(f64::to_bits).hash(&mut hasher),
        },
        Kind::String(text) => {
            work.read(text.len());
            text.hash(&mut hasher);
        }
        Kind::Array(length) => {
            length.hash(&mut hasher);
            for item in (0..length).filter_map(|index| value.item(index)) {
                digest(item, depth + 1, state, work).hash(&mut hasher);
            }
        }
        Kind::Object(length) => {
            length.hash(&mut hasher);
            // In any order.
            let mut sum = 0_u64;
            value.for_each_member(&mut |name, member| {
                let member = digest(member, depth + 1, state, work);
                sum = sum.wrapping_add(state.hash_one((name, member)));
            });
            sum.hash(&mut hasher);
        }
        Kind::Other(_) => {}
    }
    hasher.finish()
}

fn same<V: Instance, I: Instance, J: Instance>(
    one: I,
    other: J,
    depth: usize,
    work: &mut Budget<V>,
) -> bool {
    if depth >= MAX_DEPTH || !work.spend(usize::from(depth > 0)) {
        return false;
    }
    match (one.kind(), other.kind()) {
        (Kind::Array(length), Kind::Array(others)) => {
            length == others
                && (0..length).all(|index| match (one.item(index), other.item(index)) {
                    (Some(one), Some(other)) => same(one, other, depth + 1, work),
                    _ => false,
                })
        }
        (Kind::Object(members), Kind::Object(others)) => {
            let sorted: Option<HashMap<String, J>> =
                (members == others && others > FEW && work.spend(others)).then(|| {
                    let mut sorted = HashMap::with_capacity(others);
                    other.for_each_member(&mut |name, value| {
                        sorted.insert(name.to_owned(), value);
                    });
                    sorted
                });
            let find = |name: &str| match &sorted {
                Some(sorted) => sorted.get(name).copied(),
                None => other.member(name),
            };
            let odd = one.has_odd_members() || other.has_odd_members();
            let mut all = members == others && !odd;
            if all {
                one.for_each_member(&mut |name, value| {
                    all =
                        all && find(name).is_some_and(|other| same(value, other, depth + 1, work));
                });
            }
            all
        }
        (
            one @ (Kind::Integer(_) | Kind::Float(_)),
            other @ (Kind::Integer(_) | Kind::Float(_)),
        ) => match (exactly(one), exactly(other)) {
            (None, None) => as_f64(one) == as_f64(other),
            (one, other) => one == other,
        },
        (Kind::String(one), Kind::String(other)) => {
            one.len() == other.len() && work.read(one.len()) && one == other
        }
        (Kind::Other(_), _) | (_, Kind::Other(_)) => false,
        (one, other) => one == other,
    }
}

/// Whether it is not even the same as itself.
fn is_never_the_same(kind: Kind<'_>) -> bool {
    match kind {
        Kind::Other(_) => true,
        Kind::Float(number) => number.is_nan(),
        _ => false,
    }
}

/// A number without a fraction, in whichever form it came.
#[expect(clippy::cast_possible_truncation, reason = "it is smaller than that")]
fn exactly(kind: Kind<'_>) -> Option<i128> {
    /// 2^127.
    const TOO_LARGE: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    match kind {
        Kind::Integer(number) => Some(number),
        Kind::Float(number) if number.fract() == 0.0 && number.abs() < TOO_LARGE => {
            Some(number as i128)
        }
        _ => None,
    }
}

/// How a number is beside a bound.
pub(super) fn compare(value: Kind<'_>, bound: &Json) -> Option<Ordering> {
    match (value, whole(bound)) {
        (Kind::Integer(value), Some(bound)) => Some(value.cmp(&bound)),
        (value, _) => as_f64(value)?.partial_cmp(&bound.as_f64()?),
    }
}

/// Whether a number is a multiple of a step. What floats cannot say exactly is close enough.
pub(super) fn is_multiple(value: Kind<'_>, step: &Json) -> bool {
    if let (Kind::Integer(value), Some(step)) = (value, whole(step)) {
        return step <= 0 || value % step == 0;
    }
    let (Some(value), Some(step)) = (as_f64(value), step.as_f64()) else {
        return true;
    };
    let times = value / step;
    // Beyond this no float has a fraction.
    step <= 0.0
        || times.abs() >= 4_503_599_627_370_496.0
        || (times - times.round()).abs() <= f64::EPSILON * times.abs() * 4.0
}

fn whole(number: &Json) -> Option<i128> {
    let signed = number.as_i64().map(i128::from);
    signed.or_else(|| number.as_u64().map(i128::from))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers are compared as JSON readers do"
)]
fn as_f64(kind: Kind<'_>) -> Option<f64> {
    match kind {
        Kind::Integer(number) => Some(number as f64),
        Kind::Float(number) => Some(number),
        _ => None,
    }
}
