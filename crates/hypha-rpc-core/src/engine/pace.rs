//! How fast this end sends.

use std::time::Instant;

use super::bucket::Bucket;
use crate::pacing::FrameLimit;

/// The pace of one connection after the other.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The server's limit; `None` on links that know none.
    limit: Option<FrameLimit>,
    /// What is left of the limit after servers that closed for less.
    part: f64,
    frames: Option<Bucket>,
    heartbeats: Bucket,
}

/// How far below the limit this end stays. Frames that were held up on the way reach the server
/// faster than they were sent; a tenth of the burst makes up for a second of that.
const OWN_PART: f64 = 0.9;

/// How far below the limit other clients are kept: they also send what we do not see.
const PEER_PART: f64 = 0.85;

/// A server that closed for too many frames has a lower limit than it says.
const SLOWER: f64 = 0.5;

/// It cannot make us crawl.
const SLOWEST: f64 = 1.0 / 16.0;

/// The last tokens are for answers and heartbeats, which others wait for: calls leave them alone
/// unless it is their turn.
const FOR_ANSWERS: f64 = 16.0;
const FOR_ANSWERS_PART: f64 = 0.1;

/// Of the pace, how much heartbeats may take.
const HEARTBEAT_PART: f64 = 0.5;

/// Heartbeats a second where nothing else bounds them: each call may ask for ten.
const HEARTBEATS_PER_SECOND: f64 = 1000.0;

impl Pace {
    pub(crate) fn new(now: Instant, limit: Option<FrameLimit>) -> Self {
        let mut pace = Self {
            limit: None,
            part: OWN_PART,
            frames: None,
            heartbeats: Bucket::new(now, HEARTBEATS_PER_SECOND, HEARTBEATS_PER_SECOND),
        };
        pace.restart(now, limit);
        pace
    }

    /// A new connection, with this limit of the server.
    pub(crate) fn restart(&mut self, now: Instant, limit: Option<FrameLimit>) {
        self.limit = limit;
        let full = |limit: FrameLimit| Bucket::new(now, limit.per_second, limit.burst);
        let own = limit.map(|limit| limit.scaled(self.part));
        self.frames = own.map(full);
        self.heartbeats = full(own.map_or(
            FrameLimit {
                per_second: HEARTBEATS_PER_SECOND,
                burst: HEARTBEATS_PER_SECOND,
            },
            |own| own.scaled(HEARTBEAT_PART),
        ));
    }

    /// The server closed the connection because of too many frames: the next one is slower.
    pub(crate) fn exceeded(&mut self) {
        self.part = (self.part * SLOWER).max(SLOWEST);
    }

    /// The limit that other clients on this server are kept below.
    pub(crate) fn peer_limit(&self) -> Option<FrameLimit> {
        self.limit.map(|limit| limit.scaled(PEER_PART))
    }

    pub(crate) fn admits_frame(&self, now: Instant) -> bool {
        self.frames
            .as_ref()
            .is_none_or(|frames| frames.has(now, 1.0))
    }

    /// Whether a call may go before answers that are still to come.
    pub(crate) fn admits_call(&self, now: Instant) -> bool {
        self.frames
            .as_ref()
            .is_none_or(|frames| frames.has(now, tokens_for_call(frames)))
    }

    pub(crate) fn admits_heartbeat(&self, now: Instant) -> bool {
        self.heartbeats.has(now, 1.0)
    }

    /// A binary frame goes out.
    pub(crate) fn sent(&mut self, now: Instant) {
        if let Some(frames) = &mut self.frames {
            frames.take(now, 1.0);
        }
    }

    /// That frame was a heartbeat.
    pub(crate) fn sent_heartbeat(&mut self, now: Instant) {
        self.heartbeats.take(now, 1.0);
    }

    pub(crate) fn next_frame(&self, now: Instant) -> Instant {
        self.frames
            .as_ref()
            .map_or(now, |frames| frames.ready_at(now, 1.0))
    }

    pub(crate) fn next_call(&self, now: Instant) -> Instant {
        self.frames
            .as_ref()
            .map_or(now, |frames| frames.ready_at(now, tokens_for_call(frames)))
    }

    pub(crate) fn next_heartbeat(&self, now: Instant) -> Instant {
        self.heartbeats.ready_at(now, 1.0)
    }
}

fn tokens_for_call(frames: &Bucket) -> f64 {
    let capacity = frames.capacity();
    let kept = FOR_ANSWERS.min(capacity * FOR_ANSWERS_PART);
    (1.0 + kept).min(capacity)
}
