//! What handlers and callbacks are given.

use std::future::Future;

use hypha_client::{Arguments, Callback, RemoteFile, RemoteObject, RemoteStream};
use serde::de::DeserializeOwned;

use crate::background::Serving;
use crate::error::{CannotBlock, Error};
use crate::items::Items;

/// Waits for a future in a handler or a callback that is made with `blocking`, or in an iterator of
/// [`from_iter`](crate::from_iter).
///
/// # Errors
/// [`CannotBlock::OutsideHandler`] elsewhere.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, CannotBlock> {
    Serving::here()?.block_on(future)
}

/// What came inside a message, used without async by the handler or callback that was given it.
///
/// ```
/// use hypha_sync::{Callback, Service, Waiting};
///
/// let service = Service::new("trainer").blocking("train", |report: Callback<(f64,), ()>| {
///     report.wait((0.5,))
/// });
/// # drop(service);
/// ```
pub trait Waiting<Args> {
    /// What comes of it.
    type Output;

    /// Uses it, and waits for what comes of it.
    ///
    /// # Errors
    /// What the other side answered, or why it did not; [`CannotBlock`].
    fn wait(self, args: Args) -> Result<Self::Output, Error>;
}

impl<Args: Arguments, R: DeserializeOwned + 'static> Waiting<Args> for &Callback<Args, R> {
    type Output = R;

    fn wait(self, args: Args) -> Result<R, Error> {
        Ok(block_on(self.call(args))??)
    }
}

/// The items of a generator among the arguments.
impl<T: DeserializeOwned> Waiting<()> for RemoteStream<T> {
    type Output = Items<T>;

    fn wait(self, (): ()) -> Result<Items<T>, Error> {
        Ok(Items::within(self, Serving::here()?))
    }
}

/// All of a file.
impl Waiting<()> for &mut RemoteFile {
    type Output = std::io::Result<Vec<u8>>;

    fn wait(self, (): ()) -> Result<Self::Output, Error> {
        Ok(block_on(self.read_all())?)
    }
}

/// A function of an object, by its path.
impl<Args: Arguments> Waiting<(&str, Args)> for &RemoteObject {
    type Output = hypha_client::Value;

    fn wait(self, (path, args): (&str, Args)) -> Result<Self::Output, Error> {
        Ok(block_on(self.call(path, args))??)
    }
}
