//! Services: objects made of functions and values, as users build them.

mod arguments;
mod build;
mod encoder;
mod extract;
mod handler;
mod limit;
mod method;
mod reply;

use std::fmt;

use hypha_codec::{Map, Text, Value};
use hypha_e2e::PublicKey;
use serde::Serialize;

pub use self::arguments::Arguments;
pub(crate) use self::build::Layout;
pub use self::encoder::ReplyEncoder;
pub use self::extract::{CallArguments, FromCall, Kwargs, Rest};
pub use self::handler::{BlockingHandler, Handler, StreamHandler};
pub use self::method::{IntoMethod, Invocation, Method, MethodService, Param};
pub use self::reply::{IntoReply, Output, Returns};
use crate::access::{Access, Visibility};
use crate::error::InvalidService;
use crate::target::TrustedKeys;

/// Which methods of a service take the [`Context`](crate::Context).
///
/// Without a statement it is every method whose handler takes one. What is stated is written into
/// the configuration of the service, where other clients and the server read it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequireContext {
    /// All or none.
    All(bool),
    /// Methods by their path inside the service.
    Methods(Vec<Text>),
}

impl From<bool> for RequireContext {
    fn from(all: bool) -> Self {
        Self::All(all)
    }
}

impl<T: Into<Text>> FromIterator<T> for RequireContext {
    fn from_iter<I: IntoIterator<Item = T>>(methods: I) -> Self {
        Self::Methods(methods.into_iter().map(Into::into).collect())
    }
}

impl<const N: usize> From<[&str; N]> for RequireContext {
    fn from(methods: [&str; N]) -> Self {
        methods.into_iter().collect()
    }
}

/// A service to register: an id, members and configuration.
///
/// ```
/// use hypha_rpc_core::{Context, Service, Visibility};
///
/// let service = Service::new("calculator")
///     .visibility(Visibility::Public)
///     .method("add", |a: f64, b: f64| async move { a + b })
///     .method("whoami", |cx: Context| async move { cx.from().to_string() })
///     .blocking("sum", |values: Vec<f64>| values.iter().sum::<f64>())
///     .value("version", "1.0");
/// ```
#[derive(Clone)]
pub struct Service {
    id: Text,
    name: Option<Text>,
    description: Option<Text>,
    kind: Text,
    docs: Option<Text>,
    app_id: Option<Text>,
    access: Access,
    require_context: Option<RequireContext>,
    trusted: Option<TrustedKeys>,
    concurrency: Option<usize>,
    queue: usize,
    config: Map,
    members: Members,
    invalid: Option<InvalidService>,
}

impl Service {
    /// A service with this id, protected, with no members.
    #[must_use]
    pub fn new(id: impl Into<Text>) -> Self {
        Self {
            id: id.into(),
            name: None,
            description: None,
            kind: Text::from("generic"),
            docs: None,
            app_id: None,
            access: Access::default(),
            require_context: None,
            trusted: None,
            concurrency: None,
            queue: usize::MAX,
            config: Map::new(),
            members: Members::new(),
            invalid: None,
        }
    }

