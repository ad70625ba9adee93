//! What came inside messages.

use std::future::Future;

use hypha_client::{Arguments, Callback, RemoteFile, RemoteObject, RemoteStream};
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::error::{CannotBlock, Error};
use crate::file::FileReader;
use crate::items::Items;

/// Waits for a future in a handler or a callback that is made with `blocking`, or in an iterator of
/// [`from_iter`](crate::from_iter).
///
/// # Errors
/// [`CannotBlock::OutsideHandler`] elsewhere, [`CannotBlock::Over`] if the connection ends first.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, CannotBlock> {
    Connection::here()?.block_on(future)
}

/// What came inside a message, used without async: callbacks, objects, generators and files.
///
/// A handler or callback that was given it waits with [`wait`](Self::wait):
///
/// ```
/// use hypha_sync::{Callback, Service, Waiting as _};
///
/// let service = Service::new("trainer").blocking("train", |report: Callback<(f64,), ()>| {
///     report.wait((0.5,))
/// });
/// # drop(service);
/// ```
///
/// Others, who got it in a result, say whose connection it came over with [`wait_on`](Self::wait_on):
///
/// ```no_run
/// use std::io::Read as _;
///
/// use hypha_sync::{Callback, RemoteFile, Waiting as _, connect_to_server};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let server = connect_to_server("http://127.0.0.1:9527")?;
/// let store = server.get_service("store")?;
/// let counter: Callback<(), u64> = store.call("make_counter", ())?;
/// println!("{}", counter.wait_on(&server, ())?);
/// let image: RemoteFile = store.call("open", ("scan.tif",))?;
/// let mut head = [0; 4];
/// image.wait_on(&server, ())?.read_exact(&mut head)?;
/// # Ok(())
/// # }
/// ```
pub trait Waiting<Args>: Sized {
    /// What comes of it.
    type Output;

    /// Uses it on any thread, and waits for what comes of it.
    ///
    /// # Errors
    /// What the other side answered, or why it did not; [`CannotBlock`].
    fn wait_on(self, connection: impl Into<Connection>, args: Args) -> Result<Self::Output, Error>;

    /// Uses it in a handler or callback, and waits for what comes of it.
    ///
    /// # Errors
    /// As [`wait_on`](Self::wait_on), and [`CannotBlock::OutsideHandler`] elsewhere.
    fn wait(self, args: Args) -> Result<Self::Output, Error> {
        self.wait_on(Connection::here()?, args)
    }
}

impl<Args: Arguments, R: DeserializeOwned + 'static> Waiting<Args> for &Callback<Args, R> {
    type Output = R;

    fn wait_on(self, connection: impl Into<Connection>, args: Args) -> Result<R, Error> {
        Ok(connection.into().block_on(self.call(args))??)
    }
}

/// The items of a generator.
impl<T: DeserializeOwned> Waiting<()> for RemoteStream<T> {
    type Output = Items<T>;

    fn wait_on(self, connection: impl Into<Connection>, (): ()) -> Result<Items<T>, Error> {
        Ok(Items::new(self, connection.into()))
    }
}

/// The content of a file.
impl Waiting<()> for RemoteFile {
    type Output = FileReader;

    fn wait_on(self, connection: impl Into<Connection>, (): ()) -> Result<FileReader, Error> {
        Ok(FileReader::new(self, connection.into()))
    }
}

/// A function of an object, by its path.
impl<Args: Arguments> Waiting<(&str, Args)> for &RemoteObject {
    type Output = hypha_client::Value;

    fn wait_on(
        self,
        connection: impl Into<Connection>,
        (path, args): (&str, Args),
    ) -> Result<Self::Output, Error> {
        Ok(connection.into().block_on(self.call(path, args))??)
    }
}
