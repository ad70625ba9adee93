//! What a server says of the connection, and what is no frame at all.

use super::*;

#[test]
fn control_messages() {
    let mut engine = relay();
    for ignored in [
        r#"{"type":"pong"}"#,
        "{}",
        "no json",
        "[1]",
        r#"{"type":"unknown","x":1}"#,
    ] {
        engine.handle_text(ignored);
        assert!(engine.poll_event().is_none(), "{ignored}");
    }
    engine.handle_text(r#"{"type":"reconnection_token","reconnection_token":"fresh"}"#);
    assert!(matches!(engine.poll_event(), Some(Event::Token(token)) if token.expose() == "fresh"));
    engine.handle_text(r#"{"type":"error","message":"Idle timeout (600s)"}"#);
    assert!(
        matches!(engine.poll_event(), Some(Event::ServerError(text)) if text == "Idle timeout (600s)")
    );
}

#[test]
fn frames_that_are_none_are_counted_and_dropped() {
    let mut engine = relay();
    let bombs: [Vec<u8>; 7] = [
        vec![],
        vec![0xc1],
        vec![0x81, 0x01, 0x02],
        vec![0x93, 1, 2, 3],
        vec![0xdf, 0xff, 0xff, 0xff, 0xff],
        vec![0x91; 100_000],
        b"\x82\xa4type\xa6method\xa4from\xa2ws".to_vec(),
    ];
    let count = bombs.len() as u64;
    for bomb in bombs {
        engine.handle_frame(start(), Bytes::from(bomb));
    }
    assert_eq!(engine.stats().malformed_frames, count);
    assert!(engine.poll_event().is_none() && !engine.has_transmit());
}
