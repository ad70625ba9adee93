//! Times of this crate as ratios to those of rmp-serde and rmpv, measured in one run.
//!
//! The candidates of a case take turns in short rounds, so that a busy machine slows all of them alike; a time is the
//! median of its rounds. `cargo bench -p hypha-codec -- --check` fails where a target is missed.

#![expect(clippy::print_stdout, reason = "the figures are the output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hypha_codec::{
    CodecRegistry, DType, Decoder, Encoder, HeaderEdits, Map, NdArray, OutgoingHeader, Packet,
    Payload, Value, decode, encode, encode_frame,
};
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 151;
const ROUND: Duration = Duration::from_micros(500);

#[derive(Serialize, Deserialize)]
struct SmallCall {
    #[serde(rename = "type")]
    kind: String,
    from: String,
    to: String,
    method: String,
    session: String,
    args: (f64, u32, String, bool, Vec<u32>),
    promise: String,
    t: f64,
}

fn small_call() -> SmallCall {
    SmallCall {
        kind: "method".into(),
        from: "ws-user-anonymouz-1234567/client-a".into(),
        to: "ws-user-anonymouz-1234567/client-b".into(),
        method: "services.calculator.add".into(),
        session: "HLwgX43ffjDdg54YWwznpy".into(),
        args: (1.5, 70_000, "a small text".into(), true, vec![1, 2, 300]),
        promise: "*".into(),
        t: 15.0,
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    id: u64,
    name: String,
    description: String,
    score: f64,
    active: bool,
    tags: Vec<String>,
    position: Position,
    parent: Option<i32>,
}

#[derive(Serialize, Deserialize)]
struct Position {
    x: f64,
    y: f64,
}

fn records() -> Vec<Record> {
    (0..10_000)
        .map(|i| Record {
            id: i * 1_000_003,
            name: format!("record-{i}"),
            description: format!(
                "this is the record with the number {i}, described at some length"
            ),
            score: i as f64 / 7.0,
            active: i % 3 == 0,
            tags: vec!["red".into(), format!("tag{}", i % 100)],
            position: Position {
                x: i as f64,
                y: -1.5,
            },
            parent: (i % 5 != 0).then_some(i as i32 - 3),
        })
        .collect()
}

/// One thing to measure.
struct Candidate<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Candidate<'a> {
    fn new<R>(name: &'static str, mut f: impl FnMut() -> R + 'a) -> Self {
        Self {
            name,
            run: Box::new(move || drop(black_box(f()))),
        }
    }

    fn time(&mut self, runs: u32) -> Duration {
        let started = Instant::now();
        for _ in 0..runs {
            (self.run)();
        }
        started.elapsed()
    }
}

/// At most this many times the time of another candidate.
type Target = (&'static str, &'static str, f64);

#[derive(Default)]
struct Report {
    missed: usize,
}

impl Report {
    fn measure(&mut self, case: &str, mut candidates: Vec<Candidate<'_>>, targets: &[Target]) {
        let runs: Vec<u32> = candidates.iter_mut().map(runs_of_a_round).collect();
        let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(ROUNDS); candidates.len()];
        for round in 0..ROUNDS {
            for turn in 0..candidates.len() {
                // In another order each round, so that none always runs when the machine is busy with something else.
                let at = (round + turn) % candidates.len();
                times[at].push(candidates[at].time(runs[at]).as_secs_f64() / f64::from(runs[at]));
            }
        }
        let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
        println!("\n{case}");
        for (candidate, median) in candidates.iter().zip(&medians) {
            println!("  {:<34} {:>12}", candidate.name, shown(*median));
        }
        let of = |name: &str| {
            let at = candidates
                .iter()
                .position(|candidate| candidate.name == name);
            at.map_or(f64::NAN, |at| medians[at])
        };
        for (ours, other, most) in targets {
            let ratio = of(ours) / of(other);
            let verdict = if ratio <= *most { "ok" } else { "MISSED" };
            self.missed += usize::from(verdict != "ok");
            println!("  {ours} / {other}: {ratio:.2}, target {most:.2}: {verdict}");
        }
    }

    /// For targets that are times and not ratios.
    fn limit(&mut self, case: &str, candidate: Candidate<'_>, most: Duration) {
        let mut candidate = candidate;
        let runs = runs_of_a_round(&mut candidate);
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| candidate.time(runs).as_secs_f64() / f64::from(runs))
            .collect();
        let median = median(&mut times);
        let verdict = if median <= most.as_secs_f64() {
            "ok"
        } else {
            "MISSED"
        };
        self.missed += usize::from(verdict != "ok");
        println!(
            "\n{case}: {}, target {}: {verdict}",
            shown(median),
            shown(most.as_secs_f64())
        );
    }
}

