//! A file of another client.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{self, Poll};

use bytes::{Buf, Bytes};
use hypha_codec::{IoStream, Value, native};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, ReadBuf, SeekFrom};

use crate::callback::Callback;
use crate::error::CallError;

/// What JavaScript says of its blobs, and turns into a blob.
pub(super) const JS_BLOB: &str = "js:blob";

/// A file object of another client, such as an open file of Python or a `Blob` of JavaScript, as an
/// [`AsyncRead`] and [`AsyncSeek`].
///
/// It can stand anywhere in the arguments of a handler or in a result. It reads in pieces of
/// [`read_size`](Self::with_read_size) bytes, each of them a call. A file among the arguments of a
/// call can be read until the call has returned.
///
/// ```no_run
/// use hypha_rpc_core::{RemoteFile, Service};
/// use tokio::io::AsyncReadExt;
///
/// let service = Service::new("store").method("put", |mut file: RemoteFile| async move {
///     let mut head = [0; 4];
///     file.read_exact(&mut head).await?;
///     Ok::<_, std::io::Error>(head == *b"II*\0")
/// });
/// # drop(service);
/// ```
pub struct RemoteFile {
    descriptor: IoStream,
    read: Callback<(u64,), Value>,
    seek: Option<Callback<Vec<Value>, Value>>,
    read_size: u64,
    /// What was read and not yet taken.
    buffer: Bytes,
    /// Where the other client's file stands.
    position: u64,
    pending: Option<Pending>,
}

enum Pending {
    Read(Call<Bytes>),
    Seek(Call<u64>),
}

type Call<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Below what goes in one frame to every client.
const READ_SIZE: u64 = 256 * 1024;

impl RemoteFile {
    /// The name, if its owner told it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.field("name").and_then(Value::as_str)
    }

    /// What is in it, such as `image/tiff`, if its owner told it.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        self.field("type").and_then(Value::as_str)
    }

    /// Its size in bytes, if its owner told it.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.field("size").and_then(Value::as_u64)
    }

    /// What it is where it lives: `js:blob`, `py:<class '...'>`.
    #[must_use]
    pub fn native(&self) -> &str {
        &self.descriptor.native
    }

    /// All fields and functions that its owner gave.
    #[must_use]
    pub fn descriptor(&self) -> &IoStream {
        &self.descriptor
    }

    /// Sets how many bytes one call reads, 256 KiB without it.
    #[must_use]
    pub fn with_read_size(mut self, bytes: u64) -> Self {
        self.read_size = bytes.max(1);
        self
    }

    /// Reads everything from the present position on.
    ///
    /// # Errors
    /// What the owner of the file says.
    pub async fn read_all(&mut self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.read_to_end(&mut content).await?;
        Ok(content)
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.descriptor.members.get(name)
    }

    fn poll_fill(&mut self, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match &mut self.pending {
                Some(Pending::Read(call)) => {
                    let result = task::ready!(call.as_mut().poll(cx));
                    self.pending = None;
                    self.buffer = result?;
                    // The owner says where its file stands after a seek: that may be anywhere.
                    let read = self.buffer.len() as u64;
                    self.position = self.position.saturating_add(read);
                    return Poll::Ready(Ok(()));
                }
                // Nobody waited for a seek to its end: it is finished before the file is read.
                Some(Pending::Seek(_)) => {
                    task::ready!(self.poll_position(cx))?;
                }
                None => {
                    let (read, size) = (self.read.clone(), self.read_size);
                    let call = Box::pin(async move { content(read.call((size,)).await) });
                    self.pending = Some(Pending::Read(call));
                }
            }
        }
    }

    fn poll_position(&mut self, cx: &mut task::Context<'_>) -> Poll<io::Result<u64>> {
        if let Some(Pending::Seek(call)) = &mut self.pending {
            let result = task::ready!(call.as_mut().poll(cx));
            self.pending = None;
            self.position = result?;
        }
        Poll::Ready(Ok(self.here()))
    }

    /// Where the reader stands.
    fn here(&self) -> u64 {
        self.position.saturating_sub(self.buffer.len() as u64)
    }
}

