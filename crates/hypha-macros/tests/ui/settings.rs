use hypha_client::service;

#[service(visibility = everybody)]
trait Visible {
    async fn home(&self);
}

#[service(colour = "red")]
trait Unknown {
    async fn home(&self);
}

#[service(rename_all = "shouting")]
trait Case {
    async fn home(&self);
}

#[service]
trait Inside {
    #[method(colour = "red")]
    async fn home(&self, #[arg(colour = "red")] speed: f64);
}

fn main() {}