    /// The same service under another id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Text>) -> Self {
        self.id = id.into();
        self
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A name for people; the id without it.
    #[must_use]
    pub fn name(mut self, name: impl Into<Text>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What the service is for, at most 1024 characters.
    #[must_use]
    pub fn description(mut self, description: impl Into<Text>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The type of the service, `generic` without it.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<Text>) -> Self {
        self.kind = kind.into();
        self
    }

    /// Documentation of any length.
    #[must_use]
    pub fn docs(mut self, docs: impl Into<Text>) -> Self {
        self.docs = Some(docs.into());
        self
    }

    /// The application this service belongs to; that of the client without it.
    #[must_use]
    pub fn app_id(mut self, app_id: impl Into<Text>) -> Self {
        self.app_id = Some(app_id.into());
        self
    }

    /// Who may find and call it.
    #[must_use]
    pub fn visibility(mut self, visibility: Visibility) -> Self {
        self.access.visibility = visibility;
        self
    }

    /// Other workspaces whose clients may call a protected service.
    #[must_use]
    pub fn authorized_workspaces<T: Into<Text>>(
        mut self,
        workspaces: impl IntoIterator<Item = T>,
    ) -> Self {
        self.access.authorized_workspaces = workspaces.into_iter().map(Into::into).collect();
        self
    }

    /// Lets only owners of these keys call, with their calls encrypted; all other calls are refused.
    /// Whoever may see the service sees the keys.
    ///
    /// Registering fails if there is no key, or if encryption is off at this client.
    #[must_use]
    pub fn trusted_keys(mut self, keys: impl IntoIterator<Item = PublicKey>) -> Self {
        self.trusted = Some(keys.into_iter().collect());
        self
    }

    /// States which methods take the context: `true`, `false` or method paths.
    #[must_use]
    pub fn require_context(mut self, require: impl Into<RequireContext>) -> Self {
        self.require_context = Some(require.into());
        self
    }

    /// Allows one service of this name in the workspace only; the server enforces it.
    #[must_use]
    pub fn singleton(self) -> Self {
        self.config("singleton", true)
    }

    /// Sets a free key of the configuration, which every client can read. Registering fails with those that have methods of
    /// their own: `visibility`, `authorized_workspaces`, `require_context` and `trusted_keys`.
    #[must_use]
    pub fn config(mut self, key: impl Into<Text>, value: impl Serialize) -> Self {
        let key = key.into();
        match hypha_codec::to_value(&value) {
            Ok(value) => drop(self.config.insert(key, value)),
            Err(error) => self.note(InvalidService::Value(key.to_string(), error.to_string())),
        }
        self
    }

    /// Adds a method: an async function or closure, or a [`Method`] with names and docs.
    #[must_use]
    pub fn method<Args>(mut self, name: impl Into<Text>, method: impl IntoMethod<Args>) -> Self {
        self.members = self.members.method(name, method);
        self
    }

    /// Adds a method that blocks or computes for long: it runs on the runtime's blocking pool, and
    /// its caller gets heartbeats meanwhile.
    #[must_use]
    pub fn blocking<Args>(
        self,
        name: impl Into<Text>,
        handler: impl BlockingHandler<Args>,
    ) -> Self {
        self.method(name, Method::blocking(handler))
    }

    /// Adds a method whose result is a generator: a function or closure that returns a `Stream`.
    /// Its items are whatever a method may return; see [`Streamed`](crate::Streamed).
    #[must_use]
    pub fn stream<Args>(self, name: impl Into<Text>, handler: impl StreamHandler<Args>) -> Self {
        self.method(name, Method::stream(handler))
    }

    /// Adds a constant that callers find on the service.
    #[must_use]
    pub fn value(mut self, name: impl Into<Text>, value: impl Serialize) -> Self {
        self.members = self.members.value(name, value);
        self
    }

    /// Adds an object of members: `service.group.method(..)`.
    #[must_use]
    pub fn nested(mut self, name: impl Into<Text>, members: Members) -> Self {
        self.members = self.members.nested(name, members);
        self
    }

    /// Adds an array of members, in order: `service.list[0](..)`.
    #[must_use]
    pub fn list(mut self, name: impl Into<Text>, items: impl IntoIterator<Item = Member>) -> Self {
        self.members = self.members.list(name, items);
        self
    }

    /// Lets at most this many calls of the service run at once, all its methods together. More wait
    /// for their turn, in the order of their arrival and with heartbeats for their callers;
    /// [`queue`](Self::queue) bounds how many. Zero is one.
    ///
    /// A call that waits has not reached the layers of the service. A generator takes its place
    /// until the method has returned it, not until it is read.
    ///
    /// ```
    /// use hypha_rpc_core::Service;
    ///
    /// let gpu = Service::new("segmentation")
    ///     .concurrency(2)
    ///     .queue(16)
    ///     .blocking("segment", |image: Vec<u8>| image.iter().filter(|pixel| **pixel > 128).count());
    /// ```
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = Some(calls);
        self
    }

    /// Lets at most this many calls wait while as many run as [`concurrency`](Self::concurrency)
    /// allows; further ones are refused at once as
    /// [`Busy`](crate::RemoteErrorKind::Busy), and may be made again. Zero lets none wait. Without
    /// it as many wait as the client takes ([`PeerConfig::max_running`](crate::PeerConfig)).
    #[must_use]
    pub fn queue(mut self, calls: usize) -> Self {
        self.queue = calls;
        self
    }

    /// What others are told of the members: functions in the form that language models take, the
    /// kinds of constants. It is the `service_schema` that the server gets.
    ///
    /// # Errors
    /// If the members do not hold together.
    pub fn schema(&self) -> Result<Map, InvalidService> {
        Layout::schema(&self.members)
    }

    /// The type of the service.
    #[must_use]
    pub fn type_id(&self) -> &str {
        &self.kind
    }

