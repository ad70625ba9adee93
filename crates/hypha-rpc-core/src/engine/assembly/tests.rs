//! The rules of reassembly as tables.

use proptest::prelude::*;

use super::*;
use crate::engine::tests::start;

const LIMITS: AssemblyLimits = AssemblyLimits {
    message_bytes: 1000,
    all_bytes: 1500,
};

fn peer(name: &str) -> Address {
    Address::parse(&format!("ws/{name}")).unwrap()
}

fn set(
    assemblies: &mut Assemblies,
    sender: &str,
    key: &str,
    index: u64,
    chunk: &'static [u8],
) -> Result<usize, AssemblyError> {
    let chunk = Bytes::from_static(chunk);
    assemblies.add(
        start(),
        &peer(sender),
        key,
        Some(index),
        chunk,
        chunk_frame(),
    )
}

fn chunk_frame() -> usize {
    300
}

fn begun(keys: &[(&str, &str)]) -> Assemblies {
    let mut assemblies = Assemblies::new(LIMITS);
    for (sender, key) in keys {
        assemblies
            .create(start(), &peer(sender), key, false)
            .unwrap();
    }
    assemblies
}

#[test]
fn chunks_come_together_in_any_order_within_the_window() {
    let mut assemblies = begun(&[("a", "k")]);
    for (index, chunk, bytes) in [
        (2, b"cc", 2),
        (0, b"aa", 4),
        (3, b"dd", 6),
        (1, b"bb", 8),
        (4, b"ee", 10),
    ] {
        assert_eq!(set(&mut assemblies, "a", "k", index, chunk), Ok(bytes));
    }
    assert_eq!(assemblies.take(&peer("a"), "k").unwrap(), "aabbccddee");
    assert_eq!((assemblies.len(), assemblies.bytes), (0, 0));
    assert!(assemblies.by_sender.is_empty());
}

#[test]
fn old_peers_append() {
    let mut assemblies = begun(&[("a", "k")]);
    for chunk in [b"aa", b"bb"] {
        let chunk = Bytes::from_static(chunk);
        assemblies
            .add(start(), &peer("a"), "k", None, chunk, 100)
            .unwrap();
    }
    assert_eq!(assemblies.take(&peer("a"), "k").unwrap(), "aabb");
}

#[test]
fn what_breaks_a_rule_is_refused_and_changes_nothing() {
    use AssemblyError::*;
    let mut assemblies = begun(&[("a", "k"), ("b", "other")]);
    assert_eq!(set(&mut assemblies, "a", "k", 0, &[0; 400]), Ok(400));
    assert_eq!(set(&mut assemblies, "a", "k", 2, &[0; 400]), Ok(800));
    for again in [0, 2] {
        let twice = set(&mut assemblies, "a", "k", again, &[1; 1000]);
        assert_eq!(twice, Ok(800), "what came first counts");
    }
    for (sender, key, index, chunk, error) in [
        // Nobody reaches the message of another.
        ("b", "k", 1, &[0; 1][..], UnknownKey),
        ("a", "other", 0, &[0; 1], UnknownKey),
        ("a", "none", 0, &[0; 1], UnknownKey),
        (
            "a",
            "k",
            65,
            &[0; 1],
            TooEarly {
                index: 65,
                missing: 1,
            },
        ),
        (
            "a",
            "k",
            u64::MAX,
            &[0; 1],
            TooEarly {
                index: u64::MAX,
                missing: 1,
            },
        ),
        ("a", "k", 1, &[0; 201], TooLong(1000)),
        ("b", "other", 0, &[0; 701], NoRoom),
    ] {
        let result = set(&mut assemblies, sender, key, index, chunk);
        assert_eq!(result, Err(error), "{sender} {key} {index}");
    }
    let create = |assemblies: &mut Assemblies, sender: &str, overwrite| {
        assemblies.create(start(), &peer(sender), "k", overwrite)
    };
    assert_eq!(create(&mut assemblies, "a", false), Err(KeyTaken));
    assert_eq!(
        create(&mut assemblies, "b", false),
        Ok(()),
        "keys of others do not matter"
    );
    assert_eq!(assemblies.take(&peer("a"), "k"), Err(Incomplete(1)));
    assert_eq!(assemblies.take(&peer("c"), "k"), Err(UnknownKey));
    assert_eq!((assemblies.len(), assemblies.bytes), (3, 800));
    assert_eq!(set(&mut assemblies, "a", "k", 1, &[0; 200]), Ok(1000));
    assert_eq!(create(&mut assemblies, "a", true), Ok(()));
    assert_eq!((assemblies.len(), assemblies.bytes), (3, 0));
}

