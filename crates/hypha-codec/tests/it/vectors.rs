//! Vectors recorded from the Python and the JavaScript peer: what they wrote is read as what it meant, and what this
//! crate writes for the same is what Python writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use hypha_codec::{CodecRegistry, Decoder, Packet, Value, decode, encode};
use serde_json::Value as Json;

/// Names of cases, each with the reason why it is there.
type Table = &'static [(&'static str, &'static str)];

const NON_TEXT_KEY: &str = "peers drop frames with keys that are no text, so they are refused here";
const NO_PROMISE: &str = "an absent promise means false and is written as false";
const STREAM_ORDER: &str = "streams are written in Python's order, tag last";

/// Cases that are read, but not written, or written with other bytes that mean the same.
const WRITTEN_OTHERWISE: Table = &[
    (
        "js/rx_float32",
        "all floats are written with 64 bit, as Python does",
    ),
    ("js/rx_int_key_map", NON_TEXT_KEY),
    ("js/rx_iostream_py", STREAM_ORDER),
    (
        "python/already_encoded_ndarray",
        "a hand-made map has its tag last; arrays are written as Python's encoder does",
    ),
    ("python/dict_bytes_keys", NON_TEXT_KEY),
    ("python/dict_float_key", NON_TEXT_KEY),
    ("python/dict_int_keys", NON_TEXT_KEY),
    ("python/dict_none_key", NON_TEXT_KEY),
    ("python/rx_iostream_js_blob", STREAM_ORDER),
];

/// Cases whose content is written in another form.
const RESHAPED: Table = &[
    ("js/rx_method", NO_PROMISE),
    ("js/rx_method_manager", NO_PROMISE),
    ("python/rx_method_relative_target", NO_PROMISE),
    ("python/rx_method_target_equals_workspace", NO_PROMISE),
    (
        "js/ndarray_helper",
        "bytes of arrays are written as bytes, not as a memory view",
    ),
    (
        "python/rx_ndarray_list_value",
        "bytes of arrays are written in one piece",
    ),
];

/// Cases that are refused, as by their own peers.
const REFUSED: Table = &[
    ("js/rx_orderedmap_keys", "keys without values"),
    ("python/rx_ndarray_bad_value", "text in place of bytes"),
    (
        "python/rx_orderedmap_2char_keys",
        "keys without values, which Python cuts into key and value by accident",
    ),
    ("python/rx_orderedmap_keys_only", "keys without values"),
];

/// The same as [`WRITTEN_OTHERWISE`] for segments of recorded frames.
const FRAMES_OTHERWISE: Table = &[("frame/non_string_map_key/001/2", NON_TEXT_KEY)];

/// The folder of the vectors; none where the crate is unpacked alone.
fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("tests/vectors");
    let is_repository = root.join("Cargo.toml").exists() && root.join("crates").exists();
    assert!(
        folder.exists() || !is_repository,
        "the vectors are missing from the repository"
    );
    folder.exists().then_some(folder)
}

struct Case {
    name: String,
    /// Who wrote it: `python`, `js`, `server`, `hand-made`.
    by: String,
    bytes: Bytes,
    described: Json,
}

fn cases(path: &Path, prefix: &str) -> Vec<Case> {
    let text = fs::read_to_string(path).expect("the file is there");
    let list: Vec<Json> = serde_json::from_str(&text).expect("the file is JSON");
    list.iter()
        .filter_map(|case| {
            let bytes = case.get("hex").and_then(Json::as_str).map(unhex)?;
            let described = case.get("value").cloned()?;
            let name = format!("{prefix}/{}", case["name"].as_str().expect("a name"));
            let by = case["produced_by"]["impl"]
                .as_str()
                .unwrap_or("unknown")
                .to_owned();
            Some(Case {
                name,
                by,
                bytes,
                described,
            })
        })
        .collect()
}

