//! Who may call what, and what the rest is told.

use super::*;

#[test]
fn who_may_call_what() {
    for (from, service, admitted) in [
        ("ws/peer", "pub", true),
        ("else/peer", "pub", true),
        ("else/peer", "hid", true),
        ("ws/peer", "pro", true),
        ("else/peer", "pro", false),
        ("*/mgr", "pro", true),
        ("*/other-mgr", "pro", false),
        ("friends/peer", "fri", true),
        ("friends/peer", "pro", false),
    ] {
        let mut engine = relay();
        engine.handle_frame(
            start(),
            frame(
                Some(from),
                "ws/me",
                &format!("services.{service}.f"),
                Some("T"),
                Value::Null,
            ),
        );
        if admitted {
            let Some(Event::Invoke(invoke)) = engine.poll_event() else {
                panic!("{from} was not let into {service}")
            };
            assert_eq!(invoke.handler, "f");
            assert_eq!(invoke.from.as_str(), from);
        } else {
            assert!(
                engine.poll_event().is_none(),
                "{from} was let into {service}"
            );
            let (to, _, text) = rejected(&mut engine).unwrap();
            assert_eq!(to, from);
            assert!(
                text.starts_with("Permission denied for invoking protected method"),
                "{text}"
            );
        }
    }
}

#[test]
fn paths_that_lead_nowhere_are_answered_if_an_answer_is_wanted() {
    for (path, text) in [
        (
            "services.pub.none",
            "Method expired or not found: ws/peer:services.pub.none",
        ),
        (
            "services.none.f",
            "Method expired or not found: ws/peer:services.none.f",
        ),
        ("services.pub", "Invalid method: ws/peer:services.pub"),
        (
            "services.pub.constant",
            "Invalid method: ws/peer:services.pub.constant",
        ),
        (
            "services.",
            "Method expired or not found: ws/peer:services.",
        ),
        ("gone.resolve", "Session not found: ws/peer:gone.resolve"),
        (
            "SZ.x.y#<lambda>",
            "Session not found: ws/peer:SZ.x.y#<lambda>",
        ),
        ("undotted", "Method not found: ws/peer:undotted at me"),
    ] {
        let mut engine = relay();
        engine.handle_frame(
            start(),
            frame(Some("ws/peer"), "ws/me", path, None, Value::Null),
        );
        assert!(rejected(&mut engine).is_none(), "{path}");
        engine.handle_frame(
            start(),
            frame(Some("ws/peer"), "ws/me", path, Some("T"), Value::Null),
        );
        assert_eq!(
            rejected(&mut engine).unwrap(),
            ("ws/peer".into(), "T".into(), text.into())
        );
        assert!(engine.poll_event().is_none());
    }
}

#[test]
fn a_frame_for_another_workspace_is_refused() {
    let mut engine = relay();
    engine.handle_frame(
        start(),
        frame(
            Some("ws/peer"),
            "else/me",
            "services.pub.f",
            Some("T"),
            Value::Null,
        ),
    );
    let (_, _, text) = rejected(&mut engine).unwrap();
    assert!(text.starts_with("Permission denied"), "{text}");
    assert!(engine.poll_event().is_none());
}

#[test]
fn on_a_direct_link_the_frames_do_not_say_who_sent_them() {
    let mut engine = engine(Remote::Direct {
        peer: Address::parse("else/peer").unwrap(),
    });
    for from in [Some("ws/me"), Some("ws/friend"), Some("*/mgr"), None] {
        engine.handle_frame(
            start(),
            frame(from, "ws/me", "services.pro.f", Some("T"), Value::Null),
        );
        assert!(engine.poll_event().is_none(), "{from:?}");
        assert_eq!(rejected(&mut engine).unwrap().0, "else/peer");
    }
    engine.handle_frame(start(), event("force-exit", Some("*/mgr"), Map::new()));
    assert!(
        engine.poll_event().is_none(),
        "there is no server on a direct link"
    );
}
