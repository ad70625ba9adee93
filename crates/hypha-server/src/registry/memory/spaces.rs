//! The clients and services of all workspaces.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use hypha_rpc_core::protocol::BUILT_IN;

use crate::identity::User;
use crate::registry::limits::{SERVICE_BYTES_PER_CLIENT, SERVICES_PER_CLIENT};
use crate::registry::{NotAdded, Pattern, ServiceFilter, ServiceRecord};

/// All workspaces with clients in them.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    spaces: HashMap<String, Space>,
    /// How many services have ever been registered: tells their order.
    registered: u64,
}

/// What lives in one workspace.
#[derive(Debug, Default)]
struct Space {
    clients: BTreeMap<String, Client>,
    /// By their bare ids, then by their clients.
    services: HashMap<String, BTreeMap<String, Entry>>,
}

#[derive(Debug)]
struct Client {
    user: User,
    /// The bare ids of its services.
    services: BTreeSet<String>,
    /// Bytes of the descriptions of its services.
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    order: u64,
    service: Arc<ServiceRecord>,
}

impl Spaces {
    pub(super) fn add_client(&mut self, workspace: &str, client_id: &str, user: &User) {
        let space = self.spaces.entry(workspace.to_owned()).or_default();
        let client = space
            .clients
            .entry(client_id.to_owned())
            .or_insert_with(|| Client {
                user: user.clone(),
                services: BTreeSet::new(),
                bytes: 0,
            });
        client.user = user.clone();
    }

    /// Takes a client out with its services; true if it was the last one of its workspace.
    pub(super) fn remove_client(&mut self, workspace: &str, client_id: &str) -> bool {
        let Some(space) = self.spaces.get_mut(workspace) else {
            return true;
        };
        if let Some(client) = space.clients.remove(client_id) {
            for service in client.services {
                drop(space.forget(&service, client_id));
            }
        }
        let is_empty = space.clients.is_empty();
        if is_empty {
            self.spaces.remove(workspace);
        }
        is_empty
    }

    pub(super) fn clients(&self, workspace: &str) -> Vec<(String, User)> {
        let space = self.spaces.get(workspace).into_iter();
        let clients = space.flat_map(|space| &space.clients);
        clients
            .map(|(id, client)| (id.clone(), client.user.clone()))
            .collect()
    }

    pub(super) fn add_service(
        &mut self,
        service: ServiceRecord,
    ) -> Result<Option<Arc<ServiceRecord>>, NotAdded> {
        let order = self.registered;
        let space = self
            .spaces
            .get_mut(&service.workspace)
            .ok_or(NotAdded::NoClient)?;
        let namesakes = space.services.get(&service.service_id);
        let others = namesakes.into_iter().flatten();
        let mut others = others.filter(|(client_id, _)| **client_id != service.client_id);
        if others.any(|(_, other)| service.is_singleton || other.service.is_singleton) {
            return Err(NotAdded::NotAlone);
        }
        let replaced = namesakes.and_then(|all| all.get(&service.client_id));
        let replaced = replaced.map(|entry| Arc::clone(&entry.service));
        let client = space
            .clients
            .get_mut(&service.client_id)
            .ok_or(NotAdded::NoClient)?;
        let has_built_in = client.services.contains(BUILT_IN);
        if !has_built_in && !service.is_built_in() {
            return Err(NotAdded::NoClient);
        }
        let there = client.services.len() - usize::from(has_built_in);
        if replaced.is_none() && !service.is_built_in() && there >= SERVICES_PER_CLIENT {
            return Err(NotAdded::TooMany {
                there,
                limit: SERVICES_PER_CLIENT,
            });
        }
        let bytes = client.bytes - replaced.as_ref().map_or(0, |old| old.info.bytes())
            + service.info.bytes();
        if bytes > SERVICE_BYTES_PER_CLIENT {
            return Err(NotAdded::TooLarge {
                limit: SERVICE_BYTES_PER_CLIENT,
            });
        }
        client.bytes = bytes;
        client.services.insert(service.service_id.clone());
        let namesakes = space
            .services
            .entry(service.service_id.clone())
            .or_default();
        namesakes.insert(
            service.client_id.clone(),
            Entry {
                order,
                service: Arc::new(service),
            },
        );
        self.registered += 1;
        Ok(replaced)
    }

    pub(super) fn remove_service(
        &mut self,
        workspace: &str,
        client_id: &str,
        service_id: &str,
    ) -> Option<Arc<ServiceRecord>> {
        let space = self.spaces.get_mut(workspace)?;
        let removed = space.forget(service_id, client_id)?;
        if let Some(client) = space.clients.get_mut(client_id) {
            client.services.remove(service_id);
            client.bytes -= removed.info.bytes();
        }
        Some(removed)
    }

    /// Looks at no more than has to be: at one workspace if it is named, there at the services of one name or of one
    /// client if that is named.
    pub(super) fn services(&self, filter: &ServiceFilter) -> Vec<Arc<ServiceRecord>> {
        let mut found = Vec::new();
        match &filter.workspace {
            Pattern::Exactly(workspace) => {
                if let Some(space) = self.spaces.get(workspace) {
                    space.services(filter, &mut found);
                }
            }
            Pattern::Any | Pattern::Like(_) => {
                for space in self.spaces.values() {
                    space.services(filter, &mut found);
                }
            }
        }
        found.sort_unstable_by_key(|entry| entry.order);
        found.into_iter().map(|entry| entry.service).collect()
    }
}

impl Space {
    fn services(&self, filter: &ServiceFilter, found: &mut Vec<Entry>) {
        let by_name = filter.service_id.exactly();
        let by_client = filter.client_id.exactly();
        let named = |service: &str| self.services.get(service).into_iter();
        let mut take = |entry: &Entry| {
            if filter.matches(&entry.service) {
                found.push(entry.clone());
            }
        };
        match (by_name, by_client) {
            (Some(service), Some(client)) => named(service)
                .filter_map(|all| all.get(client))
                .for_each(take),
            (Some(service), None) => named(service).flat_map(BTreeMap::values).for_each(take),
            (None, Some(client)) => {
                for service in self
                    .clients
                    .get(client)
                    .into_iter()
                    .flat_map(|c| &c.services)
                {
                    named(service)
                        .filter_map(|all| all.get(client))
                        .for_each(&mut take);
                }
            }
            (None, None) => self
                .services
                .values()
                .flat_map(BTreeMap::values)
                .for_each(take),
        }
    }

    fn forget(&mut self, service: &str, client_id: &str) -> Option<Arc<ServiceRecord>> {
        let namesakes = self.services.get_mut(service)?;
        let removed = namesakes.remove(client_id);
        if namesakes.is_empty() {
            self.services.remove(service);
        }
        removed.map(|entry| entry.service)
    }
}
