//! Things of the user, on the thread that keeps the connection.

use tokio::runtime::Handle;

/// Something that is dropped on a thread that may block: what it holds may want to wait.
pub(crate) struct Aside<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Aside<T> {
    pub(crate) fn new(kept: T) -> Self {
        Self(Some(kept))
    }

    /// It, until it is dropped.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_mut()
    }
}

impl<T: Send + 'static> Drop for Aside<T> {
    fn drop(&mut self) {
        if let (Some(kept), Ok(handle)) = (self.0.take(), Handle::try_current()) {
            drop(handle.spawn_blocking(move || drop(kept)));
        }
    }
}
