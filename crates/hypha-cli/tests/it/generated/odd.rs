//! Client of the service `odd`, written by `hypha codegen`.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::nursery,
    clippy::pedantic,
    nonstandard_style,
    rustdoc::all,
    reason = "it is generated"
)]
use hypha_client::{Arguments, MethodCall, RemoteService};
use serde::{Deserialize, Serialize};
/// Calls the service `odd`.
#[derive(Clone, Debug)]
pub struct OddClient {
    service: RemoteService,
}
impl OddClient {
    /// Calls this service.
    #[must_use]
    pub fn new(service: RemoteService) -> Self {
        Self { service }
    }
    /// The service.
    #[must_use]
    pub fn service(&self) -> &RemoteService {
        &self.service
    }
    /// ````text
    /// Runs.
    ///
    /// > ```
    /// > panic!()
    /// > ```
    /// <script>alert(1)</script>
    /// [x]
    /// ````
    ///
    /// # Arguments
    ///
    /// * `a` - `` <b>`[x]` ``
    pub fn r#gen(&self, a: A, r#gen: GenGen, a2: i64, self_: Vec<String>) -> MethodCall {
        self.service.method("gen").args((a, r#gen, a2, self_))
    }
    pub fn string(
        &self,
        text: Option<String2>,
        list: Option<Vec2>,
        boxed: Option<Box2>,
        inside: Option<f64>,
    ) -> MethodCall {
        match (text, list, boxed, inside) {
            (None, None, None, None) => self.service.method("string").args(()),
            (Some(text), None, None, None) => self.service.method("string").args((text,)),
            (Some(text), Some(list), None, None) => {
                self.service.method("string").args((text, list))
            }
            (Some(text), Some(list), Some(boxed), None) => {
                self.service.method("string").args((text, list, boxed))
            }
            (Some(text), Some(list), Some(boxed), Some(inside)) => {
                self.service.method("string").args((text, list, boxed, inside))
            }
            (text, list, boxed, inside) => {
                let mut call = self.service.method("string");
                if let Some(text) = text {
                    call = call.kwarg("text", text);
                }
                if let Some(list) = list {
                    call = call.kwarg("list", list);
                }
                if let Some(boxed) = boxed {
                    call = call.kwarg("boxed", boxed);
                }
                if let Some(inside) = inside {
                    call = call.kwarg("inside", inside);
                }
                call
            }
        }
    }
    pub fn first(&self, held: Holder) -> MethodCall {
        self.service.method("first").args((held,))
    }
    pub fn second(&self, held: Holder2) -> MethodCall {
        self.service.method("second").args((held,))
    }
    /// It does not say what it takes.
    pub fn malformed(&self, args: impl Arguments) -> MethodCall {
        self.service.method("malformed").args(args)
    }
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct A {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Box<A>>,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GenGen {
    #[serde(rename = "self")]
    Itself,
    #[serde(rename = "Self")]
    Itself2,
    #[serde(rename = "value")]
    Value,
    #[serde(rename = "arguments")]
    Arguments,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct String2 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vec2 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Box2 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<i64>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holder2 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
}
