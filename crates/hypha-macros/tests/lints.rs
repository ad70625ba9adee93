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
