//! What the server must be told of us on every connection, in which order, and how often it is
//! tried (protocol section 1.3): sans-io, as the engine is.
//!
//! The list outlives connections. A registration of the user is on it from its first moment, so one
//! that meets a lost connection is neither lost nor made twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hypha_codec::{Map, Text};

use crate::backoff::Backoff;
use crate::engine::after;
use crate::error::CallError;

/// One thing that the server is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The service that every client has. Before it nothing else is registered.
    BuiltIn,
    /// The broadcasts that the core needs.
    OwnTopics,
    /// The broadcasts that the user asked for.
    UserTopics,
    /// A service of the user.
    Service(Text),
}

/// A call to make.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) subject: Subject,
    /// Names this try; outcomes of former ones no longer count.
    pub(crate) token: u64,
    /// What to register; subscriptions have their own record.
    pub(crate) info: Option<Arc<Map>>,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Verdict {
    Listed,
    /// The server does not let us: trying again does not help.
    Denied(CallError),
    Failed(CallError),
}

/// A registration of the user has its outcome.
#[derive(Debug)]
pub(crate) struct Settled<W> {
    pub(crate) id: Text,
    pub(crate) waiter: W,
    pub(crate) result: Result<(), CallError>,
}

/// The connection is usable as far as the server lets it be.
#[derive(Debug)]
pub(crate) struct Report {
    /// Services, the built-in one included.
    pub(crate) total: usize,
    pub(crate) failed: Vec<Text>,
    /// What the server said to the core's own two calls.
    pub(crate) problem: Option<CallError>,
}

/// See the module. `W` is what a user's registration waits on.
#[derive(Debug)]
pub(crate) struct Registrar<W> {
    entries: Vec<Entry<W>>,
    link: bool,
    /// Setting up has not been reported yet.
    setting_up: bool,
    problem: Option<CallError>,
    next_token: u64,
    /// How long the user's registrations wait for a connection.
    patience: Duration,
    backoff: Backoff,
}

#[derive(Debug)]
struct Entry<W> {
    subject: Subject,
    info: Option<Arc<Map>>,
    standing: Standing,
    /// Part of what the present connection began with.
    in_setup: bool,
    backoff: Backoff,
    /// Who waits, and until when for the call to be made.
    waiter: Option<(W, Option<Instant>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Wanted,
    Asked(u64),
    Listed,
    Denied,
    /// Failed, and tried again then.
    Again(Instant),
}

/// How many calls are under way at once.
const AT_ONCE: usize = 16;

impl<W> Registrar<W> {
    /// Registers nothing by itself.
    pub(crate) fn new(patience: Duration, backoff: Backoff) -> Self {
        Self {
            entries: Vec::new(),
            link: false,
            setting_up: false,
            problem: None,
            next_token: 0,
            patience,
            backoff,
        }
    }

    /// Tells the server of this too, from now on.
    pub(crate) fn want(&mut self, subject: Subject, info: Option<Arc<Map>>) {
        match self.entry(&subject) {
            Some(entry) => {
                (entry.info, entry.standing) = (info, Standing::Wanted);
            }
            None => {
                let entry = Entry {
                    subject,
                    info,
                    standing: Standing::Wanted,
                    in_setup: false,
                    backoff: self.backoff.clone(),
                    waiter: None,
                };
                self.entries.push(entry);
            }
        }
    }

    /// A registration of the user; one at a time for each id.
    pub(crate) fn add(&mut self, now: Instant, id: Text, info: Arc<Map>, waiter: W) {
        let subject = Subject::Service(id);
        self.want(subject.clone(), Some(info));
        let give_up = after(now, self.patience);
        if let Some(entry) = self.entry(&subject) {
            entry.waiter = Some((waiter, Some(give_up)));
        }
    }

    /// Whether a registration of this id is under way.
    pub(crate) fn is_busy(&self, id: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| is(entry, id) && entry.waiter.is_some())
    }

    /// The server need not know this any more, or does not know it.
    pub(crate) fn forget(&mut self, subject: &Subject) {
        self.entries.retain(|entry| entry.subject != *subject);
    }

    /// The server is not told of services any more, but for those whose registration somebody
    /// waits for.
    pub(crate) fn forget_services(&mut self) {
        self.entries.retain(|entry| {
            !matches!(entry.subject, Subject::Service(_)) || entry.waiter.is_some()
        });
    }

    /// An earlier registration holds after all; the server may know it still.
    pub(crate) fn restore(&mut self, id: Text, info: Option<Arc<Map>>, still_listed: bool) {
        let subject = Subject::Service(id);
        self.want(subject.clone(), info);
        if let Some(entry) = self.entry(&subject)
            && still_listed
        {
            entry.standing = Standing::Listed;
        }
    }

    /// What the server is told of a service.
    pub(crate) fn info(&self, id: &str) -> Option<Arc<Map>> {
        let mut entries = self.entries.iter();
        entries.find(|entry| is(entry, id))?.info.clone()
    }

    /// The server knows nothing of us yet.
    pub(crate) fn link_up(&mut self) {
        self.link = true;
        self.setting_up = true;
        self.problem = None;
        for entry in &mut self.entries {
            entry.standing = Standing::Wanted;
            entry.in_setup = true;
            entry.backoff = self.backoff.clone();
        }
    }

