//! Who listens for what, and the bounded queues between the link and the listeners.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hypha_codec::Text;

use super::message::Message;
use crate::engine::IncomingEvent;

/// The listeners of a peer, by the name of what they listen for.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    listeners: Mutex<Listeners>,
}

#[derive(Debug, Default)]
struct Listeners {
    by_name: HashMap<Text, Vec<Arc<Queue>>>,
    closed: bool,
}

/// How much may wait in one queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueLimits {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

impl Hub {
    pub(super) fn listen(self: &Arc<Self>, name: &Text, limits: QueueLimits) -> Listener {
        let mut listeners = locked(&self.listeners);
        let queue = Arc::new(Queue {
            limits,
            state: Mutex::new(QueueState {
                closed: listeners.closed,
                ..QueueState::default()
            }),
        });
        if !listeners.closed {
            let queues = listeners.by_name.entry(name.clone()).or_default();
            queues.push(Arc::clone(&queue));
        }
        Listener {
            hub: Arc::clone(self),
            name: name.clone(),
            queue,
        }
    }

    /// Gives a message to everybody who listens for its name.
    pub(crate) fn deliver(&self, message: Message) {
        let listeners = locked(&self.listeners);
        let Some(queues) = listeners.by_name.get(message.name()) else {
            return;
        };
        let message = Arc::new(message);
        for queue in queues {
            queue.push(Arc::clone(&message));
        }
    }

    fn hears(&self, name: &str) -> bool {
        locked(&self.listeners).by_name.contains_key(name)
    }

    fn close(&self) {
        let mut listeners = locked(&self.listeners);
        listeners.closed = true;
        for queue in listeners.by_name.drain().flat_map(|(_, queues)| queues) {
            queue.close();
        }
    }

    fn remove(&self, name: &Text, queue: &Arc<Queue>) {
        let mut listeners = locked(&self.listeners);
        if let Some(queues) = listeners.by_name.get_mut(name) {
            queues.retain(|other| !Arc::ptr_eq(other, queue));
            if queues.is_empty() {
                listeners.by_name.remove(name);
            }
        }
    }
}

/// The end that the link holds: listeners hear the end of the connection when it is dropped.
#[derive(Debug)]
pub(crate) struct Publisher {
    hub: Arc<Hub>,
    relayed: bool,
}

impl Publisher {
    /// `relayed`: a server at the other end says who sends what.
    pub(crate) fn new(hub: Arc<Hub>, relayed: bool) -> Self {
        Self { hub, relayed }
    }

    pub(crate) fn arrived(&self, event: IncomingEvent) {
        if self.hub.hears(&event.name) {
            self.hub.deliver(Message::arrived(event, self.relayed));
        }
    }

    pub(crate) fn deliver(&self, message: Message) {
        self.hub.deliver(message);
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.hub.close();
    }
}

/// One who listens, until dropped.
#[derive(Debug)]
pub(super) struct Listener {
    hub: Arc<Hub>,
    name: Text,
    queue: Arc<Queue>,
}

impl Listener {
    pub(super) fn name(&self) -> &Text {
        &self.name
    }

    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Heard>> {
        self.queue.poll_next(cx)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hub.remove(&self.name, &self.queue);
    }
}

/// What a listener gets.
#[derive(Debug)]
pub(super) enum Heard {
    Message(Arc<Message>),
    /// So many were dropped, before the next one.
    Missed(u64),
}

#[derive(Debug)]
struct Queue {
    limits: QueueLimits,
    state: Mutex<QueueState>,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Arc<Message>>,
    bytes: usize,
    missed: u64,
    waker: Option<Waker>,
    closed: bool,
}

impl Queue {
    /// Adds a message; the oldest ones make room for it.
    fn push(&self, message: Arc<Message>) {
        let mut state = locked(&self.state);
        let size = message.size();
        while !state.waiting.is_empty()
            && (state.waiting.len() >= self.limits.events
                || state.bytes.saturating_add(size) > self.limits.bytes)
        {
            if let Some(oldest) = state.waiting.pop_front() {
                state.bytes -= oldest.size();
                state.missed += 1;
            }
        }
        state.bytes += size;
        state.waiting.push_back(message);
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    fn close(&self) {
        let mut state = locked(&self.state);
        state.closed = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Heard>> {
        let mut state = locked(&self.state);
        if state.missed > 0 {
            return Poll::Ready(Some(Heard::Missed(std::mem::take(&mut state.missed))));
        }
        if let Some(message) = state.waiting.pop_front() {
            state.bytes -= message.size();
            return Poll::Ready(Some(Heard::Message(message)));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Nothing that is done under these locks can leave half a change behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use hypha_codec::{CodecRegistry, Map, Value};

    use super::*;

    fn say(hub: &Hub, name: &str, text: &str) {
        let frame = Map::from([("type", name), ("data", text)]);
        let frame = hypha_codec::encode(&Value::Map(frame)).unwrap();
        hub.deliver(Message::local(Text::from(name), None, frame).unwrap());
    }

    fn heard(listener: &Listener) -> String {
        match listener.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Heard::Message(message))) => {
                let data = message.data(CodecRegistry::builtin()).unwrap();
                data.as_str().unwrap().to_owned()
            }
            Poll::Ready(Some(Heard::Missed(count))) => format!("missed {count}"),
            Poll::Ready(None) => "end".into(),
            Poll::Pending => "nothing".into(),
        }
    }

    const LIMITS: QueueLimits = QueueLimits {
        events: 2,
        bytes: 1500,
    };

    #[test]
    fn a_slow_listener_loses_the_oldest_and_hears_how_many() {
        let hub = Arc::new(Hub::default());
        let (slow, name) = (hub.listen(&Text::from("x"), LIMITS), Text::from("x"));
        for text in ["a", "b", "c", "d"] {
            say(&hub, "x", text);
            say(&hub, "y", text);
        }
        let late = hub.listen(&name, LIMITS);
        say(&hub, "x", "e");
        for expected in ["missed 3", "d", "e", "nothing"] {
            assert_eq!(heard(&slow), expected);
        }
        assert_eq!([heard(&late), heard(&late)], ["e", "nothing"]);
        // Bytes count as well, but one event always has room.
        let long = "l".repeat(700);
        for text in ["a", &long, &long, "b"] {
            say(&hub, "x", text);
        }
        for expected in ["missed 2", &long, "b", "nothing"] {
            assert_eq!(heard(&slow), expected);
        }
        say(&hub, "x", &"l".repeat(5000));
        assert_eq!(heard(&slow).len(), 5000);
    }

    #[test]
    fn a_listener_that_is_dropped_is_forgotten_and_the_end_is_heard() {
        let hub = Arc::new(Hub::default());
        let publisher = Publisher::new(Arc::clone(&hub), true);
        let name = Text::from("x");
        let (one, two) = (hub.listen(&name, LIMITS), hub.listen(&name, LIMITS));
        drop(one);
        assert_eq!(locked(&hub.listeners).by_name[&name].len(), 1);
        say(&hub, "x", "last");
        drop(publisher);
        assert_eq!([heard(&two), heard(&two)], ["last", "end"]);
        assert_eq!(heard(&hub.listen(&name, LIMITS)), "end");
        drop(two);
        assert!(locked(&hub.listeners).by_name.is_empty());
    }
}
