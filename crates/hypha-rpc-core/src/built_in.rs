//! The service that every client has (protocol section 10.1). The link answers it itself.

use std::collections::HashMap;
use std::sync::Arc;

use hypha_codec::{CodecRegistry, Decoder, Map, Packet, Text, Value};

use crate::access::{Access, Visibility};
use crate::address::Address;
use crate::engine::{Answer, Engine, ServiceRecord};
use crate::link::TaskDriver;
use crate::payload::{self, Received};
use crate::protocol::{API_VERSION, BUILT_IN, built_in_path};
use crate::target::Target;
use crate::texts;

/// The methods of the built-in service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    /// `ping("ping")` answers `"pong"`.
    Ping,
    /// `get_service(id)` answers a description of a service.
    GetService,
    /// `message_cache.create(key, is_answer)` begins a message in several frames (protocol section
    /// 9). They are not supported yet: whoever waits for the message is told at once.
    CreateMessage,
}

const METHODS: [(BuiltIn, &str, &str); 3] = [
    (BuiltIn::Ping, "ping", "Answers pong"),
    (
        BuiltIn::GetService,
        "get_service",
        "Describes a service of this client",
    ),
    (
        BuiltIn::CreateMessage,
        "message_cache.create",
        "Refuses messages in several frames",
    ),
];

/// The record of the built-in service, and what the manager registers for it.
pub(crate) fn service(
    local: &Address,
    server_url: Option<&Text>,
    name: Option<&Text>,
    app_id: &str,
) -> (ServiceRecord<Target>, Map) {
    let name = name.map_or_else(|| Text::from(BUILT_IN), Clone::clone);
    let mut methods = HashMap::new();
    let mut schemas = Map::new();
    let mut config = Map::from([
        ("require_context", Value::Bool(true)),
        ("visibility", Value::from(Visibility::Public.as_str())),
        ("api_version", Value::from(API_VERSION)),
    ]);
    let mut description = Map::from([
        ("id", Value::from(BUILT_IN)),
        ("type", Value::from(BUILT_IN)),
        ("name", Value::from(name.clone())),
        ("config", Value::Map(config.clone())),
    ]);
    for (method, path, doc) in METHODS {
        let (group, name) = path
            .split_once('.')
            .map_or((None, path), |(group, name)| (Some(group), name));
        let mut descriptor = hypha_codec::Method::new(local.as_str(), built_in_path(path))
            .with_name(name)
            .with_doc(doc);
        descriptor.server = server_url.cloned();
        descriptor.is_async = Some(false);
        let function = Map::from([("name", name), ("description", doc)]);
        let schema = Map::from([
            ("type", Value::from("function")),
            ("function", Value::Map(function)),
        ]);
        let (member, schema) = match group {
            None => (Value::from(descriptor), Value::Map(schema)),
            Some(_) => (
                Value::Map(Map::from([(name, descriptor)])),
                Value::Map(Map::from([(name, schema)])),
            ),
        };
        description.insert(group.unwrap_or(name), member);
        schemas.insert(group.unwrap_or(name), schema);
        methods.insert(Text::from(path), Target::BuiltIn(method));
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
    method: BuiltIn,
    engine: &mut Engine<TaskDriver>,
    from: &Address,
    packet: &Packet,
) -> Answer<Target> {
    let registry = CodecRegistry::builtin();
    let session = packet.header().ok().and_then(|header| header.session());
    let received = match payload::receive(packet, &Decoder::new(registry), from, session) {
        Ok(received) => received,
        Err(problem) => return Answer::Reject(payload::reject(&problem.text(), "")),
    };
    let result = match method {
        BuiltIn::Ping => Ok(Value::from("pong")),
        BuiltIn::GetService => describe(engine, from, &received),
        BuiltIn::CreateMessage => {
            if let Some(key) = received.args.first().and_then(Value::as_str) {
                engine.fail_answer(key, from);
            }
            Err(texts::IN_SEVERAL_FRAMES.to_owned())
        }
    };
    let result = result.and_then(|value| {
        payload::resolve(registry, None, &value).map_err(|error| error.to_string())
    });
    match result {
        Ok(payload) => Answer::Resolve {
            payload,
            exports: None,
        },
        Err(text) => Answer::Reject(payload::reject(&text, "")),
    }
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
