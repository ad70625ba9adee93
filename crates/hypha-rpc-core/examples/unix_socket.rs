//! A transport of one's own: frames with a length in front, over a Unix socket. Two peers talk on
//! it without a server.
//!
//! `cargo run --example unix_socket`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use bytes::{Buf, BytesMut};
use hypha_rpc_core::{Address, Peer, PeerConfig, PeerIdentity, Service};
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, Limits, Transport, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufWriter};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

const LIMITS: Limits = Limits::new().with_text(false);

struct Unix(UnixStream);
struct UnixTx(BufWriter<OwnedWriteHalf>);
struct UnixRx(OwnedReadHalf, BytesMut);

impl Transport for Unix {
    type Tx = UnixTx;
    type Rx = UnixRx;

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn split(self) -> (UnixTx, UnixRx) {
        let (rx, tx) = self.0.into_split();
        (UnixTx(BufWriter::new(tx)), UnixRx(rx, BytesMut::new()))
    }
}

impl FrameTx for UnixTx {
    async fn feed(&mut self, frame: Frame) -> Result<(), TransportError> {
        LIMITS.check(&frame)?;
        let Frame::Binary(bytes) = frame else {
            unreachable!("the limits allow no text")
        };
        self.0.write_u32(bytes.len() as u32).await?;
        Ok(self.0.write_all(&bytes).await?)
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        Ok(self.0.flush().await?)
    }

    // A socket has no close code: the other end sees the clean end.
    async fn close(mut self, _: CloseReason) {
        self.0.shutdown().await.ok();
    }
}

impl FrameRx for UnixRx {
    // `read_buf` loses nothing when it is cancelled, and what was read so far is in `self`.
    async fn recv(&mut self) -> Result<Option<Frame>, TransportError> {
        loop {
            if let Some(prefix) = self.1.first_chunk::<4>() {
                let length = u32::from_be_bytes(*prefix) as usize;
                if length > LIMITS.max_frame {
                    return Err(TransportError::too_large(length, LIMITS.max_frame));
                }
                if self.1.len() >= 4 + length {
                    self.1.advance(4);
                    return Ok(Some(Frame::Binary(self.1.split_to(length).freeze())));
                }
            }
            match self.0.read_buf(&mut self.1).await? {
                0 if self.1.is_empty() => return Ok(None),
                0 => return Err(TransportError::closed(CloseReason::abnormal())),
                _ => {}
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (left, right) = UnixStream::pair()?;
    let (lab, desk): (Address, Address) = ("home/lab".parse()?, "home/desk".parse()?);
    let at_lab = PeerIdentity::new(lab.clone(), desk.clone());
    let at_desk = PeerIdentity::new(desk, lab);
    let provider = Peer::direct(Unix(left), at_lab, PeerConfig::default())?;
    let caller = Peer::direct(Unix(right), at_desk, PeerConfig::default())?;

    let scale = |x: f64, y: f64| async move { (x * 10.0, y * 10.0) };
    let service = Service::new("stage").method("scale", scale);
    provider.register_service(service).await?;

    let stage = caller.get_remote_service("stage").await?;
    let position: (f64, f64) = stage.call("scale", (1.5, -2.0)).await?;
    println!("the stage is at {position:?}");
    caller.disconnect().await;
    Ok(())
}
