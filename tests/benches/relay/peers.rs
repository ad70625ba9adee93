//! Rust clients that call each other over a server.

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use hypha_client::{Binary, Client, Pacing, RemoteService, Service, Visibility};
use hypha_server::HyphaServer;
use serde_json::Value as Json;

use crate::child::{Process, runtime, serve};
use crate::measure::{Callee, carry_out};

/// Clients that connect at once, and services that are registered at once.
const CONNECTING: usize = 50;
const REGISTERING: usize = 20;

/// A message of 1 GiB is a little longer than that.
const LARGEST: usize = 2 << 30;

/// The server allows each client a thousand.
const SERVICES_OF_A_CLIENT: usize = 900;

/// A server, and two clients that call each other over it, each a process of its own.
pub(crate) struct Fleet {
    server: Process,
    url: String,
    peers: Option<(Process, Process)>,
    service: String,
}

impl Fleet {
    /// A server without clients.
    pub(crate) fn server(flavour: &str) -> Result<Self> {
        let mut server = Process::role("server", &[flavour])?;
        let url = server.line()?;
        Ok(Self {
            server,
            url,
            peers: None,
            service: String::new(),
        })
    }

    /// Adds a provider and a caller.
    pub(crate) fn with_peers(mut self, flavour: &str) -> Result<Self> {
        let mut provider = Process::role("provider", &[&self.url, flavour])?;
        let service = provider.line()?;
        let mut caller = Process::role("caller", &[&self.url, flavour, &service])?;
        caller.line()?;
        self.peers = Some((caller, provider));
        self.service = service;
        Ok(self)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The address of the provider.
    pub(crate) fn provider(&self) -> &str {
        self.service.split(':').next().unwrap_or_default()
    }

    pub(crate) fn server_id(&self) -> u32 {
        self.server.id()
    }

    /// Lets the caller carry out a command.
    pub(crate) fn ask(&mut self, command: &str) -> Result<Json> {
        let (caller, _) = self.peers.as_mut().context("there is no caller")?;
        caller.ask(command)
    }
}

/// Our server, embedded.
pub(crate) fn serve_clients(flavour: &str) -> Result<()> {
    runtime(flavour)?.block_on(async {
        let server = HyphaServer::builder().port(0).start().await?;
        serve(server.url(), async |_| Ok(true.into())).await
    })
}

/// Connects clients that do nothing.
pub(crate) fn idle(url: &str, clients: &str) -> Result<()> {
    let clients: usize = clients.parse()?;
    runtime("multi")?.block_on(async {
        let connect = || async { Client::builder(url).connect().await };
        let connected: Vec<Client> = stream::iter(0..clients)
            .map(|_| connect())
            .buffer_unordered(CONNECTING)
            .try_collect()
            .await?;
        ensure!(connected.len() == clients, "not all are connected");
        serve("ready", async |_| Ok(true.into())).await
    })
}

/// Registers many services, by as many clients as that takes.
pub(crate) fn services(url: &str, services: &str) -> Result<()> {
    let services: usize = services.parse()?;
    runtime("multi")?.block_on(async {
        let mut clients = Vec::new();
        for first in (0..services).step_by(SERVICES_OF_A_CLIENT) {
            let client = connect(url).await?;
            let register = |n: usize| {
                let service = Service::new(format!("service-{n}")).method("echo", async |n: u64| n);
                client.register_service(service)
            };
            stream::iter(first..services.min(first + SERVICES_OF_A_CLIENT))
                .map(register)
                .buffer_unordered(REGISTERING)
                .try_for_each(|_| future::ok(()))
                .await?;
            clients.push(client);
        }
        serve("ready", async |_| Ok(true.into())).await
    })
}

/// Serves `echo`, `size` and `make`.
pub(crate) fn provide(url: &str, flavour: &str) -> Result<()> {
    runtime(flavour)?.block_on(async {
        let client = connect(url).await?;
        let service = Service::new("bench")
            .visibility(Visibility::Public)
            .method("echo", async |n: u64| n)
            .method("size", async |bytes: Binary| bytes.len())
            .method("make", async |bytes: usize| Binary::from(vec![7; bytes]));
        client.register_service(service).await?;
        let ready = format!("{}:bench", client.peer().address());
        serve(&ready, async |_| Ok(true.into())).await
    })
}

/// Measures calls of a service.
pub(crate) fn call(url: &str, flavour: &str, service: &str) -> Result<()> {
    runtime(flavour)?.block_on(async {
        let client = connect(url).await?;
        let service = Remote(client.peer().get_remote_service(service).await?);
        service.echo().await.context("the first call")?;
        serve("ready", async |command| carry_out(&service, command).await).await
    })
}

async fn connect(url: &str) -> Result<Client> {
    let client = Client::builder(url).pacing(Pacing::Off);
    let client = client.configure(|config| config.max_message_bytes = LARGEST);
    Ok(client.connect().await?)
}

#[derive(Clone)]
struct Remote(RemoteService);

impl Callee for Remote {
    async fn echo(&self) -> Result<()> {
        let back: u64 = self.0.call("echo", (7,)).await?;
        ensure!(back == 7, "{back} came back");
        Ok(())
    }

    async fn upload(&self, payload: Bytes) -> Result<()> {
        let bytes = payload.len();
        let size: usize = self.0.call("size", (Binary::from(payload),)).await?;
        ensure!(size == bytes, "{size} bytes have come");
        Ok(())
    }
}
