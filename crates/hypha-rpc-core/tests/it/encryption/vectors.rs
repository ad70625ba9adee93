//! Envelopes of Python and JavaScript, byte for byte.

use std::path::Path;

use bytes::Bytes;
use hypha_codec::{Envelope, Packet};
use hypha_e2e::{Nonce, PublicKey, SecretKey};
use serde_json::Value as Json;

fn bytes(hex: &Json) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len() / 2)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// None in a package, which is without them.
fn vectors() -> Option<Vec<Json>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join("tests/vectors/e2e.json");
    let is_repository = root.join("crates").exists() && root.join("Cargo.toml").exists();
    assert!(
        file.exists() || !is_repository,
        "the vectors are missing from the repository"
    );
    Some(serde_json::from_slice(&std::fs::read(file).ok()?).unwrap())
}

#[test]
fn envelopes_are_those_of_the_others() {
    let Some(cases) = vectors() else { return };
    let keys = &cases[0];
    let [alice, bob] = ["alice_private", "bob_private"].map(|name| {
        let hex = keys[name].as_str().unwrap();
        hex.parse::<SecretKey>().unwrap()
    });
    let nonce = bytes(&keys["nonce"]);
    let (mut written, mut opened) = (0, 0);
    for case in &cases[1..] {
        let name = case["name"].as_str().unwrap();
        if let Some(segment) = case.get("segment2") {
            let envelope = Envelope::new(
                Bytes::copy_from_slice(alice.public_key().as_bytes()),
                Bytes::from(nonce.clone()),
                Bytes::from(bytes(&case["ciphertext"])),
            );
            let ours = envelope.encode().unwrap().into_bytes();
            assert_eq!(*ours, *bytes(segment), "{name}");
            let read = Envelope::read(&ours).unwrap().unwrap();
            assert_eq!(*read.data, *bytes(&case["ciphertext"]), "{name}");
            written += 1;
        } else if let Some(clear) = case.get("decrypted_segment2_value") {
            let packet = Packet::parse(Bytes::from(bytes(&case["hex"]))).unwrap();
            let envelope = Envelope::read(&packet.payload()).unwrap().unwrap();
            assert_eq!(envelope.version, Envelope::VERSION);
            let sender = PublicKey::try_from(&*envelope.public_key).unwrap();
            let shared = bob.shared_with(&sender).unwrap();
            let nonce = Nonce::try_from(&*envelope.nonce).unwrap();
            let payload = shared.open(&nonce, &envelope.data).unwrap();
            let payload = hypha_codec::decode(Bytes::from(payload)).unwrap();
            let mut clear = clear.clone();
            let float = clear["t"]["$f"].take();
            clear["t"] = float;
            assert_eq!(
                hypha_codec::from_value::<Json>(payload).unwrap(),
                clear,
                "{name}"
            );
            let header = packet.header().unwrap();
            assert_eq!(header.to(), Some("ws-1/bob"));
            opened += 1;
        } else {
            // Boxes alone, which nobody can open: see the tests of `hypha-e2e`.
            assert_eq!(case["expect"], "decryption failure", "{name}");
        }
    }
    assert_eq!((written, opened), (16, 1));
}
