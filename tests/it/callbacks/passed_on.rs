//! Functions of others that are passed on: their receiver calls whoever made them directly, if the sender may point there.

use hypha_client::{Callback, Client, Map, Method, Service, Value, Visibility};
use hypha_tests::{Language, Peer};
use serde_json::{Value as Json, json};

use super::Seen;
use crate::fixture::{connect, join, membership, server};
use crate::provider::RustProvider;
use crate::sides::{JAVASCRIPT, PYTHON, RUST, Who, from_client};

/// A Rust client, and in its workspace the one whose function it passes on.
async fn neighbours() -> (RustProvider, Client) {
    let maker = RustProvider::start().await;
    let sender = join(&membership(&maker.client).await).await;
    (maker, sender)
}

/// The receiver is the caller that the maker of the function sees.
async fn passed_on_by_rust(who: Who) {
    let (maker, sender) = neighbours().await;
    let found = sender.get_service(&maker.id("interop")).await.unwrap();
    let side = from_client(sender, who).await;
    let function = found.get("context").unwrap().clone();
    let args = (function, Vec::<Value>::new(), Map::new());
    let context: Value = side.service.call("call_back_with", args).await.unwrap();
    let from = context.get("from").and_then(Value::as_str);
    assert_eq!(from, Some(side.provider.address().as_str()));
}

#[tokio::test]
async fn a3_18_a_function_that_is_passed_on_connects_the_others_rust_to_rust() {
    passed_on_by_rust(RUST).await;
}

#[tokio::test]
async fn a3_18_a_function_that_is_passed_on_connects_the_others_rust_to_python() {
    passed_on_by_rust(PYTHON).await;
}

#[tokio::test]
async fn a3_18_a_function_that_is_passed_on_connects_the_others_rust_to_javascript() {
    passed_on_by_rust(JAVASCRIPT).await;
}

/// Calls a method of the provider with a function of another one, which `sender` found.
async fn pass_on(sender: &Peer, function: &str, to: &RustProvider) -> Result<Json, String> {
    let arguments = json!({
        "service": to.id("interop"),
        "method": "call_back_with",
        "function": { "service": function, "method": "context" },
        "args": [[], {}],
    });
    let passed = sender.command("pass_on", arguments).await;
    passed.map_err(|error| error.message().to_owned())
}

async fn passed_on_to_rust(language: Language) {
    let maker = RustProvider::start().await;
    let sender = Peer::of(language, server().await)
        .member(&membership(&maker.client).await)
        .start()
        .await
        .unwrap();
    let receiver = RustProvider::start().await;
    let context = pass_on(&sender, &maker.id("interop"), &receiver).await;
    assert_eq!(context.unwrap()["from"], receiver.client.address().as_str());
}

#[tokio::test]
async fn a3_18_a_function_that_is_passed_on_connects_the_others_python_to_rust() {
    passed_on_to_rust(Language::Python).await;
}

#[tokio::test]
async fn a3_18_a_function_that_is_passed_on_connects_the_others_javascript_to_rust() {
    passed_on_to_rust(Language::JavaScript).await;
}

/// Else anybody could let us call in our own name what would refuse them.
async fn out_of_the_senders_workspace(language: Language) {
    let maker = RustProvider::start().await;
    let sender = Peer::of(language, server().await).start().await.unwrap();
    let receiver = RustProvider::new(join(&membership(&maker.client).await).await).await;
    let refused = pass_on(&sender, &maker.id("interop"), &receiver).await;
    let text = refused.unwrap_err();
    assert!(text.contains(maker.client.address().as_str()), "{text}");
}

#[tokio::test]
async fn defect_29_a_function_out_of_the_senders_workspace_is_refused_python_to_rust() {
    out_of_the_senders_workspace(Language::Python).await;
}

#[tokio::test]
async fn defect_29_a_function_out_of_the_senders_workspace_is_refused_javascript_to_rust() {
    out_of_the_senders_workspace(Language::JavaScript).await;
}

/// A method that says so takes functions of everybody, and can see whose they are.
#[tokio::test]
async fn defect_29_a_method_can_accept_functions_of_everybody() {
    let (maker, receiver) = (RustProvider::start().await, RustProvider::start().await);
    let target = async |f: Callback<(), Value>| f.target().map(|target| target.to_string());
    let context = async |f: Callback<(), Value>| f.call(()).await;
    let service = Service::new("open")
        .visibility(Visibility::Public)
        .method("target", Method::new(target).accept_foreign_functions())
        .method("context", Method::new(context).accept_foreign_functions());
    receiver.client.register_service(service).await.unwrap();
    let sender = connect().await;
    let found = sender.get_service(&maker.id("interop")).await.unwrap();
    let open = sender.get_service(&receiver.id("open")).await.unwrap();
    let function = found.get("context").unwrap();
    let target: String = open.call("target", (function,)).await.unwrap();
    assert_eq!(target, maker.client.address().as_str());
    let context: Value = open.call("context", (function,)).await.unwrap();
    let from = context.get("from").and_then(Value::as_str);
    assert_eq!(from, Some(receiver.client.address().as_str()));
}

/// A callback is for the one who was called: whoever gets it from them is refused, also in the same workspace.
async fn a_callback_is_not_for_others(who: Who) {
    let third = RustProvider::start().await;
    let membership = membership(&third.client).await;
    let next = third.id("interop");
    let caller = join(&membership).await;
    let seen = Seen::default();
    let callback = seen.callback();
    let forwarded = match who {
        Who::Rust => {
            let receiver = join(&membership).await;
            let next = receiver.get_service(&next).await.unwrap();
            let forward = move |callback: Callback| {
                let next = next.clone();
                async move { next.call::<Value>("call_back", (callback, 2)).await }
            };
            let relay = Service::new("relay").method("forward", forward);
            let id = receiver.register_service(relay).await.unwrap().id;
            let relay = caller.get_service(&id).await.unwrap();
            relay.call::<Value>("forward", (callback,)).await
        }
        Who::Real(language) => {
            let receiver = Peer::of(language, server().await).member(&membership);
            let receiver = receiver.start().await.unwrap();
            let services = receiver.register().await.unwrap();
            let relay = caller.get_service(&services["interop"]).await.unwrap();
            let args = (next, "call_back", (callback, 2));
            relay.call::<Value>("forward", args).await
        }
    };
    let text = forwarded.unwrap_err().to_string();
    assert!(text.contains("Access denied"), "{text}");
    assert!(seen.take().is_empty());
}

#[tokio::test]
async fn a6_04_a_callback_that_is_passed_on_is_refused_rust_to_rust() {
    a_callback_is_not_for_others(RUST).await;
}

#[tokio::test]
async fn a6_04_a_callback_that_is_passed_on_is_refused_rust_to_python() {
    a_callback_is_not_for_others(PYTHON).await;
}

#[tokio::test]
async fn a6_04_a_callback_that_is_passed_on_is_refused_rust_to_javascript() {
    a_callback_is_not_for_others(JAVASCRIPT).await;
}
