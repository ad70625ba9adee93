//! Generators among the arguments of a call.

use futures_util::stream;
use hypha_client::{Streamed, Value};
use hypha_tests::{Language, notation};
use serde_json::{Value as Json, json};

use super::MADE;
use crate::fixture::soon;
use crate::sides::{FromRust, JAVASCRIPT, PYTHON, RUST, ToRust, from_rust_to, to_rust_from};

fn numbers(n: u64) -> Streamed {
    Streamed::new(stream::iter(0..n))
}

async fn read_by_the_method(side: FromRust) {
    let FromRust { service, .. } = &side;
    for (n, limit, expected) in [(5, 9, 5), (5, 5, 5), (5, 2, 2), (0, 3, 0), (3, 0, 0)] {
        let taken: Vec<u64> = service.call("take", (numbers(n), limit)).await.unwrap();
        assert_eq!(taken, (0..expected).collect::<Vec<_>>(), "{limit} of {n}");
    }
    let grid = Streamed::new(stream::iter((0..3).map(numbers)));
    let rows: Vec<Vec<u64>> = service.call("flatten", (grid,)).await.unwrap();
    assert_eq!(rows, [vec![], vec![0], vec![0, 1]]);

    let broken = stream::iter([Ok(0), Ok(1), Err("generator boom"), Ok(3)]);
    let read: Value = service
        .call("take_until_error", (Streamed::new(broken),))
        .await
        .unwrap();
    assert_eq!(notation::of(&read)["items"], json!([0, 1]));
    let raised = read.get("raised").and_then(Value::as_str).unwrap();
    assert!(raised.contains("generator boom"), "{raised}");
    assert_eq!(side.sessions().await, 0);
}

#[tokio::test]
async fn a7_01_a_generator_as_argument_rust_to_rust() {
    read_by_the_method(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a7_01_a_generator_as_argument_rust_to_python() {
    read_by_the_method(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a7_01_a_generator_as_argument_rust_to_javascript() {
    read_by_the_method(from_rust_to(JAVASCRIPT).await).await;
}

fn made(kind: &str, n: u64) -> Json {
    json!({ "$make": { "generator": { "kind": kind, "count": n } } })
}

async fn read_by_rust(side: ToRust) {
    for kind in MADE {
        for (n, limit, expected) in [(5, 9, 5), (5, 2, 2), (0, 3, 0)] {
            let taken = side.call("take", json!([made(kind, n), limit])).await;
            let expected: Vec<u64> = (0..expected).collect();
            assert_eq!(taken.unwrap(), json!(expected), "{limit} of {n} {kind}");
            let closed = side.caller.event("called").await;
            let expected = json!({ "name": "generator_closed", "args": [n] });
            assert_eq!(closed.ok(), Some(expected), "{limit} of {n} {kind}");
        }
    }
    let grid = json!([{ "$make": { "grid": 3 } }]);
    let rows = side.call("flatten", grid).await.unwrap();
    assert_eq!(rows, json!([[], [0], [0, 1]]));

    let failing = json!([{ "$make": { "failing": 2 } }]);
    let read = side.call("take_until_error", failing).await.unwrap();
    assert_eq!(read["items"], json!([0, 1]));
    let raised = read["raised"].as_str().unwrap();
    assert!(raised.contains("generator boom"), "{raised}");
}

#[tokio::test]
async fn a7_01_a7_02_a7_03_a_generator_as_argument_python_to_rust() {
    read_by_rust(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a7_01_a7_02_a7_03_a_generator_as_argument_javascript_to_rust() {
    read_by_rust(to_rust_from(Language::JavaScript).await).await;
}

/// What a stream holds is let go of when the call that it was an argument of is over.
async fn never_read(side: FromRust) {
    let (held, gone) = tokio::sync::oneshot::channel::<()>();
    let items = stream::once(async move {
        drop(held);
        0_u64
    });
    let args = (Streamed::new(items), 0);
    let none: Vec<u64> = side.service.call("take", args).await.unwrap();
    assert!(none.is_empty());
    let dropped = soon("the end of the stream", gone).await;
    assert!(dropped.is_err(), "nobody sent anything");
    assert_eq!(side.sessions().await, 0);
}

#[tokio::test]
async fn a7_03_an_argument_that_nobody_reads_ends_with_its_call_rust_to_rust() {
    never_read(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a7_03_an_argument_that_nobody_reads_ends_with_its_call_rust_to_python() {
    never_read(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a7_03_an_argument_that_nobody_reads_ends_with_its_call_rust_to_javascript() {
    never_read(from_rust_to(JAVASCRIPT).await).await;
}
