use hypha_client::service;

#[service]
trait Stage {
    async fn home(&self, #[cfg(windows)] speed: f64);
}

struct Motor;

#[service]
impl Motor {
    #[method]
    fn home(&self) {}

    fn park(&self, #[arg(default = 3)] speed: u32) -> u32 {
        speed
    }
}

#[service]
trait Defaults {
    async fn home(&self, #[arg(default = Self::SPEED)] speed: u32);
}

fn main() {}
