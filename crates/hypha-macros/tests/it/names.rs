//! Names that are also those of what is generated, or of Hypha's own types.

use futures_util::{Stream, TryStreamExt as _, stream};
use hypha_client::{Kwargs, RemoteStream, Text, service};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::place::Place;

#[service]
trait Named {
    async fn asked(&self, this: u32, call: u32, method: u32, service: u32, _unused: u32) -> u32;

    fn blocking(&self, #[arg(default)] call: u32, #[arg(default)] value: u32) -> u32;

    fn given(&self, this: u32, items: u32, item: u32, stream: u32) -> impl Stream<Item = u32>;

    async fn others(&self, name: u32, value: u32, kwargs: Kwargs) -> usize;
}

struct Names;

impl Named for Names {
    async fn asked(&self, this: u32, call: u32, method: u32, service: u32, _unused: u32) -> u32 {
        this + call * 10 + method * 100 + service * 1000
    }

    fn blocking(&self, call: u32, value: u32) -> u32 {
        call + value * 10
    }

    fn given(&self, this: u32, items: u32, item: u32, stream: u32) -> impl Stream<Item = u32> {
        stream::iter([this, items, item, stream])
    }

    async fn others(&self, name: u32, value: u32, kwargs: Kwargs) -> usize {
        kwargs.0.len() + usize::try_from(name + value).unwrap()
    }
}

#[tokio::test]
async fn parameters_are_called_as_what_is_generated() {
    let place = Place::new().await;
    let (found, _provider) = place.offer(NamedService::new(Names)).await;
    let named = NamedClient::new(found);
    assert_eq!(named.asked(1, 2, 3, 4, 5).await.unwrap(), 4321);
    assert_eq!(named.blocking(Some(1), None).await.unwrap(), 1);
    assert_eq!(named.blocking(None, Some(1)).await.unwrap(), 10);
    let given: RemoteStream<u32> = named.given(1, 2, 3, 4).await.unwrap();
    assert_eq!(given.try_collect::<Vec<_>>().await.unwrap(), [1, 2, 3, 4]);
    let kwargs = Kwargs([("a", 1)].into_iter().collect());
    assert_eq!(named.others(1, 2, kwargs).await.unwrap(), 4);
}

macro_rules! service_of {
    ($name:ident, $implemented:ident, $method:ident, $param:ident, $result:ty) => {
        #[service]
        trait $name {
            async fn $method(&self, $param: u32, this: u32) -> $result;
            fn items(&self, $param: u32) -> impl Stream<Item = u32>;
        }

        struct $implemented;

        #[service]
        impl $implemented {
            #[method]
            fn $method(&self, $param: u32, #[arg(default = Self::STEP)] this: u32) -> $result {
                Ok(self.add($param) + this)
            }

            const STEP: u32 = 1;

            fn add(&self, $param: u32) -> u32 {
                $param
            }
        }

        impl $name for $implemented {
            async fn $method(&self, $param: u32, this: u32) -> $result {
                Ok(self.add($param) + this)
            }

            fn items(&self, $param: u32) -> impl Stream<Item = u32> {
                stream::iter(0..$param)
            }
        }
    };
}

service_of!(Made, MadeUp, doubled, this_one, Result<u32, String>);

#[tokio::test]
async fn names_come_from_a_macro() {
    let place = Place::new().await;
    let (found, _provider) = place.offer(MadeService::new(MadeUp)).await;
    let made = MadeClient::new(found);
    assert_eq!(made.doubled(3, 4).await.unwrap(), 7);
    let items: RemoteStream<u32> = made.items(2).await.unwrap();
    assert_eq!(items.try_collect::<Vec<_>>().await.unwrap(), [0, 1]);
    let (found, _provider) = place.offer(MadeUp).await;
    assert_eq!(found.call::<u32>("doubled", (3,)).await.unwrap(), 4);
}

/// Types of our own with names of Hypha's, where it does not matter.
mod ours {
    use super::{Deserialize, Serialize};

    #[derive(Deserialize, Serialize)]
    pub(super) struct Map {
        pub(super) places: u32,
    }

    #[derive(Deserialize, Serialize)]
    pub(super) struct Timestamp(pub(super) u32);
}

#[service]
trait Texts {
    async fn texts(&self, text: Text, maybe: Option<Text>, many: Vec<Text>, json: Value) -> Text;

    async fn drawn(&self, #[arg(schema = false)] map: ours::Map) -> ours::Timestamp;
}

struct Drawn;

impl Texts for Drawn {
    async fn texts(&self, text: Text, _: Option<Text>, _: Vec<Text>, _: Value) -> Text {
        text
    }

    async fn drawn(&self, map: ours::Map) -> ours::Timestamp {
        ours::Timestamp(map.places)
    }
}

#[tokio::test]
async fn text_is_described_wherever_it_stands() {
    let schema = TextsService::schema().find("texts").unwrap();
    let string = json!({ "type": "string" });
    assert_eq!(
        json!(schema.parameters()["properties"]),
        json!({
            "text": string,
            "maybe": { "anyOf": [string, { "type": "null" }], "default": null },
            "many": { "type": "array", "items": string },
            "json": {},
        })
    );
    let place = Place::new().await;
    let (found, _provider) = place.offer(TextsService::new(Drawn)).await;
    let texts = TextsClient::new(found);
    let drawn = texts.drawn(ours::Map { places: 3 }).await.unwrap();
    assert_eq!(drawn.0, 3);
    let text = texts.texts(Text::from("a"), None, Vec::new(), Value::Null);
    assert_eq!(text.await.unwrap(), "a");
}
