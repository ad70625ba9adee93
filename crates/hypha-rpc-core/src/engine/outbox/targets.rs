//! The queues of the outbox, by who their frames go to.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Instant;

use hypha_codec::Text;

use super::{Lane, Queued};
use crate::engine::hold_back::{Allowance, Demand, Reservation};
use crate::pacing::FrameLimit;
use crate::protocol::MANAGER_WORKSPACE;

/// One queue for each target and lane, and the turns of the targets.
#[derive(Debug)]
pub(crate) struct Targets<P> {
    /// The time, as it was last told.
    now: Instant,
    /// What other clients on this server may send; `None`: as much as they like.
    limit: Option<FrameLimit>,
    targets: HashMap<Text, Target<P>>,
    /// Targets with frames that may go out, in the order of their turns.
    turns: [VecDeque<Text>; LANES],
    /// When to look again at targets that are held back. Entries may be out of date.
    alarms: BinaryHeap<Reverse<(Instant, Text)>>,
    frames: usize,
    /// When targets are this many, those of whom nothing is known are forgotten.
    sweep_at: usize,
}

#[derive(Debug)]
struct Target<P> {
    name: Text,
    queues: [Queue<P>; LANES],
    /// `None`: nobody is held back for it.
    allowance: Option<Allowance>,
    /// The soonest alarm that is set for it.
    alarm: Option<Instant>,
}

#[derive(Debug)]
struct Queue<P> {
    frames: VecDeque<Queued<P>>,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It has no turn: nothing waits.
    Out,
    /// It waits for its turn.
    Turn,
    /// Its first frame is held back.
    HeldBack,
}

const LANES: usize = 3;

const fn index(lane: Lane) -> usize {
    match lane {
        Lane::Answer => 0,
        Lane::Call => 1,
        Lane::Chunk => 2,
    }
}

/// Few enough to keep.
const TARGETS_TO_SWEEP: usize = 64;

impl<P> Targets<P> {
    pub(super) fn new(now: Instant, limit: Option<FrameLimit>) -> Self {
        Self {
            now,
            limit,
            targets: HashMap::new(),
            turns: [const { VecDeque::new() }; LANES],
            alarms: BinaryHeap::new(),
            frames: 0,
            sweep_at: TARGETS_TO_SWEEP,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.frames
    }

    pub(super) fn push(&mut self, lane: Lane, queued: Queued<P>) {
        let Some(to) = queued.content.to().cloned() else {
            return;
        };
        self.frames += 1;
        if let Some(target) = self.targets.get_mut(&to) {
            return target.push(lane, queued, &mut self.turns);
        }
        self.make_room();
        let mut target = Target::new(self.now, to.clone(), self.limit);
        target.push(lane, queued, &mut self.turns);
        self.targets.insert(to, target);
    }

    /// Puts a frame in front of those for the same target.
    pub(super) fn put_back(&mut self, lane: Lane, queued: Queued<P>) {
        let Some(to) = queued.content.to().cloned() else {
            return;
        };
        self.push(lane, queued);
        // It is last where it should be first.
        if let Some(target) = self.targets.get_mut(&to) {
            target.queues[index(lane)].frames.rotate_right(1);
        }
    }

    /// Sends calls for one target to another instead, in their order.
    pub(super) fn retarget(&mut self, from: &str, to: &Text) {
        let Some(target) = self.targets.get_mut(from) else {
            return;
        };
        let lanes = [Lane::Call, Lane::Chunk];
        let waiting = lanes.map(|lane| std::mem::take(&mut target.queues[index(lane)].frames));
        for (lane, frames) in lanes.into_iter().zip(waiting) {
            self.frames -= frames.len();
            for mut queued in frames {
                queued.content.set_to(to.clone());
                self.push(lane, queued);
            }
        }
    }

    /// The next frame of a lane that may go out; dead ones are dropped.
    pub(super) fn pop(
        &mut self,
        now: Instant,
        lane: Lane,
        is_dead: impl Fn(&Queued<P>) -> bool,
    ) -> Option<(Queued<P>, Reservation)> {
        while let Some(name) = self.turns[index(lane)].pop_front() {
            let Some(target) = self.targets.get_mut(&name) else {
                continue;
            };
            let queue = &mut target.queues[index(lane)];
            queue.place = Place::Out;
            while let Some(first) = queue.frames.pop_front() {
                if is_dead(&first) {
                    self.frames -= 1;
                    continue;
                }
                let demand = first.demand(lane);
                let mut reservation = Reservation::default();
                if let Some(allowance) = &mut target.allowance {
                    if !allowance.admits(now, demand) {
                        let at = allowance.ask_again(now, demand);
                        queue.frames.push_front(first);
                        queue.place = Place::HeldBack;
                        if target.alarm.is_none_or(|alarm| at < alarm) {
                            target.alarm = Some(at);
                            self.alarms.push(Reverse((at, name)));
                        }
                        break;
                    }
                    reservation = allowance.reserve(now, demand);
                }
                self.frames -= 1;
                if !queue.frames.is_empty() {
                    queue.place = Place::Turn;
                    self.turns[index(lane)].push_back(name);
                }
                return Some((first, reservation));
            }
        }
        None
    }

    /// Looks again at the targets whose alarm is due.
    pub(super) fn wake(&mut self, now: Instant) {
        self.now = now;
        while self.next_alarm().is_some_and(|at| at <= now) {
            let Some(Reverse((at, name))) = self.alarms.pop() else {
                return;
            };
            if let Some(target) = self.targets.get_mut(&name)
                && target.alarm == Some(at)
            {
                target.alarm = None;
                target.release(&mut self.turns);
            }
        }
    }

    pub(super) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    pub(super) fn has_ready(&self, lane: Lane) -> bool {
        !self.turns[index(lane)].is_empty()
    }

    pub(super) fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    pub(super) fn heard(&mut self, now: Instant, from: &str, is_call: bool) {
        self.now = now;
        if self.limit.is_none() || is_exempt(from) {
            return;
        }
        if !self.targets.contains_key(from) {
            self.make_room();
            let name = Text::from(from);
            self.targets
                .insert(name.clone(), Target::new(now, name, self.limit));
        }
        self.update(from, |allowance| allowance.heard(now, is_call));
    }

    pub(super) fn heard_heartbeat(&mut self, from: &str, reservation: &mut Reservation) {
        self.update(from, |allowance| allowance.heard_heartbeat(reservation));
    }

    pub(super) fn heard_answer(&mut self, from: &str, reservation: Reservation) {
        self.update(from, |allowance| allowance.heard_answer(reservation));
    }

    /// Whatever was known of the client is no longer true.
    pub(super) fn forget(&mut self, client: &str) {
        if let Some(target) = self.targets.get_mut(client) {
            if target.waits() {
                if let Some(allowance) = &mut target.allowance {
                    allowance.reset();
                }
                target.release(&mut self.turns);
            } else {
                self.targets.remove(client);
            }
        }
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&Queued<P>) -> bool) {
        self.frames = 0;
        for queue in self
            .targets
            .values_mut()
            .flat_map(|target| &mut target.queues)
        {
            queue.frames.retain(&keep);
            self.frames += queue.frames.len();
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.now, self.limit);
    }

