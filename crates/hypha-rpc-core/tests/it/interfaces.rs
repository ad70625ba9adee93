//! Objects whose functions outlive the call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hypha_codec::{Binary, Value};
use hypha_rpc_core::{
    CallError, Interface, Members, RegisterError, RemoteErrorKind, RemoteObject, Service,
};

use crate::pair::serve;

fn store(disposed: &Arc<AtomicUsize>) -> Interface {
    let disposed = Arc::clone(disposed);
    let members = Members::new()
        .value("name", "scan")
        .method("get", |key: String| async move {
            Binary::from(key.into_bytes())
        })
        .nested(
            "meta",
            Members::new().method("keys", || async { vec!["a", "b"] }),
        );
    Interface::new(members).on_dispose(move || {
        disposed.fetch_add(1, Ordering::SeqCst);
    })
}

#[tokio::test]
async fn functions_of_an_interface_outlive_the_call_until_it_is_disposed_of() {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let service = Service::new("s").method("open", move |store: RemoteObject| {
        *keep.lock().unwrap() = Some(store);
        async {}
    });
    let (remote, caller, _provider) = serve(service).await;
    let disposed = Arc::default();
    let store = store(&disposed);
    remote.call::<()>("open", (store.clone(),)).await.unwrap();
    let held: RemoteObject = kept.lock().unwrap().take().unwrap();

    assert_eq!(held.get("name").and_then(Value::as_str), Some("scan"));
    let id = held
        .get("_rintf_service_id")
        .and_then(Value::as_str)
        .unwrap();
    assert!(id.starts_with("_rintf_"));
    assert_eq!(store.service_ids(), [id]);
    assert_eq!(
        held.call::<Binary>("get", ("k",)).await.unwrap(),
        Binary::from(b"k".to_vec())
    );
    assert_eq!(
        held.call::<Vec<String>>("meta.keys", ()).await.unwrap(),
        ["a", "b"]
    );
    assert_eq!(caller.stats().await.unwrap().interfaces, 1);
    assert_eq!(
        caller.local_services().await.unwrap().len(),
        1,
        "it is not registered"
    );

    let again = held.clone();
    held.dispose().await.unwrap();
    let error = again.call::<Value>("get", ("k",)).await.unwrap_err();
    assert_eq!(
        error.remote().unwrap().kind(),
        RemoteErrorKind::MethodNotFound
    );
    assert_eq!(caller.stats().await.unwrap().interfaces, 0);
    assert_eq!(disposed.load(Ordering::SeqCst), 1);
    assert!(store.service_ids().is_empty());
}

#[tokio::test]
async fn an_interface_can_be_taken_back() {
    let service = Service::new("s").method("open", |store: RemoteObject| async move { store });
    let (remote, caller, _provider) = serve(service).await;
    let disposed = Arc::default();
    let store = store(&disposed);
    remote
        .call::<Value>("open", (store.clone(),))
        .await
        .unwrap();
    let ids = store.service_ids();
    caller.unregister_service(&ids[0]).await.unwrap();
    let error = caller.unregister_service(&ids[0]).await.unwrap_err();
    assert!(matches!(error, RegisterError::Unknown(_)), "{error}");
    assert_eq!(caller.stats().await.unwrap().interfaces, 0);
}

#[tokio::test]
async fn an_interface_in_a_result_and_one_inside_another_value() {
    let disposed = Arc::default();
    let made = store(&disposed);
    let service = Service::new("s").method("open", move || {
        let made = made.clone();
        async move { Ok::<_, CallError>(vec![(1, made)]) }
    });
    let (remote, _caller, provider) = serve(service).await;
    let stores: Vec<(u8, RemoteObject)> = remote.call("open", ()).await.unwrap();
    assert_eq!(
        stores[0].1.call::<Binary>("get", ("x",)).await.unwrap(),
        Binary::from(b"x".to_vec())
    );
    assert_eq!(provider.stats().await.unwrap().interfaces, 1);
    let missing = stores[0].1.call::<Value>("put", ()).await.unwrap_err();
    assert!(missing.to_string().contains("get"), "{missing}");
}
