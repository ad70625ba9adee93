mod spaces;
mod workspaces;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};

use self::spaces::Spaces;
use self::workspaces::Workspaces;
use super::revocations::Revocations;
use super::{
    Change, Kept, LoggedEvent, NotAdded, NotChanged, NotCreated, Registry, ServiceFilter,
    ServiceRecord, Workspace,
};
use crate::identity::{TokenId, User};

/// The state of a server of one process, gone when it ends.
#[derive(Debug, Default)]
pub(crate) struct MemoryRegistry {
    state: Mutex<State>,
    revocations: Revocations,
}

#[derive(Debug, Default)]
struct State {
    spaces: Spaces,
    workspaces: Workspaces,
}

impl Registry for MemoryRegistry {
    fn add_client<'a>(
        &'a self,
        workspace: &'a str,
        client_id: &'a str,
        user: &'a User,
        connection: u64,
    ) -> BoxFuture<'a, bool> {
        let mut state = self.state();
        let is_there = state.workspaces.open(workspace, user);
        if is_there {
            let spaces = &mut state.spaces;
            spaces.add_client(workspace, client_id, user, connection);
        }
        ready(is_there).boxed()
    }

    fn remove_client<'a>(
        &'a self,
        workspace: &'a str,
        client_id: &'a str,
        connection: Option<u64>,
    ) -> BoxFuture<'a, bool> {
        let mut state = self.state();
        let spaces = &mut state.spaces;
        let is_removed = spaces.remove_client(workspace, client_id, connection);
        if is_removed && spaces.is_empty(workspace) {
            state.workspaces.close(workspace);
        }
        ready(is_removed).boxed()
    }

    fn clients<'a>(&'a self, workspace: &'a str) -> BoxFuture<'a, Vec<(String, Kept)>> {
        ready(self.state().spaces.clients(workspace)).boxed()
    }

    fn has_client<'a>(&'a self, workspace: &'a str, client_id: &'a str) -> BoxFuture<'a, bool> {
        ready(self.state().spaces.has_client(workspace, client_id)).boxed()
    }

    fn add_service(
        &self,
        service: ServiceRecord,
        limit: usize,
    ) -> BoxFuture<'_, Result<Option<Arc<ServiceRecord>>, NotAdded>> {
        ready(self.state().spaces.add_service(service, limit)).boxed()
    }

    fn remove_service<'a>(
        &'a self,
        workspace: &'a str,
        client_id: &'a str,
        service_id: &'a str,
    ) -> BoxFuture<'a, Option<Arc<ServiceRecord>>> {
        let mut state = self.state();
        let removed = state
            .spaces
            .remove_service(workspace, client_id, service_id);
        ready(removed).boxed()
    }

    fn services<'a>(&'a self, filter: &'a ServiceFilter) -> BoxFuture<'a, Vec<Arc<ServiceRecord>>> {
        ready(self.state().spaces.services(filter)).boxed()
    }

    fn enter<'a>(
        &'a self,
        workspace: &'a str,
        user: &'a User,
    ) -> BoxFuture<'a, Option<Vec<String>>> {
        ready(self.state().workspaces.owners(workspace, user)).boxed()
    }

    fn revoke(&self, token: TokenId, until: u64, now: u64) -> BoxFuture<'_, bool> {
        ready(self.revocations.add(token, until, now)).boxed()
    }

    fn is_revoked(&self, token: TokenId) -> BoxFuture<'_, bool> {
        ready(self.revocations.contains(&token)).boxed()
    }

    fn workspace<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Option<Arc<Workspace>>> {
        ready(self.state().workspaces.get(id)).boxed()
    }

    fn workspaces_of<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Vec<Arc<Workspace>>> {
        ready(self.state().workspaces.of(user)).boxed()
    }

    fn open_workspace<'a>(&'a self, user: &'a User) -> BoxFuture<'a, ()> {
        let own = user.own_workspace();
        self.state().workspaces.open(&own, user);
        ready(()).boxed()
    }

    fn close_workspace<'a>(&'a self, id: &'a str) -> BoxFuture<'a, ()> {
        let mut state = self.state();
        if state.spaces.is_empty(id) {
            state.workspaces.close(id);
        }
        ready(()).boxed()
    }

    fn create_workspace<'a>(
        &'a self,
        workspace: Workspace,
        user: &'a User,
        overwrite: bool,
    ) -> BoxFuture<'a, Result<(), NotCreated>> {
        let mut state = self.state();
        ready(state.workspaces.create(workspace, user, overwrite)).boxed()
    }

    fn change_workspace<'a>(
        &'a self,
        id: &'a str,
        change: Change<'a>,
    ) -> BoxFuture<'a, Result<Arc<Workspace>, NotChanged>> {
        ready(self.state().workspaces.change(id, &change)).boxed()
    }

    fn remove_workspace<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Option<Arc<Workspace>>> {
        ready(self.state().workspaces.remove(id)).boxed()
    }

    fn log_event<'a>(&'a self, workspace: &'a str, event: LoggedEvent) -> BoxFuture<'a, ()> {
        self.state().workspaces.log(workspace, event);
        ready(()).boxed()
    }

    fn events<'a>(
        &'a self,
        workspace: &'a str,
        user_id: &'a str,
    ) -> BoxFuture<'a, Vec<LoggedEvent>> {
        ready(self.state().workspaces.events(workspace, user_id)).boxed()
    }
}

impl MemoryRegistry {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
