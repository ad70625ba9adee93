//! The clients and services of all workspaces.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use hypha_codec::Value;
use hypha_rpc_core::protocol::BUILT_IN;

use crate::identity::User;
use crate::registry::limits::SERVICE_BYTES_PER_CLIENT;
use crate::registry::{Kept, NotAdded, Pattern, ServiceFilter, ServiceRecord};

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
    /// In boxes: the map makes room for eleven at once, and most workspaces have one.
    clients: BTreeMap<String, Box<Client>>,
    /// By their bare ids.
    services: HashMap<String, Namesakes>,
}

/// The services of one name in a workspace.
#[derive(Debug, Default)]
struct Namesakes {
    /// By their clients.
    all: BTreeMap<String, Entry>,
    /// How many of them must be alone.
    singletons: usize,
}

#[derive(Debug)]
struct Client {
    /// What is told of the user behind it.
    user: Kept,
    /// The connection that it is there over.
    connection: u64,
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
    pub(super) fn add_client(
        &mut self,
        workspace: &str,
        client_id: &str,
        user: &User,
        connection: u64,
    ) {
        let user = described(user, workspace);
        let space = self.spaces.entry(workspace.to_owned()).or_default();
        match space.clients.get_mut(client_id) {
            Some(client) => {
                client.user = user;
                client.connection = connection;
            }
            None => {
                let client = Client {
                    user,
                    connection,
                    services: BTreeSet::new(),
                    bytes: 0,
                };
                space.clients.insert(client_id.to_owned(), Box::new(client));
            }
        }
    }

    /// Takes a client out with its services, unless it is there over another connection than the one that is named.
    pub(super) fn remove_client(
        &mut self,
        workspace: &str,
        client_id: &str,
        connection: Option<u64>,
    ) -> bool {
        let Some(space) = self.spaces.get_mut(workspace) else {
            return false;
        };
        let there = space.clients.get(client_id);
        let is_it = there.is_some_and(|there| connection.is_none_or(|it| it == there.connection));
        if !is_it {
            return false;
        }
        if let Some(client) = space.clients.remove(client_id) {
            for service in client.services {
                drop(space.forget(&service, client_id));
            }
        }
        if space.clients.is_empty() {
            self.spaces.remove(workspace);
        }
        true
    }

    /// Whether nobody is in a workspace.
    pub(super) fn is_empty(&self, workspace: &str) -> bool {
        !self.spaces.contains_key(workspace)
    }

    pub(super) fn clients(&self, workspace: &str) -> Vec<(String, Kept)> {
        let space = self.spaces.get(workspace).into_iter();
        let clients = space.flat_map(|space| &space.clients);
        clients
            .map(|(id, client)| (id.clone(), client.user.clone()))
            .collect()
    }

    pub(super) fn has_client(&self, workspace: &str, client_id: &str) -> bool {
        let space = self.spaces.get(workspace);
        space.is_some_and(|space| space.clients.contains_key(client_id))
    }

    pub(super) fn add_service(
        &mut self,
        service: ServiceRecord,
        limit: usize,
    ) -> Result<Option<Arc<ServiceRecord>>, NotAdded> {
        let order = self.registered;
        let space = self
            .spaces
            .get_mut(&service.workspace)
            .ok_or(NotAdded::NoClient)?;
        let namesakes = space.services.get(&service.service_id);
        if namesakes.is_some_and(|namesakes| !namesakes.admit(&service)) {
            return Err(NotAdded::NotAlone);
        }
        let replaced = namesakes.and_then(|namesakes| namesakes.all.get(&service.client_id));
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
        if replaced.is_none() && !service.is_built_in() && there >= limit {
            return Err(NotAdded::TooMany { there, limit });
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
        let service = Arc::new(service);
        drop(namesakes.insert(Entry { order, service }));
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
                .filter_map(|namesakes| namesakes.all.get(client))
                .for_each(take),
            (Some(service), None) => named(service)
                .flat_map(|namesakes| namesakes.all.values())
                .for_each(take),
            (None, Some(client)) => {
                for service in self
                    .clients
                    .get(client)
                    .into_iter()
                    .flat_map(|c| &c.services)
                {
                    named(service)
                        .filter_map(|namesakes| namesakes.all.get(client))
                        .for_each(&mut take);
                }
            }
            (None, None) => self
                .services
                .values()
                .flat_map(|namesakes| namesakes.all.values())
                .for_each(take),
        }
    }

    fn forget(&mut self, service: &str, client_id: &str) -> Option<Arc<ServiceRecord>> {
        let namesakes = self.services.get_mut(service)?;
        let removed = namesakes.remove(client_id);
        if namesakes.all.is_empty() {
            self.services.remove(service);
        }
        removed
    }
}

