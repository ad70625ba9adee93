//! The service that every client has (protocol section 10.1). The link answers it itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use hypha_codec::{CodecRegistry, Decoder, Map, Packet, Text, Value};

use crate::access::{Access, Visibility};
use crate::address::Address;
use crate::engine::{Answer, Engine, ServiceRecord};
use crate::link::TaskDriver;
use crate::message_cache::{self, MessageCache};
use crate::payload::{self, Received};
use crate::protocol::{API_VERSION, BUILT_IN, MESSAGE_CACHE, SEALED_BINDING, built_in_path};
use crate::target::Target;
use crate::texts;

/// The methods of the built-in service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    /// `ping("ping")` answers `"pong"`.
    Ping,
    /// `get_service(id)` answers a description of a service.
    GetService,
    /// A method of the message cache.
    Message(MessageCache),
}

/// A method as it is described to others: its path, what it does, and its parameters.
struct Description {
    method: BuiltIn,
    group: Option<&'static str>,
    name: &'static str,
    doc: &'static str,
    parameters: &'static [Parameter],
}

/// Name and type of a parameter, and whether it must be given.
type Parameter = (&'static str, &'static str, bool);

const KEY: Parameter = ("key", "string", true);
const DATA: Parameter = ("data", "string", true);
const HEARTBEAT: Parameter = ("heartbeat", "boolean", false);

const METHODS: [Description; 7] = [
    Description {
        method: BuiltIn::Ping,
        group: None,
        name: "ping",
        doc: "Answers pong",
        parameters: &[("msg", "string", true)],
    },
    Description {
        method: BuiltIn::GetService,
        group: None,
        name: "get_service",
        doc: "Describes a service of this client",
        parameters: &[("service_id", "string", true)],
    },
    message(
        MessageCache::Create,
        "create",
        "Begins a message in several frames",
        &[KEY, HEARTBEAT, ("overwrite", "boolean", false)],
    ),
    message(
        MessageCache::Append,
        "append",
        "Adds the next chunk of a message",
        &[KEY, DATA, HEARTBEAT],
    ),
    message(
        MessageCache::Set,
        "set",
        "Adds a chunk of a message at its place",
        &[KEY, ("index", "integer", true), DATA, HEARTBEAT],
    ),
    message(
        MessageCache::Process,
        "process",
        "Takes a message that is complete",
        &[KEY, HEARTBEAT],
    ),
    message(MessageCache::Remove, "remove", "Drops a message", &[KEY]),
];

const fn message(
    method: MessageCache,
    name: &'static str,
    doc: &'static str,
    parameters: &'static [Parameter],
) -> Description {
    Description {
        method: BuiltIn::Message(method),
        group: Some(MESSAGE_CACHE),
        name,
        doc,
        parameters,
    }
}

impl Description {
    /// The path within the service.
    fn path(&self) -> String {
        match self.group {
            Some(group) => format!("{group}.{}", self.name),
            None => self.name.to_owned(),
        }
    }

    fn schema(&self) -> Value {
        let properties: Map = self
            .parameters
            .iter()
            .map(|(name, kind, _)| (*name, Value::Map(Map::from([("type", *kind)]))))
            .collect();
        let required = self.parameters.iter().filter(|(.., required)| *required);
        let required: Vec<Value> = required.map(|(name, ..)| Value::from(*name)).collect();
        let parameters = Map::from([
            ("type", Value::from("object")),
            ("properties", Value::Map(properties)),
            ("required", Value::from(required)),
        ]);
        let function = Map::from([
            ("name", Value::from(self.name)),
            ("description", Value::from(self.doc)),
            ("parameters", Value::Map(parameters)),
        ]);
        Value::Map(Map::from([
            ("type", Value::from("function")),
            ("function", Value::Map(function)),
        ]))
    }
}

/// Puts a member into the object of its group, or at the top.
fn place(members: &mut Map, group: Option<&str>, name: &str, member: impl Into<Value>) {
    match group {
        None => drop(members.insert(name, member)),
        Some(group) => match members.get_mut(group) {
            Some(Value::Map(object)) => drop(object.insert(name, member)),
            _ => drop(members.insert(group, Map::from([(name, member.into())]))),
        },
    }
}

