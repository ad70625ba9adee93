use hypha_client::service;

struct Stage;

#[service]
impl Stage {
    #[method]
    async fn pair(&self, (x, y): (f64, f64)) -> f64 {
        x + y
    }
}

fn main() {}
