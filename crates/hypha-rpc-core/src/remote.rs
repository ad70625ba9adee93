//! Services of other clients, and calls of their methods.

mod found;
mod origins;
mod sealed;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use hypha_codec::{EncodeError, Map, Promised, Text, Value};
use hypha_e2e::PublicKey;
use serde::de::DeserializeOwned;

use crate::address::{Address, ServiceId};
use crate::call::CallOptions;
use crate::error::CallError;
use crate::interface::names;
use crate::member::member;
use crate::method_call::MethodCall;
use crate::peer::Peer;
use crate::sealing::Recipient;
use crate::service::Arguments;
use crate::stream::RemoteStream;

pub(crate) use self::found::Found;
use self::found::Lookup;

/// A service of another client. A cheap clone.
///
/// It keeps the connection open while it lives. When its provider went away and came back, it is
/// looked up again in the same way as it was found, and a call that did not run is made again.
#[derive(Clone)]
pub struct RemoteService {
    inner: Arc<Inner>,
}

struct Inner {
    peer: Peer,
    /// Who told of it, and mostly holds its methods.
    provider: Address,
    description: Arc<Map>,
    options: CallOptions,
    lookup: Option<Arc<Lookup>>,
    /// Whom all calls are encrypted for.
    key: Option<PublicKey>,
}

impl RemoteService {
    /// Reads the description that `sender` gave.
    ///
    /// Functions may lead to the sender itself and to clients of its workspace. Anything else could
    /// make us call a third client in our own name, for somebody whom it would refuse.
    pub(crate) fn new(peer: Peer, description: Value, sender: &Address) -> Result<Self, CallError> {
        let Value::Map(description) = description else {
            let problem = hypha_codec::DecodeError::custom(format!(
                "a service is a map, this is {}",
                description.kind()
            ));
            return Err(CallError::Decode {
                method: Text::from("get_service"),
                source: problem,
            });
        };
        check_targets(description.values(), sender)?;
        Ok(Self {
            inner: Arc::new(Inner {
                peer,
                provider: sender.clone(),
                description: Arc::new(description),
                options: CallOptions::default(),
                lookup: None,
                key: None,
            }),
        })
    }

    /// Says how to look the service up again: once for each call that did not run because its
    /// provider is gone or no longer has what it told of, and once for all calls together.
    #[must_use]
    pub fn with_lookup<F, Fut>(&self, lookup: F) -> Self
    where
        F: Fn(Peer) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Self, CallError>> + Send + 'static,
    {
        let lookup = Arc::new(Lookup::new(lookup));
        self.changed(self.inner.options, Some(lookup))
    }

    /// Makes a service of a description that the manager gave, as `get_service` does.
    ///
    /// The manager hands on what the provider wrote and puts the provider's address into the id, so
    /// the provider counts as the one who sent it. Without an address in the id it is the manager.
    ///
    /// # Errors
    /// [`CallError::Decode`] if it is no description of a service, [`CallError::ForeignFunction`] if
    /// a function in it leads out of its provider's workspace.
    pub fn from_manager(peer: &Peer, mut description: Value) -> Result<Self, CallError> {
        let id = description.get("id").and_then(Value::as_str);
        let provider = match id.map(ServiceId::parse) {
            Some(Ok(ServiceId {
                workspace: Some(workspace),
                client: Some(client),
                ..
            })) => Address::new(&workspace, &client).map_err(EncodeError::custom)?,
            _ => peer.manager().unwrap_or_else(|| peer.address().clone()),
        };
        origins::from_provider(&mut description, &provider);
        Self::new(peer.clone(), description, &provider)
    }

    /// The id: `workspace/client:service` if the manager found it.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// Everything the provider told when the service was found: members, `config`, `type` and more. Functions are descriptors.
    #[must_use]
    pub fn description(&self) -> &Map {
        &self.inner.description
    }

