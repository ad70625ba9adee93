//! The services that are registered here: methods by path, and who may call them.

use std::collections::HashMap;
use std::sync::Arc;

use hypha_codec::{Map, Text, Value};

use crate::access::Access;
use crate::address::Address;
use crate::member::member;

/// What the engine keeps of a service: `H` is what runs a method.
#[derive(Debug)]
pub(crate) struct ServiceRecord<H> {
    /// The service id.
    pub(crate) id: Text,
    /// Who may call.
    pub(crate) access: Access,
    /// Methods by the dotted path after the service id.
    pub(crate) methods: HashMap<Text, H>,
    /// What `get_service` answers: members and configuration, functions as descriptors.
    pub(crate) description: Arc<Map>,
}

impl<H> ServiceRecord<H> {
    /// Whether it is an interface: not registered anywhere, and for one caller only.
    pub(crate) fn is_interface(&self) -> bool {
        self.access.only.is_some()
    }
}

/// A service of this id is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdTaken;

/// What a method path leads to.
#[derive(Debug)]
pub(crate) enum Lookup<'a, H> {
    /// A method, and the service it belongs to.
    Method(&'a ServiceRecord<H>, &'a H),
    /// Something that cannot be called.
    NotCallable,
    /// Nothing.
    Missing,
}

/// The services by id.
#[derive(Debug)]
pub(crate) struct Services<H> {
    by_id: HashMap<Text, ServiceRecord<H>>,
    interfaces: usize,
}

impl<H> Services<H> {
    pub(crate) fn new() -> Self {
        Self {
            by_id: HashMap::new(),
            interfaces: 0,
        }
    }

    /// How many are registered, interfaces not counted.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len() - self.interfaces
    }

    /// How many are interfaces.
    pub(crate) fn interfaces(&self) -> usize {
        self.interfaces
    }

    pub(crate) fn get(&self, id: &str) -> Option<&ServiceRecord<H>> {
        self.by_id.get(id)
    }

    /// How many interfaces this client alone may use.
    pub(crate) fn interfaces_of(&self, client: &str) -> usize {
        let holder = |record: &&ServiceRecord<H>| {
            record
                .access
                .only
                .as_ref()
                .is_some_and(|only| only.as_str() == client)
        };
        self.by_id.values().filter(holder).count()
    }

    /// Those that are registered: interfaces are nobody's business but their one caller's.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ServiceRecord<H>> {
        self.by_id.values().filter(|record| !record.is_interface())
    }

    /// Takes out the interfaces that `client` alone could call; `is_waiting` tells those that it is
    /// still to be sent.
    pub(crate) fn remove_interfaces_of(
        &mut self,
        client: &Address,
        is_waiting: impl Fn(&Text) -> bool,
    ) -> Vec<ServiceRecord<H>> {
        let ids: Vec<Text> = self
            .by_id
            .values()
            .filter(|record| record.access.only.as_ref() == Some(client) && !is_waiting(&record.id))
            .map(|record| record.id.clone())
            .collect();
        ids.iter().filter_map(|id| self.remove(id)).collect()
    }

    /// What `from` alone could call is for `to`.
    pub(crate) fn retarget_interfaces(&mut self, from: &Address, to: &Address) {
        for record in self.by_id.values_mut() {
            if record.access.only.as_ref() == Some(from) {
                record.access.only = Some(to.clone());
            }
        }
    }

    /// Adds a service. One of the same id is replaced, and handed back, only if `overwrite`.
    pub(crate) fn insert(
        &mut self,
        record: ServiceRecord<H>,
        overwrite: bool,
    ) -> Result<Option<Box<ServiceRecord<H>>>, IdTaken> {
        if !overwrite && self.by_id.contains_key(&record.id) {
            return Err(IdTaken);
        }
        self.interfaces += usize::from(record.is_interface());
        let replaced = self.by_id.insert(record.id.clone(), record);
        self.interfaces -= usize::from(replaced.as_ref().is_some_and(ServiceRecord::is_interface));
        Ok(replaced.map(Box::new))
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<ServiceRecord<H>> {
        let removed = self.by_id.remove(id)?;
        self.interfaces -= usize::from(removed.is_interface());
        Some(removed)
    }

    /// The server is known by another URL now, which is part of every descriptor.
    pub(crate) fn set_server_url(&mut self, url: Option<&Text>) {
        for record in self.by_id.values_mut() {
            let description = Map::clone(&record.description);
            record.description = Arc::new(served_by(description, url));
        }
    }

    /// Finds `<service>.<path>`.
    pub(crate) fn find(&self, path: &str) -> Lookup<'_, H> {
        let Some((id, rest)) = path.split_once('.') else {
            return if self.by_id.contains_key(path) {
                Lookup::NotCallable
            } else {
                Lookup::Missing
            };
        };
        let Some(record) = self.by_id.get(id) else {
            return Lookup::Missing;
        };
        match record.methods.get(rest) {
            Some(method) => Lookup::Method(record, method),
            None if member(&record.description, rest).is_some() => Lookup::NotCallable,
            None => Lookup::Missing,
        }
    }
}

fn served_by(map: Map, url: Option<&Text>) -> Map {
    let entries = map.into_entries().into_iter();
    Map::from_entries(
        entries
            .map(|(key, value)| (key, value_served_by(value, url)))
            .collect(),
    )
}

fn value_served_by(value: Value, url: Option<&Text>) -> Value {
    match value {
        Value::Method(mut method) => {
            method.server = url.cloned();
            Value::Method(method)
        }
        Value::Map(map) => Value::Map(served_by(map, url)),
        Value::List(items) => Value::List(
            items
                .into_iter()
                .map(|item| value_served_by(item, url))
                .collect(),
        ),
        other => other,
    }
}
