//! What waits to be sent to one client: bounded in bytes, and fair between those who send to it.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hypha_transport::Frame;
use tokio::sync::Notify;

use super::connection::End;

/// Bytes of one sender that wait for one receiver. A sender that has so many waiting waits itself.
const MAX_OF_SENDER: usize = 1024 * 1024;

/// Bytes that wait for one receiver in all.
const MAX_IN_ALL: usize = 8 * 1024 * 1024;

/// Beyond [`MAX_IN_ALL`] a sender that has nothing waiting still gets in a frame up to [`SMALL`], so that calls do not
/// wait behind the bulk of others, as long as all of that stays within this.
const MAX_OF_SMALL: usize = 1024 * 1024;
const SMALL: usize = 16 * 1024;

/// Bytes of answers of the server itself that wait for one receiver: it is not paused for anybody.
const MAX_OF_SERVER: usize = 32 * 1024 * 1024;

/// What one frame counts beside its bytes.
const FRAME_OVERHEAD: usize = 64;

/// Entries that emptied collections keep room for: bursts take more, and give it back.
pub(super) const KEPT: usize = 64;

/// Bytes that are handed to the writer at once; then the next sender has its turn.
const BATCH: usize = 256 * 1024;

/// Frames that are read, or handed to the writer, at once. Each flush of so many pays for itself; with more the two ends
/// and the server between them would work one after the other instead of at the same time.
pub(super) const BURST: usize = 16;

/// Who sends, among all connections of the server.
pub(crate) type SenderKey = u64;

/// The sender of what the server itself sends.
pub(crate) const SERVER: SenderKey = 0;

/// The queue of one receiver.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    state: Mutex<State>,
    /// Wakes senders that wait for room.
    room: Notify,
}

#[derive(Debug, Default)]
struct State {
    lanes: HashMap<SenderKey, Lane, BuildHasherDefault<DefaultHasher>>,
    /// Senders with something waiting, in the order of their turns.
    turns: VecDeque<SenderKey>,
    /// An emptied lane, kept for its memory.
    spare: Option<Lane>,
    bytes: usize,
    writer: Option<Waker>,
    /// Somebody found no room since the writer took something.
    crowded: bool,
    end: Option<End>,
}

#[derive(Debug, Default)]
struct Lane {
    frames: VecDeque<Frame>,
    bytes: usize,
}

/// Why a frame was not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// There is no room for it now.
    Full(Frame),
    /// The receiver is leaving.
    Ended,
}

/// What the writer has to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Send what is in the batch.
    Send,
    /// End the connection; what is in the batch goes out before.
    End(End),
}

impl Outbound {
    /// Takes a frame if there is room for it.
    pub(crate) fn push(&self, sender: SenderKey, frame: Frame) -> Result<(), NotTaken> {
        let mut state = self.state();
        if state.end.is_some() {
            return Err(NotTaken::Ended);
        }
        let cost = cost(&frame);
        if !state.has_room(sender, cost) {
            state.crowded = true;
            return Err(NotTaken::Full(frame));
        }
        let writer = state.append(sender, frame, cost);
        drop(state);
        if let Some(writer) = writer {
            writer.wake();
        }
        Ok(())
    }

