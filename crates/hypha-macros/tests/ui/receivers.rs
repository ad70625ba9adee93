use hypha_client::service;

#[service]
trait Stage {
    fn new() -> u32;
    async fn home(&mut self);
    async fn park(self);
    async fn shared(self: std::sync::Arc<Self>);
}

fn main() {}