#[test]
fn the_number_of_messages_is_bounded_for_each_sender_and_for_all() {
    let mut assemblies = begun(&[]);
    let mut begin = |sender: &str, key: usize| {
        assemblies.create(start(), &peer(sender), &key.to_string(), false)
    };
    for key in 0..MAX_OF_SENDER {
        begin("a", key).unwrap();
    }
    assert_eq!(begin("a", MAX_OF_SENDER), Err(AssemblyError::TooMany));
    for key in MAX_OF_SENDER..MAX_OF_ALL {
        begin(&format!("b{}", key % 5), key).unwrap();
    }
    assert_eq!(begin("c", 0), Err(AssemblyError::TooMany));
}

#[test]
fn idle_messages_and_those_of_a_sender_that_left_are_dropped() {
    let (t0, second) = (start(), Duration::from_secs(1));
    let mut assemblies = begun(&[]);
    for (sender, begin) in [("a", 0), ("b", 10), ("c", 20)] {
        let now = t0 + begin * second;
        assemblies.create(now, &peer(sender), "k", false).unwrap();
        let chunk = Bytes::from_static(b"chunk");
        assemblies
            .add(now, &peer(sender), "k", Some(0), chunk, 100)
            .unwrap();
    }
    assert_eq!(assemblies.next_timeout(), Some(t0 + IDLE));
    let chunk = Bytes::from_static(b"chunk");
    assemblies
        .add(t0 + 100 * second, &peer("a"), "k", Some(1), chunk, 100)
        .unwrap();
    assemblies.handle_timeout(t0 + IDLE);
    assert_eq!(assemblies.len(), 3, "the first was heard of since");
    assert_eq!(assemblies.next_timeout(), Some(t0 + IDLE + 10 * second));
    assemblies.handle_timeout(t0 + IDLE + 10 * second);
    assert_eq!((assemblies.len(), assemblies.bytes), (2, 15));
    assemblies.remove_sender(&peer("c"));
    assert_eq!((assemblies.len(), assemblies.bytes), (1, 10));
    assemblies.handle_timeout(t0 + IDLE + 20 * second);
    assert_eq!(assemblies.next_timeout(), Some(t0 + IDLE + 100 * second));
    assemblies.handle_timeout(t0 + 2 * IDLE);
    assert_eq!((assemblies.len(), assemblies.bytes), (0, 0));
    assert_eq!(assemblies.next_timeout(), None);
}

#[test]
fn a_few_bytes_kept_aside_do_not_hold_a_large_frame() {
    let mut assemblies = begun(&[("a", "k")]);
    let frame = Bytes::from(vec![1; 1 << 20]);
    let small = frame.slice(10..20);
    assemblies
        .add(start(), &peer("a"), "k", Some(1), small, frame.len())
        .unwrap();
    assert!(frame.is_unique(), "the frame is held by ten bytes of it");
}

proptest! {
    /// Whatever comes in whatever order: what is taken out is what was put in, or nothing is.
    #[test]
    fn a_message_is_whole_or_refused(
        sizes in prop::collection::vec(0_usize..40, 1..40),
        order in prop::collection::vec((0_usize..45, any::<bool>()), 0..200),
    ) {
        let chunks: Vec<Bytes> = sizes
            .iter()
            .enumerate()
            .map(|(index, size)| Bytes::from(vec![index as u8; *size]))
            .collect();
        let limits = AssemblyLimits { message_bytes: 1200, all_bytes: 1200 };
        let mut assemblies = Assemblies::new(limits);
        let sender = peer("a");
        assemblies.create(start(), &sender, "k", false).unwrap();
        let mut there = std::collections::BTreeSet::new();
        for (index, whole_frame) in order {
            let chunk = chunks.get(index).cloned().unwrap_or_default();
            let frame = if whole_frame { chunk.len() } else { 1 << 20 };
            let added = assemblies.add(start(), &sender, "k", Some(index as u64), chunk, frame);
            if added.is_ok() {
                // A chunk that comes twice does no harm.
                there.insert(index);
            }
        }
        let bytes: usize = there.iter().map(|index| chunks.get(*index).map_or(0, Bytes::len)).sum();
        prop_assert_eq!(assemblies.bytes, bytes);
        let is_prefix = there.iter().enumerate().all(|(at, index)| at == *index);
        match assemblies.take(&sender, "k") {
            Ok(message) => {
                prop_assert!(is_prefix);
                let expected: Vec<u8> = there
                    .iter()
                    .flat_map(|index| chunks.get(*index).cloned().unwrap_or_default())
                    .collect();
                prop_assert_eq!(message, expected);
                prop_assert_eq!((assemblies.len(), assemblies.bytes), (0, 0));
            }
            Err(error) => {
                prop_assert!(!is_prefix);
                prop_assert!(matches!(error, AssemblyError::Incomplete(_)));
            }
        }
    }
}
