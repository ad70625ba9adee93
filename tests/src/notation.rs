//! Values of peers as JSON, without loss: the notation of `tests/vectors/README.md`, with the additions described in
//! `tests/peers/python/notation.py`.

mod value;

use serde_json::{Map, Value as Json, json};

pub use self::value::of;

/// The largest integer that both a JavaScript number and a plain JSON number carry exactly.
const SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A float.
#[must_use]
pub fn float(value: f64) -> Json {
    let text = if value.is_nan() {
        "nan"
    } else if value == f64::INFINITY {
        "inf"
    } else if value == f64::NEG_INFINITY {
        "-inf"
    } else if value == 0.0 && value.is_sign_negative() {
        "-0"
    } else {
        return json!({ "$f": value });
    };
    json!({ "$f": text })
}

/// Bytes.
#[must_use]
pub fn bytes(value: &[u8]) -> Json {
    json!({ "$b": hex(value) })
}

/// An array as it stands on the wire.
#[must_use]
pub fn ndarray(dtype: &str, shape: &[usize], data: &[u8]) -> Json {
    json!({ "_rtype": "ndarray", "_rvalue": bytes(data), "_rshape": shape, "_rdtype": dtype })
}

/// Two lower-case digits a byte.
#[must_use]
pub fn hex(value: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    value
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| DIGITS[usize::from(digit)])
        .collect()
}

/// Bytes that show a shift or a cut, as the peers make them: byte i is (31 i + 7) mod 256.
#[must_use]
pub fn fill(length: usize) -> Vec<u8> {
    let pattern = (0..length).scan(7_u8, |next, _| {
        let byte = *next;
        *next = next.wrapping_add(31);
        Some(byte)
    });
    pattern.collect()
}

/// Bytes no part of which is like another, as the peers make them: the numbers from 0 on, in 4 bytes each.
#[must_use]
pub fn count(length: usize) -> Vec<u8> {
    (0_u32..)
        .take(length / 4)
        .flat_map(u32::to_le_bytes)
        .collect()
}

/// One form for equal values: the number of a float may have been written without its point.
#[must_use]
pub fn canonical(value: Json) -> Json {
    rewrite(value, &|note| match note {
        Note::Float(inner) => inner.as_f64().map(float),
        Note::Integer(_) => None,
    })
}

/// What becomes of a value on its way through JavaScript: whole floats in the safe range turn into integers, and so does
/// minus zero; integers beyond it turn into floats.
#[must_use]
pub fn through_javascript(value: Json) -> Json {
    rewrite(value, &|note| match note {
        Note::Float(inner) if inner == "-0" => Some(json!(0)),
        Note::Float(inner) => inner.as_f64().map(javascript_number),
        Note::Integer(digits) => digits.parse().ok().map(javascript_number),
    })
}

/// The numbers that the notation marks.
enum Note<'a> {
    /// The inside of `$f`.
    Float(&'a Json),
    /// The inside of `$i`.
    Integer(&'a str),
}

#[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
fn javascript_number(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() <= SAFE_INTEGER {
        json!(number as i64)
    } else {
        float(number)
    }
}

/// Replaces the marked numbers for which `replace` has something else.
fn rewrite(value: Json, replace: &impl Fn(Note<'_>) -> Option<Json>) -> Json {
    match value {
        Json::Array(items) => items.into_iter().map(|i| rewrite(i, replace)).collect(),
        Json::Object(members) => note(&members).and_then(replace).unwrap_or_else(|| {
            let members = members.into_iter();
            let rewritten: Map<_, _> = members.map(|(k, v)| (k, rewrite(v, replace))).collect();
            rewritten.into()
        }),
        other => other,
    }
}

fn note(members: &Map<String, Json>) -> Option<Note<'_>> {
    if members.len() != 1 {
        return None;
    }
    match members.iter().next()? {
        (key, inner) if key == "$f" => Some(Note::Float(inner)),
        (key, inner) if key == "$i" => inner.as_str().map(Note::Integer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, canonical, fill, float, through_javascript};
    use serde_json::json;

    #[test]
    fn floats_have_one_form() {
        assert_eq!(canonical(json!([{ "$f": 1 }])), json!([{ "$f": 1.0 }]));
        assert_eq!(canonical(json!({ "$f": "nan" })), float(f64::NAN));
        assert_eq!(canonical(float(-0.0)), json!({ "$f": "-0" }));
    }

    #[test]
    fn javascript_has_one_kind_of_number() {
        let before = json!([float(15.0), float(1.5), float(-0.0), float(1e300), float(f64::NAN), { "$i": "9223372036854775808" }, { "$i": "-9007199254740993" }]);
        let after = json!([
            15,
            float(1.5),
            0,
            float(1e300),
            float(f64::NAN),
            float(9_223_372_036_854_775_808.0),
            float(-9_007_199_254_740_992.0)
        ]);
        assert_eq!(through_javascript(before), after);
    }

    #[test]
    fn bytes_are_hex() {
        assert_eq!(
            bytes(&fill(9)),
            json!({ "$b": "072645 6483a2c1e0ff".replace(' ', "") })
        );
    }
}
