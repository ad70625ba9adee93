//! The way to those whom one client talks to, so that its frames take no lock that others take.

use std::collections::HashMap;
use std::sync::Arc;

use super::connection::Connection;
use super::router::Router;

/// How many ways one client remembers.
const MAX_ROUTES: usize = 128;

/// Ways that were found before.
#[derive(Debug, Default)]
pub(crate) struct Routes(HashMap<String, Arc<Connection>>);

impl Routes {
    /// The connection at an address, if there is one.
    pub(crate) fn find(&mut self, router: &Router, address: &str) -> Option<Arc<Connection>> {
        match self.0.get(address) {
            Some(connection) if !connection.is_gone() => return Some(Arc::clone(connection)),
            Some(_) => drop(self.0.remove(address)),
            None => {}
        }
        let connection = router.get(address)?;
        if self.0.len() >= MAX_ROUTES {
            self.0.clear();
        }
        self.0.insert(address.to_owned(), Arc::clone(&connection));
        Some(connection)
    }
}
