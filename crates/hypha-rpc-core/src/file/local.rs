//! A readable file of ours that goes out inside a message.

use std::fmt;
use std::io::SeekFrom;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use hypha_codec::{Binary, EncodeError, IoStream, Map, Object, Text, Value, native};
use serde::{Serialize, Serializer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, BufReader};

use super::remote::JS_BLOB;
use crate::callback::Closure;
use crate::error::RemoteError;
use crate::export::Exporter;
use crate::service::Method;

/// Anything that reads and seeks, on its way to another client as a file object.
///
/// The receiver gets an object with `read(size)`, `readline(size)`, `seek(offset, whence)`, `tell()`,
/// `close()`, `readable()`, `seekable()` and `writable()`, and the fields `name`, `type` and `size`
/// that were set. Nothing is read before the receiver asks for it. The file is dropped on `close`,
/// and when the functions end: with the call that it is an argument of, or for a result when nobody
/// has used it for ten minutes. It travels once.
///
/// ```
/// use hypha_rpc_core::{FileObject, Service};
///
/// let service = Service::new("images").method("open", |name: String| async move {
///     let content = std::io::Cursor::new(vec![0_u8; 4096]);
///     FileObject::new(content).name(name).media_type("image/tiff").size(4096)
/// });
/// # drop(service);
/// ```
#[derive(Clone)]
pub struct FileObject {
    reader: Arc<Mutex<Option<Reader>>>,
    name: Option<Text>,
    media_type: Option<Text>,
    size: Option<u64>,
    native: Text,
}

type Reader = BufReader<Pin<Box<dyn ReadSeek>>>;

trait ReadSeek: AsyncRead + AsyncSeek + Send {}

impl<T: AsyncRead + AsyncSeek + Send> ReadSeek for T {}

/// What the receivers of other languages are told that this is.
const NATIVE: &str = "rust:file";

/// The largest piece that one `read` gives: a reader of more has to ask again.
const MAX_READ: u64 = 1 << 30;

impl FileObject {
    /// Wraps a file, a cursor or anything else that reads and seeks.
    #[must_use]
    pub fn new(file: impl AsyncRead + AsyncSeek + Send + 'static) -> Self {
        let reader: Reader = BufReader::new(Box::pin(file));
        Self {
            reader: Arc::new(Mutex::new(Some(reader))),
            name: None,
            media_type: None,
            size: None,
            native: Text::from_static(NATIVE),
        }
    }

    /// The name of the file.
    #[must_use]
    pub fn name(mut self, name: impl Into<Text>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What is in it, such as `image/tiff`.
    #[must_use]
    pub fn media_type(mut self, media_type: impl Into<Text>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Lets JavaScript receive a `Blob`, which it reads as a whole before its function is called.
    /// For all others it stays a file.
    #[must_use]
    pub fn as_blob(mut self) -> Self {
        self.native = Text::from_static(JS_BLOB);
        self
    }

    /// Gives the functions of the file their places.
    pub(crate) fn export(&self, exporter: &mut Exporter) -> Result<Value, EncodeError> {
        let taken = self
            .reader
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(reader) = taken else {
            return Err(EncodeError::custom(
                "a file travels once, and this one already has",
            ));
        };
        let open = Arc::new(Open {
            reader: tokio::sync::Mutex::new(Some(reader)),
        });
        let mut members = Map::new();
        let fields = [("name", &self.name), ("type", &self.media_type)];
        for (field, text) in fields {
            if let Some(text) = text {
                members.insert(field, Value::from(text.clone()));
            }
        }
        if let Some(size) = self.size {
            members.insert("size", Value::from(size));
        }
        for (name, method) in functions(&open) {
            let closure = Closure::new(method.name(name));
            members.insert(name, exporter.closure(&closure));
        }
        Ok(Value::from(IoStream::new(self.native.clone(), members)))
    }
}

impl fmt::Debug for FileObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileObject")
            .field("name", &self.name)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Serialize for FileObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        native::serialize(&Value::from(self.clone()), serializer)
    }
}

