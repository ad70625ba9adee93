use std::borrow::Cow;

use futures_util::Stream;
use futures_util::stream::BoxStream;
use hypha_client::service;

#[service]
trait Stage {
    async fn named(&self, name: Option<&str>, other: Cow<'_, str>);
    async fn named_as(&self) -> Option<&str>;
    fn label(&self) -> Cow<'_, str>;
    fn lines(&self) -> impl Stream<Item = &str>;
    async fn own<'a>(&'a self) -> u32;
    fn frames(&self) -> Result<impl Stream<Item = u32>, String>;
    fn boxed(&self) -> BoxStream<'static, u32>;
}

fn main() {}
