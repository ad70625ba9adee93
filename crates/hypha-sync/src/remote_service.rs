//! Services of other clients.

use std::fmt;

use hypha_client::{Arguments, CallOptions, Map, PublicKey, RemoteStream, Value};
use serde::de::DeserializeOwned;

use crate::background::Background;
use crate::error::Error;
use crate::items::Items;
use crate::method_call::MethodCall;

/// A service of another client. A cheap clone, which keeps the connection open while it lives.
#[derive(Clone)]
pub struct RemoteService {
    // Dropped before what keeps it.
    service: hypha_client::RemoteService,
    background: Background,
}

impl RemoteService {
    pub(crate) fn new(service: hypha_client::RemoteService, background: Background) -> Self {
        Self {
            service,
            background,
        }
    }

    pub(crate) fn background(&self) -> &Background {
        &self.background
    }

    /// The service for async parts of a program.
    #[must_use]
    pub fn as_async(&self) -> &hypha_client::RemoteService {
        &self.service
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.service.id()
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.service.name()
    }

    /// Everything the provider told when the service was found.
    #[must_use]
    pub fn description(&self) -> &Map {
        self.service.description()
    }

    /// A member by its dotted path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.service.get(path)
    }

    /// The same service with other times for its calls.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self::new(self.service.with_options(options), self.background.clone())
    }

    /// The same service with all its calls encrypted for the owner of this key.
    #[must_use]
    pub fn encrypted_for(&self, key: PublicKey) -> Self {
        Self::new(self.service.encrypted_for(key), self.background.clone())
    }

    /// The key that calls are encrypted for.
    #[must_use]
    pub fn encryption_public_key(&self) -> Option<PublicKey> {
        self.service.encryption_public_key()
    }

    /// Calls a method and reads its result.
    ///
    /// # Errors
    /// What the provider answered, or why it did not; [`CannotBlock`](crate::CannotBlock).
    pub fn call<T: DeserializeOwned>(&self, path: &str, args: impl Arguments) -> Result<T, Error> {
        self.background.wait(self.service.call(path, args))
    }

    /// Calls a method whose result is a generator. Dropping the iterator closes the generator.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn stream<T: DeserializeOwned>(
        &self,
        path: &str,
        args: impl Arguments,
    ) -> Result<Items<T>, Error> {
        let stream: RemoteStream<T> = self.background.wait(self.service.stream(path, args))?;
        Ok(Items::new(stream, self.into()))
    }

    /// Starts a call that has more to say than positional arguments.
    pub fn method(&self, path: &str) -> MethodCall {
        MethodCall::new(self.service.method(path), self.background.clone())
    }
}

impl fmt::Debug for RemoteService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.service, f)
    }
}
