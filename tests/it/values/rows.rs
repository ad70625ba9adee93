//! One table of values, with what the other languages hold in their place.

use hypha_codec::{DType, Ext, Map, NdArray, Timestamp, TypedArray, Value};
use hypha_tests::{Language, notation};
use serde_json::{Value as Json, json};

/// One value that goes to and fro.
pub(super) struct Row {
    /// The row of the feature table.
    pub(super) feature: &'static str,
    pub(super) name: String,
    pub(super) value: Value,
    python: Held,
    javascript: Held,
}

/// What a peer makes of a value.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// The name of its type there; none if it cannot be received.
    pub(super) kind: Option<&'static str>,
    /// What the peer sends for it; none if it cannot.
    pub(super) back: Option<Json>,
}

impl Row {
    pub(super) fn held_by(&self, language: Language) -> Held {
        match language {
            Language::Python => self.python.clone(),
            Language::JavaScript => self.javascript.clone(),
        }
    }

    /// What Python sends back, where it is something else.
    fn python_sends(mut self, back: impl Into<Option<Value>>) -> Self {
        self.python.back = back.into().as_ref().map(notation::of);
        self
    }

    /// What JavaScript sends back, where it is something else.
    fn javascript_sends(mut self, back: impl Into<Option<Value>>) -> Self {
        self.javascript.back = back.into().as_ref().map(notation::of);
        self
    }

    /// JavaScript does not get it at all.
    fn not_for_javascript(mut self) -> Self {
        self.javascript = Held {
            kind: None,
            back: None,
        };
        self
    }
}

/// A value, the names of its types in Python and JavaScript, and that it comes back as what it was but for the rules of
/// JavaScript's numbers.
fn row(
    feature: &'static str,
    name: impl Into<String>,
    value: impl Into<Value>,
    [python, javascript]: [&'static str; 2],
) -> Row {
    let value = value.into();
    let note = notation::of(&value);
    let held = |kind, back| Held {
        kind: Some(kind),
        back: Some(back),
    };
    Row {
        feature,
        name: name.into(),
        python: held(python, note.clone()),
        javascript: held(javascript, notation::through_javascript(note)),
        value,
    }
}

/// All rows.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = scalars();
    rows.extend(binaries());
    rows.extend(containers());
    rows.extend(arrays());
    rows.extend(typed_arrays());
    rows.extend(others());
    rows
}

fn scalars() -> Vec<Row> {
    const INT: [&str; 2] = ["int", "number"];
    const FLOAT: [&str; 2] = ["float", "number"];
    const TEXT: [&str; 2] = ["str", "string"];
    let mut rows = vec![
        row("A3.01", "null", (), ["NoneType", "null"]),
        row("A3.01", "true", true, ["bool", "boolean"]),
        row("A3.01", "false", false, ["bool", "boolean"]),
        row("A3.01", "text_empty", "", TEXT),
        row(
            "A3.01",
            "text",
            "h\u{e9}llo \u{4e16}\u{754c} \u{1f600} \0 \u{7f}",
            TEXT,
        ),
        row(
            "A3.01",
            "text_400k",
            "\u{e9}a\u{4e16}".repeat(400_000 / 6),
            TEXT,
        ),
        row("A3.02", "nan", f64::NAN, FLOAT),
        row("A3.02", "inf", f64::INFINITY, FLOAT),
        row("A3.02", "neg_inf", f64::NEG_INFINITY, FLOAT),
    ];
    for number in [
        0_i64,
        1,
        127,
        128,
        255,
        256,
        65_535,
        65_536,
        1 << 31,
        1 << 32,
        (1 << 53) - 1,
        -1,
        -32,
        -33,
        -128,
        -129,
        -32_769,
        -(1 << 31) - 1,
        1 - (1 << 53),
    ] {
        rows.push(row("A3.01", format!("int_{number}"), number, INT));
    }
    for number in [1_u64 << 53, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, u64::MAX] {
        // JavaScript's largest safe integer is one less than 2^53.
        rows.push(
            row("A3.03", format!("int_{number}"), number, INT)
                .javascript_sends(Value::from(number as f64)),
        );
    }
    for number in [-(1_i64 << 53), -(1_i64 << 53) - 1, i64::MIN] {
        rows.push(
            row("A3.03", format!("int_{number}"), number, INT)
                .javascript_sends(Value::from(number as f64)),
        );
    }
    for number in [1.5, 0.1, 15.0, 0.0, -0.0, 1e300, 5e-324, f64::MAX, -1.0e15] {
        rows.push(row("A3.01", format!("float_{number:?}"), number, FLOAT));
    }
    rows
}