    /// Other clients may send this much from now on. What is known of them stays known.
    pub(super) fn set_limit(&mut self, limit: Option<FrameLimit>) {
        if self.limit != limit {
            self.limit = limit;
            for target in self.targets.values_mut() {
                target.allowance = allowance(self.now, &target.name, limit);
                target.release(&mut self.turns);
            }
        }
    }

    /// Whether a frame with this demand to this client would be held back.
    pub(super) fn holds(&mut self, now: Instant, to: &str, demand: Demand) -> bool {
        self.has_limit()
            && self
                .targets
                .get_mut(to)
                .and_then(|target| target.allowance.as_mut())
                .is_some_and(|allowance| !allowance.admits(now, demand))
    }

    /// Whether a frame of this kind waits.
    pub(super) fn any(&self, lane: Lane, is: impl Fn(&Queued<P>) -> bool) -> bool {
        let mut targets = self.targets.values();
        targets.any(|target| target.queues[index(lane)].frames.iter().any(&is))
    }

    pub(super) fn waiting_answers(&self, to: &str) -> usize {
        self.targets
            .get(to)
            .map_or(0, |target| target.queues[index(Lane::Answer)].frames.len())
    }

    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        self.targets.len()
    }

    /// Changes what is known of a client, and gives it its turn if it is held back.
    fn update(&mut self, client: &str, change: impl FnOnce(&mut Allowance)) {
        if self.has_limit()
            && let Some(target) = self.targets.get_mut(client)
            && let Some(allowance) = &mut target.allowance
        {
            change(allowance);
            target.release(&mut self.turns);
        }
    }

    /// Forgets targets of whom nothing is known, each time they have doubled.
    fn make_room(&mut self) {
        if self.targets.len() >= self.sweep_at {
            let now = self.now;
            self.targets.retain(|_, target| !target.is_forgettable(now));
            self.sweep_at = 2 * self.targets.len() + TARGETS_TO_SWEEP;
        }
    }
}

impl<P> Target<P> {
    fn new(now: Instant, name: Text, limit: Option<FrameLimit>) -> Self {
        Self {
            allowance: allowance(now, &name, limit),
            name,
            queues: std::array::from_fn(|_| Queue {
                frames: VecDeque::new(),
                place: Place::Out,
            }),
            alarm: None,
        }
    }

    fn push(&mut self, lane: Lane, queued: Queued<P>, turns: &mut [VecDeque<Text>; LANES]) {
        let queue = &mut self.queues[index(lane)];
        queue.frames.push_back(queued);
        if queue.place == Place::Out {
            queue.place = Place::Turn;
            turns[index(lane)].push_back(self.name.clone());
        }
    }

    /// Ends that its frames are held back; whether they still must be is seen at their turn.
    fn release(&mut self, turns: &mut [VecDeque<Text>; LANES]) {
        for (queue, turns) in self.queues.iter_mut().zip(turns) {
            if queue.place == Place::HeldBack {
                queue.place = Place::Turn;
                turns.push_back(self.name.clone());
            }
        }
    }

    fn waits(&self) -> bool {
        self.queues.iter().any(|queue| queue.place != Place::Out)
    }

    fn is_forgettable(&mut self, now: Instant) -> bool {
        !self.waits()
            && self
                .allowance
                .as_mut()
                .is_none_or(|allowance| allowance.is_forgettable(now))
    }
}

fn allowance(now: Instant, target: &str, limit: Option<FrameLimit>) -> Option<Allowance> {
    let limit = limit.filter(|_| !is_exempt(target))?;
    Some(Allowance::new(now, limit))
}

/// The manager of a server is no client of it.
fn is_exempt(target: &str) -> bool {
    target
        .split_once('/')
        .is_none_or(|(workspace, _)| workspace == MANAGER_WORKSPACE)
}
