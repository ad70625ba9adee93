use hypha_client::{Context, service};

#[service]
trait Stage {
    async fn named(&self, name: &str, bytes: &[u8], other: &u32);
    async fn any(&self, call: impl Fn());
    async fn order(&self, #[arg(default = 1)] first: u32, second: u32);
    async fn context(&self, context: u32);
    async fn who(&self, #[arg(default)] cx: Context);
    async fn many(&self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8);
}

fn main() {}
