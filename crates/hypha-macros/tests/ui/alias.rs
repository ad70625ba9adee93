use hypha_client::service;

type Outcome = Result<u32, String>;

#[service]
pub trait Stage {
    async fn home(&self) -> Outcome;
}

fn main() {}