fn unhex(hex: &str) -> Bytes {
    let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// Whether a value is what the notation of the vectors describes.
fn is_described(described: &Json, value: &Value) -> bool {
    let items = |described: &[Json], items: &[Value]| {
        described.len() == items.len()
            && described.iter().zip(items).all(|(d, v)| is_described(d, v))
    };
    match (described, value) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(described), Value::Bool(b)) => described == b,
        (Json::Number(number), Value::Int(n)) => number.to_string() == n.to_string(),
        (Json::String(user), Value::Map(_)) => user.starts_with("<user:"),
        (Json::String(described), Value::Text(text)) => text == described,
        (Json::Array(described), Value::List(list)) => items(described, list),
        (Json::Object(object), value) => match object.iter().next() {
            Some((key, content)) if key.starts_with('$') => {
                is_described_specially(key, content, object, value)
            }
            _ => match value {
                Value::Map(map) => {
                    object.len() == map.len()
                        && object.iter().zip(map.iter()).all(
                            |((described_key, described), (key, value))| {
                                key.as_str() == Some(described_key)
                                    && is_described(described, value)
                            },
                        )
                }
                _ => false,
            },
        },
        _ => false,
    }
}

fn is_described_specially(
    key: &str,
    content: &Json,
    object: &serde_json::Map<String, Json>,
    value: &Value,
) -> bool {
    let text = content.as_str().unwrap_or_default();
    match (key, value) {
        ("$i", Value::Int(n)) => n.to_string() == text,
        ("$f", Value::Float(float)) => {
            let described = content
                .as_f64()
                .or_else(|| text.parse().ok())
                .expect("a float");
            described.to_bits() == float.to_bits() || described.is_nan() && float.is_nan()
        }
        ("$b", Value::Bytes(bytes)) => *bytes == unhex(text),
        ("$b_len", Value::Bytes(bytes)) => {
            let head = unhex(object["$b_head"].as_str().expect("the first bytes"));
            content.as_u64() == Some(bytes.len() as u64) && bytes.starts_with(&head)
        }
        ("$m", Value::Map(map)) => {
            let pairs = content.as_array().expect("pairs");
            pairs.len() == map.len()
                && pairs.iter().zip(map.iter()).all(|(pair, (key, value))| {
                    is_described(&pair[0], key) && is_described(&pair[1], value)
                })
        }
        ("$x", Value::Ext(ext)) => {
            content[0] == ext.kind() && *ext.data() == unhex(content[1].as_str().expect("hex"))
        }
        ("$ts", Value::Timestamp(time)) => {
            content[0] == time.seconds() && content[1] == time.nanoseconds()
        }
        _ => false,
    }
}

/// The value as it is on the wire, tagged maps as maps.
fn plain(bytes: Bytes) -> Value {
    Decoder::new(CodecRegistry::builtin())
        .keep_tagged_maps()
        .decode(bytes)
        .expect("decodes")
}

/// Equal but for the order of keys and for absent nils.
fn means_the_same(one: &Value, other: &Value) -> bool {
    let present = |value: &Value| !value.is_null();
    match (one, other) {
        (Value::Map(one), Value::Map(other)) => {
            let covers = |this: &hypha_codec::Map, that: &hypha_codec::Map| {
                this.iter()
                    .filter(|(_, value)| present(value))
                    .all(|(key, value)| {
                        that.iter().any(|(candidate, same)| {
                            candidate == key && means_the_same(value, same)
                        })
                    })
            };
            covers(one, other) && covers(other, one)
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| means_the_same(one, other))
        }
        (Value::Float(one), Value::Float(other)) => one.to_bits() == other.to_bits(),
        (one, other) => one == other,
    }
}

/// The kind that a tagged map is read as.
fn kind_of_tag(described: &Json) -> Option<&'static str> {
    Some(match described.get("_rtype")?.as_str()? {
        "method" => "function",
        "generator" => "generator",
        "ndarray" => "ndarray",
        "typedarray" => "typed array",
        "memoryview" => "memory view",
        "set" => "set",
        "orderedmap" => "ordered map",
        "error" => "error",
        "iostream" => "io stream",
        _ => "map",
    })
}

#[derive(Default)]
struct Findings {
    otherwise: BTreeSet<String>,
    reshaped: BTreeSet<String>,
    refused: BTreeSet<String>,
    checked: usize,
}

