//! From a service as built to what the engine keeps, what callers see, and what the server lists.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hypha_codec::wire::key;
use hypha_codec::{Map, Promised, Text, Value};

use super::limit::Limit;
use super::{Member, Members, Method, MethodService, RequireContext, Service};
use crate::access::{Access, Visibility};
use crate::address::{Address, is_plain_name};
use crate::engine::ServiceRecord;
use crate::error::InvalidService;
use crate::protocol::{BUILT_IN, SERVICES};
use crate::target::{Keys, Target};

/// Fields of a service that members must not shadow (protocol section 10.3).
const FIELDS: [&str; 8] = [
    "id",
    "config",
    "name",
    "description",
    "type",
    "docs",
    "app_id",
    "service_schema",
];

/// What the configuration of a service says of who may call it, and how. It is said by methods of [`Service`], which see
/// to it as well: who wrote it into the configuration would have said it to callers alone.
const SET_ELSEWHERE: [&str; 4] = [
    "visibility",
    "authorized_workspaces",
    "require_context",
    "trusted_keys",
];

const MAX_DESCRIPTION: usize = 1024;

/// A checked service.
#[derive(Debug)]
pub(crate) struct BuiltService {
    pub(crate) record: ServiceRecord<Target>,
    /// What the manager registers (protocol section 10.3).
    pub(crate) info: Map,
}

impl Service {
    /// Checks the service and lays it out for `local`. `server_url` goes into its functions,
    /// `app_id` is that of the client.
    pub(crate) fn build(
        mut self,
        local: &Address,
        server_url: Option<&Text>,
        app_id: &str,
        seals: bool,
    ) -> Result<BuiltService, InvalidService> {
        if let Some(problem) = self.invalid {
            return Err(problem);
        }
        if &*self.id == BUILT_IN {
            return Err(InvalidService::Reserved(self.id.to_string()));
        }
        if !is_plain_name(&self.id) {
            return Err(InvalidService::Id(self.id.to_string()));
        }
        if !self.access.authorized_workspaces.is_empty()
            && self.access.visibility != Visibility::Protected
        {
            return Err(InvalidService::AuthorizedWorkspaces);
        }
        if let Some(length) = self
            .description
            .as_ref()
            .map(|text| text.chars().count())
            .filter(|length| *length > MAX_DESCRIPTION)
        {
            return Err(InvalidService::DescriptionLength(length));
        }
        if let Some(key) = SET_ELSEWHERE
            .iter()
            .find(|key| self.config.get(key).is_some())
        {
            return Err(InvalidService::Config((*key).to_owned()));
        }
        if let Some(concurrency) = self.concurrency {
            let limit = Limit::new(self.id.clone(), concurrency, self.queue);
            self.members
                .wrap(&|service| MethodService::limited(&limit, service));
        }
        if let Some(keys) = &self.trusted {
            if keys.is_empty() {
                return Err(InvalidService::NoTrustedKeys);
            }
            if !seals {
                return Err(InvalidService::EncryptionOff);
            }
            let keys = keys.iter().map(|key| Value::from(key.to_string()));
            self.config
                .insert("trusted_keys", Value::List(keys.collect()));
        }
        let keys = Keys {
            trusted: self.trusted.clone(),
            sealing: None,
        };
        let mut layout = Layout::new(local, server_url.cloned(), &self.id).called_with(keys);
        let (described, schema) = layout.object(&self.members, "", true)?;
        let Layout {
            methods,
            context_methods,
            ..
        } = layout;
        let config = config(
            self.config,
            &self.access,
            self.require_context,
            &context_methods,
        )?;

        let name = self.name.unwrap_or_else(|| self.id.clone());
        let mut description = Map::new();
        description.insert("id", Value::from(self.id.clone()));
        description.insert("name", Value::from(name.clone()));
        description.insert("type", Value::from(self.kind.clone()));
        if let Some(text) = &self.description {
            description.insert("description", Value::from(text.clone()));
        }
        if let Some(docs) = &self.docs {
            description.insert("docs", Value::from(docs.clone()));
        }
        description.insert("config", Value::Map(config.clone()));
        let mut entries = description.into_entries();
        entries.extend(described.into_entries());
        let description = Map::from_entries(entries);

        let mut listed_config = config;
        listed_config.insert("workspace", Value::from(local.workspace()));
        let mut info = Map::new();
        info.insert("config", Value::Map(listed_config));
        info.insert("id", Value::from(format!("{local}:{}", self.id)));
        info.insert("name", Value::from(name));
        info.insert(
            "description",
            self.description.map_or(Value::Null, Value::from),
        );
        info.insert("type", Value::from(self.kind));
        info.insert("docs", self.docs.map_or(Value::Null, Value::from));
        info.insert(
            "app_id",
            Value::from(self.app_id.unwrap_or_else(|| Text::from(app_id))),
        );
        info.insert("service_schema", Value::Map(schema));

        let record = ServiceRecord {
            id: self.id,
            access: self.access,
            methods,
            description: Arc::new(description),
        };
        Ok(BuiltService { record, info })
    }
}