    /// States the schemas of methods anew, as [`Method::schema`] does: a map of the shape that
    /// [`schema`](Self::schema) gives. Methods that it does not hold stay as they are.
    #[must_use]
    pub fn describe(mut self, schemas: &Map) -> Self {
        self.members.describe(schemas);
        self
    }

    /// Stacks a layer on every method of this service that was added before, outside the ones stacked before.
    ///
    /// The layer sees each [`Invocation`] with its arguments decoded and the caller's identity in
    /// its context, and may refuse, delay or measure it.
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: tower_layer::Layer<MethodService>,
        L::Service:
            tower_service::Service<Invocation, Response = Output> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<Invocation>>::Error: Into<tower::BoxError>,
        <L::Service as tower_service::Service<Invocation>>::Future: Send + 'static,
    {
        self.members
            .wrap(&|service| MethodService::layered(&layer, service));
        self
    }

    fn note(&mut self, problem: InvalidService) {
        self.invalid.get_or_insert(problem);
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

/// Named members of a service or of an object inside it.
#[derive(Clone, Debug, Default)]
pub struct Members {
    entries: Vec<(Text, Member)>,
}

impl Members {
    /// No members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a method; see [`Service::method`].
    #[must_use]
    pub fn method<Args>(mut self, name: impl Into<Text>, method: impl IntoMethod<Args>) -> Self {
        self.entries.push((name.into(), Member::method(method)));
        self
    }

    /// Adds a blocking method; see [`Service::blocking`].
    #[must_use]
    pub fn blocking<Args>(
        self,
        name: impl Into<Text>,
        handler: impl BlockingHandler<Args>,
    ) -> Self {
        self.method(name, Method::blocking(handler))
    }

    /// Adds a method whose result is a generator; see [`Service::stream`].
    #[must_use]
    pub fn stream<Args>(self, name: impl Into<Text>, handler: impl StreamHandler<Args>) -> Self {
        self.method(name, Method::stream(handler))
    }

    /// Adds a constant; see [`Service::value`].
    #[must_use]
    pub fn value(mut self, name: impl Into<Text>, value: impl Serialize) -> Self {
        self.entries.push((name.into(), Member::value(value)));
        self
    }

    /// Adds an object; see [`Service::nested`].
    #[must_use]
    pub fn nested(mut self, name: impl Into<Text>, members: Self) -> Self {
        self.entries.push((name.into(), Member::Object(members)));
        self
    }

    /// Adds an array; see [`Service::list`].
    #[must_use]
    pub fn list(mut self, name: impl Into<Text>, items: impl IntoIterator<Item = Member>) -> Self {
        self.entries
            .push((name.into(), Member::List(items.into_iter().collect())));
        self
    }

    fn wrap(&mut self, wrap: &dyn Fn(MethodService) -> MethodService) {
        for (_, member) in &mut self.entries {
            member.wrap(wrap);
        }
    }

    fn describe(&mut self, schemas: &Map) {
        for (name, member) in &mut self.entries {
            if let Some(schema) = schemas.get(name) {
                member.describe(schema);
            }
        }
    }
}

/// A member of a service: a method, a constant, or an object or array of members.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Member {
    /// A method.
    Method(Method),
    /// A constant.
    Value(Result<Value, String>),
    /// An object.
    Object(Members),
    /// An array.
    List(Vec<Self>),
}

impl Member {
    /// A method.
    #[must_use]
    pub fn method<Args>(method: impl IntoMethod<Args>) -> Self {
        Self::Method(method.into_method())
    }

    /// A constant. One that cannot travel is reported when the service is registered.
    #[must_use]
    pub fn value(value: impl Serialize) -> Self {
        Self::Value(hypha_codec::to_value(&value).map_err(|error| error.to_string()))
    }

    fn wrap(&mut self, wrap: &dyn Fn(MethodService) -> MethodService) {
        match self {
            Self::Method(method) => method.wrap(wrap),
            Self::Value(_) => {}
            Self::Object(members) => members.wrap(wrap),
            Self::List(items) => items.iter_mut().for_each(|item| item.wrap(wrap)),
        }
    }

    fn describe(&mut self, schema: &Value) {
        match (self, schema) {
            (Self::Method(method), schema) => {
                *method = method.clone().schema(schema);
            }
            (Self::Object(members), Value::Map(schemas)) => members.describe(schemas),
            (Self::List(items), Value::List(schemas)) => {
                for (item, schema) in items.iter_mut().zip(schemas) {
                    item.describe(schema);
                }
            }
            _ => {}
        }
    }
}
