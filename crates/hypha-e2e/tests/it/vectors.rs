//! Boxes that PyNaCl and tweetnacl sealed, and those that nobody can open.

use std::fs;
use std::path::Path;

use hypha_e2e::{Nonce, PublicKey, SecretKey, SharedKey};
use serde_json::Value as Json;

fn bytes(hex: &Json) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len() / 2)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

struct Keys {
    alice: SecretKey,
    bob: SecretKey,
    nonce: Nonce,
}

/// None in a package, which is without them.
fn vectors() -> Option<(Keys, Vec<Json>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join("tests/vectors/e2e.json");
    let is_repository = root.join("crates").exists() && root.join("Cargo.toml").exists();
    assert!(
        file.exists() || !is_repository,
        "the vectors are missing from the repository"
    );
    let file = fs::read(file).ok()?;
    let mut cases: Vec<Json> = serde_json::from_slice(&file).unwrap();
    let keys = cases.remove(0);
    let key = |name: &str| keys[name].as_str().unwrap().parse::<SecretKey>().unwrap();
    let (alice, bob) = (key("alice_private"), key("bob_private"));
    for (secret, public) in [(&alice, "alice_public"), (&bob, "bob_public")] {
        let public = keys[public].as_str().unwrap();
        assert_eq!(secret.public_key().to_string(), public);
        assert_eq!(public.parse::<PublicKey>().unwrap(), secret.public_key());
    }
    let nonce = Nonce::try_from(&*bytes(&keys["nonce"])).unwrap();
    Some((Keys { alice, bob, nonce }, cases))
}

impl Keys {
    fn sealing(&self) -> SharedKey {
        self.alice.shared_with(&self.bob.public_key()).unwrap()
    }

    fn opening(&self) -> SharedKey {
        self.bob.shared_with(&self.alice.public_key()).unwrap()
    }
}

#[test]
fn boxes_of_python_and_javascript() {
    let Some((keys, cases)) = vectors() else {
        return;
    };
    let (mut python, mut javascript) = (0, 0);
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let (Some(_), sealed) = (case.get("plaintext"), &case["ciphertext"]) else {
            continue;
        };
        let (content, sealed) = (bytes(&case["plaintext"]), bytes(sealed));
        assert_eq!(keys.sealing().seal(&keys.nonce, &content), sealed, "{name}");
        assert_eq!(
            keys.opening().open(&keys.nonce, &sealed).unwrap(),
            content,
            "{name}"
        );
        // The payload that they send ends with the box.
        assert!(bytes(&case["segment2"]).ends_with(&sealed), "{name}");
        match case["produced_by"]["impl"].as_str() {
            Some("python") => python += 1,
            Some("js") => javascript += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((python, javascript), (8, 8));
}

#[test]
fn what_the_others_refuse() {
    let Some((keys, cases)) = vectors() else {
        return;
    };
    let refused: Vec<_> = cases
        .iter()
        .filter(|case| case.get("expect").is_some())
        .collect();
    assert_eq!(refused.len(), 3);
    for case in refused {
        assert!(
            keys.opening()
                .open(&keys.nonce, &bytes(&case["ciphertext"]))
                .is_err(),
            "{case}"
        );
    }
}
