//! The client without async, with real clients: features A.16.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hypha_sync::{
    Callback, Client, Closure, ErrorKind, RemoteError, Service, Value, Visibility, Waiting as _,
    from_iter,
};
use hypha_tests::{Call, Language, Peer};
use serde_json::json;

use crate::fixture::{BOTH, Provider, server};
use crate::provider::RustProvider;

/// What a program without async does, on a thread of its own.
pub(crate) async fn program<T: Send + 'static>(
    run: impl FnOnce(Client) -> T + Send + 'static,
) -> T {
    let url = server().await.url();
    let program = move || run(hypha_sync::connect_to_server(url).unwrap());
    tokio::task::spawn_blocking(program).await.unwrap()
}

/// Calls, errors, callbacks that call the server again, generators.
fn everything(client: &Client, id: &str) {
    let service = client.get_service(id).unwrap();
    let echoed: (i64, String) = service.call("echo", ((1, "two"),)).unwrap();
    assert_eq!(echoed, (1, "two".to_owned()));
    let error = service.call::<Value>("boom", ("broken",)).unwrap_err();
    let remote = error.client().and_then(hypha_client::Error::remote);
    assert_eq!(remote.map(RemoteError::message), Some("broken"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (record, again) = (Arc::clone(&seen), client.clone());
    let callback = Closure::blocking(move |step: i64| {
        record.lock().unwrap().push(step);
        again.echo(&(step * 10))
    });
    let results: Vec<i64> = service.call("call_back", (callback, 3)).unwrap();
    assert_eq!(
        (results, seen.lock().unwrap().clone()),
        (vec![0, 10, 20], vec![0, 1, 2])
    );
    let items: Result<Vec<u64>, _> = service.stream("count", (4,)).unwrap().collect();
    assert_eq!(items.unwrap(), [0, 1, 2, 3]);
    let taken: Vec<u64> = service.call("take", (from_iter(0..5_u64), 3)).unwrap();
    assert_eq!(taken, [0, 1, 2]);
}

/// Arguments by name, members inside of others, constants, deadlines, and methods that are not there.
fn calls(client: &Client, id: &str) {
    let service = client.get_service(id).unwrap();
    let add = || service.method("add").returns::<i64>();
    assert_eq!(add().kwarg("b", 4).kwarg("a", 3).call().unwrap(), 7);
    assert_eq!(add().args((3, 5)).call().unwrap(), 8);
    let tripled: i64 = service.call("nested.deeper.triple", (4,)).unwrap();
    let second: i64 = service.call("array.1", (4,)).unwrap();
    assert_eq!((tripled, second), (12, 6));
    let answer = service.get("constants.answer").and_then(Value::as_i64);
    assert_eq!(answer, Some(42));
    let hang = service.method("hang").deadline(Duration::from_millis(300));
    let late = hang.call().unwrap_err();
    assert_eq!(late.kind(), Some(ErrorKind::Timeout), "{late}");
    let missing = service.call::<Value>("no_such_method", ()).unwrap_err();
    assert_eq!(missing.kind(), Some(ErrorKind::NotFound), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a16_02_a16_04_a7_05_everything_without_async_rust_to_python_and_javascript() {
    for language in BOTH {
        // Not the shared one, whose calls other tests hear of.
        let provider = Provider::start(language).await;
        let id = provider.id("interop").to_owned();
        program(move |client| {
            everything(&client, &id);
            calls(&client, &id);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a16_02_a16_04_a7_05_everything_without_async_rust_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    program(move |client| {
        everything(&client, &id);
        calls(&client, &id);
    })
    .await;
}

fn service() -> Service {
    Service::new("blocking")
        .visibility(Visibility::Public)
        .blocking("add", |a: i64, b: i64| a + b)
        .blocking("count", |n: u64| from_iter(0..n))
        .blocking("report", |steps: u64, report: Callback<(u64,), u64>| {
            let mut sum = 0;
            for step in 0..steps {
                sum += report.wait((step,))?;
            }
            Ok::<u64, hypha_sync::Error>(sum)
        })
}

async fn provided_to(language: Language) {
    let (client, id) = program(|client| {
        let id = client.register_service(service()).unwrap().id;
        (client, id)
    })
    .await;
    let peer = Peer::of(language, server().await).start().await.unwrap();
    assert_eq!(
        peer.call(&id, "add", json!([1, 2])).await.unwrap(),
        json!(3)
    );
    let items = Call::new(&id, "count").args(json!([3])).reduce("items");
    assert_eq!(peer.run(items).await.unwrap(), json!([0, 1, 2]));
    let callback = json!({ "$make": { "awaiting": "step" } });
    let sum = peer
        .call(&id, "report", json!([4, callback]))
        .await
        .unwrap();
    assert_eq!(sum, json!(6));
    drop(client);
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a16_02_a_provider_without_async_python_to_rust() {
    provided_to(Language::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a16_02_a_provider_without_async_javascript_to_rust() {
    provided_to(Language::JavaScript).await;
}

/// The sources of one of our crates.
fn sources(package: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut folders = vec![root.join(package).join("src")];
    let mut files = Vec::<PathBuf>::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    files.into_iter().map(read).collect()
}

/// The names of the public methods of a type, as `rustfmt` writes them.
fn methods(sources: &[String], of: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources {
        let begin = format!("impl {of} {{");
        // Those that `waits!` makes are `name(..) -> ..;`.
        let blocks = [(begin.as_str(), "    pub "), ("waits! {", "    ")];
        let mut prefix = None;
        for line in source.lines() {
            let block = blocks.iter().find(|(begin, _)| line == *begin);
            if let Some((_, begins)) = block {
                prefix = Some(*begins);
            } else if line == "}" {
                prefix = None;
            }
            let method = prefix.and_then(|prefix| line.strip_prefix(prefix));
            let Some(method) = method.filter(|method| method.contains('(')) else {
                continue;
            };
            let method = method.trim_start_matches("async ");
            let method = method.trim_start_matches("fn ");
            let end = method.find(['(', '<']).unwrap();
            let name = &method[..end];
            if name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn a16_01_every_method_has_a_twin_without_async() {
    let (asynchronous, blocking) = (sources("hypha-client"), sources("hypha-sync"));
    // For async parts of a program, which have `as_async`.
    let without_twin = BTreeSet::from(["peer".to_owned()]);
    for of in ["Client", "Manager"] {
        let wanted = methods(&asynchronous, of);
        assert!(wanted.len() > 1, "no methods of {of} were found");
        let found: BTreeSet<String> = methods(&blocking, of);
        let missing: Vec<_> = wanted
            .difference(&found)
            .filter(|name| !without_twin.contains(*name))
            .collect();
        assert!(missing.is_empty(), "hypha_sync::{of} lacks {missing:?}");
    }
}

/// The names that a crate's root has from elsewhere.
fn exported(sources: &[String]) -> BTreeSet<String> {
    let root = sources
        .iter()
        .find(|source| source.starts_with("#![doc"))
        .unwrap();
    let uses = root
        .split("pub use ")
        .skip(1)
        .filter_map(|rest| rest.split_once(';'));
    let names = uses.flat_map(|(path, _)| {
        let names = path.split_once('{').map_or(path, |(_, names)| names);
        names.trim_end_matches('}').split(',')
    });
    let last = |path: &str| path.rsplit([':', ' ']).next().unwrap().to_owned();
    names
        .map(|name| last(name.trim()))
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn a16_01_every_name_is_there_without_async() {
    let (wanted, found) = (
        exported(&sources("hypha-client")),
        exported(&sources("hypha-sync")),
    );
    assert!(wanted.contains("Client") && wanted.contains("json_schema"));
    let missing: Vec<_> = wanted.difference(&found).collect();
    assert!(missing.is_empty(), "hypha_sync lacks {missing:?}");
}
