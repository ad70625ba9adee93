//! The guard against replays, beside one that forgets nothing.

use std::collections::HashSet;
use std::time::Duration;

use hypha_e2e::{Nonce, PublicKey, ReplayError, ReplayGuard};
use proptest::prelude::*;

const WINDOW: Duration = Duration::from_millis(100);

const SENDER: PublicKey = PublicKey::from_bytes([1; 32]);

fn nonce(number: u8) -> Nonce {
    Nonce::from_bytes([number; 24])
}

#[test]
fn fresh_ones_come_in_once() {
    let mut guard = ReplayGuard::new(WINDOW, 10);
    let mut admit = |number, sealed_at, now| {
        guard.admit(&SENDER, &nonce(number), sealed_at, Duration::ZERO, now)
    };
    assert_eq!(admit(1, 1000, 1000), Ok(()));
    assert_eq!(admit(1, 1000, 1050), Err(ReplayError::Replayed));
    assert_eq!(admit(1, 1000, 1100), Err(ReplayError::Replayed));
    assert_eq!(admit(1, 1000, 1101), Err(ReplayError::TooOld));
    assert_eq!(admit(2, 1201, 1100), Err(ReplayError::FromTheFuture));
    assert_eq!(admit(2, 1200, 1100), Ok(()));
    assert_eq!(admit(2, 1200, 1300), Err(ReplayError::Replayed));
    // A clock that is set back makes nothing fresh that was forgotten.
    assert_eq!(admit(3, 1301, 1401), Ok(()));
    assert_eq!(admit(2, 1200, 1290), Err(ReplayError::TooOld));
}

#[test]
fn what_takes_longer_to_travel_is_fresh_for_longer() {
    let mut guard = ReplayGuard::new(WINDOW, 10);
    let longer = Duration::from_millis(500);
    assert_eq!(guard.admit(&SENDER, &nonce(1), 1000, longer, 1600), Ok(()));
    assert_eq!(
        guard.admit(&SENDER, &nonce(1), 1000, longer, 1600),
        Err(ReplayError::Replayed)
    );
    assert_eq!(
        guard.admit(&SENDER, &nonce(1), 1000, longer, 1601),
        Err(ReplayError::TooOld)
    );
    assert_eq!(
        guard.admit(&SENDER, &nonce(2), u64::MAX, Duration::MAX, u64::MAX),
        Ok(())
    );
}

#[test]
fn a_full_guard_refuses_what_it_may_have_forgotten() {
    let mut guard = ReplayGuard::new(WINDOW, 4);
    let mut admit = |number, sealed_at| {
        let result = guard.admit(&SENDER, &nonce(number), sealed_at, Duration::ZERO, 1050);
        assert!(guard.len() <= 4);
        result
    };
    for number in 1..=5 {
        assert_eq!(admit(number, 1000 + u64::from(number)), Ok(()));
    }
    // The first two are forgotten, and do not come in again for that.
    assert_eq!(admit(1, 1001), Err(ReplayError::TooOld));
    assert_eq!(admit(9, 1002), Err(ReplayError::TooOld));
    assert_eq!(admit(3, 1003), Err(ReplayError::Replayed));
    assert_eq!(admit(6, 1003), Ok(()));
}

/// Who sends the most pays for it, and nobody else.
#[test]
fn a_flood_harms_its_sender_alone() {
    let mut guard = ReplayGuard::new(WINDOW, 100);
    let other = PublicKey::from_bytes([2; 32]);
    let quiet = |guard: &mut ReplayGuard, number| {
        guard.admit(&other, &nonce(number), 1000, Duration::ZERO, 1000)
    };
    assert_eq!(quiet(&mut guard, 1), Ok(()));
    for flood in 0..10_000_u64 {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&flood.to_le_bytes());
        // Sealed in the future, to be remembered for longer.
        let nonce = Nonce::from_bytes(bytes);
        let admitted = guard.admit(&SENDER, &nonce, 1050 + flood % 50, Duration::ZERO, 1000);
        assert!(
            admitted.is_ok() || matches!(admitted, Err(ReplayError::TooOld | ReplayError::Crowded))
        );
        assert!(guard.len() <= 100);
    }
    assert_eq!(quiet(&mut guard, 1), Err(ReplayError::Replayed));
    assert_eq!(quiet(&mut guard, 2), Ok(()));
}

#[test]
fn a_flood_of_senders_is_bounded_too() {
    let mut guard = ReplayGuard::new(WINDOW, 100);
    let sender = |number: u64| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        PublicKey::from_bytes(bytes)
    };
    for number in 0..1000 {
        let admitted = guard.admit(
            &sender(number),
            &nonce(1),
            1000 + number / 10,
            Duration::ZERO,
            1000,
        );
        assert!(guard.len() <= 100);
        assert!(
            admitted.is_ok() || matches!(admitted, Err(ReplayError::TooOld | ReplayError::Crowded))
        );
    }
    for number in 0..1000 {
        let again = guard.admit(
            &sender(number),
            &nonce(1),
            1000 + number / 10,
            Duration::ZERO,
            1000,
        );
        assert!(again.is_err(), "{number}");
    }
}

