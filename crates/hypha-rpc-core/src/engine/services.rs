//! The services that are registered here: methods by path, and who may call them.

use std::collections::HashMap;
use std::sync::Arc;

use hypha_codec::{Map, Text};

use crate::access::Access;
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
}

impl<H> Services<H> {
    pub(crate) fn new() -> Self {
        Self {
            by_id: HashMap::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&ServiceRecord<H>> {
        self.by_id.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ServiceRecord<H>> {
        self.by_id.values()
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
        Ok(self.by_id.insert(record.id.clone(), record).map(Box::new))
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<ServiceRecord<H>> {
        self.by_id.remove(id)
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
