//! Generators of ours.

use futures_util::stream;
use hypha_client::{IntoReply, Streamed};

/// An iterator as the result of a method or an argument: the receiver pulls its items one by one, and each is made on a
/// thread that may block. It is dropped when the receiver is done with it.
///
/// ```
/// use hypha_sync::{Service, from_iter};
///
/// let service = Service::new("numbers").blocking("squares", |n: u64| from_iter((0..n).map(|i| i * i)));
/// # drop(service);
/// ```
pub fn from_iter<I>(items: I) -> Streamed
where
    I: IntoIterator,
    I::IntoIter: Send + 'static,
    I::Item: IntoReply + Send + 'static,
{
    Streamed::new(stream::unfold(items.into_iter(), |mut items| async move {
        let next = tokio::task::spawn_blocking(move || {
            let item = items.next();
            (item, items)
        });
        // An iterator that panics is over, as one that ends.
        let (item, items) = next.await.ok()?;
        Some((item?, items))
    }))
}