fn config(
    mut config: Map,
    access: &Access,
    require_context: Option<RequireContext>,
    context_methods: &[Text],
) -> Result<Map, InvalidService> {
    config.insert("visibility", Value::from(access.visibility.as_str()));
    if !access.authorized_workspaces.is_empty() {
        let workspaces = access
            .authorized_workspaces
            .iter()
            .cloned()
            .map(Value::from)
            .collect();
        config.insert("authorized_workspaces", Value::List(workspaces));
    }
    let stated = match require_context {
        None if context_methods.is_empty() => RequireContext::All(false),
        None => RequireContext::Methods(context_methods.to_vec()),
        Some(stated) => {
            let denied = context_methods.iter().find(|method| match &stated {
                RequireContext::All(all) => !all,
                RequireContext::Methods(methods) => !methods.contains(method),
            });
            if let Some(method) = denied {
                return Err(InvalidService::ContextDenied(method.to_string()));
            }
            stated
        }
    };
    let stated = match stated {
        RequireContext::All(all) => Value::Bool(all),
        RequireContext::Methods(methods) => {
            Value::List(methods.into_iter().map(Value::from).collect())
        }
    };
    config.insert("require_context", stated);
    Ok(config)
}

/// Walks the members of one service.
#[derive(Debug)]
pub(crate) struct Layout<'a> {
    local: &'a Address,
    server_url: Option<Text>,
    service: &'a Text,
    methods: HashMap<Text, Target>,
    context_methods: Vec<Text>,
    keys: Keys,
    enc_pub: Option<Bytes>,
}

impl<'a> Layout<'a> {
    pub(crate) fn new(local: &'a Address, server_url: Option<Text>, service: &'a Text) -> Self {
        Self {
            local,
            server_url,
            service,
            methods: HashMap::new(),
            context_methods: Vec::new(),
            keys: Keys::default(),
            enc_pub: None,
        }
    }

    /// Sets the keys that the methods are called with.
    pub(crate) fn called_with(mut self, keys: Keys) -> Self {
        self.keys = keys;
        self
    }

    /// Others call the methods encrypted for this key. Methods of services never say so (protocol
    /// section 11): their key travels another way than by the server.
    pub(crate) fn encrypted_for(mut self, key: Option<Bytes>) -> Self {
        self.enc_pub = key;
        self
    }

    /// The schemas of members.
    pub(super) fn schema(members: &Members) -> Result<Map, InvalidService> {
        // Whoever they belong to makes no difference to them.
        let Ok(local) = Address::new("-", "-") else {
            return Ok(Map::new());
        };
        let service = Text::new();
        let mut layout = Layout::new(&local, None, &service);
        layout.object(members, "", true).map(|(_, schemas)| schemas)
    }

    /// The members of an interface as its receiver sees them.
    pub(crate) fn interface(&mut self, members: &Members) -> Result<Map, InvalidService> {
        let taken = members
            .entries
            .iter()
            .find(|(name, _)| [key::RINTF, key::RINTF_SERVICE_ID, key::DISPOSE].contains(&&**name));
        if let Some((name, _)) = taken {
            return Err(InvalidService::Member(name.to_string()));
        }
        self.object(members, "", false)
            .map(|(described, _)| described)
    }

    /// What runs the methods, by their paths.
    pub(crate) fn into_methods(self) -> HashMap<Text, Target> {
        self.methods
    }

    /// The members as callers see them, and their schemas.
    fn object(
        &mut self,
        members: &Members,
        prefix: &str,
        top: bool,
    ) -> Result<(Map, Map), InvalidService> {
        let (mut described, mut schemas) = (Map::new(), Map::new());
        for (name, member) in &members.entries {
            let reserved = top && (name.starts_with('_') || FIELDS.contains(&&**name));
            if name.is_empty() || name.contains('.') || reserved {
                return Err(InvalidService::Member(name.to_string()));
            }
            if described.get(name).is_some() {
                return Err(InvalidService::DuplicateMember(format!("{prefix}{name}")));
            }
            let (value, schema) = self.member(member, name, &format!("{prefix}{name}"))?;
            described.insert(name.clone(), value);
            schemas.insert(name.clone(), schema);
        }
        Ok((described, schemas))
    }