fn runs_of_a_round(candidate: &mut Candidate<'_>) -> u32 {
    let mut runs = 1;
    while candidate.time(runs) < ROUND && runs < 1 << 20 {
        runs *= 2;
    }
    runs
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn shown(seconds: f64) -> String {
    match seconds * 1e9 {
        nanos if nanos < 1e4 => format!("{nanos:.0} ns"),
        nanos if nanos < 1e7 => format!("{:.1} us", nanos / 1e3),
        nanos => format!("{:.1} ms", nanos / 1e6),
    }
}

const VALUE: &str = "hypha Value";
const TYPED: &str = "hypha typed";
const SERDE: &str = "rmp-serde typed";
const RMPV: &str = "rmpv Value";

fn compare<T>(report: &mut Report, case: &str, typed: &T)
where
    T: Serialize + for<'de> Deserialize<'de>,
{
    let packed = rmp_serde::to_vec_named(typed).expect("serialises");
    let bytes = Bytes::from(packed.clone());
    let value = decode(bytes.clone()).expect("decodes");
    let other = rmpv::decode::read_value(&mut &packed[..]).expect("decodes");
    assert_eq!(
        encode(&value).expect("encodes"),
        packed,
        "all write the same bytes"
    );
    report.measure(
        &format!("decode {case} ({} bytes)", packed.len()),
        vec![
            Candidate::new(VALUE, || decode(bytes.clone()).expect("decodes")),
            Candidate::new(SERDE, || {
                rmp_serde::from_slice::<T>(&packed).expect("decodes")
            }),
            Candidate::new(RMPV, || {
                rmpv::decode::read_value(&mut &packed[..]).expect("decodes")
            }),
        ],
        &[(VALUE, RMPV, 0.5), (VALUE, SERDE, 1.3)],
    );
    let encoder = || Encoder::new(CodecRegistry::builtin());
    report.measure(
        &format!("encode {case}"),
        vec![
            Candidate::new(VALUE, || encoder().value(&value).expect("encodes")),
            Candidate::new(TYPED, || encoder().typed(typed).expect("encodes")),
            Candidate::new(SERDE, || rmp_serde::to_vec_named(typed).expect("encodes")),
            Candidate::new(RMPV, || {
                let mut out = Vec::new();
                rmpv::encode::write_value(&mut out, &other).expect("encodes");
                out
            }),
        ],
        &[(VALUE, SERDE, 1.3), (VALUE, RMPV, 0.7), (TYPED, SERDE, 1.1)],
    );
}

fn large(report: &mut Report) {
    const LEN: usize = 64 * 1024 * 1024;
    let data = Bytes::from(vec![7; LEN]);
    let bytes = encode(&Value::from(Map::from([("data", data.clone())]))).expect("encodes");
    let candidate = Candidate::new(VALUE, || decode(bytes.clone()).expect("decodes"));
    report.limit(
        "decode 64 MiB of bytes",
        candidate,
        Duration::from_micros(10),
    );
    let array = NdArray::new(DType::Float32, [LEN / 4], data.clone()).expect("whole elements");
    let args = Map::from([("args", Value::from([Value::from(array)]))]);
    let payload = Encoder::new(CodecRegistry::builtin())
        .value(&args.into())
        .expect("encodes");
    let frame = encode_frame(&OutgoingHeader::call("ws/to", "services.s.f"), payload).into_bytes();
    let decoder = Decoder::new(CodecRegistry::builtin());
    let candidate = Candidate::new(VALUE, || {
        let packet = Packet::parse(frame.clone()).expect("a frame");
        Payload::decode(packet.payload(), &decoder).expect("a call")
    });
    report.limit(
        "decode a call with an array of 64 MiB",
        candidate,
        Duration::from_micros(10),
    );
    let candidate = Candidate::new(VALUE, || {
        let value = Value::Bytes(data.clone());
        Encoder::new(CodecRegistry::builtin())
            .value(&value)
            .expect("encodes")
    });
    report.limit(
        "encode 64 MiB of bytes as a rope",
        candidate,
        Duration::from_micros(10),
    );
}

fn relay(report: &mut Report) {
    let header = OutgoingHeader::call(
        "ws-user-anonymouz-1234567/client-b",
        "services.calculator.add",
    )
    .from("ws-user-anonymouz-1234567/client-a")
    .session(Some("HLwgX43ffjDdg54YWwznpy"));
    let args = Map::from([
        (
            "args",
            Value::from([
                Value::from("a text of some length, as arguments have them"),
                "and another one of thirty bytes".into(),
            ]),
        ),
        ("promise", "*".into()),
        ("t", 15.0.into()),
    ]);
    let payload = Encoder::new(CodecRegistry::builtin())
        .value(&args.into())
        .expect("encodes");
    let frame = encode_frame(&header, payload).into_bytes();
    let user = encode(
        &Map::from([
            ("id", Value::from("user-1")),
            ("roles", Value::List(vec![])),
        ])
        .into(),
    );
    let user = user.expect("encodes");
    let candidate = Candidate::new(VALUE, || {
        let packet = Packet::parse(frame.clone()).expect("a frame");
        let header = packet.header().expect("a header");
        let (from, to) = (
            header.from().unwrap_or_default(),
            header.to().unwrap_or_default(),
        );
        let edits = HeaderEdits::new()
            .from(from)
            .to(to)
            .ws("ws-user-anonymouz-1234567")
            .user(&user);
        packet.rewrite(&edits).expect("rewrites")
    });
    let case = format!(
        "parse, read and rewrite the header of a frame of {} bytes",
        frame.len()
    );
    report.limit(&case, candidate, Duration::from_nanos(500));
    let packet = Packet::parse(frame.clone()).expect("a frame");
    let edits = HeaderEdits::new()
        .from("ws/a")
        .to("ws/b")
        .ws("ws-user-anonymouz-1234567")
        .user(&user);
    let candidate = Candidate::new(VALUE, || packet.rewrite(&edits).expect("rewrites"));
    let case = format!("rewrite the header of a frame of {} bytes", frame.len());
    report.limit(&case, candidate, Duration::from_nanos(250));
}

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let mut report = Report::default();
    compare(&mut report, "a small call", &small_call());
    compare(&mut report, "10,000 mixed maps", &records());
    large(&mut report);
    relay(&mut report);
    println!("\ntargets missed: {}", report.missed);
    if check && report.missed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
