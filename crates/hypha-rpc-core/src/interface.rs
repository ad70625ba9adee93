//! Objects whose functions outlive the call that they travel in (protocol section 8.2).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hypha_codec::wire::key;
use hypha_codec::{EncodeError, Map, Object, Text, Value, native};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::access::{Access, Visibility};
use crate::callback::Callback;
use crate::engine::ServiceRecord;
use crate::error::CallError;
use crate::export::Exporter;
use crate::link::Command;
use crate::member::member;
use crate::method_call::MethodCall;
use crate::protocol::{RINTF_PREFIX, SERVICES};
use crate::service::{Arguments, Layout, Members, Method};
use crate::session::random_id;
use crate::target::Target;

/// An object of ours that goes out inside a message and lives on after the call.
///
/// The receiver, and nobody else, can call its methods until it disposes of the object or leaves, or
/// until [`Peer::unregister_service`](crate::Peer::unregister_service) takes it back here by one of
/// [`service_ids`](Self::service_ids). Each time it is sent, it goes to that receiver as an object of
/// its own. Nothing of it is registered with the server.
///
/// ```
/// use hypha_rpc_core::{Interface, Members};
///
/// let store = Interface::new(
///     Members::new()
///         .value("name", "scan 7")
///         .method("get", |chunk: String| async move { chunk.into_bytes() }),
/// )
/// .on_dispose(|| println!("nobody reads scan 7 any more"));
/// # drop(store);
/// ```
#[derive(Clone)]
pub struct Interface {
    inner: Arc<Inner>,
}

struct Inner {
    members: Members,
    on_dispose: Option<Box<dyn Fn() + Send + Sync>>,
    ids: Mutex<Vec<Text>>,
}

impl Interface {
    /// An object with these members.
    #[must_use]
    pub fn new(members: Members) -> Self {
        Self {
            inner: Arc::new(Inner {
                members,
                on_dispose: None,
                ids: Mutex::default(),
            }),
        }
    }

    /// Runs `hook` each time one receiver can no longer use the object: it disposed of it, it left,
    /// or the object was taken back.
    #[must_use]
    pub fn on_dispose(self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        let members = self.inner.members.clone();
        Self {
            inner: Arc::new(Inner {
                members,
                on_dispose: Some(Box::new(hook)),
                ids: Mutex::default(),
            }),
        }
    }

    /// The ids under which receivers can use the object now, oldest first.
    #[must_use]
    pub fn service_ids(&self) -> Vec<Text> {
        self.inner.ids().clone()
    }

    pub(crate) fn export(&self, exporter: &mut Exporter) -> Result<Value, EncodeError> {
        let random = random_id().map_err(EncodeError::custom)?;
        let id = Text::from(format!("{RINTF_PREFIX}{random}"));
        let shared = Arc::clone(exporter.shared());
        let mut layout = Layout::new(&shared.local, shared.server_url(), &id)
            .called_with(exporter.keys().clone())
            .encrypted_for(exporter.public_key());
        let described = layout
            .interface(&self.inner.members)
            .map_err(EncodeError::custom)?;
        let mut methods = layout.into_methods();

        let lease = Arc::new(Lease {
            id: id.clone(),
            inner: Arc::clone(&self.inner),
        });
        let peer = Arc::downgrade(&shared);
        let dispose = Method::new(move || {
            let (lease, peer) = (Arc::clone(&lease), peer.clone());
            async move {
                if let Some(shared) = peer.upgrade() {
                    let id = lease.id.to_string();
                    drop(shared.commands.send(Command::DropInterface { id }));
                }
            }
        });
        let path = Text::from(format!("{SERVICES}.{id}.{}", key::DISPOSE));
        let mut descriptor = exporter.describe(path, &dispose);
        descriptor.name = Some(Text::from_static(key::DISPOSE));
        let target = Target::method(&dispose, exporter.keys().clone());
        methods.insert(Text::from_static(key::DISPOSE), target);

        let mut map = Map::from([(key::RINTF, Value::Bool(true))]);
        for (name, value) in described.into_entries() {
            if let Value::Text(name) = name {
                drop(map.insert(name, value));
            }
        }
        map.insert(key::DISPOSE, Value::from(descriptor));
        map.insert(key::RINTF_SERVICE_ID, Value::from(id.clone()));

        self.inner.ids().push(id.clone());
        // It can be asked for, in clear: what went out encrypted is not told again.
        let told = match exporter.keys().trusted {
            Some(_) => Map::new(),
            None => map.clone(),
        };
        exporter.interface(ServiceRecord {
            id,
            access: Access {
                visibility: Visibility::Protected,
                authorized_workspaces: Vec::new(),
                only: Some(exporter.receiver().clone()),
            },
            methods,
            description: Arc::new(told),
        });
        Ok(Value::Map(map))
    }
}