impl Namesakes {
    /// Whether a service may be here, with all that are of other clients.
    fn admit(&self, service: &ServiceRecord) -> bool {
        let own = self.all.get(&service.client_id);
        let own_singletons = own.map_or(0, |own| usize::from(own.service.is_singleton));
        let is_alone = self.all.len() == usize::from(own.is_some());
        is_alone || !service.is_singleton && self.singletons == own_singletons
    }

    fn insert(&mut self, entry: Entry) -> Option<Arc<ServiceRecord>> {
        let client = entry.service.client_id.clone();
        let replaced = self.remove(&client);
        self.singletons += usize::from(entry.service.is_singleton);
        self.all.insert(client, entry);
        replaced
    }

    fn remove(&mut self, client_id: &str) -> Option<Arc<ServiceRecord>> {
        let removed = self.all.remove(client_id)?.service;
        self.singletons -= usize::from(removed.is_singleton);
        Some(removed)
    }
}

/// A user who works in a workspace, as others see it.
fn described(user: &User, workspace: &str) -> Kept {
    let mut user = user.clone();
    user.current_workspace = Some(workspace.to_owned());
    match hypha_codec::to_value(&user) {
        Ok(Value::Map(user)) => Kept::new(user).unwrap_or_default(),
        // Users consist of texts, numbers and lists.
        _ => Kept::default(),
    }
}

#[cfg(test)]
mod tests {
    use hypha_codec::Map;
    use hypha_rpc_core::Visibility;

    use super::*;

    const LIMIT: usize = 3;

    fn service(workspace: &str, client: &str, id: &str) -> ServiceRecord {
        ServiceRecord {
            workspace: workspace.to_owned(),
            client_id: client.to_owned(),
            service_id: id.to_owned(),
            app_id: "*".to_owned(),
            kind: "generic".to_owned(),
            visibility: Visibility::Public,
            authorized_workspaces: Vec::new(),
            is_singleton: false,
            info: Kept::new(Map::from([("id", id)])).unwrap(),
        }
    }

    fn singleton(workspace: &str, client: &str, id: &str) -> ServiceRecord {
        ServiceRecord {
            is_singleton: true,
            ..service(workspace, client, id)
        }
    }

    /// Clients, each with the service that all have.
    fn with_clients(clients: &[(&str, &str)]) -> Spaces {
        let mut spaces = Spaces::default();
        for (workspace, client) in clients {
            spaces.add_client(workspace, client, &User::anonymous("u"), 1);
            let built_in = service(workspace, client, BUILT_IN);
            spaces.add_service(built_in, LIMIT).unwrap();
        }
        spaces
    }

    fn ids(spaces: &Spaces, workspace: &str, client: &str, service: &str) -> Vec<String> {
        let found = spaces.services(&ServiceFilter {
            workspace: Pattern::parse(workspace),
            client_id: Pattern::parse(client),
            service_id: Pattern::parse(service),
            ..ServiceFilter::default()
        });
        found.iter().map(|service| service.id()).collect()
    }

    #[test]
    fn services_are_found_by_every_part_of_their_ids() {
        let mut spaces = with_clients(&[("v", "a"), ("w", "b"), ("w", "a")]);
        for (workspace, client, id) in [
            ("w", "b", "s"),
            ("w", "a", "t"),
            ("w", "a", "s"),
            ("v", "a", "s"),
        ] {
            let added = spaces.add_service(service(workspace, client, id), LIMIT);
            assert!(added.unwrap().is_none());
        }
        for (workspace, client, id, found) in [
            ("w", "*", "s", vec!["w/b:s", "w/a:s"]),
            ("w", "a", "s", vec!["w/a:s"]),
            ("w", "a", "*", vec!["w/a:built-in", "w/a:t", "w/a:s"]),
            ("*", "*", "s", vec!["w/b:s", "w/a:s", "v/a:s"]),
            ("*", "a*", "s", vec!["w/a:s", "v/a:s"]),
            ("v*", "*", "*", vec!["v/a:built-in", "v/a:s"]),
            ("w", "c", "*", vec![]),
            ("w", "c", "s", vec![]),
            ("x", "*", "*", vec![]),
        ] {
            assert_eq!(
                ids(&spaces, workspace, client, id),
                found,
                "{workspace}/{client}:{id}"
            );
        }
    }

