//! Client of the service `weather-station`, written by `hypha codegen`.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::nursery,
    clippy::pedantic,
    nonstandard_style,
    rustdoc::all,
    reason = "it is generated"
)]
use std::collections::BTreeMap;
use hypha_client::{Arguments, MethodCall, RemoteService, Value};
use serde::{Deserialize, Serialize};
/// Weather of everywhere.
#[derive(Clone, Debug)]
pub struct WeatherStationClient {
    service: RemoteService,
}
impl WeatherStationClient {
    /// Calls this service.
    #[must_use]
    pub fn new(service: RemoteService) -> Self {
        Self { service }
    }
    /// The service.
    #[must_use]
    pub fn service(&self) -> &RemoteService {
        &self.service
    }
    /// ````text
    /// Forecasts the weather.
    ///
    /// ```
    /// panic!("docs are not run")
    /// ```
    /// ````
    ///
    /// # Arguments
    ///
    /// * `place` - where
    /// * `days` - how many
    /// * `self_` - anything
    pub fn forecast(
        &self,
        place: Place,
        days: Option<u64>,
        method: Option<ForecastMethod>,
        limits: Option<BTreeMap<String, f64>>,
        self_: Option<Value>,
    ) -> MethodCall {
        match (days, method, limits, self_) {
            (None, None, None, None) => self.service.method("forecast").args((place,)),
            (Some(days), None, None, None) => {
                self.service.method("forecast").args((place, days))
            }
            (Some(days), Some(method), None, None) => {
                self.service.method("forecast").args((place, days, method))
            }
            (Some(days), Some(method), Some(limits), None) => {
                self.service.method("forecast").args((place, days, method, limits))
            }
            (Some(days), Some(method), Some(limits), Some(self_)) => {
                self.service
                    .method("forecast")
                    .args((place, days, method, limits, self_))
            }
            (days, method, limits, self_) => {
                let mut call = self.service.method("forecast");
                call = call.kwarg("place", place);
                if let Some(days) = days {
                    call = call.kwarg("days", days);
                }
                if let Some(method) = method {
                    call = call.kwarg("method", method);
                }
                if let Some(limits) = limits {
                    call = call.kwarg("limits", limits);
                }
                if let Some(self_) = self_ {
                    call = call.kwarg("self", self_);
                }
                call
            }
        }
    }
    /// Adds.
    pub fn tools_add_all(&self, a: f64, b: Option<f64>) -> MethodCall {
        self.service.method("tools.addAll").args((a, b))
    }
    /// It does not say what it takes.
    pub fn new2(&self, args: impl Arguments) -> MethodCall {
        self.service.method("new").args(args)
    }
}
/// A place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// name of the city
    pub city: String,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    pub near: Vec<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Box<Place>>,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForecastMethod {
    #[serde(rename = "by-model")]
    ByModel,
    #[serde(rename = "by_feeling")]
    ByFeeling,
}
