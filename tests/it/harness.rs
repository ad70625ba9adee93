//! The harness itself: real peers call each other over the real server, without any Rust between them.

use std::pin::pin;
use std::time::Duration;

use hypha_tests::{Call, HyphaServer, Language, Peer, PeerError, ServerOptions, notation};
use serde_json::{Value as Json, json};
use tokio::time::timeout;

const BOTH: [Language; 2] = [Language::Python, Language::JavaScript];

async fn pair(provider: Language, caller: Language) -> (Peer, Peer, String) {
    let server = HyphaServer::shared().await.unwrap();
    let provider = Peer::of(provider, server).start().await.unwrap();
    let services = provider.register().await.unwrap();
    let caller = Peer::of(caller, server).start().await.unwrap();
    (provider, caller, services["interop"].clone())
}

#[tokio::test]
async fn python_and_javascript_call_each_other() {
    for (provider, caller) in [(BOTH[0], BOTH[1]), (BOTH[1], BOTH[0])] {
        let (provider, caller, interop) = pair(provider, caller).await;
        let call = async |method: &str, args: Json| caller.call(&interop, method, args).await;

        assert_eq!(call("add", json!([1])).await.unwrap(), json!(11));
        assert_eq!(
            call("nested.deeper.triple", json!([5])).await.unwrap(),
            json!(15)
        );
        assert_eq!(call("array.2.three", json!([5])).await.unwrap(), json!(8));

        let values = json!([null, true, "h\u{e9}", 7, notation::float(1.5), notation::bytes(&[0, 255]), { "a": [{}] }]);
        assert_eq!(call("echo", json!([values])).await.unwrap(), values);

        let big = json!([{ "$fill": 400_000 }]);
        let filled = notation::bytes(&notation::fill(400_000));
        assert_eq!(call("size", big.clone()).await.unwrap(), json!(400_000));
        assert_eq!(call("echo", big).await.unwrap(), filled);

        let error = call("boom", json!(["on purpose"])).await.unwrap_err();
        assert!(error.message().contains("on purpose"), "{error}");

        let items = Call::new(&interop, "count")
            .args(json!([3]))
            .reduce("items");
        assert_eq!(caller.run(items).await.unwrap(), json!([0, 1, 2]));
        provider.disconnect().await.unwrap();
    }
}

#[tokio::test]
async fn keyword_arguments_reach_both_languages() {
    for language in BOTH {
        let (_provider, caller, interop) = pair(language, Language::Python).await;
        let call = Call::new(&interop, "add").kwargs(json!({ "b": 4, "a": 3 }));
        assert_eq!(caller.run(call).await.unwrap(), json!(7));
    }
    let (_provider, caller, interop) = pair(Language::Python, Language::JavaScript).await;
    let call = Call::new(&interop, "collect")
        .args(json!([1]))
        .kwargs(json!({ "k": "v" }));
    let expected = json!({ "args": [1], "kwargs": { "k": "v" } });
    assert_eq!(caller.run(call).await.unwrap(), expected);
}

#[tokio::test]
async fn samples_that_do_not_survive_their_own_language_are_known() {
    for (language, refused, changed) in [
        (
            Language::Python,
            // by the encoder, the last one by the receiver
            "timestamp int_2p64 bytearray frozenset datetime complex ndarray_object int_keys",
            // an error gains a prefix at each step; the notation does not carry the schema of a model
            "error pydantic_model",
        ),
        (
            Language::JavaScript,
            "big_int big_int_array symbol",
            "error",
        ),
    ] {
        let server = HyphaServer::shared().await.unwrap();
        let provider = Peer::of(language, server).start().await.unwrap();
        let interop = &provider.register().await.unwrap()["interop"];
        let caller = Peer::of(language, server).method_timeout(2.0);
        let caller = caller.start().await.unwrap();
        let call = async |method: &str, args: Json| caller.call(interop, method, args).await;
        let names = call("sample_names", json!([])).await.unwrap();
        let mut differing = (vec![], vec![]);
        for name in names.as_array().unwrap().iter().filter_map(Json::as_str) {
            match call("sample", json!([name])).await {
                Err(_) => differing.0.push(name),
                Ok(sample) => match call("echo", json!([sample])).await {
                    Ok(echoed) if echoed == sample => {}
                    _ => differing.1.push(name),
                },
            }
        }
        let differing = (differing.0.join(" "), differing.1.join(" "));
        assert_eq!(
            differing,
            (refused.to_owned(), changed.to_owned()),
            "{language:?}"
        );
    }
}

