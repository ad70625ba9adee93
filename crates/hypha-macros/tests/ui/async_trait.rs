use hypha_client::service;

#[service]
#[async_trait]
trait Stage {
    async fn home(&self);
}

// What is left of one that was there before.
#[service]
trait Lens {
    fn home<'life0, 'async_trait>(&'life0 self) -> u32
    where
        'life0: 'async_trait;
}

fn main() {}