impl From<FileObject> for Value {
    fn from(file: FileObject) -> Self {
        Self::Object(Object::new(file))
    }
}

/// A file that went out; empty once it was closed.
struct Open {
    reader: tokio::sync::Mutex<Option<Reader>>,
}

fn functions(open: &Arc<Open>) -> [(&'static str, Method); 8] {
    let with = |open: &Arc<Open>| Arc::clone(open);
    let (read, line, seek, tell, close) =
        (with(open), with(open), with(open), with(open), with(open));
    [
        (
            "read",
            Method::new(move |size: Option<i64>| {
                let open = Arc::clone(&read);
                async move { open.read(size).await }
            })
            .params(["size"]),
        ),
        (
            "readline",
            Method::new(move |size: Option<i64>| {
                let open = Arc::clone(&line);
                async move { open.read_line(size).await }
            })
            .params(["size"]),
        ),
        (
            "seek",
            Method::new(move |offset: i64, whence: Option<u8>| {
                let open = Arc::clone(&seek);
                async move { open.seek(offset, whence.unwrap_or(0)).await }
            })
            .params(["offset", "whence"]),
        ),
        (
            "tell",
            Method::new(move || {
                let open = Arc::clone(&tell);
                async move { open.seek(0, 1).await }
            }),
        ),
        (
            "close",
            Method::new(move || {
                let open = Arc::clone(&close);
                async move { drop(open.reader.lock().await.take()) }
            }),
        ),
        ("readable", Method::new(|| async { true })),
        ("seekable", Method::new(|| async { true })),
        ("writable", Method::new(|| async { false })),
    ]
}

impl Open {
    /// Up to `size` bytes, or all that is left; nothing at the end of the file.
    async fn read(&self, size: Option<i64>) -> Result<Binary, RemoteError> {
        let limit = limit(size);
        let mut guard = self.reader.lock().await;
        let reader = guard.as_mut().ok_or_else(closed)?;
        let mut content = Vec::new();
        let mut wanted = reader.take(limit.min(MAX_READ));
        wanted.read_to_end(&mut content).await.map_err(failed)?;
        if size.is_none_or(|size| size < 0) && content.len() as u64 == MAX_READ {
            return Err(RemoteError::new(
                "the file is too large to be read at once: give `read` a size",
            ));
        }
        Ok(Binary::from(content))
    }

    /// A line with its end, or as much of it as was asked for.
    async fn read_line(&self, size: Option<i64>) -> Result<Binary, RemoteError> {
        let mut guard = self.reader.lock().await;
        let reader = guard.as_mut().ok_or_else(closed)?;
        let mut line = Vec::new();
        let mut wanted = reader.take(limit(size).min(MAX_READ));
        wanted.read_until(b'\n', &mut line).await.map_err(failed)?;
        Ok(Binary::from(line))
    }

    /// Moves to a position, counted as Python does: from the start, from here or from the end.
    async fn seek(&self, offset: i64, whence: u8) -> Result<u64, RemoteError> {
        let to = match whence {
            0 => SeekFrom::Start(u64::try_from(offset).map_err(failed)?),
            1 => SeekFrom::Current(offset),
            2 => SeekFrom::End(offset),
            _ => return Err(RemoteError::new("`whence` is 0, 1 or 2")),
        };
        let mut guard = self.reader.lock().await;
        let reader = guard.as_mut().ok_or_else(closed)?;
        reader.seek(to).await.map_err(failed)
    }
}

/// A negative size asks for everything, as in Python.
fn limit(size: Option<i64>) -> u64 {
    size.and_then(|size| u64::try_from(size).ok())
        .unwrap_or(u64::MAX)
}

fn closed() -> RemoteError {
    RemoteError::new("I/O operation on closed file")
}

fn failed(error: impl fmt::Display) -> RemoteError {
    RemoteError::new(error.to_string())
}
