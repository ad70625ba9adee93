use hypha_client::service;

#[service]
trait Stage {
    /// Moves.
    ///
    /// # Arguments
    ///
    /// * `to` - where
    /// * `sped` - how fast
    async fn move_to(&self, to: f64, speed: f64);

    /// Stops.
    ///
    /// # Arguments
    ///
    /// * `now` - at once
    async fn stop(&self);
}

fn main() {}