    #[test]
    fn services_go_with_their_clients() {
        let mut spaces = with_clients(&[("w", "a"), ("w", "b")]);
        spaces.add_service(service("w", "a", "s"), LIMIT).unwrap();
        assert!(spaces.remove_client("w", "a", Some(1)));
        assert!(!spaces.remove_client("w", "a", Some(1)));
        assert!(!spaces.is_empty("w"));
        assert_eq!(ids(&spaces, "w", "*", "*"), ["w/b:built-in"]);
        let late = spaces.add_service(service("w", "a", "s"), LIMIT);
        assert_eq!(late.unwrap_err(), NotAdded::NoClient);
        assert!(spaces.remove_client("w", "b", None));
        assert!(spaces.is_empty("w"));
    }

    #[test]
    fn the_end_of_an_old_connection_harms_nobody_who_came_back() {
        let mut spaces = with_clients(&[("w", "a")]);
        spaces.add_service(service("w", "a", "s"), LIMIT).unwrap();
        spaces.add_client("w", "a", &User::anonymous("u"), 2);
        assert!(!spaces.remove_client("w", "a", Some(1)));
        assert_eq!(ids(&spaces, "w", "a", "*"), ["w/a:built-in", "w/a:s"]);
        assert!(spaces.remove_client("w", "a", Some(2)));
        assert!(spaces.is_empty("w"));
    }

    #[test]
    fn a_client_comes_first_then_what_every_client_has() {
        let mut spaces = Spaces::default();
        let early = spaces.add_service(service("w", "a", BUILT_IN), LIMIT);
        assert_eq!(early.unwrap_err(), NotAdded::NoClient);
        spaces.add_client("w", "a", &User::anonymous("u"), 1);
        let early = spaces.add_service(service("w", "a", "s"), LIMIT);
        assert_eq!(early.unwrap_err(), NotAdded::NoClient);
    }

    #[test]
    fn clients_have_no_more_services_than_they_may() {
        let mut spaces = with_clients(&[("w", "a")]);
        for id in ["1", "2", "3"] {
            spaces.add_service(service("w", "a", id), LIMIT).unwrap();
        }
        let fourth = spaces.add_service(service("w", "a", "4"), LIMIT);
        let too_many = NotAdded::TooMany { there: 3, limit: 3 };
        assert_eq!(fourth.unwrap_err(), too_many);
        let again = spaces.add_service(service("w", "a", "3"), LIMIT);
        assert!(again.unwrap().is_some());
        assert!(spaces.remove_service("w", "a", "3").is_some());
        assert!(spaces.remove_service("w", "a", "3").is_none());
        spaces.add_service(service("w", "a", "4"), LIMIT).unwrap();
    }

    #[test]
    fn descriptions_have_no_more_bytes_than_they_may() {
        let mut spaces = with_clients(&[("w", "a")]);
        let large = |id: &str| {
            let docs = "x".repeat(SERVICE_BYTES_PER_CLIENT / 2);
            let info = Kept::new(Map::from([("docs", docs)])).unwrap();
            ServiceRecord {
                info,
                ..service("w", "a", id)
            }
        };
        spaces.add_service(large("1"), LIMIT).unwrap();
        let too_large = NotAdded::TooLarge {
            limit: SERVICE_BYTES_PER_CLIENT,
        };
        assert_eq!(
            spaces.add_service(large("2"), LIMIT).unwrap_err(),
            too_large
        );
        // What is replaced counts no more.
        spaces.add_service(large("1"), LIMIT).unwrap();
        spaces.remove_service("w", "a", "1");
        spaces.add_service(large("2"), LIMIT).unwrap();
    }

    #[test]
    fn singletons_are_alone_in_their_workspace() {
        let mut spaces = with_clients(&[("w", "a"), ("w", "b"), ("v", "a")]);
        spaces.add_service(singleton("w", "a", "s"), LIMIT).unwrap();
        let again = spaces.add_service(singleton("w", "a", "s"), LIMIT);
        assert!(again.unwrap().is_some());
        for second in [service("w", "b", "s"), singleton("w", "b", "s")] {
            let refused = spaces.add_service(second, LIMIT);
            assert_eq!(refused.unwrap_err(), NotAdded::NotAlone);
        }
        spaces.add_service(singleton("v", "a", "s"), LIMIT).unwrap();
        spaces.add_service(service("w", "b", "t"), LIMIT).unwrap();
        let late = spaces.add_service(singleton("w", "a", "t"), LIMIT);
        assert_eq!(late.unwrap_err(), NotAdded::NotAlone);
        // Whoever is alone may change their mind, and make room for others.
        spaces.add_service(service("w", "a", "s"), LIMIT).unwrap();
        spaces.add_service(service("w", "b", "s"), LIMIT).unwrap();
        spaces.remove_service("w", "b", "s").unwrap();
        spaces.add_service(singleton("w", "a", "s"), LIMIT).unwrap();
        spaces.remove_service("w", "a", "s").unwrap();
        spaces.add_service(singleton("w", "b", "s"), LIMIT).unwrap();
    }
}
