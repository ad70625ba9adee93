//! What is generated passes the lints that its trait passes: that this compiles is the test.
#![deny(warnings, missing_docs)]

use hypha_client::{Service, service};

/// In another language.
pub mod other {
    use super::service;

    #[expect(non_snake_case, missing_docs, reason = "as they are called there")]
    #[service]
    pub trait Stage {
        async fn moveTo(&self, exposureTime: u32, _unused: u32) -> u32;
    }

    /// A camera.
    #[service]
    pub trait Camera {
        /// Takes a picture.
        #[expect(non_snake_case, reason = "as it is called there")]
        async fn snapIt(&self);

        /// As it was.
        #[deprecated = "call `snapIt`"]
        async fn snap(&self, x: u32);
    }
}

/// Nobody should.
#[deprecated]
#[service]
pub trait Former {
    /// Where it was.
    async fn place(&self) -> u32;
}

/// Where things are.
pub mod place {
    #![allow(deprecated, reason = "by what is derived")]

    /// A place.
    #[deprecated]
    #[derive(Debug, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
    #[non_exhaustive]
    pub struct Place {
        /// Across.
        pub x: f64,
    }
}

/// Takes what should not be used any more.
#[allow(deprecated, reason = "for those who still call it")]
#[service]
pub trait Latter {
    /// Goes there.
    async fn go(&self, to: place::Place) -> place::Place;
}

/// Bodies that are there already.
#[service]
pub trait Ready {
    /// Does nothing.
    async fn rest(&self) {}

    /// Never comes back.
    async fn fail(&self) -> u32 {
        panic!("it cannot")
    }

    /// Comes back early.
    async fn half(&self, x: u32) -> Option<u32> {
        if x == 0 {
            return None;
        }
        Some(x / 2)
    }
}

struct Old;

#[service]
impl Old {
    #[method]
    #[deprecated]
    fn snap(&self, _exposure: u32) -> u32 {
        1
    }
}

#[test]
fn what_is_generated_is_there() {
    assert!(other::StageService::schema().find("moveTo").is_some());
    assert!(other::CameraService::schema().find("snap").is_some());
    assert_eq!(Service::from(Old).id(), "old");
}