#[tokio::test]
async fn the_context_names_the_caller() {
    for language in BOTH {
        let (provider, caller, _) = pair(language, Language::Python).await;
        let service = format!(
            "{}/{}:interop-context",
            provider.workspace(),
            provider.client_id()
        );
        let context = caller.call(&service, "context", json!([])).await.unwrap();
        assert_eq!(
            context["from"],
            format!("{}/{}", caller.workspace(), caller.client_id())
        );
        assert_eq!(context["user"]["id"], caller.user());
    }
}

#[tokio::test]
async fn access_follows_the_workspace() {
    let server = HyphaServer::shared().await.unwrap();
    for language in BOTH {
        let provider = Peer::of(language, server).start().await.unwrap();
        let member = provider.membership().await.unwrap();
        let inside = Peer::javascript(server)
            .member(&member)
            .start()
            .await
            .unwrap();
        let outside = Peer::python(server).start().await.unwrap();
        let guest = Peer::python(server).start().await.unwrap();
        let arguments = json!({ "authorized_workspaces": [guest.workspace()] });
        let services = provider.register_with(arguments).await.unwrap();

        assert_eq!(inside.workspace(), provider.workspace());
        for (peer, service, allowed) in [
            (&inside, "interop-protected", true),
            (&outside, "interop-protected", false),
            (&outside, "interop-unlisted", true),
            (&guest, "interop-authorized", true),
            (&outside, "interop-authorized", false),
        ] {
            let result = peer.call(&services[service], "touch", json!([])).await;
            assert_eq!(
                result.is_ok(),
                allowed,
                "{language:?} {service}: {result:?}"
            );
        }
        for service in [
            "interop-protected",
            "interop-unlisted",
            "interop-authorized",
        ] {
            assert_eq!(provider.event("touched").await.unwrap(), json!(service));
        }
    }
}

#[tokio::test]
async fn a_silent_provider_lets_the_caller_time_out() {
    let server = HyphaServer::shared().await.unwrap();
    for language in BOTH {
        let provider = Peer::of(language, server).start().await.unwrap();
        let services = provider.register().await.unwrap();
        let caller = Peer::python(server)
            .method_timeout(1.0)
            .start()
            .await
            .unwrap();
        let slow = caller
            .call(&services["interop"], "slow", json!([1.5]))
            .await;
        assert_eq!(
            slow.unwrap(),
            json!("slept"),
            "heartbeats keep the caller waiting"
        );
        let silent = caller
            .call(&services["interop-silent"], "silent", json!([]))
            .await;
        let error = silent.unwrap_err();
        assert!(error.message().contains("timed out"), "{error}");
    }
}

#[tokio::test]
async fn a_killed_provider_fails_its_caller() {
    let server = HyphaServer::shared().await.unwrap();
    for language in BOTH {
        let provider = Peer::of(language, server).start().await.unwrap();
        let interop = &provider.register().await.unwrap()["interop"];
        // The server tells the loss of a client to its workspace only.
        let member = provider.membership().await.unwrap();
        let caller = Peer::python(server).member(&member).start().await.unwrap();
        let hanging = caller.call(interop, "hang", json!([]));
        let killed = async {
            assert_eq!(provider.event("started").await.unwrap(), json!("hang"));
            provider.kill();
            provider.call(interop, "echo", json!([1])).await
        };
        let (hanging, dead) = tokio::join!(hanging, killed);
        assert!(matches!(dead, Err(PeerError::Ended)), "{dead:?}");
        let error = hanging.unwrap_err();
        assert!(error.message().contains("disconnected"), "{error}");
    }
}

#[tokio::test]
async fn a_server_stops_freezes_and_comes_back() {
    let mut server = HyphaServer::start(ServerOptions::default()).await.unwrap();
    let port = server.port();
    server.kill().unwrap();
    assert!(server.kill().is_err());
    server.restart().await.unwrap();
    assert_eq!(server.port(), port);
    let peer = Peer::javascript(&server).start().await.unwrap();
    assert_eq!(
        peer.manager("echo", json!(["x"])).await.unwrap(),
        json!("x")
    );

    server.freeze().unwrap();
    let mut echo = pin!(peer.manager("echo", json!(["y"])));
    let frozen = timeout(Duration::from_millis(500), &mut echo).await;
    assert!(frozen.is_err(), "{frozen:?}");
    server.resume().unwrap();
    assert_eq!(echo.await.unwrap(), json!("y"));
    // Which fails if it ends in any other way than it should.
    server.stop().unwrap();
    assert!(server.stop().is_err());
}
