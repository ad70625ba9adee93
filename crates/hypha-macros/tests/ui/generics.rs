use hypha_client::service;

#[service]
trait Stage<T> {
    type Position;
    const AXES: usize;
    async fn move_to<P>(&self, position: P);
    async fn itself(&self) -> Self;
}

struct Motor<T>(T);

#[service]
impl<T> Motor<T> {
    #[method]
    async fn home(&self) {}
}

fn main() {}
