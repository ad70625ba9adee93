use std::collections::BTreeMap;

use hypha_codec::{Map, Value};
use hypha_rpc_core::Secret;

use super::Kept;
use super::limits::{BYTES_PER_WORKSPACE, ENTRIES_PER_WORKSPACE};
use crate::identity::{PERSONAL_WORKSPACE, PUBLIC_WORKSPACE, ROOT_WORKSPACE, User};

/// A workspace, without the clients in it.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// It stays when its last client leaves.
    pub(crate) is_persistent: bool,
    /// Ids or mail addresses of users.
    pub(crate) owners: Vec<String>,
    pub(crate) is_read_only: bool,
    /// The id of the user who asked for it, if anybody did.
    pub(crate) maker: Option<String>,
    /// `icon`, `covers`, `docs` and `config`, as they were given.
    pub(crate) extra: Kept,
    service_types: BTreeMap<String, Kept>,
    bookmarks: Vec<Kept>,
    /// What programs are told in confidence.
    environment: BTreeMap<String, Secret>,
}

/// A workspace has no room for more of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Workspace {
    pub(crate) fn new(id: impl Into<String>, description: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            description: Some(description.into()),
            is_persistent: false,
            owners: Vec::new(),
            is_read_only: false,
            maker: None,
            extra: Kept::default(),
            service_types: BTreeMap::new(),
            bookmarks: Vec::new(),
            environment: BTreeMap::new(),
        }
    }

    /// The workspaces that every server has.
    pub(crate) fn of_the_server() -> [Self; 3] {
        let owned = |id: &str, description: &str, is_read_only| Self {
            is_persistent: true,
            owners: vec![User::root().id],
            is_read_only,
            ..Self::new(id, description)
        };
        [
            owned(ROOT_WORKSPACE, "Root workspace", false),
            owned(PUBLIC_WORKSPACE, "Public workspace", true),
            owned("ws-anonymous", "Shared workspace for anonymous users", true),
        ]
    }

    /// The workspace that a user, or who made its token, has by birth: it comes up when it is used first. That of a user
    /// who cannot come back, or who is but a token of another one, does not stay.
    pub(crate) fn by_birth(id: &str, user: &User) -> Self {
        if user.is_anonymous {
            return Self {
                owners: vec![id.to_owned()],
                is_read_only: true,
                ..Self::new(id, "Anonymous workspace")
            };
        }
        let is_of_token = user.parent.is_some() && id == user.own_workspace();
        let owner = id.strip_prefix(PERSONAL_WORKSPACE).unwrap_or(&user.id);
        Self {
            is_persistent: !is_of_token,
            owners: vec![owner.to_owned()],
            ..Self::new(id, format!("Workspace for user {owner}"))
        }
    }

    pub(crate) fn is_owned_by(&self, user: &User) -> bool {
        user.owns(&self.id, &self.owners)
    }

    pub(crate) fn service_type(&self, id: &str) -> Option<Map> {
        self.service_types.get(id).map(Kept::map)
    }

    pub(crate) fn service_types(&self) -> impl Iterator<Item = (&str, Map)> {
        let all = self.service_types.iter();
        all.map(|(id, kind)| (id.as_str(), kind.map()))
    }

    pub(crate) fn set_service_type(&mut self, id: &str, kind: Kept) -> Result<(), Full> {
        self.service_types.insert(id.to_owned(), kind);
        self.checked(self.service_types.len())
    }

    /// Puts a bookmark in the place of those with the same id.
    pub(crate) fn add_bookmark(&mut self, id: &str, bookmark: Kept) -> Result<(), Full> {
        self.remove_bookmark(id);
        self.bookmarks.push(bookmark);
        self.checked(self.bookmarks.len())
    }

    pub(crate) fn remove_bookmark(&mut self, id: &str) {
        let is_it = |kept: &Kept| kept.get("id").as_ref().and_then(Value::as_str) == Some(id);
        self.bookmarks.retain(|bookmark| !is_it(bookmark));
    }

    pub(crate) fn variable(&self, key: &str) -> Option<&Secret> {
        self.environment.get(key)
    }

    pub(crate) fn environment(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.environment
            .iter()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// Sets an environment variable, or takes it away.
    pub(crate) fn set_variable(&mut self, key: &str, value: Option<Secret>) -> Result<(), Full> {
        match value {
            Some(value) => drop(self.environment.insert(key.to_owned(), value)),
            None => drop(self.environment.remove(key)),
        }
        self.checked(self.environment.len())
    }

    /// What is told of the workspace. Environment variables are not: who may read here may not read them.
    pub(crate) fn info(&self) -> Map {
        let given = self.extra.map();
        let extra = |key| given.get(key).cloned().unwrap_or_default();
        let types = self.service_types();
        let types: Map = types.collect();
        let mut config = match extra("config") {
            Value::Map(config) => config,
            _ => Map::new(),
        };
        if !self.bookmarks.is_empty() {
            let bookmarks = self.bookmarks.iter().map(|kept| kept.map());
            config.insert("bookmarks", bookmarks.collect::<Value>());
        }
        Map::from([
            ("type", Value::from("workspace")),
            ("id", Value::from(&self.id)),
            ("name", Value::from(&self.name)),
            ("description", self.described()),
            ("persistent", Value::from(self.is_persistent)),
            ("owners", self.owners.iter().collect()),
            ("read_only", Value::from(self.is_read_only)),
            ("icon", extra("icon")),
            ("covers", extra("covers")),
            ("docs", extra("docs")),
            ("service_types", Value::from(types)),
            ("config", Value::from(config)),
            ("status", Map::from([("ready", true)]).into()),
        ])
    }

    /// What a list of workspaces says of this one.
    pub(crate) fn summary(&self) -> Map {
        Map::from([
            ("id", Value::from(&self.id)),
            ("name", Value::from(&self.id)),
            ("description", self.described()),
            ("read_only", Value::from(self.is_read_only)),
            ("persistent", Value::from(self.is_persistent)),
            ("owners", self.owners.iter().collect()),
        ])
    }

    pub(crate) fn described(&self) -> Value {
        Value::from(self.description.clone())
    }

    /// Whether all that is kept here is within its bounds, the entries of one kind too.
    pub(crate) fn checked(&self, entries: usize) -> Result<(), Full> {
        if entries <= ENTRIES_PER_WORKSPACE && self.bytes() <= BYTES_PER_WORKSPACE {
            Ok(())
        } else {
            Err(Full)
        }
    }

    fn bytes(&self) -> usize {
        let kept = self.service_types.values().chain(&self.bookmarks);
        let names = self.service_types.keys().chain(&self.owners);
        let texts = [&self.id, &self.name].into_iter().chain(&self.description);
        let secrets = self.environment();
        kept.map(Kept::bytes).sum::<usize>()
            + self.extra.bytes()
            + names.chain(texts).map(String::len).sum::<usize>()
            + secrets
                .map(|(key, value)| key.len() + value.expose().len())
                .sum::<usize>()
    }
}
