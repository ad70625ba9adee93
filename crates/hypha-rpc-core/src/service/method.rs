//! A method of a service, and the tower service that runs it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use hypha_codec::{Map, Text, Value};
use serde::Serialize;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;
use tower_layer::Layer;

use super::encoder::ReplyEncoder;
use super::extract::CallArguments;
use super::handler::{BlockingHandler, Handler, StreamHandler};
use super::limit::Limit;
use super::reply::{IntoReply, Output};
use crate::context::Context;
use crate::error::RemoteError;
use crate::extensions::Extensions;

pub(crate) type HandlerFuture = Pin<Box<dyn Future<Output = Result<Output, RemoteError>> + Send>>;
type ErasedHandler = dyn Fn(CallArguments) -> HandlerFuture + Send + Sync;
type ErasedBlocking = dyn Fn(Invocation) -> Result<Output, RemoteError> + Send + Sync;
type Check = dyn Fn(&[Value], &Map) -> Result<(), RemoteError> + Send + Sync;

/// A method with what callers can know of it: the names of its parameters and its docs.
///
/// ```
/// use hypha_rpc_core::{Method, Service};
///
/// let greet = Method::new(|name: String, times: u32| async move { name.repeat(times as usize) })
///     .param("name")
///     .param_default("times", 1)
///     .doc("Says a name, once or more.");
/// let service = Service::new("greeter").method("greet", greet);
/// ```
#[derive(Clone)]
pub struct Method {
    service: MethodService,
    pub(crate) params: Arc<Vec<Param>>,
    pub(crate) name: Option<Text>,
    pub(crate) doc: Option<Text>,
    /// The function in the form that language models take, or why it cannot be said.
    pub(crate) schema: Option<Result<Value, String>>,
    /// What makes every service with it invalid.
    pub(crate) invalid: Option<String>,
    pub(crate) takes_context: bool,
    pub(crate) foreign_functions: bool,
}

impl Method {
    /// A method that an async function or closure runs.
    ///
    /// Arguments that the call leaves out are an error, unless their type is an `Option` or a
    /// default was given. [`Context`], [`Kwargs`](super::Kwargs) and other
    /// [`FromCall`](super::FromCall) types take what is theirs at any position.
    #[must_use]
    pub fn new<Args>(handler: impl Handler<Args>) -> Self {
        Self::erased(
            handler.takes_context(),
            Arc::new(move |arguments| Box::pin(handler.call(arguments))),
        )
    }

    /// A method that blocks its thread: it runs on the runtime's blocking pool.
    #[must_use]
    pub fn blocking<Args>(handler: impl BlockingHandler<Args>) -> Self {
        let takes_context = handler.takes_context();
        let run = move |invocation| handler.call(CallArguments::new(invocation));
        Self::of_path(takes_context, Path::Blocking(Arc::new(run)))
    }

    /// A method whose result is a generator of the items of a stream.
    #[must_use]
    pub fn stream<Args>(handler: impl StreamHandler<Args>) -> Self {
        let takes_context = handler.takes_context();
        let run = move |arguments: CallArguments| -> HandlerFuture {
            let encoder = arguments.encoder().clone();
            let started = handler.start(arguments);
            Box::pin(async move { started?.into_reply(&encoder) })
        };
        Self::erased(takes_context, Arc::new(run))
    }

    /// A method that takes its arguments as they come.
    pub(crate) fn raw(
        run: impl Fn(CallArguments) -> HandlerFuture + Send + Sync + 'static,
    ) -> Self {
        Self::erased(false, Arc::new(run))
    }

    fn erased(takes_context: bool, run: Arc<ErasedHandler>) -> Self {
        Self::of_path(takes_context, Path::Plain(run))
    }

    fn of_path(takes_context: bool, path: Path) -> Self {
        let params = Arc::new(Vec::new());
        Self {
            service: MethodService { path },
            params,
            name: None,
            doc: None,
            schema: None,
            invalid: None,
            takes_context,
            foreign_functions: false,
        }
    }

    /// Lets callers pass functions that lead to clients outside their own workspace.
    ///
    /// Without it such functions come in and cannot be called: a caller could otherwise make this
    /// client call a third one, in its own name, which would refuse the caller. Check
    /// [`Callback::target`](crate::Callback::target) before calling one.
    #[must_use]
    pub fn accept_foreign_functions(mut self) -> Self {
        self.foreign_functions = true;
        self
    }

    /// Names the next parameter, so that callers can pass it by name.
    #[must_use]
    pub fn param(self, name: impl Into<Text>) -> Self {
        self.add_param(Param {
            name: name.into(),
            default: None,
        })
    }