fn binaries() -> Vec<Row> {
    const BYTES: [&str; 2] = ["bytes", "Uint8Array"];
    const VIEW: [&str; 2] = ["memoryview", "ArrayBuffer"];
    let view = |bytes: Vec<u8>| Value::MemoryView(bytes.into());
    vec![
        row("A3.04", "bytes_empty", Vec::<u8>::new(), BYTES),
        row("A3.04", "bytes", vec![0, 1, 0xfe, 0xff], BYTES),
        row("A3.04", "bytes_400k", notation::fill(400_000), BYTES),
        row("A3.05", "memoryview_empty", view(vec![]), VIEW),
        row("A3.05", "memoryview", view(vec![1, 2, 3]), VIEW),
        row(
            "A3.05",
            "memoryview_400k",
            view(notation::fill(400_000)),
            VIEW,
        ),
    ]
}

fn containers() -> Vec<Row> {
    const LIST: [&str; 2] = ["list", "Array"];
    const MAP: [&str; 2] = ["ObjectProxy", "Object"];
    const SET: [&str; 2] = ["set", "Set"];
    const ORDERED: [&str; 2] = ["OrderedDict", "Map"];
    let mixed = vec![
        1.into(),
        "a".into(),
        Value::Null,
        true.into(),
        2.5.into(),
        Value::List(vec![]),
        Map::new().into(),
    ];
    let inner = Map::from([("c", Value::from(vec![Value::from(1), Value::from(2)]))]);
    let nested = Map::from([
        ("a", Value::from(1)),
        ("b", inner.into()),
        ("", Value::Null),
    ]);
    let names = ["keys", "items", "pop", "toString", "__class__", "_rvalue"];
    let names: Map = names.into_iter().zip(1_i64..).collect();
    let wide: Map = (0..5000).map(|i| (format!("key {i}"), i)).collect();
    let texts = vec![
        (Value::from("b"), Value::from(1)),
        (Value::from("a"), Value::from(vec![Value::from(2)])),
    ];
    let integers = vec![
        (Value::from(1), Value::from("x")),
        (Value::from(2), Value::Null),
    ];
    vec![
        row("A3.06", "list_empty", Vec::<Value>::new(), LIST),
        row("A3.06", "list", mixed, LIST),
        row(
            "A3.06",
            "list_of_50000",
            (0..50_000).collect::<Value>(),
            LIST,
        ),
        row("A3.07", "map_empty", Map::new(), MAP),
        row("A3.07", "map", nested, MAP),
        row("A3.25", "map_with_names_of_methods", names, MAP),
        row("A3.07", "map_of_5000", wide, MAP),
        row("A3.08", "set_empty", Value::Set(vec![]), SET),
        row(
            "A3.08",
            "set",
            Value::Set(vec![1.into(), "a".into(), Value::Null]),
            SET,
        ),
        row(
            "A3.09",
            "ordered_map_empty",
            Value::OrderedMap(vec![]),
            ORDERED,
        )
        .python_sends(Value::from(Map::new())),
        // A3.10: Python sends any dictionary as a plain map
        row(
            "A3.09",
            "ordered_map",
            Value::OrderedMap(texts.clone()),
            ORDERED,
        )
        .python_sends(Value::from(Map::from_entries(texts))),
        row(
            "A3.09",
            "ordered_map_of_integers",
            Value::OrderedMap(integers.clone()),
            ORDERED,
        )
        .python_sends(Value::from(Map::from_entries(integers))),
    ]
}