    /// Whatever was asked is not answered any more.
    pub(crate) fn link_down(&mut self, now: Instant) {
        self.link = false;
        self.setting_up = false;
        for entry in &mut self.entries {
            entry.standing = Standing::Wanted;
            if let Some((_, give_up)) = &mut entry.waiter {
                *give_up = give_up.or_else(|| Some(after(now, self.patience)));
            }
        }
    }

    /// The next call to make.
    pub(crate) fn poll_ask(&mut self) -> Option<Ask> {
        let asked = |entry: &&Entry<W>| matches!(entry.standing, Standing::Asked(_));
        if !self.link || self.entries.iter().filter(asked).count() >= AT_ONCE {
            return None;
        }
        let blocked = self.is_blocked();
        let token = self.next_token;
        let entry = self.entries.iter_mut().find(|entry| {
            entry.standing == Standing::Wanted && !(blocked && needs_built_in(entry))
        })?;
        self.next_token += 1;
        entry.standing = Standing::Asked(token);
        if let Some((_, give_up)) = &mut entry.waiter {
            *give_up = None;
        }
        Some(Ask {
            subject: entry.subject.clone(),
            token,
            info: entry.info.clone(),
        })
    }

    /// A call has its outcome.
    pub(crate) fn concluded(
        &mut self,
        now: Instant,
        subject: &Subject,
        token: u64,
        verdict: Verdict,
        random: u64,
    ) -> Option<Settled<W>> {
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.subject == *subject && entry.standing == Standing::Asked(token))?;
        let result = match verdict {
            Verdict::Listed => {
                entry.standing = Standing::Listed;
                Ok(())
            }
            Verdict::Denied(error) => {
                entry.standing = Standing::Denied;
                Err(error)
            }
            Verdict::Failed(error) => {
                entry.standing = Standing::Again(after(now, entry.backoff.failed(random)));
                Err(error)
            }
        };
        if let (Subject::Service(id), Some((waiter, _))) = (subject, entry.waiter.take()) {
            return Some(Settled {
                id: id.clone(),
                waiter,
                result,
            });
        }
        match (result, subject) {
            (Ok(()), _) => {}
            (Err(error), Subject::BuiltIn | Subject::OwnTopics) => {
                tracing::warn!(%error, ?subject, "the server does not take a call of the core");
                let denied = entry.standing == Standing::Denied;
                if !denied && self.problem.is_none() {
                    self.problem = Some(error);
                }
            }
            (Err(error), _) => {
                tracing::warn!(%error, ?subject, "a registration was not renewed");
            }
        }
        None
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let again = self
            .entries
            .iter()
            .filter_map(|entry| match entry.standing {
                Standing::Again(at) => Some(at),
                _ => None,
            });
        let give_up = self
            .entries
            .iter()
            .filter_map(|entry| entry.waiter.as_ref().and_then(|(_, give_up)| *give_up));
        again.chain(give_up).min()
    }

    /// Takes up what failed some time ago, and hands out a registration that found no connection.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<(Text, W)> {
        for entry in &mut self.entries {
            if matches!(entry.standing, Standing::Again(at) if at <= now) {
                entry.standing = Standing::Wanted;
            }
            let over = matches!(&entry.waiter, Some((_, Some(at))) if *at <= now);
            if over
                && let Subject::Service(id) = &entry.subject
                && let Some((waiter, _)) = entry.waiter.take()
            {
                return Some((id.clone(), waiter));
            }
        }
        None
    }

    /// Once for each connection: everything was tried.
    pub(crate) fn poll_report(&mut self) -> Option<Report> {
        let blocked = self.is_blocked();
        let open = |entry: &Entry<W>| match entry.standing {
            Standing::Asked(_) => true,
            Standing::Wanted => !(blocked && needs_built_in(entry)),
            _ => false,
        };
        let unfinished = |entry: &Entry<W>| entry.in_setup && open(entry);
        if !self.setting_up || self.entries.iter().any(unfinished) {
            return None;
        }
        self.setting_up = false;
        let services = self
            .entries
            .iter()
            .filter_map(|entry| match &entry.subject {
                Subject::BuiltIn => Some((Text::from(crate::protocol::BUILT_IN), entry)),
                Subject::Service(id) => Some((id.clone(), entry)),
                _ => None,
            });
        let (mut total, mut failed) = (0, Vec::new());
        for (id, entry) in services.filter(|(_, entry)| entry.in_setup) {
            total += 1;
            if entry.standing != Standing::Listed {
                failed.push(id);
            }
        }
        Some(Report {
            total,
            failed,
            problem: self.problem.take(),
        })
    }

    fn entry(&mut self, subject: &Subject) -> Option<&mut Entry<W>> {
        self.entries
            .iter_mut()
            .find(|entry| entry.subject == *subject)
    }

    /// The server ignores registrations of a client without a built-in service.
    fn is_blocked(&self) -> bool {
        self.entries.iter().any(|entry| {
            entry.subject == Subject::BuiltIn
                && !matches!(entry.standing, Standing::Listed | Standing::Denied)
        })
    }
}

fn needs_built_in<W>(entry: &Entry<W>) -> bool {
    matches!(entry.subject, Subject::Service(_))
}

fn is<W>(entry: &Entry<W>, id: &str) -> bool {
    matches!(&entry.subject, Subject::Service(known) if &**known == id)
}

#[cfg(test)]
mod tests;
