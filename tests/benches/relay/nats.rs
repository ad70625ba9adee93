//! NATS request and reply, by `nats-server` and `async-nats`.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use async_nats::Client;
use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::child::{Process, runtime, serve};
use crate::measure::{Callee, carry_out};

const SUBJECT: &str = "echo";

/// What is sent there and back: as long as the arguments of a call with an integer.
const PAYLOAD: &[u8] = &[7];

const START_ATTEMPTS: usize = 100;
const START_PAUSE: Duration = Duration::from_millis(50);

/// Starts the server, and gives its URL.
pub(crate) fn start_server() -> Result<(Process, String)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new("nats-server");
    command
        .args(["--addr", "127.0.0.1", "--port", &port.to_string()])
        .stderr(Stdio::null());
    let server = Process::start(command).context("Debian has it as nats-server")?;
    for _ in 0..START_ATTEMPTS {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok((server, format!("nats://127.0.0.1:{port}")));
        }
        std::thread::sleep(START_PAUSE);
    }
    bail!("nats-server does not listen")
}

/// Sends back what comes.
pub(crate) fn respond(url: &str, flavour: &str) -> Result<()> {
    runtime(flavour)?.block_on(async {
        let client = async_nats::connect(url).await?;
        let mut requests = client.subscribe(SUBJECT).await?;
        client.flush().await?;
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                if let Some(reply) = request.reply {
                    client.publish(reply, request.payload).await?;
                }
            }
            anyhow::Ok(())
        });
        serve("ready", async |_| Ok(true.into())).await
    })
}

/// Measures calls.
pub(crate) fn call(url: &str, flavour: &str) -> Result<()> {
    runtime(flavour)?.block_on(async {
        let requester = Requester(async_nats::connect(url).await?);
        requester.echo().await?;
        serve("ready", async |command| {
            carry_out(&requester, command).await
        })
        .await
    })
}

#[derive(Clone)]
struct Requester(Client);

impl Callee for Requester {
    async fn echo(&self) -> Result<()> {
        let reply = self.0.request(SUBJECT, PAYLOAD.into()).await?;
        match reply.payload.as_ref() {
            PAYLOAD => Ok(()),
            other => bail!("{other:?} came back"),
        }
    }

    async fn upload(&self, _: Bytes) -> Result<()> {
        bail!("calls are compared here, not large messages")
    }
}
