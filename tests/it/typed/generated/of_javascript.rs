//! Client of the service `station`, written by `hypha codegen`.
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
use hypha_client::{Arguments, MethodCall, RemoteService};
/// Calls the service `station`.
#[derive(Clone, Debug)]
pub struct StationClient {
    service: RemoteService,
}
impl StationClient {
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
    /// It does not say what it takes.
    pub fn measure(&self, args: impl Arguments) -> MethodCall {
        self.service.method("measure").args(args)
    }
    /// It does not say what it takes.
    pub fn count(&self, args: impl Arguments) -> MethodCall {
        self.service.method("count").args(args)
    }
    /// It does not say what it takes.
    pub fn report(&self, args: impl Arguments) -> MethodCall {
        self.service.method("report").args(args)
    }
    /// It does not say what it takes.
    pub fn total(&self, args: impl Arguments) -> MethodCall {
        self.service.method("total").args(args)
    }
    /// It does not say what it takes.
    pub fn heavy(&self, args: impl Arguments) -> MethodCall {
        self.service.method("heavy").args(args)
    }
    /// It does not say what it takes.
    pub fn whoami(&self, args: impl Arguments) -> MethodCall {
        self.service.method("whoami").args(args)
    }
}
