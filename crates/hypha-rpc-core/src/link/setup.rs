//! Telling the server what it must know of us: see [`Registrar`](crate::registrar::Registrar).

use std::sync::Arc;

use hypha_codec::{EncodeError, Map, Rope, Text, Value};
use tokio::sync::oneshot;

use super::{Command, Link, ReplyTo, now};
use crate::backoff::random;
use crate::call::conclude;
use crate::dispatch::Work;
use crate::engine::{Outcome, OutgoingCall, ServiceRecord};
use crate::error::{CallError, RegisterError, RemoteErrorKind};
use crate::lifecycle::ConnectionEvent;
use crate::payload::{self, Args, NamedArgs};
use crate::protocol::manager_path;
use crate::registrar::{Ask, Report, Settled, Subject, Verdict};
use crate::service::Arguments;
use crate::shared::Shared;
use crate::state::State;
use crate::subscriptions::Subscriptions;
use crate::target::Target;

/// A registration of the user that is under way.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(super) done: oneshot::Sender<Result<(), RegisterError>>,
    pub(super) previous: Option<Previous>,
    /// The connection that it began on.
    pub(super) epoch: u64,
}

/// What was there before, and what the server was told of it.
type Previous = (Box<ServiceRecord<Target>>, Option<Arc<Map>>);

impl Link {
    /// Registers a service here, then with the server. One registration of an id at a time.
    pub(super) fn register(
        &mut self,
        record: Box<ServiceRecord<Target>>,
        info: Arc<Map>,
        overwrite: bool,
        done: oneshot::Sender<Result<(), RegisterError>>,
    ) {
        let id = record.id.clone();
        if self.registrar.is_busy(&id) {
            return self.deferred.push(Command::Register {
                record,
                info,
                overwrite,
                done,
            });
        }
        // Whoever registers may have stopped waiting: the service stays, here and at the server.
        match self.engine.add_service(*record, overwrite) {
            Err(_) => drop(done.send(Err(RegisterError::Exists(id)))),
            // The manager's own services are what others are told by the server.
            Ok(replaced) if !self.relayed || self.local.is_manager() => {
                self.discard(replaced);
                drop(done.send(Ok(())));
            }
            Ok(previous) => {
                let told = self.registrar.info(&id);
                let registration = Registration {
                    done,
                    previous: previous.map(|record| (record, told)),
                    epoch: self.epoch,
                };
                self.registrar.add(now(), id, info, registration);
            }
        }
    }

    /// Takes a service back here; new connections are not told of it.
    pub(super) fn unregister(&mut self, id: Text, done: oneshot::Sender<bool>) {
        if self.registrar.is_busy(&id) {
            return self.deferred.push(Command::Unregister { id, done });
        }
        let removed = self.engine.remove_service(&id);
        self.registrar.forget(&Subject::Service(id));
        let _ = done.send(removed);
    }

    /// Takes no new calls. New connections are told of no service.
    pub(super) fn drain(&mut self, done: oneshot::Sender<()>) {
        self.engine.drain();
        for service in self.engine.services() {
            self.registrar.forget(&Subject::Service(service.id.clone()));
        }
        self.draining.push(done);
        self.resume_deferred();
    }

    /// Tells those who wait for it that no call runs here any more.
    pub(super) fn tell_drained(&mut self) {
        if self.engine.is_drained() {
            for done in self.draining.drain(..) {
                // Whoever asked may have stopped waiting.
                let _ = done.send(());
            }
        }
    }

    /// Makes the calls that are due, and opens the link to the user's once it is set up.
    pub(super) fn tell_server(&mut self) {
        while let Some(ask) = self.registrar.poll_ask() {
            let Some(shared) = self.shared.upgrade() else {
                return;
            };
            let Ask {
                subject,
                token,
                info,
            } = ask;
            match call(&shared, &subject, info.as_deref()) {
                Ok(call) => {
                    let reply = ReplyTo::Setup { subject, token };
                    self.engine.start_setup_call(shared.next_key(), call, reply);
                }
                Err(error) => self.conclude(&subject, token, Verdict::Failed(error)),
            }
        }
        if let Some(report) = self.registrar.poll_report() {
            self.set_up(report);
        }
    }

