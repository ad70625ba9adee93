//! Sealing and opening.

use hypha_e2e::{Nonce, OpenError, PublicKey, SecretKey, TAG_LEN};
use proptest::prelude::*;

fn pair() -> (SecretKey, SecretKey) {
    (
        SecretKey::from_bytes([1; 32]),
        SecretKey::from_bytes([2; 32]),
    )
}

#[test]
fn every_flipped_bit_is_refused() {
    let (alice, bob) = pair();
    let nonce = Nonce::from_bytes([3; 24]);
    let sealed = alice
        .shared_with(&bob.public_key())
        .unwrap()
        .seal(&nonce, b"move the stage");
    let opening = bob.shared_with(&alice.public_key()).unwrap();
    for place in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[place] ^= 1 << bit;
            assert!(opening.open(&nonce, &changed).is_err(), "{place}:{bit}");
            // And it shows nothing of its content.
            let before = changed.clone();
            assert!(opening.open_in_place(&nonce, &mut changed).is_err());
            assert_eq!(changed, before);
        }
    }
    for place in 0..24 {
        let mut other = *nonce.as_bytes();
        other[place] ^= 1;
        assert!(opening.open(&Nonce::from_bytes(other), &sealed).is_err());
    }
    assert!(opening.open(&nonce, &sealed).is_ok());
}

#[test]
fn short_ones_are_no_boxes() {
    let (alice, bob) = pair();
    let shared = alice.shared_with(&bob.public_key()).unwrap();
    let nonce = Nonce::from_bytes([3; 24]);
    for length in 0..TAG_LEN {
        let refused: OpenError = shared.open(&nonce, &vec![0; length]).unwrap_err();
        assert!(refused.to_string().contains("cannot be opened"));
        assert!(shared.seal_in_place(&nonce, &mut vec![0; length]).is_err());
    }
    assert_eq!(shared.seal(&nonce, b"").len(), TAG_LEN);
}

/// Points of small order, as libsodium lists them: what is sealed for them anybody can open.
#[test]
fn weak_keys_are_refused() {
    let order_8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    let order_8_too = "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157";
    let one = format!("01{}", "00".repeat(31));
    let minus_one = format!("ec{}7f", "ff".repeat(30));
    let prime = format!("ed{}7f", "ff".repeat(30));
    let prime_plus_one = format!("ee{}7f", "ff".repeat(30));
    let zero = "00".repeat(32);
    let weak = [
        &zero,
        &one,
        order_8,
        order_8_too,
        &minus_one,
        &prime,
        &prime_plus_one,
    ];
    let (alice, _) = pair();
    for key in weak {
        let key: PublicKey = key.parse().unwrap();
        assert!(alice.shared_with(&key).is_err(), "{key}");
        let mut high = *key.as_bytes();
        high[31] |= 0x80;
        assert!(
            alice.shared_with(&PublicKey::from_bytes(high)).is_err(),
            "{key} with its high bit"
        );
    }
}

proptest! {
    #[test]
    fn what_was_sealed_is_opened(
        alice: [u8; 32],
        bob: [u8; 32],
        nonce: [u8; 24],
        content in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let (alice, bob) = (SecretKey::from_bytes(alice), SecretKey::from_bytes(bob));
        let nonce = Nonce::from_bytes(nonce);
        let sealed = alice.shared_with(&bob.public_key()).unwrap().seal(&nonce, &content);
        prop_assert_eq!(sealed.len(), content.len() + TAG_LEN);
        let opened = bob.shared_with(&alice.public_key()).unwrap().open(&nonce, &sealed);
        prop_assert_eq!(opened.unwrap(), content);
    }

    #[test]
    fn what_was_not_sealed_is_refused(content in proptest::collection::vec(any::<u8>(), 0..100)) {
        let (alice, bob) = pair();
        let opening = bob.shared_with(&alice.public_key()).unwrap();
        prop_assert!(opening.open(&Nonce::from_bytes([3; 24]), &content).is_err());
    }
}

/// A key of somebody and a point of small order make a key with which everybody's secret has the same in common: it would
/// be the same sender under eight names.
#[test]
fn keys_with_a_part_of_small_order_are_refused() {
    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::montgomery::MontgomeryPoint;

    let (alice, bob) = (
        SecretKey::generate().unwrap(),
        SecretKey::generate().unwrap(),
    );
    let point = MontgomeryPoint(*alice.public_key().as_bytes());
    let point = point.to_edwards(0).unwrap();
    let others = EIGHT_TORSION.map(|small| (point + small).to_montgomery().to_bytes());
    let known = others.map(|other| bob.shared_with(&PublicKey::from_bytes(other)).is_ok());
    assert_eq!(known.iter().filter(|known| **known).count(), 1);
    assert!(bob.shared_with(&alice.public_key()).is_ok());
    // Nor one that is on another curve: half of all numbers are.
    let elsewhere = (2..u8::MAX).map(|first| {
        let mut bytes = [0; 32];
        bytes[0] = first;
        bytes
    });
    let elsewhere = elsewhere.filter(|bytes| MontgomeryPoint(*bytes).to_edwards(0).is_none());
    let mut elsewhere = elsewhere.map(PublicKey::from_bytes);
    assert!(elsewhere.clone().count() > 50);
    assert!(elsewhere.all(|key| bob.shared_with(&key).is_err()));
}
