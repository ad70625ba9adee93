//! `log`, `log_event`, `get_events` and `get_event_stats`: what users noted in a workspace.

use std::collections::BTreeMap;
use std::sync::Arc;

use hypha_codec::{Map, Value};

use super::caller::Caller;
use super::clock;
use super::error::ManagerError;
use crate::hub::Hub;
use crate::identity::Permission;
use crate::registry::LoggedEvent;
use crate::registry::limits::BYTES_PER_EVENT;

/// Bytes of the type of an event.
const MAX_TYPE: usize = 256;

pub(super) async fn log_message(
    hub: &Arc<Hub>,
    caller: &Caller,
    msg: Value,
) -> Result<(), ManagerError> {
    log(hub, caller, "log", msg).await
}

pub(super) async fn log_event(
    hub: &Arc<Hub>,
    caller: &Caller,
    event_type: String,
    data: Option<Value>,
) -> Result<(), ManagerError> {
    if event_type.contains(' ') {
        return Err(ManagerError::Assertion(
            "Event type must not contain spaces".to_owned(),
        ));
    }
    log(hub, caller, &event_type, data.unwrap_or_default()).await
}

pub(super) async fn get_events(
    hub: &Arc<Hub>,
    caller: &Caller,
    event_type: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
) -> Result<Vec<Map>, ManagerError> {
    let events = wanted(hub, caller, event_type, start_time, end_time).await?;
    let workspace = caller.workspace();
    let described = events.into_iter().map(|event| {
        Map::from([
            ("id", Value::from(event.id)),
            ("event_type", Value::from(&event.event_type)),
            ("workspace", Value::from(workspace)),
            ("user_id", Value::from(&event.user_id)),
            ("timestamp", Value::from(&event.timestamp)),
            ("data", event.data()),
        ])
    });
    Ok(described.collect())
}

pub(super) async fn get_event_stats(
    hub: &Arc<Hub>,
    caller: &Caller,
    event_type: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
) -> Result<Vec<Map>, ManagerError> {
    let mut counts = BTreeMap::<String, u64>::new();
    for event in wanted(hub, caller, event_type, start_time, end_time).await? {
        *counts.entry(event.event_type).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(event_type, count)| {
        Map::from([
            ("event_type", Value::from(event_type)),
            ("count", Value::from(count)),
        ])
    });
    Ok(counts.collect())
}

/// Logs an event of the caller in its workspace.
pub(super) async fn log(
    hub: &Hub,
    caller: &Caller,
    event_type: &str,
    data: Value,
) -> Result<(), ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    let kept = LoggedEvent::keep(data)
        .ok_or_else(|| ManagerError::Value("The data of the event cannot be kept".to_owned()))?;
    if kept.bytes() > BYTES_PER_EVENT || event_type.len() > MAX_TYPE {
        return Err(ManagerError::Value(format!(
            "An event has at most {BYTES_PER_EVENT} bytes, and its type {MAX_TYPE}"
        )));
    }
    let event = LoggedEvent::new(
        event_type.to_owned(),
        caller.user().id.clone(),
        clock::now(),
        kept,
    );
    hub.registry().log_event(caller.workspace(), event).await;
    Ok(())
}

/// The caller's own events. Times are text in the form of the events' own, and compare as such.
async fn wanted(
    hub: &Hub,
    caller: &Caller,
    event_type: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
) -> Result<Vec<LoggedEvent>, ManagerError> {
    caller.needs(Permission::Read)?;
    let user = &caller.user().id;
    let mut events = hub.registry().events(caller.workspace(), user).await;
    let (start, end) = (
        start_time.as_deref().map(as_time),
        end_time.as_deref().map(as_time),
    );
    events.retain(|event| {
        let time = &event.timestamp;
        event_type
            .as_ref()
            .is_none_or(|kind| *kind == event.event_type)
            && start.as_ref().is_none_or(|start| time >= start)
            && end.as_ref().is_none_or(|end| time <= end)
    });
    Ok(events)
}

fn as_time(text: &str) -> String {
    let plain = text.trim_end_matches('Z').trim_end_matches("+00:00");
    plain.replacen(' ', "T", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_clients_compare_with_those_of_events() {
        let event = "2026-11-23T10:12:01.399301";
        for (text, is_before) in [
            ("2026-11-23T10:12:01", true),
            ("2026-11-23 10:12:01.399300", true),
            ("2026-11-23T10:12:01.399302Z", false),
            ("2026-11-23T10:12:02+00:00", false),
            ("2026-11-23", true),
        ] {
            assert_eq!(as_time(text).as_str() < event, is_before, "{text}");
        }
    }
}