    /// The server answered one of these calls.
    pub(super) fn told_server(&mut self, subject: &Subject, token: u64, outcome: Outcome) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        let target = shared.manager().unwrap_or_else(|| shared.local.clone());
        let answer = conclude(&shared, target, path(subject), outcome);
        let verdict = match answer.and_then(|reply| reply.value()) {
            Ok(_) => Verdict::Listed,
            Err(CallError::Remote(error)) if error.kind() == RemoteErrorKind::PermissionDenied => {
                Verdict::Denied(error.into())
            }
            Err(error) => Verdict::Failed(error),
        };
        self.conclude(subject, token, verdict);
    }

    fn conclude(&mut self, subject: &Subject, token: u64, verdict: Verdict) {
        let settled = self
            .registrar
            .concluded(now(), subject, token, verdict, random());
        if let Some(settled) = settled {
            self.settle(settled);
        }
    }

    /// Registrations that waited too long for a connection, and what is to be tried again.
    pub(super) fn registrar_timeout(&mut self) {
        while let Some((id, waiter)) = self.registrar.handle_timeout(now()) {
            let error = match self.shared.upgrade() {
                Some(shared) => shared.disconnected(false),
                None => return,
            };
            self.settle(Settled {
                id,
                waiter,
                result: Err(error),
            });
        }
    }

    fn settle(&mut self, settled: Settled<Registration>) {
        let Settled { id, waiter, result } = settled;
        match (&result, waiter.previous) {
            (Ok(()), replaced) => self.discard(replaced.map(|(record, _)| record)),
            // What was there before stays, here as at the server.
            (Err(_), Some((record, told))) => {
                let refused = self.engine.add_service(*record, true);
                self.discard(refused.ok().flatten());
                let still_listed = waiter.epoch == self.epoch;
                self.registrar.restore(id, told, still_listed);
            }
            (Err(_), None) => {
                let _ = self.engine.remove_service(&id);
                self.registrar.forget(&Subject::Service(id));
            }
        }
        drop(waiter.done.send(result.map_err(RegisterError::Server)));
        self.resume_deferred();
    }

    /// What waited for a registration that is over now.
    fn resume_deferred(&mut self) {
        for command in std::mem::take(&mut self.deferred) {
            self.handle_command(command);
        }
    }

    /// What handlers hold is dropped where code of users may run.
    fn discard(&mut self, record: Option<Box<ServiceRecord<Target>>>) {
        if let Some(record) = record {
            let methods = record.methods.into_values().collect();
            drop(self.channels.work.send(Work::Drop(methods)));
        }
    }

    fn set_up(&mut self, report: Report) {
        let Report {
            total,
            failed,
            problem,
        } = report;
        if let Some(first) = self.first.take() {
            // Nobody has a handle yet: a connection that begins badly does not begin.
            return match problem {
                Some(error) => drop(first.send(Err(error))),
                None => {
                    self.open();
                    drop(first.send(Ok(())));
                }
            };
        }
        self.open();
        self.channels.tell(match problem {
            Some(error) => ConnectionEvent::ServicesRegistrationFailed {
                error: error.to_string().into(),
                total,
            },
            None => ConnectionEvent::ServicesRegistered { total, failed },
        });
        if let Some(info) = &self.info {
            self.channels
                .tell(ConnectionEvent::Connected(Arc::clone(info)));
        }
    }

    fn open(&mut self) {
        self.established = true;
        self.engine.link_open();
        self.channels.state.send_replace(State::Connected);
    }
}

fn path(subject: &Subject) -> Text {
    Text::from(manager_path(match subject {
        Subject::BuiltIn | Subject::Service(_) => "register_service",
        Subject::OwnTopics | Subject::UserTopics => "subscribe",
    }))
}

fn call(
    shared: &Shared,
    subject: &Subject,
    info: Option<&Map>,
) -> Result<OutgoingCall<Target>, CallError> {
    let payload = match (subject, info) {
        (Subject::OwnTopics, _) => encode(shared, &(Subscriptions::own(),)),
        (Subject::UserTopics, _) => encode(shared, &(shared.subscriptions.of_user(),)),
        (_, info) => {
            let info = info.cloned().unwrap_or_default();
            encode(shared, &(Value::Map(info),))
        }
    }?;
    let limit = shared.one_frame;
    if payload.len() > limit {
        let size = payload.len();
        return Err(CallError::TooLarge { size, limit });
    }
    Ok(OutgoingCall {
        target: shared.manager().unwrap_or_else(|| shared.local.clone()),
        method: path(subject),
        payload,
        timeout: Some(shared.config.method_timeout),
        parent: None,
        idempotent: false,
        exports: None,
    })
}

fn encode(shared: &Shared, args: &dyn Arguments) -> Result<Rope, EncodeError> {
    let args = Args::plain(shared.registry(), args)?;
    let promise = payload::Promise::star(shared.config.method_timeout);
    payload::call(shared.registry(), &args, &NamedArgs::default(), promise)
}