    /// Waits until there may be room again, or the receiver is leaving. `enable` before looking again, lest a change
    /// between be missed.
    pub(crate) fn room(&self) -> tokio::sync::futures::Notified<'_> {
        self.room.notified()
    }

    /// Has the writer end the connection after what waits. The first end counts.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.state();
        state.end.get_or_insert(end);
        let writer = state.writer.take();
        drop(state);
        self.room.notify_waiters();
        if let Some(writer) = writer {
            writer.wake();
        }
    }

    /// How the connection is to end, if it is.
    pub(crate) fn ended(&self) -> Option<End> {
        self.state().end.clone()
    }

    /// Waits for something to do, and fills the batch.
    pub(crate) async fn next(&self, batch: &mut Vec<Frame>) -> Next {
        poll_fn(|cx| self.poll_next(batch, cx)).await
    }

    fn poll_next(&self, batch: &mut Vec<Frame>, cx: &mut Context<'_>) -> Poll<Next> {
        let mut state = self.state();
        state.fill(batch);
        if !batch.is_empty() {
            let crowded = std::mem::take(&mut state.crowded);
            drop(state);
            if crowded {
                self.room.notify_waiters();
            }
            return Poll::Ready(Next::Send);
        }
        if let Some(end) = &state.end {
            return Poll::Ready(Next::End(end.clone()));
        }
        match &mut state.writer {
            Some(writer) => writer.clone_from(cx.waker()),
            writer => *writer = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room(&self, sender: SenderKey, cost: usize) -> bool {
        let own = self.lanes.get(&sender).map_or(0, |lane| lane.bytes);
        if sender == SERVER {
            return own < MAX_OF_SERVER;
        }
        own < MAX_OF_SENDER && self.bytes < MAX_IN_ALL
            || own == 0 && cost <= SMALL && self.bytes < MAX_IN_ALL + MAX_OF_SMALL
    }

    /// The writer's waker, if it sleeps.
    fn append(&mut self, sender: SenderKey, frame: Frame, cost: usize) -> Option<Waker> {
        let Self {
            lanes,
            turns,
            spare,
            ..
        } = self;
        let lane = lanes.entry(sender).or_insert_with(|| {
            turns.push_back(sender);
            spare.take().unwrap_or_default()
        });
        lane.frames.push_back(frame);
        lane.bytes += cost;
        self.bytes += cost;
        self.writer.take()
    }

    /// Moves frames into the batch: of each sender in turn what makes up its share of a batch, at least one.
    fn fill(&mut self, batch: &mut Vec<Frame>) {
        let share = BATCH / self.turns.len().max(1);
        let mut filled = 0;
        let mut turns = self.turns.len();
        while turns > 0 && filled < BATCH && batch.len() < BURST {
            turns -= 1;
            let Some(sender) = self.turns.pop_front() else {
                return;
            };
            let Some(lane) = self.lanes.get_mut(&sender) else {
                continue;
            };
            let mut taken = 0;
            while (taken == 0 || taken < share) && batch.len() < BURST {
                let Some(frame) = lane.frames.pop_front() else {
                    break;
                };
                taken += cost(&frame);
                batch.push(frame);
            }
            lane.bytes -= taken;
            self.bytes -= taken;
            filled += taken;
            if !lane.frames.is_empty() {
                self.turns.push_back(sender);
            } else if let Some(lane) = self.lanes.remove(&sender)
                && self.spare.is_none()
                && lane.frames.capacity() <= KEPT
            {
                self.spare = Some(lane);
            }
        }
        if self.turns.is_empty() {
            self.turns.shrink_to(KEPT);
            self.lanes.shrink_to(KEPT);
        }
    }
}

fn cost(frame: &Frame) -> usize {
    frame.len() + FRAME_OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(size: usize) -> Frame {
        Frame::from(vec![0; size])
    }

    fn batch(outbound: &Outbound) -> Vec<usize> {
        let mut batch = Vec::new();
        outbound.state().fill(&mut batch);
        batch.iter().map(Frame::len).collect()
    }

    #[test]
    fn a_sender_has_room_until_its_share_is_full() {
        let outbound = Outbound::default();
        for _ in 0..4 {
            outbound.push(1, frame(MAX_OF_SENDER / 4)).unwrap();
        }
        assert!(matches!(outbound.push(1, frame(1)), Err(NotTaken::Full(_))));
        outbound.push(2, frame(1)).unwrap();
    }

    #[test]
    fn calls_of_others_get_in_beside_bulk() {
        let outbound = Outbound::default();
        for sender in 1..=9 {
            while outbound.push(sender, frame(SMALL + 1)).is_ok() {}
        }
        assert!(matches!(
            outbound.push(10, frame(SMALL + 1)),
            Err(NotTaken::Full(_))
        ));
        outbound.push(10, frame(100)).unwrap();
        assert!(matches!(
            outbound.push(10, frame(100)),
            Err(NotTaken::Full(_))
        ));
        assert!(outbound.state().bytes <= MAX_IN_ALL + MAX_OF_SMALL + 2 * SMALL);
    }

    #[test]
    fn senders_take_turns() {
        let outbound = Outbound::default();
        for _ in 0..3 {
            outbound.push(1, frame(BATCH)).unwrap();
        }
        outbound.push(2, frame(10)).unwrap();
        outbound.push(2, frame(20)).unwrap();
        assert_eq!(batch(&outbound), [BATCH]);
        assert_eq!(batch(&outbound), [10, 20, BATCH]);
        assert_eq!(batch(&outbound), [BATCH]);
        assert_eq!(outbound.state().bytes, 0);
        assert!(outbound.state().lanes.is_empty());
    }

    #[test]
    fn nothing_is_taken_after_the_end() {
        let outbound = Outbound::default();
        outbound.push(1, frame(1)).unwrap();
        outbound.end(End::Left);
        assert!(matches!(outbound.push(1, frame(1)), Err(NotTaken::Ended)));
        assert_eq!(batch(&outbound), [1]);
    }
}
