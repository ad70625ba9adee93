//! Prints a captured binary frame as a tree, or as JSON.
//!
//! ```text
//! cargo run -p hypha-codec --example inspect -- [--json] FILE [NAME]
//! ```
//!
//! `FILE` holds the bytes of one frame; or it is one of the `.json` files of recorded frames in `tests/vectors`, with
//! the name of a case or its place in the file.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the terminal"
)]

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::{env, fs};

use hypha_codec::{CodecRegistry, Decoder, Map, Packet, Value};
use serde_json::Value as Json;

fn main() -> ExitCode {
    match run() {
        Ok(output) => {
            println!("{output}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("inspect: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn Error>> {
    let (options, arguments): (Vec<String>, Vec<String>) = env::args()
        .skip(1)
        .partition(|argument| argument.starts_with("--"));
    let as_json = options.iter().any(|option| option == "--json");
    let [file, name @ ..] = &arguments[..] else {
        return Err("usage: inspect [--json] FILE [NAME]".into());
    };
    let bytes = fs::read(file)?;
    let frame = if file.ends_with(".json") {
        recorded(&bytes, name.first().map(String::as_str))?
    } else {
        bytes
    };

    let packet = Packet::parse(frame.into())?;
    let header = packet.header_value()?;
    let decoder = Decoder::new(CodecRegistry::builtin());
    let (payload, ignored) = match packet.payload() {
        segment if segment.is_empty() => (None, 0),
        segment => {
            let (payload, rest) = decoder.decode_prefix(segment)?;
            (Some(payload), rest.len())
        }
    };
    if as_json {
        let frame = Map::from([("header", header), ("payload", payload.into())]);
        return Ok(serde_json::to_string_pretty(&frame)?);
    }
    let mut out = format!("frame of {} bytes\n", packet.frame().len());
    tree(&mut out, 0, "header", &header);
    match &payload {
        Some(payload) => tree(&mut out, 0, "payload", payload),
        None => out.push_str("no payload\n"),
    }
    if ignored > 0 {
        writeln!(out, "{ignored} more bytes, ignored")?;
    }
    Ok(out.trim_end().to_owned())
}

/// The bytes of a recorded frame.
fn recorded(file: &[u8], name: Option<&str>) -> Result<Vec<u8>, Box<dyn Error>> {
    let Json::Array(cases) = serde_json::from_slice(file)? else {
        return Err("the file is no list of cases".into());
    };
    let case = match name.map(str::parse::<usize>) {
        Some(Ok(place)) => cases.get(place),
        Some(Err(_)) => cases.iter().find(|case| case["name"].as_str() == name),
        None => cases.iter().find(|case| case["hex"].is_string()),
    };
    let hex = case
        .and_then(|case| case["hex"].as_str())
        .ok_or("there is no such case with bytes")?;
    let byte = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(byte).collect();
    bytes.ok_or_else(|| "the bytes of the case are not hexadecimal".into())
}

/// Adds a line for a value, and lines below it for what is in it.
fn tree(out: &mut String, depth: usize, name: &str, value: &Value) {
    let indent = "  ".repeat(depth);
    let mut line = |text: String| out.push_str(&format!("{indent}{name}: {text}\n"));
    match value {
        Value::List(items) | Value::Set(items) => {
            line(format!("{} of {}", value.kind(), items.len()));
            for (index, item) in items.iter().enumerate() {
                tree(out, depth + 1, &format!("[{index}]"), item);
            }
        }
        Value::Map(map) => {
            line(format!("map of {}", map.len()));
            branches(out, depth, map);
        }
        Value::OrderedMap(pairs) => {
            line(format!("ordered map of {}", pairs.len()));
            for (key, value) in pairs {
                tree(out, depth + 1, &format!("{key:?}"), value);
            }
        }
        Value::Method(method) => {
            line(format!(
                "function {} of {}, answers: {:?}",
                method.method, method.target, method.promise
            ));
        }
        Value::Generator(generator) => line(format!(
            "generator {} of {}",
            generator.method, generator.target
        )),
        Value::IoStream(stream) => {
            line(format!("io stream {}", stream.native));
            branches(out, depth, &stream.members);
        }
        Value::Error(error) => line(format!("error {:?}", error.message)),
        other => line(format!("{other:?}")),
    }
}

fn branches(out: &mut String, depth: usize, map: &Map) {
    for (key, value) in map {
        match key.as_str() {
            Some(key) => tree(out, depth + 1, key, value),
            None => tree(out, depth + 1, &format!("{key:?}"), value),
        }
    }
}