/// One of them sent something that is long on its way: others are not refused for as long.
#[test]
fn a_flood_of_senders_does_not_keep_others_out_for_long() {
    let mut guard = ReplayGuard::new(WINDOW, 100);
    let sender = |number: u8| PublicKey::from_bytes([number; 32]);
    let hour = Duration::from_secs(3600);
    assert_eq!(guard.admit(&SENDER, &nonce(1), 1000, hour, 1000), Ok(()));
    for number in 2..=101 {
        let admitted = guard.admit(&sender(number), &nonce(1), 1000, Duration::ZERO, 1000);
        assert!(admitted.is_ok() || admitted == Err(ReplayError::TooOld));
        assert!(guard.len() <= 100);
    }
    let other = sender(200);
    assert_eq!(
        guard.admit(&other, &nonce(1), 1001, Duration::ZERO, 1001),
        Ok(())
    );
    assert_eq!(
        guard.admit(&SENDER, &nonce(1), 1000, hour, 1001),
        Err(ReplayError::Replayed)
    );
}

/// Many keys, which cost nothing, and messages that are as far ahead as they may be: whoever seals a call now is let in all
/// the same.
#[test]
fn a_flood_of_senders_ahead_of_time_keeps_nobody_out() {
    let sender = |number: u64| {
        let mut bytes = [2; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        PublicKey::from_bytes(bytes)
    };
    let nonce = |number: u64| {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Nonce::from_bytes(bytes)
    };
    for (keys, ahead, longer) in [
        (1, 99, 0),
        (50, 99, 0),
        (5000, 99, 0),
        (5000, 3, 0),
        (5000, 0, 500),
        (5000, 0, 3),
    ] {
        let mut guard = ReplayGuard::new(WINDOW, 1000);
        let mut now = 10_000;
        for number in 0..10_000 {
            now += u64::from(number % 10 == 0);
            let longer = Duration::from_millis(longer);
            // Not all of them come in, and need not.
            let _admitted = guard.admit(
                &sender(number % keys),
                &nonce(number),
                now + ahead,
                longer,
                now,
            );
            assert!(guard.len() <= 1000);
            if number % 10 == 0 {
                let honest = guard.admit(&SENDER, &nonce(number), now, Duration::ZERO, now);
                assert_eq!(
                    honest,
                    Ok(()),
                    "{keys} keys, {ahead} ms ahead, {longer:?} longer"
                );
            }
        }
    }
}

/// A guard that follows another one does not know what that let in.
#[test]
fn what_was_sealed_before_its_time_is_refused() {
    let mut guard = ReplayGuard::new(WINDOW, 10).since(1000);
    let mut admit = |number, sealed_at, longer| {
        let longer = Duration::from_millis(longer);
        guard.admit(&SENDER, &nonce(number), sealed_at, longer, 1010)
    };
    assert_eq!(admit(1, 999, 0), Err(ReplayError::TooOld));
    assert_eq!(admit(1, 999, 5000), Err(ReplayError::TooOld));
    assert_eq!(admit(1, 1000, 0), Ok(()));
}

proptest! {
    /// Nothing is let in twice, or when it is not fresh, whatever the capacity; with enough of it everything fresh is.
    #[test]
    fn nothing_comes_in_twice(
        capacity in 1_usize..40,
        senders in 1_u8..30,
        steps in proptest::collection::vec((0_u8..30, 0_u64..150, 0_u64..20), 1..200),
    ) {
        let mut guard = ReplayGuard::new(WINDOW, capacity);
        let (mut ever, mut now) = (HashSet::new(), 1000);
        for (number, age, later) in steps {
            now += later;
            // A message is sealed at one time only.
            let sealed_at = (now - age) / 50 * 50;
            let mut bytes = [number; 24];
            bytes[..8].copy_from_slice(&sealed_at.to_le_bytes());
            let nonce = Nonce::from_bytes(bytes);
            let sender = PublicKey::from_bytes([number % senders; 32]);
            let result = guard.admit(&sender, &nonce, sealed_at, Duration::ZERO, now);
            prop_assert!(guard.len() <= capacity.max(1));
            if result.is_ok() {
                prop_assert!(sealed_at + 100 >= now);
                prop_assert!(ever.insert(nonce), "twice");
            } else if capacity >= 39 && sealed_at + 100 >= now && guard.len() < 30 {
                prop_assert!(ever.contains(&nonce), "{result:?}");
            }
        }
    }
}