    /// A member by its dotted path: a constant, an object, or the descriptor of a function.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        member(&self.inner.description, path)
    }

    /// The same service with other times for its calls.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        self.changed(options, self.inner.lookup.clone())
    }

    /// The same service with all its calls encrypted for the owner of this key: `encryption_public_key`
    /// in other clients. Everything in it is encrypted, arguments and results, functions and
    /// generators inside them, and errors. Members that a codec of yours made of what came are left
    /// out: functions inside of them would be called in clear.
    ///
    /// Calls fail if this client has no encryption of its own ([`PeerConfig::sealer`](crate::PeerConfig)).
    #[must_use]
    pub fn encrypted_for(&self, key: PublicKey) -> Self {
        let description = sealed::description(&self.inner.description, key);
        Self {
            inner: Arc::new(Inner {
                peer: self.inner.peer.clone(),
                provider: self.inner.provider.clone(),
                description: Arc::new(description),
                options: self.inner.options,
                lookup: self.inner.lookup.clone(),
                key: Some(key),
            }),
        }
    }

    /// The key that calls are encrypted for.
    #[must_use]
    pub fn encryption_public_key(&self) -> Option<PublicKey> {
        self.inner.key
    }

    fn changed(&self, options: CallOptions, lookup: Option<Arc<Lookup>>) -> Self {
        let Inner {
            peer,
            provider,
            description,
            key,
            ..
        } = &*self.inner;
        Self {
            inner: Arc::new(Inner {
                peer: peer.clone(),
                provider: provider.clone(),
                description: Arc::clone(description),
                options,
                lookup,
                key: *key,
            }),
        }
    }

    /// What the provider told last, and how often it was asked again.
    fn current(&self) -> (u64, Arc<Map>) {
        let latest = self.inner.lookup.as_ref().map(|lookup| lookup.latest());
        let (round, description) = latest.unwrap_or_default();
        let first = || Arc::clone(&self.inner.description);
        (round, description.unwrap_or_else(first))
    }

    /// Calls a method and reads its result.
    ///
    /// `path` is the name of a method, or a dotted path into objects and arrays: `stage.move`,
    /// `channels.0`.
    ///
    /// # Errors
    /// [`CallError`]: what the provider answered, or why it did not.
    pub async fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        args: impl Arguments,
    ) -> Result<T, CallError> {
        self.method(path).args(args).decode().await
    }

    /// Calls a method whose result is a generator, and reads its items as they are pulled.
    /// Dropping the stream closes the generator.
    ///
    /// # Errors
    /// [`CallError`]: what the provider answered, or why it did not.
    pub async fn stream<T>(
        &self,
        path: &str,
        args: impl Arguments,
    ) -> Result<RemoteStream<T>, CallError> {
        self.method(path).args(args).decode().await
    }

    /// Starts a call that has more to say than positional arguments.
    pub fn method(&self, path: &str) -> MethodCall {
        let peer = &self.inner.peer;
        let (round, place) = self.place(path);
        let call = match place {
            Ok(Place {
                target,
                method,
                promise,
            }) => {
                let promise = match self.inner.key {
                    Some(_) => sealed::answered(promise),
                    None => promise,
                };
                let recipient = self.inner.key.map(Recipient::from);
                MethodCall::new(peer.clone(), method, promise, target).sealed_for(recipient)
            }
            Err(error) => MethodCall::failed(error),
        };
        let found = self.inner.lookup.is_some().then(|| Found {
            service: self.clone(),
            path: Text::from(path),
            round,
        });
        call.of_service(found, self.inner.options)
    }

    /// Where a method is now, and how often the provider was asked again for that.
    ///
    /// Descriptions come in clear. An encrypted call goes to the method that [`get`](Self::get) shows, whatever a later
    /// description makes of its name: of that it takes where the provider is.
    fn place(&self, path: &str) -> (u64, Result<Place, CallError>) {
        let Inner { peer, provider, .. } = &*self.inner;
        let (round, description) = self.current();
        let now = place(&description, path, peer, provider);
        if self.inner.key.is_none() {
            return (round, now);
        }
        let first = place(&self.inner.description, path, peer, provider);
        let placed = now.and_then(|now| {
            first.map(|first| Place {
                target: now.target,
                ..first
            })
        });
        (round, placed)
    }

    fn text(&self, name: &str) -> &str {
        self.inner
            .description
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

impl fmt::Debug for RemoteService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteService")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// Where a method is.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) target: Address,
    pub(crate) method: Text,
    promise: Promised,
}

/// Finds a method in the description of a service.
fn place(
    description: &Map,
    path: &str,
    peer: &Peer,
    provider: &Address,
) -> Result<Place, CallError> {
    match member(description, path) {
        Some(Value::Method(method)) => Ok(Place {
            target: if provider.is_resolved(&method.target, peer.address()) {
                provider.clone()
            } else {
                Address::resolve(&method.target, peer.address()).map_err(EncodeError::custom)?
            },
            method: method.method.clone(),
            promise: method.promise,
        }),
        _ => Err(CallError::NoSuchMethod {
            service: Text::from(
                description
                    .get("id")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
            ),
            method: Text::from(path),
            available: names(description),
        }),
    }
}

/// Every function among these values, however deep, must lead where its sender may point.
fn check_targets<'a>(
    values: impl Iterator<Item = &'a Value>,
    sender: &Address,
) -> Result<(), CallError> {
    for value in values {
        let target = match value {
            Value::Method(method) => &method.target,
            Value::Generator(generator) => &generator.target,
            Value::Map(map) => {
                check_targets(map.values(), sender)?;
                continue;
            }
            Value::List(items) => {
                check_targets(items.iter(), sender)?;
                continue;
            }
            _ => continue,
        };
        let target = Address::resolve(target, sender).map_err(EncodeError::custom)?;
        if target.workspace() != sender.workspace() {
            return Err(CallError::ForeignFunction {
                target,
                sender: sender.clone(),
            });
        }
    }
    Ok(())
}