/// The record of the built-in service, and what the manager registers for it.
pub(crate) fn service(
    local: &Address,
    server_url: Option<&Text>,
    name: Option<&Text>,
    app_id: &str,
    seals: bool,
) -> (ServiceRecord<Target>, Map) {
    let name = name.map_or_else(|| Text::from(BUILT_IN), Clone::clone);
    let mut methods = HashMap::new();
    let mut schemas = Map::new();
    let mut config = Map::from([
        ("require_context", Value::Bool(true)),
        ("visibility", Value::from(Visibility::Public.as_str())),
        ("api_version", Value::from(API_VERSION)),
    ]);
    if seals {
        config.insert(SEALED_BINDING, Value::Bool(true));
    }
    let mut description = Map::from([
        ("id", Value::from(BUILT_IN)),
        ("type", Value::from(BUILT_IN)),
        ("name", Value::from(name.clone())),
        ("config", Value::Map(config.clone())),
    ]);
    for method in METHODS {
        let path = method.path();
        let mut descriptor = hypha_codec::Method::new(local.as_str(), built_in_path(&path))
            .with_name(method.name)
            .with_doc(method.doc);
        descriptor.server = server_url.cloned();
        descriptor.is_async = Some(false);
        place(&mut description, method.group, method.name, descriptor);
        place(&mut schemas, method.group, method.name, method.schema());
        methods.insert(Text::from(path), Target::BuiltIn(method.method));
    }
    config.insert("workspace", Value::from(local.workspace()));
    let info = Map::from([
        ("config", Value::Map(config)),
        ("id", Value::from(format!("{local}:{BUILT_IN}"))),
        ("name", Value::from(name)),
        ("description", Value::Null),
        ("type", Value::from(BUILT_IN)),
        ("docs", Value::Null),
        ("app_id", Value::from(app_id)),
        ("service_schema", Value::Map(schemas)),
    ]);
    let access = Access {
        visibility: Visibility::Public,
        ..Access::default()
    };
    let record = ServiceRecord {
        id: Text::from(BUILT_IN),
        access,
        methods,
        description: Arc::new(description),
    };
    (record, info)
}

/// Answers a call of a built-in method.
pub(crate) fn answer(
    now: Instant,
    method: BuiltIn,
    engine: &mut Engine<TaskDriver>,
    from: &Address,
    packet: &Packet,
) -> Answer<Target> {
    let result = match method {
        BuiltIn::Message(method) => {
            message_cache::handle(now, method, engine, from, packet).map(|()| Value::Null)
        }
        BuiltIn::Ping | BuiltIn::GetService => receive(from, packet).and_then(|received| {
            if method == BuiltIn::GetService {
                describe(engine, from, &received)
            } else {
                Ok(Value::from("pong"))
            }
        }),
    };
    let result = result.and_then(|value| {
        payload::resolve(CodecRegistry::builtin(), None, &value).map_err(|error| error.to_string())
    });
    match result {
        Ok(payload) => Answer::Resolve {
            payload,
            exports: None,
        },
        Err(text) => Answer::Reject(payload::reject(&text, "")),
    }
}

/// The arguments of a call of a built-in method.
pub(crate) fn receive(from: &Address, packet: &Packet) -> Result<Received, String> {
    let session = packet.header().ok().and_then(|header| header.session());
    let decoder = Decoder::new(CodecRegistry::builtin());
    payload::receive(packet, &decoder, from, session).map_err(|problem| problem.text())
}

fn describe(
    engine: &Engine<TaskDriver>,
    from: &Address,
    received: &Received,
) -> Result<Value, String> {
    let id = received
        .args
        .first()
        .or_else(|| received.kwargs.get("service_id"))
        .and_then(Value::as_str);
    let id = id.ok_or_else(|| {
        String::from("Invalid arguments: `get_service` takes the id of a service")
    })?;
    let record = engine
        .service(id)
        .ok_or_else(|| texts::service_not_found(id))?;
    if !engine.admits(record, from) {
        return Err(texts::service_hidden(id, from.workspace()));
    }
    Ok(Value::Map((*record.description).clone()))
}