impl AsyncRead for RemoteFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if self.buffer.is_empty() {
            task::ready!(self.poll_fill(cx))?;
        }
        let taken = self.buffer.len().min(out.remaining());
        if let Some(part) = self.buffer.get(..taken) {
            out.put_slice(part);
        }
        self.buffer.advance(taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for RemoteFile {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let Some(seek) = self.seek.clone() else {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the file has no function `seek`",
            ));
        };
        if matches!(self.pending, Some(Pending::Seek(_))) {
            return Err(io::Error::other("the file is being moved"));
        }
        // A read that was given up may stand where it was: seeks say where to go, whatever it did.
        let here = self.here();
        let moved = |from: u64, by: i64| {
            from.checked_add_signed(by).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidInput, "a position before the start")
            })
        };
        // JavaScript knows positions from the start only; from the end is for files that do not tell
        // their size.
        let (target, args) = match (to, self.size()) {
            (SeekFrom::Start(to), _) => (Some(to), vec![Value::from(to)]),
            (SeekFrom::Current(by), _) => {
                let to = moved(here, by)?;
                (Some(to), vec![Value::from(to)])
            }
            (SeekFrom::End(by), Some(size)) => {
                let to = moved(size, by)?;
                (Some(to), vec![Value::from(to)])
            }
            (SeekFrom::End(by), None) => (None, vec![Value::from(by), Value::from(2)]),
        };
        self.buffer = Bytes::new();
        self.pending = Some(Pending::Seek(Box::pin(async move {
            let answer = seek.call(args).await.map_err(io_error)?;
            target
                .or_else(|| answer.as_u64())
                .ok_or_else(|| io::Error::other("the file did not say where it stands"))
        })));
        Ok(())
    }

    fn poll_complete(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<io::Result<u64>> {
        self.poll_position(cx)
    }
}

impl fmt::Debug for RemoteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteFile")
            .field("native", &self.descriptor.native)
            .field("name", &self.name())
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// Passes the file on: the receiver reads it from its owner.
impl Serialize for RemoteFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        native::serialize(&Value::from(self.descriptor.clone()), serializer)
    }
}

impl<'de> Deserialize<'de> for RemoteFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let descriptor = match native::deserialize(deserializer)? {
            Value::IoStream(stream) => *stream,
            other => {
                return Err(D::Error::custom(format_args!(
                    "invalid type: {}, expected a file",
                    other.kind()
                )));
            }
        };
        let function = |name: &str| match descriptor.members.get(name) {
            Some(Value::Method(method)) => {
                Callback::<Vec<Value>, Value>::try_from((**method).clone())
                    .map(Some)
                    .map_err(D::Error::custom)
            }
            _ => Ok(None),
        };
        let read =
            function("read")?.ok_or_else(|| D::Error::custom("the file has no function `read`"))?;
        let seek = function("seek")?;
        Ok(Self {
            read: read.typed(),
            seek,
            read_size: READ_SIZE,
            buffer: Bytes::new(),
            position: 0,
            pending: None,
            descriptor,
        })
    }
}

/// What a `read` answered.
fn content(answer: Result<Value, CallError>) -> io::Result<Bytes> {
    match answer.map_err(io_error)? {
        Value::Bytes(bytes) | Value::MemoryView(bytes) => Ok(bytes),
        Value::TypedArray(array) => Ok(array.data().clone()),
        // Files in text mode.
        Value::Text(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        Value::Null => Ok(Bytes::new()),
        other => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the file was read and gave {}", other.kind()),
        )),
    }
}

fn io_error(error: CallError) -> io::Error {
    let kind = match &error {
        CallError::Timeout { .. } | CallError::Deadline { .. } => io::ErrorKind::TimedOut,
        CallError::PeerGone { .. } => io::ErrorKind::ConnectionReset,
        CallError::Disconnected { .. } => io::ErrorKind::NotConnected,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