impl Findings {
    /// Checks one encoded value; the name is only for messages and the tables of exceptions.
    fn check(&mut self, name: &str, by: &str, described: &Json, bytes: &Bytes) {
        self.checked += 1;
        let raw = plain(bytes.clone());
        assert!(
            is_described(described, &raw),
            "{name}: read as {raw:?}, described as {described}"
        );
        let Ok(value) = decode(bytes.clone()) else {
            self.refused.insert(name.to_owned());
            return;
        };
        if let Some(kind) = kind_of_tag(described) {
            assert_eq!(value.kind(), kind, "{name}");
        }
        let Ok(written) = encode(&value) else {
            self.otherwise.insert(name.to_owned());
            return;
        };
        if !means_the_same(&plain(written.clone()), &raw) {
            self.reshaped.insert(name.to_owned());
            return;
        }
        if by != "js" && written != *bytes {
            self.otherwise.insert(name.to_owned());
        }
    }

    fn compare_with_tables(&self, otherwise: Table, reshaped: Table, refused: Table) {
        let names =
            |table: &[(&str, &str)]| table.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(
            self.otherwise,
            names(otherwise),
            "cases written otherwise, and the table of them"
        );
        assert_eq!(
            self.reshaped,
            names(reshaped),
            "cases reshaped, and the table of them"
        );
        assert_eq!(
            self.refused,
            names(refused),
            "cases refused, and the table of them"
        );
    }
}

#[test]
fn values() {
    let Some(folder) = folder() else { return };
    let mut findings = Findings::default();
    for (file, prefix) in [("values_python.json", "python"), ("values_js.json", "js")] {
        for case in cases(&folder.join(file), prefix) {
            findings.check(&case.name, &case.by, &case.described, &case.bytes);
        }
    }
    assert!(findings.checked > 200, "only {} cases", findings.checked);
    findings.compare_with_tables(WRITTEN_OTHERWISE, RESHAPED, REFUSED);
}

#[test]
fn frames() {
    let Some(folder) = folder() else { return };
    let mut findings = Findings::default();
    let mut files: Vec<PathBuf> = fs::read_dir(folder.join("frames"))
        .expect("the folder of frames")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files.push(folder.join("webrtc.json"));
    for file in &files {
        for case in cases(file, "frame") {
            let Json::Array(segments) = &case.described else {
                continue;
            };
            let packet = Packet::parse(case.bytes.clone()).expect("a frame");
            let header = packet
                .frame()
                .slice(..packet.frame().len() - packet.payload().len());
            check_header(&case.name, &packet, &segments[0]);
            findings.check(&format!("{}/1", case.name), &case.by, &segments[0], &header);
            if let Some(described) = segments.get(1) {
                // What the server passes on was written by a client.
                let by = if case.by == "server" { "js" } else { &case.by };
                findings.check(
                    &format!("{}/2", case.name),
                    by,
                    described,
                    &packet.payload(),
                );
            }
        }
    }
    assert!(
        findings.checked > 1000,
        "only {} segments",
        findings.checked
    );
    findings.compare_with_tables(FRAMES_OTHERWISE, &[], &[]);
}

fn check_header(name: &str, packet: &Packet, described: &Json) {
    let header = packet.header().expect("a header");
    let text = |key: &str| described.get(key).and_then(Json::as_str);
    assert_eq!(header.kind(), text("type"), "{name}");
    assert_eq!(header.from(), text("from"), "{name}");
    assert_eq!(header.to(), text("to"), "{name}");
    assert_eq!(header.method(), text("method"), "{name}");
    assert_eq!(header.session(), text("session"), "{name}");
    assert_eq!(header.parent(), text("parent"), "{name}");
    assert_eq!(header.ws(), text("ws"), "{name}");
    let user = packet
        .user()
        .expect("a header")
        .map(|user| decode(user).expect("decodes"));
    assert_eq!(user.is_some(), described.get("user").is_some(), "{name}");
    assert_eq!(user, packet.field("user").expect("a header"), "{name}");
}
