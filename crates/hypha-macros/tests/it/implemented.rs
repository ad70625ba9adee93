//! Impl blocks: services of the annotated methods.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{Stream, TryStreamExt as _, stream};
use hypha_client::{Context, Provider as _, RemoteStream, Service, service};
use serde_json::json;

use crate::place::Place;

/// A stage.
#[derive(Default)]
struct Stage {
    moves: AtomicU32,
    frames: Vec<String>,
}

/// Moves samples.
#[service(visibility = public, require_context = true)]
impl Stage {
    /// Not for callers.
    fn moved(&self) -> u32 {
        self.moves.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Moves, which takes a while.
    #[method]
    fn move_to(&self, x: f64, mut y: f64) -> Result<(f64, f64), String> {
        if x < 0.0 {
            return Err("out of reach".to_owned());
        }
        y += f64::from(self.moved());
        Ok((x, y))
    }

    #[method(rename = "whoami")]
    async fn who(&self, cx: Context) -> String {
        std::future::ready(cx.from().to_string()).await
    }

    #[method]
    fn frames(&self) -> impl Stream<Item = String> + '_ {
        stream::iter(self.frames.iter().cloned())
    }

    #[method]
    async fn total(&self, numbers: RemoteStream<u32>) -> Result<u32, hypha_client::CallError> {
        numbers
            .try_fold(0, |sum, n| async move { Ok(sum + n) })
            .await
    }
}

#[tokio::test]
async fn only_annotated_methods_are_served() {
    let place = Place::new().await;
    let stage = Arc::new(Stage {
        frames: vec!["a".to_owned(), "b".to_owned()],
        ..Stage::default()
    });
    let (found, provider) = place.offer(Stage::service(Arc::clone(&stage))).await;
    let moved: (f64, f64) = found.call("move_to", (1.0, 2.0)).await.unwrap();
    assert_eq!(moved, (1.0, 3.0));
    assert_eq!(stage.moved(), 2);
    assert!(found.get("moved").is_none());
    let error = found
        .call::<(f64, f64)>("move_to", (-1.0, 0.0))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("out of reach"), "{error}");
    let whoami: String = found.call("whoami", ()).await.unwrap();
    assert_eq!(whoami, provider.address().as_str());
    let frames = found.stream::<String>("frames", ()).await.unwrap();
    assert_eq!(frames.try_collect::<Vec<_>>().await.unwrap(), ["a", "b"]);
    let numbers = hypha_client::Streamed::new(stream::iter([1_u32, 2]));
    assert_eq!(found.call::<u32>("total", (numbers,)).await.unwrap(), 3);
}

#[test]
fn the_type_becomes_a_service() {
    let service = Service::from(Stage::default());
    assert_eq!((service.id(), Stage::ID), ("stage", "stage"));
    let schema = Stage::schema();
    let tools = json!(schema.tools());
    assert_eq!(tools[0]["function"]["name"], "move_to");
    assert_eq!(
        tools[0]["function"]["description"],
        "Moves, which takes a while."
    );
    assert_eq!(tools.as_array().unwrap().len(), 4);
}

/// Types that are as long as the type says.
struct Axes;

#[service]
impl Axes {
    const COUNT: usize = 3;

    #[method]
    fn swapped(&self, mut at: [f64; Self::COUNT]) -> [f64; Self::COUNT] {
        at.swap(0, 2);
        at
    }
}

#[tokio::test]
async fn constants_of_the_type_are_known_in_its_methods() {
    let place = Place::new().await;
    let (axes, _provider) = place.offer(Axes).await;
    let swapped: [f64; 3] = axes.call("swapped", ([1.0, 2.0, 3.0],)).await.unwrap();
    assert_eq!(swapped, [3.0, 2.0, 1.0]);
}
