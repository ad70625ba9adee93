//! What is told in which order, and what is tried again.

use super::*;
use crate::error::RemoteError;

const SECOND: Duration = Duration::from_secs(1);

#[expect(
    clippy::disallowed_methods,
    reason = "tests need one instant to count from"
)]
fn start() -> Instant {
    Instant::now()
}

fn registrar() -> Registrar<&'static str> {
    let mut registrar = Registrar::new(10 * SECOND, Backoff::new(SECOND, 60 * SECOND));
    registrar.want(Subject::BuiltIn, Some(Arc::default()));
    registrar.want(Subject::OwnTopics, None);
    registrar.link_up();
    registrar
}

fn service(id: &str) -> Subject {
    Subject::Service(Text::from(id))
}

fn failed() -> Verdict {
    Verdict::Failed(RemoteError::new("no").into())
}

/// Makes the calls that are due, with what comes of each.
fn run(
    registrar: &mut Registrar<&'static str>,
    now: Instant,
    verdict: impl Fn(&Subject) -> Verdict,
) -> (Vec<Subject>, Vec<(&'static str, bool)>) {
    let (mut asked, mut settled) = (Vec::new(), Vec::new());
    while let Some(ask) = registrar.poll_ask() {
        let verdict = verdict(&ask.subject);
        let done = registrar.concluded(now, &ask.subject, ask.token, verdict, u64::MAX);
        settled.extend(done.map(|done| (done.waiter, done.result.is_ok())));
        asked.push(ask.subject);
    }
    (asked, settled)
}

#[test]
fn the_built_in_service_comes_first_and_the_rest_in_the_order_it_was_added() {
    let (mut registrar, now) = (registrar(), start());
    for id in ["b", "a", "c"] {
        registrar.add(now, Text::from(id), Arc::default(), "user");
    }
    // Nothing else is registered before the server took it; the subscription does not wait.
    let first = registrar.poll_ask().unwrap();
    assert_eq!(first.subject, Subject::BuiltIn);
    assert_eq!(registrar.poll_ask().unwrap().subject, Subject::OwnTopics);
    assert!(registrar.poll_ask().is_none() && registrar.poll_report().is_none());
    let none = registrar.concluded(now, &first.subject, first.token, Verdict::Listed, 0);
    assert!(none.is_none());
    let (asked, settled) = run(&mut registrar, now, |_| Verdict::Listed);
    assert_eq!(asked, ["b", "a", "c"].map(service));
    assert_eq!(settled, [("user", true); 3]);

    registrar.link_down(now);
    assert!(registrar.poll_ask().is_none());
    registrar.link_up();
    let (asked, settled) = run(&mut registrar, now, |_| Verdict::Listed);
    let expected = [
        Subject::BuiltIn,
        Subject::OwnTopics,
        service("b"),
        service("a"),
        service("c"),
    ];
    assert_eq!(asked, expected);
    assert!(settled.is_empty());
    let report = registrar.poll_report().unwrap();
    assert!(report.total == 4 && report.failed.is_empty() && report.problem.is_none());
    assert!(registrar.poll_report().is_none(), "once");
}

#[test]
fn what_failed_is_tried_again_and_what_is_denied_is_not() {
    let (mut registrar, t0) = (registrar(), start());
    for id in ["good", "bad", "ugly"] {
        registrar.want(service(id), Some(Arc::default()));
    }
    registrar.link_up();
    let verdict = |subject: &Subject| match subject {
        Subject::Service(id) if &**id == "bad" => failed(),
        Subject::Service(id) if &**id == "ugly" => Verdict::Denied(RemoteError::new("no").into()),
        _ => Verdict::Listed,
    };
    assert_eq!(run(&mut registrar, t0, verdict).0.len(), 5);
    let report = registrar.poll_report().unwrap();
    assert_eq!(
        (report.total, report.failed),
        (4, vec!["bad".into(), "ugly".into()])
    );
    let mut now = t0;
    for wait in [1, 2, 4, 8] {
        assert_eq!(registrar.poll_timeout(), Some(now + wait * SECOND));
        assert!(run(&mut registrar, now, verdict).0.is_empty());
        now += wait * SECOND;
        assert!(registrar.handle_timeout(now).is_none());
        assert_eq!(run(&mut registrar, now, verdict).0, [service("bad")]);
    }
    // A new connection begins anew.
    registrar.link_down(now);
    registrar.link_up();
    assert_eq!(run(&mut registrar, now, |_| Verdict::Listed).0.len(), 5);
    assert_eq!(registrar.poll_timeout(), None);
}

#[test]
fn outcomes_of_a_former_connection_do_not_count() {
    let (mut registrar, now) = (registrar(), start());
    let former = registrar.poll_ask().unwrap();
    registrar.link_down(now);
    registrar.link_up();
    assert!(
        registrar
            .concluded(now, &former.subject, former.token, failed(), 0)
            .is_none()
    );
    let (asked, _) = run(&mut registrar, now, |_| Verdict::Listed);
    assert_eq!(asked, [Subject::BuiltIn, Subject::OwnTopics]);
    assert!(registrar.poll_report().unwrap().problem.is_none());
}

#[test]
fn a_registration_of_the_user_waits_for_a_connection_no_longer_than_a_call() {
    let (mut registrar, t0) = (registrar(), start());
    registrar.link_down(t0);
    registrar.add(t0, Text::from("s"), Arc::default(), "user");
    assert!(registrar.is_busy("s"));
    assert_eq!(registrar.poll_timeout(), Some(t0 + 10 * SECOND));
    assert!(registrar.handle_timeout(t0 + 9 * SECOND).is_none());
    let (id, waiter) = registrar.handle_timeout(t0 + 10 * SECOND).unwrap();
    assert_eq!((&*id, waiter), ("s", "user"));
    assert!(!registrar.is_busy("s"));
    registrar.forget(&service("s"));
    registrar.link_up();
    assert_eq!(run(&mut registrar, t0, |_| Verdict::Listed).0.len(), 2);
}

#[test]
fn without_the_built_in_service_the_rest_is_not_told_and_the_report_says_why() {
    let (mut registrar, now) = (registrar(), start());
    registrar.want(service("s"), Some(Arc::default()));
    registrar.link_up();
    let verdict = |subject: &Subject| match subject {
        Subject::BuiltIn => failed(),
        _ => Verdict::Listed,
    };
    let (asked, _) = run(&mut registrar, now, verdict);
    assert_eq!(asked, [Subject::BuiltIn, Subject::OwnTopics]);
    let report = registrar.poll_report().unwrap();
    assert!(report.problem.is_some() && report.failed.len() == 2);
    assert!(registrar.handle_timeout(now + SECOND).is_none());
    let (asked, _) = run(&mut registrar, now, |_| Verdict::Listed);
    assert_eq!(asked, [Subject::BuiltIn, service("s")]);
}

#[test]
fn many_services_are_told_a_few_at_a_time() {
    let (mut registrar, now) = (registrar(), start());
    run(&mut registrar, now, |_| Verdict::Listed);
    for id in 0..100 {
        registrar.want(service(&id.to_string()), Some(Arc::default()));
    }
    let asked: Vec<_> = std::iter::from_fn(|| registrar.poll_ask()).collect();
    assert_eq!(asked.len(), AT_ONCE);
}

#[test]
fn a_client_that_leaves_does_not_list_its_services_on_a_new_connection() {
    let (mut registrar, now) = (registrar(), start());
    registrar.add(now, Text::from("s"), Arc::default(), "user");
    let (asked, settled) = run(&mut registrar, now, |_| Verdict::Listed);
    assert_eq!(asked.last(), Some(&service("s")));
    assert_eq!(settled, [("user", true)]);

    registrar.forget_services();
    registrar.link_down(now);
    registrar.link_up();
    let (asked, _) = run(&mut registrar, now, |_| Verdict::Listed);
    assert_eq!(asked, [Subject::BuiltIn, Subject::OwnTopics]);
}
