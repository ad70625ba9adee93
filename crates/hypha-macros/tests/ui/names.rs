use hypha_client::service;

#[service]
trait Stage {
    async fn home(&self);
    #[method(rename = "home")]
    async fn go_home(&self);
}

#[service]
trait Reserved {
    async fn new(&self);
}

fn main() {}