    fn member(
        &mut self,
        member: &Member,
        name: &str,
        path: &str,
    ) -> Result<(Value, Value), InvalidService> {
        match member {
            Member::Method(method) => self.method(method, name, path),
            Member::Value(Ok(value)) => Ok((value.clone(), value_schema(value))),
            Member::Value(Err(problem)) => {
                Err(InvalidService::Value(path.to_owned(), problem.clone()))
            }
            Member::Object(members) => {
                let (described, schemas) = self.object(members, &format!("{path}."), false)?;
                Ok((Value::Map(described), Value::Map(schemas)))
            }
            Member::List(items) => {
                let (mut values, mut schemas) = (Vec::new(), Vec::new());
                for (index, item) in items.iter().enumerate() {
                    let (value, schema) = self.member(item, name, &format!("{path}.{index}"))?;
                    values.push(value);
                    schemas.push(schema);
                }
                Ok((Value::List(values), Value::List(schemas)))
            }
        }
    }

    fn method(
        &mut self,
        method: &Method,
        name: &str,
        path: &str,
    ) -> Result<(Value, Value), InvalidService> {
        let invalid = |problem: &String| InvalidService::Value(path.to_owned(), problem.clone());
        if let Some(problem) = &method.invalid {
            return Err(InvalidService::Method(path.to_owned(), problem.clone()));
        }
        let schema = match &method.schema {
            Some(Ok(schema)) => stated_schema(method, name, schema),
            Some(Err(problem)) => return Err(invalid(problem)),
            None => function_schema(method, name),
        };
        let path = Text::from(path);
        if method.takes_context {
            self.context_methods.push(path.clone());
        }
        let wire_path = format!("{SERVICES}.{}.{path}", self.service);
        let mut descriptor = hypha_codec::Method::new(self.local.as_str(), wire_path);
        descriptor.server = self.server_url.clone();
        descriptor.promise = Promised::Always;
        descriptor.name = Some(Text::from(name));
        descriptor.is_async = Some(true);
        descriptor.doc = method.doc.clone();
        if !method.params.is_empty() || method.schema.is_some() {
            descriptor.schema = Some(Value::Map(schema.clone()));
        }
        descriptor.enc_pub = self.enc_pub.clone();
        let target = Target::method(method, self.keys.clone());
        self.methods.insert(path, target);
        let mut listed = Map::new();
        listed.insert("type", Value::from("function"));
        listed.insert("function", Value::Map(schema));
        Ok((Value::from(descriptor), Value::Map(listed)))
    }
}

/// The function as [`Method::schema`] states it: whole, bare, or its parameters alone. The name is
/// that of the member, which callers call.
fn stated_schema(method: &Method, name: &str, stated: &Value) -> Map {
    let function = stated.get("function").unwrap_or(stated);
    let parameters = match function.get("parameters") {
        Some(parameters) => Some(parameters),
        None if function.get("name").is_none() => Some(function),
        None => None,
    };
    let described = function.get("description").and_then(Value::as_str);
    let mut schema = Map::new();
    schema.insert("name", Value::from(name));
    let description = described.map(Text::from).or_else(|| method.doc.clone());
    schema.insert("description", Value::from(description.unwrap_or_default()));
    if let Some(parameters) = parameters {
        schema.insert("parameters", parameters.clone());
    }
    schema
}

/// The function in the form that language models take (protocol section 10.3).
fn function_schema(method: &Method, name: &str) -> Map {
    let mut function = Map::new();
    function.insert("name", Value::from(name));
    function.insert(
        "description",
        Value::from(method.doc.clone().unwrap_or_default()),
    );
    if !method.params.is_empty() {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for param in method.params.iter() {
            let mut property = Map::new();
            match &param.default {
                Some(default) => drop(property.insert("default", default.clone())),
                None => required.push(Value::from(param.name.clone())),
            }
            properties.insert(param.name.clone(), Value::Map(property));
        }
        let mut parameters = Map::new();
        parameters.insert("type", Value::from("object"));
        parameters.insert("properties", Value::Map(properties));
        parameters.insert("required", Value::List(required));
        function.insert("parameters", Value::Map(parameters));
    }
    function
}

/// The schema of a constant, as far as the references go into it.
fn value_schema(value: &Value) -> Value {
    let kind = match value {
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Text(_) => "string",
        Value::Null => "null",
        Value::Map(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| (key.clone(), value_schema(value)))
                .collect();
            return Value::Map(Map::from_entries(entries));
        }
        Value::List(items) => return Value::List(items.iter().map(value_schema).collect()),
        _ => return Value::Map(Map::new()),
    };
    let mut schema = Map::new();
    schema.insert("type", Value::from(kind));
    Value::Map(schema)
}
