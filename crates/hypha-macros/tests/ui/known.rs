use hypha_client::service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema, Serialize)]
pub struct Context {
    body: String,
}

#[derive(Deserialize, JsonSchema, Serialize)]
pub struct Text {
    body: String,
}

#[derive(Deserialize, JsonSchema, Serialize)]
pub struct Interface {
    name: String,
}

#[service]
pub trait Notes {
    async fn put(&self, context: Context);
    async fn write(&self, text: Option<Text>);
    async fn list(&self) -> Vec<Interface>;
}

fn main() {}
