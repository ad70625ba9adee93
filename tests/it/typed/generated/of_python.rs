//! Client of the service `typed`, written by `hypha codegen`.
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
use hypha_client::{MethodCall, RemoteService, Value};
use serde::{Deserialize, Serialize};
/// Calls the service `typed`.
#[derive(Clone, Debug)]
pub struct TypedClient {
    service: RemoteService,
}
impl TypedClient {
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
    /// Forecasts the weather.
    ///
    /// # Arguments
    ///
    /// * `location` - where
    /// * `options` - what else
    /// * `days` - how many
    /// * `near` - a place
    /// * `note` - anything
    /// * `unit` - of the answer
    pub fn forecast(
        &self,
        location: String,
        options: Options,
        days: Option<i64>,
        near: Option<Place>,
        note: Option<String>,
        unit: Option<Unit>,
    ) -> MethodCall {
        match (days, near, note, unit) {
            (None, None, None, None) => {
                self.service.method("forecast").args((location, options))
            }
            (Some(days), None, None, None) => {
                self.service.method("forecast").args((location, options, days))
            }
            (Some(days), Some(near), None, None) => {
                self.service.method("forecast").args((location, options, days, near))
            }
            (Some(days), Some(near), Some(note), None) => {
                self.service
                    .method("forecast")
                    .args((location, options, days, near, note))
            }
            (Some(days), Some(near), Some(note), Some(unit)) => {
                self.service
                    .method("forecast")
                    .args((location, options, days, near, note, unit))
            }
            (days, near, note, unit) => {
                let mut call = self.service.method("forecast");
                call = call.kwarg("location", location);
                call = call.kwarg("options", options);
                if let Some(days) = days {
                    call = call.kwarg("days", days);
                }
                if let Some(near) = near {
                    call = call.kwarg("near", near);
                }
                if let Some(note) = note {
                    call = call.kwarg("note", note);
                }
                if let Some(unit) = unit {
                    call = call.kwarg("unit", unit);
                }
                call
            }
        }
    }
    /// Plans a trip.
    ///
    /// # Arguments
    ///
    /// * `stops` - where it goes
    /// * `by_name` - places that are met on the way
    /// * `within` - first and last day
    /// * `wishes` - what else
    /// * `means` - how
    pub fn plan(
        &self,
        stops: Vec<Stop>,
        by_name: BTreeMap<String, Place>,
        within: Vec<Value>,
        avoid: Vec<String>,
        wishes: Vec<String>,
        dry: Option<bool>,
        means: Option<Means>,
        lengths: Option<Vec<Option<f64>>>,
        people: Option<i64>,
    ) -> MethodCall {
        match (dry, means, lengths, people) {
            (None, None, None, None) => {
                self.service.method("plan").args((stops, by_name, within, avoid, wishes))
            }
            (Some(dry), None, None, None) => {
                self.service
                    .method("plan")
                    .args((stops, by_name, within, avoid, wishes, dry))
            }
            (Some(dry), Some(means), None, None) => {
                self.service
                    .method("plan")
                    .args((stops, by_name, within, avoid, wishes, dry, means))
            }
            (Some(dry), Some(means), Some(lengths), None) => {
                self.service
                    .method("plan")
                    .args((stops, by_name, within, avoid, wishes, dry, means, lengths))
            }
            (Some(dry), Some(means), Some(lengths), Some(people)) => {
                self.service
                    .method("plan")
                    .args((
                        stops,
                        by_name,
                        within,
                        avoid,
                        wishes,
                        dry,
                        means,
                        lengths,
                        people,
                    ))
            }
            (dry, means, lengths, people) => {
                let mut call = self.service.method("plan");
                call = call.kwarg("stops", stops);
                call = call.kwarg("by_name", by_name);
                call = call.kwarg("within", within);
                call = call.kwarg("avoid", avoid);
                call = call.kwarg("wishes", wishes);
                if let Some(dry) = dry {
                    call = call.kwarg("dry", dry);
                }
                if let Some(means) = means {
                    call = call.kwarg("means", means);
                }
                if let Some(lengths) = lengths {
                    call = call.kwarg("lengths", lengths);
                }
                if let Some(people) = people {
                    call = call.kwarg("people", people);
                }
                call
            }
        }
    }
    /// Takes nothing.
    pub fn ready(&self) -> MethodCall {
        self.service.method("ready").args(())
    }
}
/// A place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// name of the city
    pub city: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<f64>,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    #[serde(rename = "celsius")]
    Celsius,
    #[serde(rename = "kelvin")]
    Kelvin,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    pub places: Vec<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<BTreeMap<String, i64>>,
}
/// How a trip is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Means {
    #[serde(rename = "on foot")]
    OnFoot,
    #[serde(rename = "by train")]
    ByTrain,
}
/// Where a trip stops.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// the place itself
    pub place: Place,
    /// what it is known for
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nights: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Means>,
}
