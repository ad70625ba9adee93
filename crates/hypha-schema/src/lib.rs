#![cfg_attr(feature = "schemars", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "schemars"),
    doc = "What functions take, as JSON Schema."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod docs;
mod export;
mod function;
mod instance;
mod naming;
mod openapi;
mod parameter;
mod reference;
#[cfg(feature = "schemars")]
mod rust_type;
mod service;
mod service_type;
mod validate;
mod variants;

pub use self::function::{FunctionSchema, SchemaError};
pub use self::instance::{Instance, Kind};
pub use self::parameter::Parameter;
pub use self::service::ServiceSchema;
pub use self::service_type::{TypeMismatch, TypeMismatches};
pub use self::validate::{ValidationError, ValidationErrors, validate};
#[cfg(feature = "schemars")]
pub use schemars;
