//! Arguments of handlers: by position, by name, by default, and none of these.

use hypha_codec::{Binary, Value};
use hypha_rpc_core::{Context, Kwargs, Method, RemoteErrorKind, Returns, Service};
use serde::{Deserialize, Serialize};

use crate::pair::serve;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    city: String,
    #[serde(default)]
    country: Option<String>,
}

fn service() -> Service {
    Service::new("s")
        .method("add", |a: f64, b: f64| async move { a + b })
        .method("none", || async {})
        .method("optional", |a: u8, b: Option<u8>| async move { (a, b) })
        .method("place", |place: Place| async move { Returns(place) })
        .method("who", |a: u8, cx: Context, b: u8| async move {
            format!("{}-{a}-{b}", cx.from())
        })
        .method("rest", |a: u8, kwargs: Kwargs| async move {
            (a, Value::Map(kwargs.0))
        })
        .method(
            "named",
            Method::new(|a: i64, b: i64| async move { a - b })
                .param("a")
                .param_default("b", 10),
        )
        .method(
            "named_rest",
            Method::new(|kwargs: Kwargs, b: i64| async move { (Value::Map(kwargs.0), b) })
                .params(["b"]),
        )
        .blocking("blocking", |bytes: Binary| bytes.len())
}

#[tokio::test]
async fn by_position() {
    let (s, _caller, _provider) = serve(service()).await;
    assert_eq!(s.call::<f64>("add", (1, 2.5)).await.unwrap(), 3.5);
    s.call::<()>("none", ()).await.unwrap();
    assert_eq!(
        s.call::<(u8, Option<u8>)>("optional", (1,)).await.unwrap(),
        (1, None)
    );
    assert_eq!(
        s.call::<(u8, Option<u8>)>("optional", (1, 2))
            .await
            .unwrap(),
        (1, Some(2))
    );
    let place = Place {
        city: "Stockholm".into(),
        country: None,
    };
    assert_eq!(s.call::<Place>("place", (&place,)).await.unwrap(), place);
    assert_eq!(
        s.call::<String>("who", (1, 2)).await.unwrap(),
        "ws/left-1-2"
    );
    assert_eq!(
        s.call::<usize>("blocking", (Binary::from(vec![0_u8; 100_000]),))
            .await
            .unwrap(),
        100_000
    );
    let list = vec![Value::from(1), Value::from(2)];
    assert_eq!(s.call::<f64>("add", list).await.unwrap(), 3.0);
}

#[tokio::test]
async fn by_name_and_by_default() {
    let (s, _caller, _provider) = serve(service()).await;
    assert_eq!(
        s.method("named")
            .args((1,))
            .kwarg("b", 2)
            .returns::<i64>()
            .await
            .unwrap(),
        -1
    );
    assert_eq!(
        s.method("named")
            .kwarg("b", 2)
            .kwarg("a", 5)
            .returns::<i64>()
            .await
            .unwrap(),
        3
    );
    assert_eq!(s.call::<i64>("named", (1,)).await.unwrap(), -9);
    // JavaScript cannot leave out an argument in front of another one in any other way.
    assert_eq!(s.call::<i64>("named", (1, Value::Null)).await.unwrap(), -9);
    let null = s.method("named").args((1,)).kwarg("b", Value::Null);
    assert_eq!(null.returns::<i64>().await.unwrap(), -9);
    let required = s.call::<i64>("named", (Value::Null, 1)).await.unwrap_err();
    assert!(required.to_string().contains("argument `a`"), "{required}");
    let (a, rest): (u8, Value) = s
        .method("rest")
        .args((1,))
        .kwarg("x", "y")
        .decode()
        .await
        .unwrap();
    assert_eq!((a, rest.get("x").and_then(Value::as_str)), (1, Some("y")));
    let (rest, b): (Value, i64) = s
        .method("named_rest")
        .kwarg("b", 3)
        .kwarg("c", 4)
        .decode()
        .await
        .unwrap();
    assert_eq!((rest.as_map().unwrap().len(), b), (1, 3));
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let (s, _caller, _provider) = serve(service()).await;
    for (call, words) in [
        (s.method("add").args((1,)), "argument 2 is missing"),
        (
            s.method("add").args((1, 2, 3)),
            "the method takes 2 arguments, 3 were given",
        ),
        (s.method("add").args((1, "x")), "argument 2: "),
        (
            s.method("add").args((1,)).kwarg("b", 2),
            "argument 2 is missing",
        ),
        (
            s.method("none").kwarg("b", 2),
            "the parameters of this method have no names",
        ),
        (
            s.method("add").args((1,)).kwarg("b", 2),
            "`b` cannot be passed by name: the parameters of this method have no names",
        ),
        (s.method("named"), "argument `a` is missing"),
        (
            s.method("named").args((1,)).kwarg("a", 2),
            "argument `a` was given twice",
        ),
        (
            s.method("named").args((1,)).kwarg("c", 2),
            "has no parameter `c`; it has a, b",
        ),
        (s.method("place").args(("x",)), "argument 1: "),
        (s.method("optional").args((256,)), "argument 1: "),
    ] {
        let error = call.await.unwrap_err();
        let remote = error.remote().unwrap_or_else(|| panic!("{error}"));
        assert_eq!(remote.kind(), RemoteErrorKind::InvalidArguments, "{remote}");
        assert!(remote.message().contains(words), "{remote}");
    }
}

#[tokio::test]
async fn padding_and_a_forged_context_are_let_pass() {
    let (s, _caller, _provider) = serve(service()).await;
    // JavaScript pads with nulls; Python clients can send `context` along.
    assert_eq!(s.call::<f64>("add", (1, 2, (), ())).await.unwrap(), 3.0);
    let who = s.method("who").args((1, 2)).kwarg("context", "forged");
    assert_eq!(who.returns::<String>().await.unwrap(), "ws/left-1-2");
}
