//! Types of the user whose fields are functions, streams and interfaces.

use futures_util::{TryStreamExt, stream};
use hypha_codec::{CodecRegistry, Custom, DecodeError, Map, Object, TypeCodec, Value, from_value};
use hypha_rpc_core::{
    CallError, Callback, Closure, Interface, Members, PeerConfig, RemoteObject, RemoteService,
    RemoteStream, Returns, Service, Streamed,
};
use serde::Deserialize;

use crate::pair::peers_with;

/// Ours: it becomes functions when it goes out.
#[derive(Clone, Debug)]
struct Microscope {
    zoom: u32,
}

/// Inside a [`Microscope`], with a codec of its own.
#[derive(Debug)]
struct Stage;

/// The same for whoever receives it.
#[derive(Debug, Deserialize)]
struct RemoteMicroscope {
    zoom: u32,
    snap: Callback<(u32,), u32>,
    frames: RemoteStream<u32>,
    stage: Custom<RemoteStage>,
    settings: RemoteObject,
}

#[derive(Debug, Deserialize)]
struct RemoteStage {
    home: Callback<(), String>,
}

fn sending() -> PeerConfig {
    let mut registry = CodecRegistry::new();
    let microscope = TypeCodec::<Microscope>::new("microscope").encode(|scope| {
        let zoom = scope.zoom;
        let snap = Closure::new(move |light: u32| async move { light * zoom });
        let settings = Members::new().method("zoom", move || async move { zoom });
        let mut map = Map::from([("zoom", Value::from(zoom))]);
        map.insert("snap", snap);
        map.insert("frames", Streamed::new(stream::iter([zoom, 2 * zoom])));
        map.insert("stage", Value::Object(Object::new(Stage)));
        map.insert("settings", Interface::new(settings));
        Ok(map)
    });
    let stage = TypeCodec::<Stage>::new("stage").encode(|_| {
        let home = Closure::new(|| async { "home" });
        Ok(Map::from([("home", Value::from(home))]))
    });
    registry.register(microscope).unwrap();
    registry.register(stage).unwrap();
    let mut config = PeerConfig::default();
    config.registry = registry;
    config
}

fn receiving() -> PeerConfig {
    let mut registry = CodecRegistry::new();
    let microscope = TypeCodec::<RemoteMicroscope>::new("microscope")
        .decode(|map| from_value(Value::Map(map)).map_err(DecodeError::custom));
    let stage = TypeCodec::<RemoteStage>::new("stage")
        .decode(|map| from_value(Value::Map(map)).map_err(DecodeError::custom));
    registry.register(microscope).unwrap();
    registry.register(stage).unwrap();
    let mut config = PeerConfig::default();
    config.registry = registry;
    config
}

async fn used(scope: Custom<RemoteMicroscope>) -> Result<Vec<u32>, CallError> {
    let RemoteMicroscope {
        zoom,
        snap,
        frames,
        stage,
        settings,
    } = scope.try_into_inner().unwrap();
    assert_eq!(stage.home.call(()).await?, "home");
    let mut found = vec![zoom, snap.call((7,)).await?];
    found.extend(frames.try_collect::<Vec<_>>().await?);
    found.push(settings.call("zoom", ()).await?);
    Ok(found)
}

#[tokio::test]
async fn a_type_with_functions_as_argument() {
    let (caller, provider) = peers_with(sending(), receiving());
    let service = Service::new("s").method("use", used);
    provider.register_service(service).await.unwrap();
    let remote: RemoteService = caller.get_remote_service("s").await.unwrap();
    let scope = Custom::new(Microscope { zoom: 3 });
    let found: Vec<u32> = remote.call("use", (&scope,)).await.unwrap();
    assert_eq!(found, [3, 21, 3, 6, 3]);
    let stats = caller.stats().await.unwrap();
    assert_eq!((stats.sessions, stats.interfaces), (0, 1));

    let inside = vec![Map::from([(
        "scope",
        Value::from(Object::new(Microscope { zoom: 1 })),
    )])];
    let error = remote.call::<Value>("use", (inside,)).await.unwrap_err();
    assert!(error.to_string().contains("argument 1"), "{error}");
}

#[tokio::test]
async fn a_type_with_functions_as_result() {
    let (caller, provider) = peers_with(receiving(), sending());
    let service = Service::new("s")
        .method("make", |zoom: u32| async move {
            Custom::new(Microscope { zoom })
        })
        .stream("many", |n: u32| {
            stream::iter((1..=n).map(|zoom| Returns(Custom::new(Microscope { zoom }))))
        });
    provider.register_service(service).await.unwrap();
    let remote = caller.get_remote_service("s").await.unwrap();
    let scope: Custom<RemoteMicroscope> = remote.call("make", (3,)).await.unwrap();
    assert_eq!(used(scope).await.unwrap(), [3, 21, 3, 6, 3]);
    let scopes = remote.stream::<Custom<RemoteMicroscope>>("many", (2,));
    let found = scopes.await.unwrap().and_then(used);
    let found: Vec<_> = found.try_collect().await.unwrap();
    assert_eq!(found, [[1, 7, 1, 2, 1], [2, 14, 2, 4, 2]]);
}