    /// Names the next parameter and gives the value it has when a call leaves it out. A value that
    /// cannot travel is `null`.
    #[must_use]
    pub fn param_default(self, name: impl Into<Text>, default: impl Serialize) -> Self {
        let default = hypha_codec::to_value(&default).unwrap_or_default();
        self.add_param(Param {
            name: name.into(),
            default: Some(default),
        })
    }

    /// Names all parameters: `["a", "b"]`, or `[("a", None), ("b", Some(Value::from(2)))]`.
    #[must_use]
    pub fn params<P: Into<Param>>(mut self, params: impl IntoIterator<Item = P>) -> Self {
        self.params = Arc::new(params.into_iter().map(Into::into).collect());
        self
    }

    /// States anew what a parameter that has a default is when a call leaves it out.
    #[doc(hidden)]
    #[must_use]
    pub fn default_of(mut self, name: &str, value: &Value) -> Self {
        let params = Arc::make_mut(&mut self.params).iter_mut();
        for param in params.filter(|param| param.name == name && param.default.is_some()) {
            param.default = Some(value.clone());
        }
        self
    }

    /// The name that receivers see of a function that travels inside a message. Methods of services
    /// have their names from the service.
    #[must_use]
    pub fn name(mut self, name: impl Into<Text>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What the method does, for people and tools.
    #[must_use]
    pub fn doc(mut self, doc: impl Into<Text>) -> Self {
        self.doc = Some(doc.into());
        self
    }

    /// What callers are told of the parameters and their types, as JSON Schema: the object of all
    /// parameters (`{"type": "object", "properties": ..}`), or the whole function with its `name`,
    /// `description` and `parameters`, bare or inside `{"type": "function", "function": ..}`.
    ///
    /// It is told and not checked. Without it callers are told the names and defaults that
    /// [`param`](Self::param) and [`param_default`](Self::param_default) give. One that cannot
    /// travel is reported when the service is registered.
    #[must_use]
    pub fn schema(mut self, schema: impl Serialize) -> Self {
        self.schema = Some(hypha_codec::to_value(&schema).map_err(|error| error.to_string()));
        self
    }

    /// Looks at the arguments of each call, by position and by name, before any parameter takes its
    /// own; what it refuses does not run. Layers that were stacked before see the call first. It may take its time where
    /// the method does: that of a [blocking](Self::blocking) method runs on the method's thread.
    #[must_use]
    pub fn check(
        mut self,
        check: impl Fn(&[Value], &Map) -> Result<(), RemoteError> + Send + Sync + 'static,
    ) -> Self {
        let check: Arc<Check> = Arc::new(check);
        let path = match self.service.path {
            Path::Blocking(inner) => Path::Blocking(Arc::new(move |invocation: Invocation| {
                check(&invocation.args, &invocation.kwargs)?;
                inner(invocation)
            })),
            path => Path::Checked(check, Box::new(MethodService { path })),
        };
        self.service = MethodService { path };
        self
    }

    /// Makes registering a service with this method fail for this reason: for what can be found out
    /// only where the method is made, such as a default that is none of its type.
    #[doc(hidden)]
    #[must_use]
    pub fn invalid(mut self, problem: impl Into<String>) -> Self {
        self.invalid.get_or_insert_with(|| problem.into());
        self
    }

    pub(crate) fn service(&self) -> MethodService {
        self.service.clone()
    }

    pub(super) fn wrap(&mut self, wrap: &dyn Fn(MethodService) -> MethodService) {
        self.service = wrap(self.service.clone());
    }

    fn add_param(mut self, param: Param) -> Self {
        Arc::make_mut(&mut self.params).push(param);
        self
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

/// A parameter of a method.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Param {
    /// The name by which callers pass it.
    pub name: Text,
    /// What it is when a call leaves it out.
    pub default: Option<Value>,
}

impl From<&str> for Param {
    fn from(name: &str) -> Self {
        Self {
            name: Text::from(name),
            default: None,
        }
    }
}

impl From<(&str, Option<Value>)> for Param {
    fn from((name, default): (&str, Option<Value>)) -> Self {
        Self {
            name: Text::from(name),
            default,
        }
    }
}

/// What can become a method: functions, closures, and [`Method`] itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a method of a service",
    note = "a method is an async function or closure of up to 12 arguments, each `DeserializeOwned` or an extractor such as `Context`",
    note = "its result is a plain type, `Returns(T)`, or `Result<T, E>` with `T: Serialize` and `E: Display`"
)]
pub trait IntoMethod<Args> {
    /// The method.
    fn into_method(self) -> Method;
}

impl<Args, H: Handler<Args>> IntoMethod<Args> for H {
    fn into_method(self) -> Method {
        Method::new(self)
    }
}

