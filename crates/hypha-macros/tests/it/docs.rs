//! What callers are told of a method.

use hypha_client::{Context, Kwargs, service};
use serde_json::json;

macro_rules! documented {
    ($docs:expr) => {
        #[service]
        trait Documented {
            #[doc = $docs]
            async fn given(&self);

            #[doc = concat!("Two ", "parts.")]
            ///
            /// # Arguments
            ///
            /// * `place` - where
            async fn put_together(&self, #[arg(rename = "at")] place: u32, #[arg(default)] n: u32);
        }
    };
}

documented!("Given.");

/// Takes pictures.
#[doc = include_str!("docs.txt")]
#[service]
trait Camera {
    /// Takes one.
    ///
    /// # Arguments
    ///
    /// * `exposure` - how long:
    ///   * `0` is as short as it goes
    /// * gain: how much,
    ///   in decibels
    /// * `context` - who
    /// * `others` - more
    async fn snap(
        &self,
        #[arg(rename = "exposureTime")] exposure: f64,
        r#gain: f64,
        context: Context,
        others: Kwargs,
    );

    #[doc = include_str!("docs.txt")]
    async fn focus(&self, z: f64);
}

#[test]
fn arguments_are_described_by_the_names_that_callers_use() {
    let snap = CameraService::schema().find("snap").unwrap();
    assert_eq!(
        json!(snap.parameters()["properties"]),
        json!({
            "exposureTime": {
                "type": "number", "format": "double",
                "description": "how long: * `0` is as short as it goes",
            },
            "gain": { "type": "number", "format": "double", "description": "how much, in decibels" },
        })
    );
}

#[test]
fn docs_may_come_from_macros() {
    let schema = DocumentedService::schema();
    let given = schema.find("given").unwrap();
    assert_eq!(given.description_text(), "Given.");
    let parts = schema.find("put_together").unwrap();
    assert_eq!(parts.description_text(), "Two parts.");
    assert_eq!(parts.parameter("at").unwrap()["description"], "where");
    let focus = CameraService::schema().find("focus").unwrap();
    assert_eq!(focus.description_text(), "Of a file.");
    assert_eq!(focus.parameter("z").unwrap()["description"], "how far");
    assert_eq!(focus.positional().count(), 1);
}
