//! The same without async: a blocking client of the trait.

use hypha_sync::{Error, connect_to_server, service};

use super::{Measured, Place, Unit, station};
use crate::fixture::{connect, server};

#[service(crate = hypha_sync, dispatcher = BlockingStationService)]
#[expect(dead_code, reason = "its client is used")]
trait BlockingStation {
    fn measure(
        &self,
        place: Place,
        #[arg(default = 1)] times: u32,
        #[arg(default)] unit: Unit,
    ) -> Result<Measured, String>;
    fn count(&self, n: u64) -> impl futures_util::Stream<Item = u64>;
}

#[tokio::test]
async fn a16_01_a_typed_client_without_async() {
    let provider = connect().await;
    let id = provider.register_service(station()).await.unwrap().id;
    let url = server().await.url();
    let done = tokio::task::spawn_blocking(move || -> Result<(), Error> {
        let client = connect_to_server(url)?;
        let station = BlockingStationClient::new(client.get_service(&id)?);
        let place = Place {
            name: "Uppsala".to_owned(),
            height: None,
        };
        let measured = station.measure(place, Some(2), None).call()?;
        assert_eq!(measured.heights, [0.5, 0.5]);
        let counted: Result<Vec<u64>, Error> = station.count(3).items()?.collect();
        assert_eq!(counted?, [0, 1, 2]);
        Ok(())
    });
    done.await.unwrap().unwrap();
}
