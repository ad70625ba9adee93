use hypha_client::{Kwargs, service};

#[service]
trait Stage {
    async fn id(&self);
    #[method(rename = "a.b")]
    async fn dotted(&self);
    #[method(rename = "")]
    async fn empty(&self);
    #[method(rename = "_rmethod")]
    async fn private(&self);
    async fn twice(&self, #[arg(rename = "b")] a: u32, b: u32);
    async fn renamed(&self, a: u32, #[arg(rename = "a")] b: u32);
    async fn unnamed(&self, #[arg(rename = "")] a: u32);
    async fn others(&self, first: Kwargs, second: Kwargs);
}

fn main() {}
