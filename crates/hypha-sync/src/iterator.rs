//! Generators of ours.

use futures_util::stream;
use hypha_client::{IntoReply, Output, RemoteError, ReplyEncoder, Streamed};
use tokio::task::{JoinError, spawn_blocking};

use crate::aside::Aside;

/// An iterator as the result of a method or an argument: the receiver pulls its items one by one, and each is made on a
/// thread that may block. It is dropped on such a thread, too, when the receiver is done with it. If it panics, the
/// receiver gets an error.
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
    let items = Aside::new(items.into_iter());
    Streamed::new(stream::unfold(Some(items), |items| async move {
        let mut items = items?;
        let next = spawn_blocking(move || {
            let item = items.get_mut().and_then(Iterator::next);
            (item, items)
        });
        match next.await {
            Ok((item, items)) => Some((Made::Item(item?), Some(items))),
            // The receiver must not take it for the end.
            Err(problem) => Some((Made::Nothing(problem), None)),
        }
    }))
}

/// What came of asking an iterator.
enum Made<T> {
    Item(T),
    Nothing(JoinError),
}

impl<T: IntoReply> IntoReply for Made<T> {
    fn into_reply(self, encoder: &ReplyEncoder) -> Result<Output, RemoteError> {
        let problem = match self {
            Self::Item(item) => return item.into_reply(encoder),
            Self::Nothing(problem) => problem,
        };
        let Ok(panic) = problem.try_into_panic() else {
            return Err(RemoteError::new(
                "The runtime of the provider is shutting down",
            ));
        };
        let what = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        // As of methods that panic.
        let what = what.unwrap_or("no message");
        Err(RemoteError::new(format!("The method panicked: {what}")))
    }
}
