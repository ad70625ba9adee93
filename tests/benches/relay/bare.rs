//! A relay on the same WebSocket library that only copies frames between two clients, which do nothing with them.
//!
//! No frame is looked into, but for its first byte, by who answers.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use futures_util::{FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};

use crate::child::{runtime, serve};
use crate::measure::{Callee, FILLING, carry_out};

/// The length of a call with an integer, as the server hands it on.
const CALL: usize = 280;
const CHUNK: usize = 256 * 1024;
/// Chunks under way, as with the references.
const AT_ONCE: usize = 30;

/// What is to be done with a frame, by its first byte.
const SEND_BACK: u8 = 0;
const ANSWER: u8 = FILLING;
const DROP: u8 = 2;

/// The sizes of `hypha-transport-ws`.
const READ_BUFFER_SERVER: usize = 8 * 1024;
const READ_BUFFER_CLIENT: usize = 16 * 1024;

type Socket = WebSocketStream<TcpStream>;

/// Copies between the first client and the second, between the third and the fourth, and so on.
pub(crate) fn relay(flavour: &str) -> Result<()> {
    runtime(flavour)?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let ready = listener.local_addr()?.to_string();
        tokio::spawn(async move {
            loop {
                let (one_out, one_in) = accept(&listener).await?.split();
                let (two_out, two_in) = accept(&listener).await?.split();
                tokio::spawn(copy(one_in, two_out));
                tokio::spawn(copy(two_in, one_out));
            }
            #[expect(unreachable_code, reason = "names the error")]
            anyhow::Ok(())
        });
        serve(&ready, async |_| Ok(true.into())).await
    })
}

/// Does with frames what they say.
pub(crate) fn respond(address: &str, flavour: &str) -> Result<()> {
    runtime(flavour)?.block_on(async {
        let mut socket = connect(address).await?;
        tokio::spawn(async move {
            let answer = Bytes::from(vec![SEND_BACK; CALL]);
            while let Some(message) = socket.next().await {
                let frame = message?.into_data();
                match frame.first() {
                    Some(&SEND_BACK) => socket.send(Message::Binary(frame)).await?,
                    Some(&ANSWER) => socket.send(Message::Binary(answer.clone())).await?,
                    _ => {}
                }
            }
            anyhow::Ok(())
        });
        serve("ready", async |_| Ok(true.into())).await
    })
}

/// Measures round trips and large messages.
pub(crate) fn call(address: &str, flavour: &str) -> Result<()> {
    runtime(flavour)?.block_on(async {
        let caller = Caller(Arc::new(Mutex::new(connect(address).await?)));
        caller.echo().await?;
        serve("ready", async |command| match command.split_once(' ') {
            Some(("free", bytes)) => {
                let payload = Bytes::from(vec![DROP; bytes.parse()?]);
                let mib = payload.len() as f64 / (1 << 20) as f64;
                let begun = std::time::Instant::now();
                caller.pour(payload).await?;
                Ok(json!({ "rate": mib / begun.elapsed().as_secs_f64() }))
            }
            _ => carry_out(&caller, command).await,
        })
        .await
    })
}

#[derive(Clone)]
struct Caller(Arc<Mutex<Socket>>);

impl Callee for Caller {
    async fn echo(&self) -> Result<()> {
        let mut socket = self.0.lock().await;
        let call = Message::binary(vec![SEND_BACK; CALL]);
        socket.send(call).await?;
        let back = next(&mut socket).await?;
        ensure!(back.len() == CALL, "{} bytes came back", back.len());
        Ok(())
    }

    /// Each chunk is answered, and so many of them are under way.
    async fn upload(&self, mut payload: Bytes) -> Result<()> {
        let mut socket = self.0.lock().await;
        let mut under_way = 0;
        while !payload.is_empty() || under_way > 0 {
            while !payload.is_empty() && under_way < AT_ONCE {
                let chunk = payload.split_to(payload.len().min(CHUNK));
                socket.feed(Message::Binary(chunk)).await?;
                under_way += 1;
            }
            socket.flush().await?;
            next(&mut socket).await?;
            under_way -= 1;
        }
        Ok(())
    }
}

impl Caller {
    /// Nothing is answered but the end.
    async fn pour(&self, mut payload: Bytes) -> Result<()> {
        let mut socket = self.0.lock().await;
        while !payload.is_empty() {
            let chunk = payload.split_to(payload.len().min(CHUNK));
            socket.feed(Message::Binary(chunk)).await?;
        }
        socket.send(Message::binary(vec![SEND_BACK; CALL])).await?;
        next(&mut socket).await.map(drop)
    }
}

async fn next(socket: &mut Socket) -> Result<Bytes> {
    match socket.next().await.context("the relay is gone")?? {
        Message::Binary(frame) => Ok(frame),
        other => bail!("{other} came back"),
    }
}

async fn copy(
    mut from: impl Stream<Item = Result<Message, WsError>> + Unpin,
    mut to: impl Sink<Message, Error = WsError> + Unpin,
) -> Result<()> {
    while let Some(message) = from.next().await {
        to.feed(message?).await?;
        // What is there already shares a flush.
        while let Some(Some(message)) = from.next().now_or_never() {
            to.feed(message?).await?;
        }
        to.flush().await?;
    }
    Ok(())
}

async fn accept(listener: &TcpListener) -> Result<Socket> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(accept_async_with_config(stream, Some(config(READ_BUFFER_SERVER))).await?)
}

async fn connect(address: &str) -> Result<Socket> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let config = config(READ_BUFFER_CLIENT);
    let url = format!("ws://{address}/");
    let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
    Ok(socket)
}

fn config(read_buffer: usize) -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(read_buffer)
}
