//! `subscribe` and `unsubscribe`: which broadcasts of its workspace reach a client (protocol section 8.3).

use std::sync::Arc;

use hypha_codec::Value;

use super::caller::Caller;
use super::error::ManagerError;
use crate::hub::Hub;
use crate::relay::{Connection, MAX_EVENT_NAME, MAX_SUBSCRIPTIONS};

/// How the ids of users' workspaces begin.
const WORKSPACE_PREFIX: &str = "ws-";

pub(super) async fn subscribe(
    hub: &Arc<Hub>,
    caller: &Caller,
    event_type: Value,
) -> Result<bool, ManagerError> {
    let connection = connection(hub, caller)?;
    let names = names(event_type)?;
    for name in &names {
        check(name, caller.workspace())?;
    }
    for name in &names {
        if !hub.router().topics().subscribe(&connection, name) {
            return Err(ManagerError::Runtime(format!(
                "A client can subscribe to {MAX_SUBSCRIPTIONS} events"
            )));
        }
    }
    // A client that left meanwhile was forgotten before this.
    if connection.is_gone() {
        hub.router().topics().forget(&connection);
    }
    Ok(true)
}

pub(super) async fn unsubscribe(
    hub: &Arc<Hub>,
    caller: &Caller,
    event_type: Value,
) -> Result<bool, ManagerError> {
    let connection = connection(hub, caller)?;
    for name in names(event_type)? {
        hub.router().topics().unsubscribe(&connection, &name);
    }
    Ok(true)
}

fn connection(hub: &Hub, caller: &Caller) -> Result<Arc<Connection>, ManagerError> {
    hub.router().get(caller.address()).ok_or_else(|| {
        let address = caller.address();
        ManagerError::Runtime(format!("Connection not found for client {address}"))
    })
}

/// One name, or a list of them.
fn names(event_type: Value) -> Result<Vec<String>, ManagerError> {
    let names = match event_type {
        Value::List(names) => names,
        name => vec![name],
    };
    if names.len() > MAX_SUBSCRIPTIONS {
        return Err(ManagerError::Runtime(format!(
            "A client can subscribe to {MAX_SUBSCRIPTIONS} events"
        )));
    }
    let names = names.iter().map(|name| name.as_str().map(str::to_owned));
    names
        .collect::<Option<_>>()
        .ok_or_else(|| ManagerError::Value("The names of events are text".to_owned()))
}

/// Names that look like those of another workspace are not for everybody.
fn check(name: &str, own: &str) -> Result<(), ManagerError> {
    if name.is_empty() || name.len() > MAX_EVENT_NAME {
        return Err(ManagerError::Value(format!(
            "The names of events have 1 to {MAX_EVENT_NAME} bytes"
        )));
    }
    if let Some((workspace, _)) = name.split_once('/') {
        if workspace != own {
            return Err(ManagerError::Value(format!(
                "Subscription to event '{name}' is forbidden. Event workspace '{workspace}' does not match your workspace '{own}'. Clients can only subscribe to events within their own workspace or system events."
            )));
        }
    } else if name.starts_with(WORKSPACE_PREFIX) {
        let workspace = name
            .split_once(':')
            .map_or(name, |(workspace, _)| workspace);
        if workspace != own {
            return Err(ManagerError::Value(format!(
                "Subscription to event '{name}' is forbidden as it contains workspace identifiers. Clients can only subscribe to events within their own workspace ({own}) or system events."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_workspaces_are_refused() {
        for (name, allowed) in [
            ("service_added", true),
            ("my-event", true),
            ("mine:event", true),
            ("ws-user-me/event", true),
            ("ws-user-me", true),
            ("ws-user-me:event", true),
            ("other-ws/event", false),
            ("/event", false),
            ("ws-user-you", false),
            ("ws-user-me2", false),
            ("ws-user-you:event", false),
            ("", false),
        ] {
            assert_eq!(check(name, "ws-user-me").is_ok(), allowed, "{name}");
        }
    }

    #[test]
    fn names_come_alone_or_in_lists() {
        assert_eq!(names(Value::from("a")), Ok(vec!["a".to_owned()]));
        let list = Value::from(["a", "b"]);
        assert_eq!(names(list), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert!(names(Value::from(1)).is_err());
        assert!(names(Value::from([Value::Null])).is_err());
        let many = (0..=MAX_SUBSCRIPTIONS).map(|n| n.to_string());
        assert!(names(many.collect()).is_err());
    }
}
