use hypha_client::service;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub struct Undescribed {
    x: f64,
}

pub struct Untravelled;

#[service]
pub trait Stage {
    async fn described(&self, at: Undescribed);
    async fn travels(&self, #[arg(schema = false)] at: Untravelled);
    async fn given(&self) -> Untravelled;
}

fn main() {}
