//! What callers notice of somebody who asks the provider that they call for much and reads none of it.

use anyhow::{Context as _, Result};
use hypha_codec::wire::payload;
use hypha_codec::{Map, OutgoingHeader, Rope, Value, encode_frame};
use hypha_rpc_core::{Credentials, handshake};
use hypha_transport::{ConnectContext, Connector as _, Frame, FrameTx as _, Transport as _};
use hypha_transport_ws::WsConnector;

use crate::child::{Process, runtime, serve};
use crate::peers::Fleet;
use crate::report::{Plan, Report, Target, figure};

/// What is asked for at a time: as much as fits into one frame to any client.
const ANSWER: usize = 200_000;
/// All of it is far more than the buffers on the way hold.
const CALLS: usize = 500;

/// Seconds that are watched; the receiver stops reading at their beginning.
const WATCHED: f64 = 4.0;

const FLAVOUR: &str = "multi";

/// In milliseconds: how much longer the slowest hundredth of a bystander's calls may take.
const RISE_TARGET: f64 = 1000.0;

pub(crate) fn run(plan: &Plan, report: &mut Report) -> Result<()> {
    println!("\na bystander's calls while a receiver stops reading");
    let mut fleet = Fleet::server(FLAVOUR)?.with_peers(FLAVOUR)?;
    fleet.ask(&format!("seq {}", plan.seconds()))?;
    let before = fleet.ask(&format!("seq {WATCHED}"))?;
    let mut deaf = Process::role("deaf", &[fleet.url(), fleet.provider()])?;
    deaf.line()?;
    let beside = fleet.ask(&format!("seq {WATCHED}"))?;
    let milliseconds = |json, name| figure(json, name).map(|micros| micros / 1000.0);
    for (name, json) in [("before", &before), ("beside", &beside)] {
        let (p99, max) = (milliseconds(json, "p99")?, milliseconds(json, "max")?);
        println!("  {name:<58} p99 {p99:.2} ms, longest {max:.2} ms");
    }
    let rise = milliseconds(&beside, "p99")? - milliseconds(&before, "p99")?;
    let target = Target::AtMost(RISE_TARGET);
    report.compare("rise of the p99", rise, "ms", target);
    let rise = milliseconds(&beside, "max")? - milliseconds(&before, "max")?;
    report.compare("rise of the longest call", rise, "ms", Target::None);
    Ok(())
}

/// Asks for much, and reads nothing of it.
pub(crate) fn reads_nothing(url: &str, provider: &str) -> Result<()> {
    runtime(FLAVOUR)?.block_on(async {
        let connector = WsConnector::new(url)?;
        let (mut tx, mut rx) = connector.connect(ConnectContext::new()).await?.split();
        handshake(&mut tx, &mut rx, &Credentials::new("deaf")).await?;
        for call in 0..CALLS {
            let session = format!("s{call}");
            let header =
                OutgoingHeader::call(provider, "services.bench.make").session(Some(&session));
            let frame = encode_frame(&header, Rope::from(arguments()?)).into_bytes();
            tx.feed(Frame::Binary(frame)).await?;
        }
        tx.flush().await.context("the calls")?;
        serve("ready", async |_| Ok(true.into())).await?;
        drop((tx, rx));
        Ok(())
    })
}

fn arguments() -> Result<bytes::Bytes> {
    let arguments = Map::from_iter([
        (payload::ARGS, Value::from(vec![Value::from(ANSWER as u64)])),
        (payload::PROMISE, Value::from(payload::PROMISE_STAR)),
        (payload::INTERVAL, Value::from(15.0)),
    ]);
    Ok(hypha_codec::encode(&Value::from(arguments))?)
}
