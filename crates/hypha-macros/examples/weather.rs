//! A service of a trait, and its typed client.
//!
//! Prints what callers are told of it; with `HYPHA_SERVER_URL` it registers the service there and calls it.
#![expect(clippy::print_stdout, reason = "an example")]

use hypha_client::{Client, Context, Error, connect_to_server, service};

/// Weather for cities.
#[service(visibility = public)]
pub(crate) trait Weather {
    /// The temperature at a place.
    ///
    /// # Arguments
    ///
    /// * `city` - name of the city
    /// * `kelvin` - whether it is given in kelvin
    async fn temperature(&self, city: String, #[arg(default)] kelvin: bool) -> Result<f64, String>;

    /// Who asks.
    async fn whoami(&self, context: Context) -> String;
}

struct Constant(f64);

impl Weather for Constant {
    async fn temperature(&self, city: String, kelvin: bool) -> Result<f64, String> {
        match &*city {
            "Atlantis" => Err(format!("no weather in {city}")),
            _ if kelvin => Ok(self.0 + 273.15),
            _ => Ok(self.0),
        }
    }

    async fn whoami(&self, context: Context) -> String {
        context.from().to_string()
    }
}

pub(crate) async fn register(server: &Client) -> Result<(), Error> {
    server
        .register_service(WeatherService::new(Constant(21.5)))
        .await?;
    Ok(())
}

pub(crate) async fn ask(server: &Client) -> Result<f64, Error> {
    // Whoever provides it: Rust, Python or JavaScript.
    let weather = WeatherClient::new(server.get_service(WeatherService::ID).await?);
    Ok(weather
        .temperature("Uppsala".to_owned(), Some(true))
        .await?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let Ok(url) = std::env::var("HYPHA_SERVER_URL") else {
        println!("{}", serde_json::json!(WeatherService::schema().tools()));
        return Ok(());
    };
    let server = connect_to_server(&*url).await?;
    register(&server).await?;
    println!("{} K", ask(&server).await?);
    Ok(())
}
