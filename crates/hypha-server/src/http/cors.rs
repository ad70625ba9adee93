//! Which pages may ask: those of every origin, as on the Python server. That is safe because nothing here is allowed by
//! what a browser adds to requests by itself: no cookie is looked at.

use std::time::Duration;

use axum::http::{HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long browsers may remember what they were told.
const MAX_AGE: Duration = Duration::from_secs(600);

const INFERENCE_HEADER: HeaderName = HeaderName::from_static("inference-header-content-length");

pub(super) fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_credentials(true)
        .allow_methods([
            Method::DELETE,
            Method::GET,
            Method::HEAD,
            Method::OPTIONS,
            Method::PATCH,
            Method::POST,
            Method::PUT,
        ])
        .allow_headers([
            header::ACCEPT,
            header::ACCEPT_ENCODING,
            header::ACCEPT_LANGUAGE,
            header::AUTHORIZATION,
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
            header::CONTENT_TYPE,
            header::ORIGIN,
            header::RANGE,
            HeaderName::from_static("x-requested-with"),
            INFERENCE_HEADER,
        ])
        .expose_headers([
            INFERENCE_HEADER,
            header::ACCEPT_ENCODING,
            header::RANGE,
            header::ORIGIN,
            header::CONTENT_TYPE,
        ])
        .max_age(MAX_AGE)
}
