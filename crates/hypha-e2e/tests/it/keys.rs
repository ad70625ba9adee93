//! Keys as text.

use hypha_e2e::{Nonce, PublicKey, SecretKey};

#[test]
fn text_and_back() {
    let key = SecretKey::from_bytes([0xab; 32]);
    assert_eq!(*key.to_hex(), "ab".repeat(32));
    let again: SecretKey = "AB".repeat(32).parse().unwrap();
    assert_eq!(again.public_key(), key.public_key());
    let public = key.public_key();
    assert_eq!(public.to_string().to_uppercase().parse(), Ok(public));
    assert_eq!(PublicKey::try_from(&public.as_bytes()[..]), Ok(public));
}

#[test]
fn what_is_no_key() {
    for text in [
        "",
        "ab",
        &"ab".repeat(31),
        &"ab".repeat(33),
        &"zz".repeat(32),
        &"é".repeat(32),
        &format!(" {}", "a".repeat(63)),
    ] {
        let error = text.parse::<PublicKey>().unwrap_err();
        assert!(
            text.is_empty() || !error.to_string().contains(text),
            "{error}"
        );
        assert!(text.parse::<SecretKey>().is_err());
    }
    assert!(PublicKey::try_from(&[0; 31][..]).is_err());
    assert!(Nonce::try_from(&[0; 25][..]).is_err());
}

#[test]
fn one_key_has_one_form() {
    let form = |first: u8, middle: u8, last: u8| {
        let mut bytes = [middle; 32];
        (bytes[0], bytes[31]) = (first, last);
        PublicKey::from_bytes(bytes)
    };
    for canonical in [
        SecretKey::from_bytes([7; 32]).public_key(),
        form(0, 0, 0),
        form(0xec, 0xff, 0x7f),
        form(0xff, 0xfe, 0x7f),
        form(0xff, 0xff, 0x7e),
    ] {
        assert!(canonical.is_canonical(), "{canonical}");
    }
    for other in [
        form(0xed, 0xff, 0x7f),
        form(0xff, 0xff, 0x7f),
        form(9, 0, 0x80),
        form(0xff, 0xff, 0xff),
    ] {
        assert!(!other.is_canonical(), "{other}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let key = SecretKey::from_bytes([0x77; 32]);
    let shared = key
        .shared_with(&SecretKey::from_bytes([1; 32]).public_key())
        .unwrap();
    for shown in [
        format!("{key:?}"),
        format!("{key:#?}"),
        format!("{shared:?}"),
    ] {
        assert!(!shown.contains("77") && !shown.contains("119"), "{shown}");
    }
}

#[test]
fn two_are_never_the_same() {
    let key = || SecretKey::generate().unwrap();
    assert_ne!(key().public_key(), key().public_key());
    assert_ne!(Nonce::random().unwrap(), Nonce::random().unwrap());
}