fn arrays() -> Vec<Row> {
    // JavaScript without a tensor library keeps the map of an array.
    const ARRAY: [&str; 2] = ["ndarray", "Object"];
    let array =
        |dtype: &str, shape: &[usize], data: Vec<u8>| NdArray::new(dtype, shape, data).unwrap();
    let floats: Vec<u8> = (0_u8..6).flat_map(|i| f32::from(i).to_le_bytes()).collect();
    let mut rows = vec![
        row(
            "A3.12",
            "ndarray_2d",
            array("float32", &[2, 3], floats.clone()),
            ARRAY,
        ),
        row(
            "A3.12",
            "ndarray_empty",
            array("int16", &[0, 3], vec![]),
            ARRAY,
        ),
        row(
            "A3.12",
            "ndarray_0d",
            array("int32", &[], vec![7, 0, 0, 0]),
            ARRAY,
        ),
        row(
            "A3.12",
            "ndarray_5d",
            array("float32", &[1, 2, 1, 3, 1], floats.clone()),
            ARRAY,
        ),
        row(
            "A3.12",
            "ndarray_400k",
            array("uint8", &[400, 1000], notation::fill(400_000)),
            ARRAY,
        ),
        row(
            "A3.12",
            "ndarray_in_map",
            Map::from([("image", array("float32", &[6], floats))]),
            ["ObjectProxy", "Object"],
        ),
    ];
    for (dtype, item) in [
        ("bool", 1),
        ("int8", 1),
        ("uint8", 1),
        ("int16", 2),
        ("uint16", 2),
        ("int32", 4),
        ("uint32", 4),
        ("int64", 8),
        ("uint64", 8),
        ("float16", 2),
        ("float32", 4),
        ("float64", 8),
        ("complex64", 8),
        ("complex128", 16),
        (">i4", 4),
        ("<U2", 8),
        ("datetime64[D]", 8),
        ("datetime64[s]", 8),
    ] {
        // Three elements, each with small bytes: no NaN, and code points and truth values that are some.
        let data: Vec<u8> = (0..3 * item).map(|at| u8::from(at % item == 0)).collect();
        rows.push(row(
            "A3.13",
            format!("ndarray_{dtype}"),
            array(dtype, &[3], data),
            ARRAY,
        ));
    }
    rows
}

fn typed_arrays() -> Vec<Row> {
    let kinds: [(&str, &'static str, usize); 8] = [
        ("int8", "Int8Array", 1),
        ("uint8", "Uint8Array", 1),
        ("int16", "Int16Array", 2),
        ("uint16", "Uint16Array", 2),
        ("int32", "Int32Array", 4),
        ("uint32", "Uint32Array", 4),
        ("float32", "Float32Array", 4),
        ("float64", "Float64Array", 8),
    ];
    let mut rows: Vec<Row> = kinds
        .into_iter()
        .map(|(dtype, kind, item)| {
            let data: Vec<u8> = (0..3 * item).map(|at| u8::from(at % item == 0)).collect();
            let value = TypedArray::new(dtype, data.clone()).unwrap();
            // numpy has no other arrays
            let python = NdArray::new(dtype, [3], data.clone()).unwrap();
            let row = row(
                "A3.15",
                format!("typedarray_{dtype}"),
                value,
                ["ndarray", kind],
            )
            .python_sends(Value::from(python));
            if dtype == "uint8" {
                row.javascript_sends(Value::from(data))
            } else {
                row
            }
        })
        .collect();
    let untyped = row(
        "A3.15",
        "typedarray_untyped",
        TypedArray::untyped(vec![0; 16]),
        ["ndarray", ""],
    );
    let zeros = NdArray::new(DType::Float64, [2], vec![0; 16]).unwrap();
    rows.push(
        untyped
            .python_sends(Value::from(zeros))
            .not_for_javascript(),
    );
    rows
}

fn others() -> Vec<Row> {
    let unknown = Map::from([
        ("_rtype", Value::from("colour")),
        ("r", Value::from(1)),
        (
            "g",
            Value::from(vec![Value::from(2), Value::from(vec![3_u8])]),
        ),
    ]);
    let time = |seconds, nanoseconds| Timestamp::new(seconds, nanoseconds).unwrap();
    vec![
        row("A3.21", "unknown_rtype", unknown, ["ObjectProxy", "Object"]),
        // A3.24: Python can hold a timestamp, but not send one
        row(
            "A3.23",
            "timestamp",
            time(1_577_836_800, 123_000_000),
            ["Timestamp", "Date"],
        )
        .python_sends(None),
        row(
            "A3.23",
            "timestamp_before_1970",
            time(-1, 500_000_000),
            ["Timestamp", "Date"],
        )
        .python_sends(None),
        // a named tuple in Python, which it sends as the list that it also is; an object without a plain form in JavaScript
        row(
            "A3.23",
            "extension",
            Ext::new(5, vec![1, 2]),
            ["list", "ExtData"],
        )
        .python_sends(Value::from(vec![
            Value::from(5),
            Value::from(vec![1_u8, 2]),
        ]))
        .javascript_sends(None),
    ]
}

#[test]
fn every_feature_of_the_issue_has_a_row() {
    let rows = rows();
    for feature in (1..=9).chain([12, 13, 15, 21, 23, 25]) {
        let feature = format!("A3.{feature:02}");
        assert!(rows.iter().any(|row| row.feature == feature), "{feature}");
    }
    assert_eq!(
        rows.iter()
            .filter(|row| row.python.back == Some(json!(null)))
            .count(),
        1,
        "only null is null"
    );
}