impl IntoMethod<()> for Method {
    fn into_method(self) -> Method {
        self
    }
}

/// A call of a method of ours, as layers see it: who calls, and the decoded arguments.
#[derive(Debug)]
#[non_exhaustive]
pub struct Invocation {
    /// Who calls.
    pub context: Context,
    /// The positional arguments.
    pub args: Vec<Value>,
    /// The keyword arguments.
    pub kwargs: Map,
    /// What layers hand to the layers inside them.
    pub extensions: Extensions,
    pub(crate) params: Arc<Vec<Param>>,
    pub(crate) encoder: ReplyEncoder,
}

impl Invocation {
    /// What encodes the result of the call, for layers that answer themselves.
    #[must_use]
    pub fn encoder(&self) -> &ReplyEncoder {
        &self.encoder
    }

    pub(crate) fn new(
        context: Context,
        args: Vec<Value>,
        kwargs: Map,
        params: Arc<Vec<Param>>,
        encoder: ReplyEncoder,
    ) -> Self {
        Self {
            context,
            args,
            kwargs,
            extensions: Extensions::new(),
            params,
            encoder,
        }
    }
}

/// Runs one method: the innermost tower service of the provider's side.
#[derive(Clone)]
pub struct MethodService {
    path: Path,
}

#[derive(Clone)]
enum Path {
    Plain(Arc<ErasedHandler>),
    /// On the blocking pool.
    Blocking(Arc<ErasedBlocking>),
    Layered(BoxCloneSyncService<Invocation, Output, RemoteError>),
    Limited(Arc<Limit>, Box<MethodService>),
    Checked(Arc<Check>, Box<MethodService>),
}

impl MethodService {
    pub(super) fn layered<L>(layer: &L, inner: Self) -> Self
    where
        L: Layer<Self>,
        L::Service:
            tower_service::Service<Invocation, Response = Output> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<Invocation>>::Error: Into<tower::BoxError>,
        <L::Service as tower_service::Service<Invocation>>::Future: Send + 'static,
    {
        let service = layer
            .layer(inner)
            .map_err(|error| super::reply::boxed_into_remote_error(error.into()));
        Self {
            path: Path::Layered(BoxCloneSyncService::new(service)),
        }
    }

    /// The same, while it has a place.
    pub(super) fn limited(limit: &Arc<Limit>, inner: Self) -> Self {
        let limit = Arc::clone(limit);
        Self {
            path: Path::Limited(limit, Box::new(inner)),
        }
    }

    /// Waits until the layers are ready, then runs the method.
    pub(crate) fn run(&self, invocation: Invocation) -> HandlerFuture {
        match &self.path {
            Path::Plain(handler) => handler(CallArguments::new(invocation)),
            Path::Blocking(handler) => {
                let handler = Arc::clone(handler);
                Box::pin(blocking(move || handler(invocation)))
            }
            Path::Layered(service) => Box::pin(service.clone().oneshot(invocation)),
            Path::Checked(check, inner) => match check(&invocation.args, &invocation.kwargs) {
                Ok(()) => inner.run(invocation),
                Err(refusal) => Box::pin(std::future::ready(Err(refusal))),
            },
            Path::Limited(limit, inner) => {
                // Its place in the order is taken here, before anything is awaited.
                let entry = limit.enter();
                let inner = Self::clone(inner);
                Box::pin(async move {
                    let _place = entry?.turn().await?;
                    inner.run(invocation).await
                })
            }
        }
    }
}

async fn blocking(
    run: impl FnOnce() -> Result<Output, RemoteError> + Send + 'static,
) -> Result<Output, RemoteError> {
    match tokio::task::spawn_blocking(run).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => Err(RemoteError::panicked(&*error.into_panic())),
        Err(_) => Err(RemoteError::new(
            "The runtime of the provider is shutting down",
        )),
    }
}

impl tower_service::Service<Invocation> for MethodService {
    type Response = Output;
    type Error = RemoteError;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), RemoteError>> {
        match &mut self.path {
            Path::Plain(_) | Path::Blocking(_) | Path::Limited(..) | Path::Checked(..) => {
                Poll::Ready(Ok(()))
            }
            Path::Layered(service) => service.poll_ready(cx),
        }
    }

    fn call(&mut self, invocation: Invocation) -> HandlerFuture {
        match &mut self.path {
            Path::Plain(handler) => handler(CallArguments::new(invocation)),
            Path::Layered(service) => service.call(invocation),
            Path::Blocking(_) | Path::Limited(..) | Path::Checked(..) => self.run(invocation),
        }
    }
}

impl fmt::Debug for MethodService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MethodService")
    }
}
