//! Functions as arguments and results: features A.6.

mod access;
mod arguments;
mod lifetime;
mod passed_on;

use std::sync::{Arc, Mutex};

use hypha_client::Closure;

/// What callbacks were called with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<i64>>>);

impl Seen {
    /// A callback that takes note of its argument, and gives ten times as much.
    pub(crate) fn callback(&self) -> Closure {
        let seen = self.clone();
        Closure::new(move |step: i64| {
            seen.0.lock().unwrap().push(step);
            async move { step * 10 }
        })
    }

    pub(crate) fn take(&self) -> Vec<i64> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
