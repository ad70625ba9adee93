//! The confused deputy: a caller that is refused by a protected service lets a public one of the same workspace call
//! it in its place. Feature A2-29.

use hypha_client::{Map, Service, Value};
use hypha_tests::{Language, Peer};
use serde_json::json;

use crate::fixture::{join, membership, server};
use crate::provider::RustProvider;
use crate::raw::{Answer, Raw, frame, header, payload, session, written_promise};

/// A workspace with a protected service in Rust and one in Python, and a public Rust provider, which never asked for
/// anything of the victims.
struct Scene {
    deputy: RustProvider,
    rust: RustProvider,
    python: Peer,
    attacker: Raw,
}

/// The address of a victim, and the path of the method that must not run.
type Victim = (String, &'static str);

impl Scene {
    async fn set() -> Self {
        let deputy = RustProvider::start().await;
        let membership = membership(&deputy.client).await;
        let rust = RustProvider::new(join(&membership).await).await;
        rust.guard(Service::new("vault")).await;
        let python = Peer::of(Language::Python, server().await)
            .member(&membership)
            .start()
            .await
            .unwrap();
        python
            .register_with(json!({ "only": ["interop", "interop-protected"] }))
            .await
            .unwrap();
        Self {
            deputy,
            rust,
            python,
            attacker: Raw::connect().await,
        }
    }

    fn victims(&self) -> [Victim; 2] {
        let python = format!("{}/{}", self.python.workspace(), self.python.client_id());
        [
            (
                self.rust.client.address().as_str().to_owned(),
                "services.vault.touch",
            ),
            (python, "services.interop-protected.touch"),
        ]
    }

    /// Calls a method of the deputy with a promise of the attacker's making, and gives the reject.
    async fn attack(&mut self, method: &str, promise: impl Fn(&str) -> Value) -> String {
        let session = session();
        let mut payload = payload([]);
        payload.insert("promise", promise(&session));
        let header = header(self.deputy.client.address().as_str(), method, &session);
        self.attacker.send(frame(header, payload)).await;
        self.attacker.answer(&session).await.rejected()
    }

    /// No victim was touched, though both can be, and are here.
    async fn nobody_was_touched(&self) {
        // Whatever the deputy sent has arrived before this does.
        for (address, path) in self.victims() {
            let target = address.parse().unwrap();
            let count: i64 = self
                .deputy
                .client
                .peer()
                .method_at(&target, path)
                .returns()
                .await
                .unwrap();
            assert_eq!(count, 1, "{address} was touched by nobody but this line");
        }
    }
}

#[tokio::test]
async fn defect_29_a_promise_that_points_at_a_victim_is_refused() {
    let mut scene = Scene::set().await;
    for (victim, path) in scene.victims() {
        let refused = scene
            .attacker
            .call(&victim, path, payload([]))
            .await
            .rejected();
        assert!(refused.contains("Permission denied"), "{refused}");
    }
    for (victim, path) in scene.victims() {
        let bare = victim.split_once('/').unwrap().1.to_owned();
        let attacker = scene.attacker.address();
        for method in [
            "services.interop.context",
            "services.interop.boom",
            "services.interop.nothing",
        ] {
            for target in [victim.as_str(), &bare] {
                let own = |session: &str, end: &str| format!("{session}.{end}");
                let text = scene
                    .attack(method, |s| {
                        written_promise((target, path), (&attacker, &own(s, "reject")))
                    })
                    .await;
                assert!(
                    text.contains("Access denied") || text.contains("not found"),
                    "{method}: {text}"
                );
                let text = scene
                    .attack(method, |s| {
                        written_promise((&attacker, &own(s, "resolve")), (target, path))
                    })
                    .await;
                assert!(
                    text.contains("Access denied") || text.contains("not found"),
                    "{method}: {text}"
                );
            }
        }
    }
    scene.nobody_was_touched().await;
}

#[tokio::test]
async fn defect_29_a_heartbeat_that_points_at_a_victim_is_refused() {
    let mut scene = Scene::set().await;
    let attacker = scene.attacker.address();
    for (victim, path) in scene.victims() {
        let text = scene
            .attack("services.interop.slow", |session| {
                let resolve = (format!("{session}.resolve"), format!("{session}.reject"));
                let Value::Map(mut promise) =
                    written_promise((&attacker, &resolve.0), (&attacker, &resolve.1))
                else {
                    unreachable!("a promise is a map")
                };
                promise.insert(
                    "heartbeat",
                    Map::from([
                        ("_rtype", "method"),
                        ("_rtarget", &victim),
                        ("_rmethod", path),
                    ]),
                );
                promise.insert("interval", 0.01);
                promise.into()
            })
            .await;
        assert!(text.contains("Access denied"), "{text}");
    }
    scene.nobody_was_touched().await;
}

#[tokio::test]
async fn defect_29_a_promise_that_points_at_another_session_of_the_caller_is_refused() {
    let mut scene = Scene::set().await;
    let attacker = scene.attacker.address();
    for path in ["services.x.y", "other.resolve", "other"] {
        let text = scene
            .attack("services.interop.context", |session| {
                written_promise((&attacker, path), (&attacker, &format!("{session}.reject")))
            })
            .await;
        assert!(text.contains("Access denied"), "{path}: {text}");
    }
}

#[tokio::test]
async fn defect_29_the_session_of_a_call_cannot_name_a_method() {
    let mut scene = Scene::set().await;
    // The short form: answers would go to `SESSION.resolve`, and a session of this form makes that a method's path. They
    // still go to the caller only.
    for (_, path) in scene.victims() {
        let header = header(
            scene.deputy.client.address().as_str(),
            "services.interop.context",
            path,
        );
        scene.attacker.send(frame(header, payload([]))).await;
        let (method, _) = scene.attacker.next().await;
        assert!(method.starts_with(path), "{method}");
    }
    scene.nobody_was_touched().await;
}

/// A function that points at a victim, and a generator that does.
fn pointing_at((victim, path): &Victim) -> [Value; 2] {
    let mut function = Map::from([("_rtype", "method"), ("_rtarget", victim)]);
    let mut generator = Map::from([("_rtype", "generator"), ("_rtarget", victim)]);
    for descriptor in [&mut function, &mut generator] {
        descriptor.insert("_rmethod", *path);
        descriptor.insert("_rpromise", "*");
    }
    generator.insert("_rclose_method", *path);
    [function.into(), generator.into()]
}

#[tokio::test]
async fn defect_29_a_function_of_a_victim_among_the_arguments_is_not_called() {
    let mut scene = Scene::set().await;
    let deputy = scene.deputy.client.address().as_str().to_owned();
    for victim in scene.victims() {
        let [function, generator] = pointing_at(&victim);
        let inside = Map::from([("get", function.clone())]);
        for (method, args) in [
            ("echo", vec![function.clone()]),
            ("echo", vec![generator.clone()]),
            ("hold", vec![generator.clone()]),
            ("drop_held", vec![]),
        ] {
            // Whether it is refused or handed to the method as a value does not matter here.
            let method = format!("services.interop.{method}");
            let _answer = scene.attacker.call(&deputy, &method, payload(args)).await;
        }
        for (method, args) in [
            ("call_back", vec![function.clone(), 2.into()]),
            ("call_back_at_once", vec![function.clone(), 2.into()]),
            ("take", vec![generator.clone(), 2.into()]),
            ("flatten", vec![generator]),
        ] {
            let method = format!("services.interop.{method}");
            let refused = scene.attacker.call(&deputy, &method, payload(args)).await;
            let text = refused.rejected();
            assert!(text.contains(&victim.0), "{method}: {text}");
        }
        for (held, path) in [(function, ""), (inside.into(), "get")] {
            let hold = payload([held]);
            let held = scene.attacker.call(&deputy, "services.interop.hold", hold);
            assert_eq!(held.await, Answer::Resolved(Value::Null));
            let used = payload([path.into(), Value::List(vec![])]);
            let refused = scene
                .attacker
                .call(&deputy, "services.interop.use_held", used);
            let text = refused.await.rejected();
            assert!(text.contains(&victim.0), "{path}: {text}");
        }
    }
    scene.nobody_was_touched().await;
}

/// The deputy calls the attacker, and gets a function that it would call as itself.
#[tokio::test]
async fn defect_29_a_function_of_a_victim_in_a_result_is_not_called() {
    let mut scene = Scene::set().await;
    let deputy = scene.deputy.client.address().as_str().to_owned();
    for victim in scene.victims() {
        let [function, _] = pointing_at(&victim);
        let own = Map::from([
            ("_rtype", "method"),
            ("_rtarget", &scene.attacker.address()),
            ("_rmethod", "attacker.function"),
            ("_rpromise", "*"),
        ]);
        let session = session();
        let header = header(&deputy, "services.interop.nest", &session);
        let call = frame(header, payload([own.into()]));
        scene.attacker.send(call).await;
        let incoming = scene.attacker.next_call().await;
        assert_eq!(incoming.method, "attacker.function");
        scene.attacker.resolve(&incoming, function).await;
        let text = scene.attacker.answer(&session).await.rejected();
        assert!(text.contains(&victim.0), "{text}");
    }
    scene.nobody_was_touched().await;
}

/// What the tests above would see if our provider were fooled.
#[tokio::test]
async fn defect_29_the_attack_works_on_the_reference() {
    let mut scene = Scene::set().await;
    let (victim, path) = scene.victims()[0].clone();
    let deputy = format!("{}/{}", scene.python.workspace(), scene.python.client_id());
    let session = session();
    let mut payload = payload(["x".into()]);
    payload.insert("promise", written_promise((&victim, path), (&victim, path)));
    scene
        .attacker
        .send(frame(
            header(&deputy, "services.interop.echo", &session),
            payload,
        ))
        .await;
    crate::fixture::soon("the call of the victim", async {
        while scene.rust.touched() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