impl Inner {
    fn ids(&self) -> std::sync::MutexGuard<'_, Vec<Text>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interface")
            .field("members", &self.inner.members)
            .finish_non_exhaustive()
    }
}

impl Serialize for Interface {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        native::serialize(&Value::from(self.clone()), serializer)
    }
}

impl From<Interface> for Value {
    fn from(interface: Interface) -> Self {
        Self::Object(Object::new(interface))
    }
}

/// One receiver's use of an object. It is held by the function that ends it, which goes with the
/// service.
struct Lease {
    id: Text,
    inner: Arc<Inner>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.inner.ids().retain(|id| *id != self.id);
        if let Some(hook) = &self.inner.on_dispose {
            hook();
        }
    }
}

/// An object of another client that came inside a message: functions and values by their names.
///
/// Functions of an object that the sender made an interface can be called until
/// [`dispose`](Self::dispose); those of other objects as long as a
/// [`Callback`] in their place.
#[derive(Clone, Debug)]
pub struct RemoteObject {
    members: Map,
}

impl RemoteObject {
    /// Calls a function of the object; `path` may lead into objects and arrays: `stage.move`.
    ///
    /// # Errors
    /// [`CallError`]: what the function answered, or why it did not.
    pub async fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        args: impl Arguments,
    ) -> Result<T, CallError> {
        self.method(path).args(args).decode().await
    }

    /// Starts a call that has more to say than positional arguments.
    pub fn method(&self, path: &str) -> MethodCall {
        match self.get(path) {
            Some(Value::Method(method)) => {
                match Callback::<Vec<Value>, Value>::try_from((**method).clone()) {
                    Ok(callback) => callback.invoke(),
                    Err(problem) => MethodCall::failed(problem),
                }
            }
            _ => MethodCall::failed(CallError::NoSuchMethod {
                service: Text::from_static("object"),
                method: Text::from(path),
                available: names(&self.members),
            }),
        }
    }

    /// A member by its dotted path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        member(&self.members, path)
    }

    /// All members.
    #[must_use]
    pub fn members(&self) -> &Map {
        &self.members
    }

    /// Tells the sender that the object is not needed any more; its functions cannot be called
    /// after that. Objects that are no interface have nothing to give back.
    ///
    /// # Errors
    /// If the sender does not answer.
    pub async fn dispose(self) -> Result<(), CallError> {
        if !matches!(self.get(key::DISPOSE), Some(Value::Method(_))) {
            return Ok(());
        }
        self.method(key::DISPOSE).decode::<Value>().await.map(drop)
    }
}

impl From<RemoteObject> for Value {
    fn from(object: RemoteObject) -> Self {
        Self::Map(object.members)
    }
}

impl Serialize for RemoteObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RemoteObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match native::deserialize(deserializer)? {
            Value::Map(members) => Ok(Self { members }),
            other => Err(D::Error::custom(format_args!(
                "invalid type: {}, expected an object",
                other.kind()
            ))),
        }
    }
}

/// The names of the functions at the top, for a message.
pub(crate) fn names(members: &Map) -> String {
    let functions = members
        .keys()
        .filter(|name| matches!(members.get(name), Some(Value::Method(_))));
    let names: Vec<&str> = functions.take(20).collect();
    if names.is_empty() {
        String::from("no methods")
    } else {
        names.join(", ")
    }
}
