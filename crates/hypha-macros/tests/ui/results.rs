use futures_util::Stream;
use hypha_client::service;

#[service]
trait Stage {
    async fn frames(&self) -> impl Stream<Item = u32>;
    fn items(&self) -> impl Stream;
    fn iter(&self) -> impl Iterator<Item = u32>;
    fn named_as(&self) -> &str;
}

fn main() {}
