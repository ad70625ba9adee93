//! The handle of a connection.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hypha_client::{
    Address, Call, CallService, ClosedReason, ConnectOptions, ConnectionInfo, Map, PublicKey,
    Reply, Secret, Served, Service, ServiceInfo, State, Stats, Text, UserInfo,
};
use tower_layer::Layer;

use crate::background::Background;
use crate::error::{CannotBlock, Error};
use crate::manager::Manager;
use crate::method_call::MethodCall;
use crate::remote_service::RemoteService;

/// Connects to a Hypha server: a URL, or [`ConnectOptions`] for everything else.
///
/// # Errors
/// What [`ConnectOptions::connect`] says, and [`CannotBlock`].
pub fn connect_to_server(options: impl Into<ConnectOptions>) -> Result<Client, Error> {
    let background = Background::start()?;
    let client = background.wait(hypha_client::connect_to_server(options))?;
    Ok(Client { client, background })
}

/// Connects to the server in a service's URL and gets the service.
///
/// # Errors
/// As [`hypha_client::get_remote_service`], and [`CannotBlock`].
pub fn get_remote_service(
    url: &str,
    options: impl Into<ConnectOptions>,
) -> Result<RemoteService, Error> {
    let background = Background::start()?;
    let service = background.wait(hypha_client::get_remote_service(url, options))?;
    Ok(RemoteService::new(service, background))
}

/// A connection to a Hypha server.
///
/// A cheap clone of a handle, for any number of threads. The connection ends when the last handle is dropped, those of
/// services included, or by [`disconnect`](Self::disconnect). Dropping waits for nothing.
#[derive(Clone)]
pub struct Client {
    // Dropped before what keeps it.
    client: hypha_client::Client,
    background: Background,
}

impl Client {
    /// Options for a connection to the server at this URL, for [`connect_to_server`]: their own `connect` is async.
    pub fn builder(server_url: impl Into<String>) -> ConnectOptions {
        hypha_client::Client::builder(server_url)
    }

    /// The client below, for async parts of a program. It works while the connection is kept here: clones of it do not
    /// keep it.
    #[must_use]
    pub fn as_async(&self) -> &hypha_client::Client {
        &self.client
    }

    /// Waits for any future of the async client, such as one of [`as_async`](Self::as_async) or of an object in a
    /// result. It is polled on this thread, inside the runtime that keeps the connection.
    ///
    /// ```no_run
    /// use hypha_sync::{RemoteObject, connect_to_server};
    ///
    /// # fn example() -> Result<(), hypha_sync::Error> {
    /// let server = connect_to_server("http://127.0.0.1:9527")?;
    /// let stage: RemoteObject = server.get_service("microscope")?.call("stage", ())?;
    /// let moved = stage.method("move").kwarg("x", 3).returns::<f64>();
    /// println!("{}", server.block_on(moved.decode::<f64>())??);
    /// server.block_on(stage.dispose())??;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CannotBlock`].
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, CannotBlock> {
        self.background.block_on(future)
    }

    pub(crate) fn background(&self) -> &Background {
        &self.background
    }

    /// What the server said when it accepted the connection.
    #[must_use]
    pub fn connection_info(&self) -> &ConnectionInfo {
        self.client.connection_info()
    }

    /// The workspace of this client.
    #[must_use]
    pub fn workspace(&self) -> &str {
        self.client.workspace()
    }

