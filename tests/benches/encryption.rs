//! What encryption costs: calls in clear and encrypted, beside the bare `crypto_box` of the same bytes.
//!
//! Two peers in one process over the in-memory pair, so that nothing else takes time. A call sends bytes there and back:
//! they are sealed twice and opened twice. `cargo bench -p hypha-tests --bench encryption`, with `-- --check` to fail
//! where a target is missed.

#![expect(clippy::print_stdout, reason = "the figures are the output")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and starts tasks"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use bytes::Bytes;
use crypto_box::SalsaBox;
use crypto_box::aead::AeadInPlace as _;
use hypha_client::{Binary, Encryption, SecretKey};
use hypha_rpc_core::{Peer, PeerConfig, PeerIdentity, RemoteService, Service};
use hypha_transport::memory::{self, MemoryConfig};

/// Bytes of a call, calls in a round, and how much of the time of the bare boxes encryption may take at most.
const SIZES: [(usize, usize, f64); 2] = [(1 << 10, 2000, 3.0), (64 << 20, 1, 2.0)];
const ROUNDS: usize = 7;

fn main() -> Result<()> {
    let check = std::env::args().any(|argument| argument == "--check");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut missed = 0;
    for (bytes, calls, target) in SIZES {
        missed += usize::from(runtime.block_on(measure(bytes, calls, target))?);
    }
    if check && missed > 0 {
        bail!("{missed} targets are missed");
    }
    Ok(())
}

/// Prints the figures of one size, and says whether its target is missed.
async fn measure(bytes: usize, calls: usize, target: f64) -> Result<bool> {
    let clear = pair(None).await?;
    let sealed = pair(Some([Encryption::generate()?, Encryption::generate()?])).await?;
    let content = Bytes::from(vec![7; bytes]);
    let bare = Bare::new(bytes)?;
    let [mut plain, mut encrypted, mut boxes] = [const { Vec::new() }; 3];
    // The first round warms up.
    for round in 0..=ROUNDS {
        let times = [
            call(&clear.0, &content, calls).await?,
            call(&sealed.0, &content, calls).await?,
            bare.run(calls)?,
        ];
        if round > 0 {
            for (list, time) in [&mut plain, &mut encrypted, &mut boxes]
                .into_iter()
                .zip(times)
            {
                list.push(time);
            }
        }
    }
    let [plain, encrypted, boxes] = [plain, encrypted, boxes].map(median);
    let ratio = (encrypted - plain) / boxes;
    println!("{bytes} bytes there and back, in microseconds a call");
    println!("  in clear                              {plain:>12.1}");
    println!("  encrypted                             {encrypted:>12.1}");
    println!("  crypto_box alone, 2 seals and 2 opens {boxes:>12.1}");
    let verdict = if ratio > target { "  MISSED" } else { "" };
    println!("  what encryption adds, of crypto_box   {ratio:>12.2}  at most {target}{verdict}");
    Ok(ratio > target)
}

async fn call(service: &RemoteService, content: &Bytes, calls: usize) -> Result<f64> {
    let begun = Instant::now();
    for _ in 0..calls {
        let back: Binary = service
            .call("echo", (Binary::from(content.clone()),))
            .await?;
        if back.len() != content.len() {
            bail!("{} bytes came back", back.len());
        }
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(calls)?))
}

/// A service as its caller sees it, and the two peers.
async fn pair(keys: Option<[Encryption; 2]>) -> Result<(RemoteService, Peer, Peer)> {
    let (left, right) = memory::pair(MemoryConfig::default());
    let addresses: [hypha_rpc_core::Address; 2] = ["ws/left".parse()?, "ws/right".parse()?];
    let identities = [
        PeerIdentity::new(addresses[0].clone(), addresses[1].clone()),
        PeerIdentity::new(addresses[1].clone(), addresses[0].clone()),
    ];
    let config = |key: Option<&Encryption>| {
        let mut config = PeerConfig::default();
        if let Some(key) = key {
            config.sealer = Some(Arc::new(key.clone()));
        }
        config
    };
    let key = |index: usize| keys.as_ref().map(|keys| &keys[index]);
    let [ours, theirs] = identities;
    let caller = Peer::direct(left, ours, config(key(0)))?;
    let provider = Peer::direct(right, theirs, config(key(1)))?;
    let service = Service::new("s").method("echo", |bytes: Binary| async move { bytes });
    provider.register_service(service).await?;
    let mut service = caller.get_remote_service("s").await?;
    if let Some(key) = key(1) {
        service = service.encrypted_for(key.public_key());
    }
    Ok((service, caller, provider))
}

/// The same bytes sealed and opened by the library that everything rests on.
struct Bare {
    keys: SalsaBox,
    content: Vec<u8>,
}

impl Bare {
    fn new(bytes: usize) -> Result<Self> {
        let [ours, theirs] = [SecretKey::generate()?, SecretKey::generate()?];
        let secret = ours.to_hex();
        let mut key = [0; 32];
        for (place, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&secret[2 * place..2 * place + 2], 16)?;
        }
        let public = crypto_box::PublicKey::from(*theirs.public_key().as_bytes());
        Ok(Self {
            keys: SalsaBox::new(&public, &crypto_box::SecretKey::from(key)),
            content: vec![7; bytes],
        })
    }

    fn run(&self, calls: usize) -> Result<f64> {
        let mut buffer = self.content.clone();
        let nonce = [9; 24].into();
        let begun = Instant::now();
        for _ in 0..2 * calls {
            let sealed = self
                .keys
                .encrypt_in_place_detached(&nonce, b"", &mut buffer);
            let tag = sealed.map_err(|_| anyhow!("cannot be sealed"))?;
            let opened = self
                .keys
                .decrypt_in_place_detached(&nonce, b"", &mut buffer, &tag);
            opened.map_err(|_| anyhow!("cannot be opened"))?;
            black_box(&buffer);
        }
        Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(calls)?))
    }
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_unstable_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN)
}
