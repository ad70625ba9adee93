//! What happened in a workspace, in the words of its clients.

use std::collections::VecDeque;

use hypha_codec::Value;

use super::Kept;
use super::limits::{EVENT_BYTES_PER_WORKSPACE, EVENTS_PER_WORKSPACE};

/// Under which key the data of an event is kept: it may be of any kind.
const DATA: &str = "data";

/// An event in the log of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct LoggedEvent {
    /// Counts up over the whole server.
    pub(crate) id: u64,
    pub(crate) event_type: String,
    pub(crate) user_id: String,
    /// UTC, as `2026-11-23T10:12:01.399301`.
    pub(crate) timestamp: String,
    data: Kept,
}

impl LoggedEvent {
    pub(crate) fn new(event_type: String, user_id: String, timestamp: String, data: Kept) -> Self {
        Self {
            id: 0,
            event_type,
            user_id,
            timestamp,
            data,
        }
    }

    /// The data of an event as it is kept.
    pub(crate) fn keep(data: Value) -> Option<Kept> {
        Kept::new([(DATA, data)].into()).ok()
    }

    pub(crate) fn data(&self) -> Value {
        self.data.get(DATA).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        self.data.bytes() + self.event_type.len() + self.user_id.len()
    }
}

/// The newest events of a workspace.
#[derive(Debug, Default)]
pub(super) struct EventLog {
    events: VecDeque<LoggedEvent>,
    bytes: usize,
}

impl EventLog {
    /// Adds an event; the oldest make room for it.
    pub(super) fn push(&mut self, event: LoggedEvent) {
        self.bytes += event.bytes();
        self.events.push_back(event);
        while self.events.len() > EVENTS_PER_WORKSPACE || self.bytes > EVENT_BYTES_PER_WORKSPACE {
            match self.events.pop_front() {
                Some(oldest) => self.bytes -= oldest.bytes(),
                None => break,
            }
        }
    }

    pub(super) fn of_user(&self, user_id: &str) -> Vec<LoggedEvent> {
        let all = self.events.iter();
        all.filter(|event| event.user_id == user_id)
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: &str, bytes: usize) -> LoggedEvent {
        let data = LoggedEvent::keep(Value::from("x".repeat(bytes))).unwrap();
        LoggedEvent::new(event_type.to_owned(), "me".to_owned(), String::new(), data)
    }

    #[test]
    fn the_oldest_events_make_room() {
        let mut log = EventLog::default();
        for number in 0..EVENTS_PER_WORKSPACE + 3 {
            log.push(event(&number.to_string(), 1));
        }
        let events = log.of_user("me");
        assert_eq!(events.len(), EVENTS_PER_WORKSPACE);
        assert_eq!(events[0].event_type, "3");
        assert!(log.of_user("you").is_empty());
    }

    #[test]
    fn large_events_make_more_room() {
        let mut log = EventLog::default();
        for number in 0..40 {
            log.push(event(&number.to_string(), 60_000));
        }
        assert!(log.bytes <= EVENT_BYTES_PER_WORKSPACE);
        let events = log.of_user("me");
        assert_eq!(events.len(), 17);
        assert_eq!(events[16].event_type, "39");
    }
}
