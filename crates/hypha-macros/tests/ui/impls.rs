use hypha_client::service;

struct Stage;

#[service]
impl Stage {
    async fn home(&self) {}
}

#[service]
impl Clone for Stage {
    fn clone(&self) -> Self {
        Stage
    }
}

#[service(client = StageClient)]
impl Stage {
    #[method]
    async fn park(&self) {}
}

fn main() {}
