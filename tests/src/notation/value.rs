//! The notation of Rust values.

use hypha_codec::{DType, Integer, Value};
use serde_json::{Map, Value as Json, json};

use super::{bytes, float, ndarray};

/// Beyond it JSON does not carry an integer exactly.
const SAFE_INTEGER: u64 = 1 << 53;

/// The notation of a value, as the Python peer writes that of its own.
#[must_use]
pub fn of(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => integer(*number),
        Value::Float(number) => float(*number),
        Value::Text(text) => json!(text.as_str()),
        Value::Bytes(data) => bytes(data),
        Value::List(items) => list(items),
        Value::Map(map) => entries(map.iter()),
        Value::Set(items) => {
            let mut items: Vec<Json> = items.iter().map(of).collect();
            items.sort_by_key(Json::to_string);
            tagged("set", items)
        }
        Value::OrderedMap(pairs) => {
            let pairs: Json = pairs.iter().map(|(k, v)| json!([of(k), of(v)])).collect();
            tagged("orderedmap", pairs)
        }
        Value::NdArray(array) => ndarray(array.dtype().as_str(), array.shape(), array.data()),
        Value::TypedArray(array) => {
            let dtype = array.dtype().map(DType::as_str);
            json!({ "_rtype": "typedarray", "_rvalue": bytes(array.data()), "_rdtype": dtype })
        }
        Value::MemoryView(data) => tagged("memoryview", bytes(data)),
        Value::Error(error) => tagged("error", error.message.as_str()),
        Value::Method(method) => json!({ "$fn": method.name.as_ref().map(|name| name.as_str()) }),
        Value::Generator(_) => json!({ "$gen": true }),
        Value::Timestamp(time) => json!({ "$ts": [time.seconds(), time.nanoseconds()] }),
        Value::Ext(ext) => json!({ "$x": [ext.kind(), super::hex(ext.data())] }),
        other => json!({ "$repr": format!("{other:?}") }),
    }
}

fn integer(number: Integer) -> Json {
    if number.as_i128().unsigned_abs() <= u128::from(SAFE_INTEGER) {
        json!(number.as_i64())
    } else {
        json!({ "$i": number.to_string() })
    }
}

fn list(items: &[Value]) -> Json {
    items.iter().map(of).collect()
}

fn entries<'a>(entries: impl Iterator<Item = (&'a Value, &'a Value)>) -> Json {
    let entries: Vec<_> = entries.collect();
    let plain = |key: &Value| key.as_str().is_some_and(|key| !key.starts_with('$'));
    if entries.iter().all(|(key, _)| plain(key)) {
        let members = entries.iter();
        let members: Map<String, Json> = members
            .map(|(key, item)| (key.as_str().unwrap_or_default().to_owned(), of(item)))
            .collect();
        return members.into();
    }
    let pairs: Json = entries.iter().map(|(k, v)| json!([of(k), of(v)])).collect();
    json!({ "$m": pairs })
}

fn tagged(rtype: &str, inner: impl Into<Json>) -> Json {
    json!({ "_rtype": rtype, "_rvalue": inner.into() })
}

#[cfg(test)]
mod tests {
    use super::of;
    use hypha_codec::{Map, NdArray, Value};
    use serde_json::json;

    #[test]
    fn values_keep_what_json_has_no_word_for() {
        let array = NdArray::new("uint8", [2], vec![1, 255]).unwrap();
        let map = Map::from_entries(vec![(Value::from(1), Value::from(1.0))]);
        let values = Value::from(vec![
            Value::from(u64::MAX),
            Value::from(1_u64 << 53),
            Value::from(f64::NAN),
            Value::Set(vec![2.into(), 1.into()]),
            Value::from(array),
            Value::from(map),
        ]);
        let expected = json!([
            { "$i": "18446744073709551615" },
            9_007_199_254_740_992_u64,
            { "$f": "nan" },
            { "_rtype": "set", "_rvalue": [1, 2] },
            { "_rtype": "ndarray", "_rvalue": { "$b": "01ff" }, "_rshape": [2], "_rdtype": "uint8" },
            { "$m": [[1, { "$f": 1.0 }]] },
        ]);
        assert_eq!(of(&values), expected);
    }
}
