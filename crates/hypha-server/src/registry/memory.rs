use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};

use super::Registry;
use crate::identity::User;

/// The state of a server of one process, gone when it ends.
#[derive(Debug, Default)]
pub(crate) struct MemoryRegistry {
    clients: Mutex<BTreeMap<(String, String), User>>,
}

impl Registry for MemoryRegistry {
    fn add_client<'a>(
        &'a self,
        workspace: &'a str,
        client_id: &'a str,
        user: &'a User,
    ) -> BoxFuture<'a, ()> {
        let key = (workspace.to_owned(), client_id.to_owned());
        self.clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, user.clone());
        ready(()).boxed()
    }

    fn remove_client<'a>(&'a self, workspace: &'a str, client_id: &'a str) -> BoxFuture<'a, ()> {
        let key = (workspace.to_owned(), client_id.to_owned());
        self.clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key);
        ready(()).boxed()
    }
}