    /// The id of this client in its workspace.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.client.client_id()
    }

    /// `workspace/client`, by which others reach this client.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.client.address()
    }

    /// Who we are to the server.
    #[must_use]
    pub fn user(&self) -> Option<&UserInfo> {
        self.client.user()
    }

    /// The URL of the server as it was given.
    #[must_use]
    pub fn server_url(&self) -> &str {
        self.client.server_url()
    }

    /// The newest token by which this client can come back under the same id.
    #[must_use]
    pub fn reconnection_token(&self) -> Option<Secret> {
        self.client.reconnection_token()
    }

    /// The public key of this client; none if encryption is off.
    #[must_use]
    pub fn public_key(&self) -> Option<PublicKey> {
        self.client.public_key()
    }

    /// State of the connection.
    #[must_use]
    pub fn state(&self) -> State {
        self.client.state()
    }

    /// The methods of the server's manager, by name.
    #[must_use]
    pub fn manager(&self) -> Manager {
        Manager::new(self.client.manager(), self.background.clone())
    }

    /// Starts a call of the method at a path of a client, such as `services.calculator.add`.
    pub fn method_at(&self, target: &Address, path: impl Into<Text>) -> MethodCall {
        let call = self.client.peer().method_at(target, path);
        MethodCall::new(call, self.background.clone())
    }

    /// Gauges of this connection.
    ///
    /// # Errors
    /// If the connection is over; [`CannotBlock`].
    pub fn stats(&self) -> Result<Stats, Error> {
        self.background.wait(self.client.peer().stats())
    }

    /// Descriptions of the services that are registered here, the built-in one included.
    ///
    /// # Errors
    /// As [`stats`](Self::stats).
    pub fn local_services(&self) -> Result<Vec<Arc<Map>>, Error> {
        self.background.wait(self.client.peer().local_services())
    }

    /// Stacks a tower layer on the calls that this handle and its clones make from now on, outside those stacked before.
    /// It runs where it is waited for.
    #[must_use]
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<CallService>,
        L::Service: tower_service::Service<Call, Response = Reply> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<Call>>::Error:
            Into<Box<dyn std::error::Error + Send + Sync>>,
        <L::Service as tower_service::Service<Call>>::Future: Send + 'static,
    {
        Self {
            client: self.client.layer(layer),
            ..self
        }
    }

    /// Registers a service: others can find and call it once this returns. Its methods that are made with `blocking`
    /// may call anything here; the others run on the thread that keeps the connection, and must not wait.
    ///
    /// # Errors
    /// As [`hypha_client::Client::register_service`], and [`CannotBlock`].
    pub fn register_service(&self, service: impl Into<Service>) -> Result<ServiceInfo, Error> {
        self.background
            .wait(self.client.register_service(service.into()))
    }

    /// Registers a service in the place of the one with the same id, if there is one.
    ///
    /// # Errors
    /// As [`register_service`](Self::register_service), but for the taken id.
    pub fn replace_service(&self, service: impl Into<Service>) -> Result<ServiceInfo, Error> {
        self.background
            .wait(self.client.replace_service(service.into()))
    }

    /// Takes a service back.
    ///
    /// # Errors
    /// As [`hypha_client::Client::unregister_service`], and [`CannotBlock`].
    pub fn unregister_service(&self, id: &str) -> Result<(), Error> {
        self.background.wait(self.client.unregister_service(id))
    }

    /// Registers the service `default`, the application of this client.
    ///
    /// # Errors
    /// As [`register_service`](Self::register_service).
    pub fn export(&self, build: impl FnOnce(Service) -> Service) -> Result<ServiceInfo, Error> {
        self.background.wait(self.client.export(build))
    }

    /// Registers the service `probes`, by which an orchestrator asks for our health.
    ///
    /// # Errors
    /// As [`register_service`](Self::register_service).
    pub fn register_probes(
        &self,
        build: impl FnOnce(Service) -> Service,
    ) -> Result<ServiceInfo, Error> {
        self.background.wait(self.client.register_probes(build))
    }

    /// Closes the connection and waits until it is closed. Pending calls fail; calling it again does nothing.
    ///
    /// # Errors
    /// [`CannotBlock`].
    pub fn disconnect(&self) -> Result<(), CannotBlock> {
        self.background.block_on(self.client.disconnect())
    }

    /// Waits until the connection is closed, and says why it was.
    ///
    /// # Errors
    /// [`CannotBlock`].
    pub fn closed(&self) -> Result<ClosedReason, CannotBlock> {
        self.background.block_on(self.client.closed())
    }

    /// Answers calls until the connection is closed.
    ///
    /// # Errors
    /// [`CannotBlock`].
    pub fn serve(&self) -> Result<ClosedReason, CannotBlock> {
        self.background.block_on(self.client.serve())
    }

    /// Leaves without cutting anybody off; says how many calls still ran after `timeout`.
    ///
    /// # Errors
    /// [`CannotBlock`].
    pub fn drain(&self, timeout: Duration) -> Result<usize, CannotBlock> {
        self.background.block_on(self.client.drain(timeout))
    }

    /// Answers calls until the connection is closed or the program is asked to end; then drains for at most `grace`.
    ///
    /// # Errors
    /// As [`hypha_client::Client::serve_until_shutdown`]; [`CannotBlock`] as an error of kind
    /// [`Other`](io::ErrorKind::Other).
    pub fn serve_until_shutdown(&self, grace: Duration) -> io::Result<Served> {
        let served = self.client.serve_until_shutdown(grace);
        self.background.block_on(served)?
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.client, f)
    }
}
