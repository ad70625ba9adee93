//! A child process that takes requests and gives answers and events as lines of JSON.
//!
//! Threads, not tasks, stand at the pipes, so that a peer can serve tests with different runtimes.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::PeerError;
use crate::log::Log;
use crate::notation;

type Answer = Result<Json, PeerError>;

/// The process, its pipes, and its log.
#[derive(Debug)]
pub(super) struct Process {
    child: Mutex<Child>,
    requests: mpsc::Sender<String>,
    inbox: Arc<Inbox>,
    log: Log,
    server_log: Arc<Log>,
}

impl Process {
    pub(super) fn start(mut command: Command, title: &str, server_log: Arc<Log>) -> Result<Self> {
        let log = Log::new(format!("peer {title}"))?;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.output()?);
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let stdin = child.stdin.take().context("the peer has no stdin")?;
        let stdout = child.stdout.take().context("the peer has no stdout")?;
        let (requests, queue) = mpsc::channel();
        let inbox = Arc::new(Inbox::default());
        let filled = inbox.clone();
        thread::spawn(move || write_lines(stdin, &queue));
        thread::spawn(move || read_lines(stdout, &filled));
        Ok(Self {
            child: Mutex::new(child),
            requests,
            inbox,
            log,
            server_log,
        })
    }

    /// The end of what the peer wrote to its log.
    pub(super) fn log_tail(&self) -> String {
        self.log.tail()
    }

    pub(super) async fn request(&self, name: &str, args: &Json, deadline: Duration) -> Answer {
        let (id, answer) = self.inbox.expect_answer();
        let line = json!({ "id": id, "cmd": name, "args": args }).to_string();
        // Where the writer has ended, so has the process, and then the answer fails.
        let _sent = self.requests.send(line);
        match timeout(deadline, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_closed)) => Err(PeerError::Ended),
            Err(_elapsed) => {
                self.inbox.forget(id);
                Err(PeerError::TimedOut(deadline))
            }
        }
    }

    pub(super) async fn event(&self, name: &str, deadline: Duration) -> Answer {
        timeout(deadline, self.inbox.event(name))
            .await
            .unwrap_or(Err(PeerError::TimedOut(deadline)))
    }

    pub(super) fn kill(&self) {
        let mut child = lock(&self.child);
        // Both fail only where the process has ended already.
        let _killed = child.kill();
        let _status = child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        self.server_log.print_if_panicking();
        self.log.print_if_panicking();
    }
}

/// What came from the process and is not yet asked for.
#[derive(Debug)]
struct Inbox {
    state: Mutex<State>,
    /// Raised whenever an event comes in, and at the end.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    last_id: u64,
    pending: HashMap<u64, oneshot::Sender<Answer>>,
    events: Vec<(String, Json)>,
    ended: bool,
}

impl Inbox {
    /// A new id, and where its answer will appear.
    fn expect_answer(&self) -> (u64, oneshot::Receiver<Answer>) {
        let (answer, receiver) = oneshot::channel();
        let mut state = lock(&self.state);
        state.last_id += 1;
        let id = state.last_id;
        // After the end nobody would answer: the receiver sees its sender dropped.
        if !state.ended {
            state.pending.insert(id, answer);
        }
        (id, receiver)
    }

    fn forget(&self, id: u64) {
        lock(&self.state).pending.remove(&id);
    }

    async fn event(&self, name: &str) -> Answer {
        let mut changes = self.changes.subscribe();
        loop {
            {
                let mut state = lock(&self.state);
                if let Some(at) = state.events.iter().position(|(known, _)| known == name) {
                    return Ok(state.events.remove(at).1);
                }
                if state.ended {
                    return Err(PeerError::Ended);
                }
            }
            if changes.changed().await.is_err() {
                return Err(PeerError::Ended);
            }
        }
    }

    fn receive(&self, mut line: Json) {
        let mut state = lock(&self.state);
        if let Some(name) = line["event"].as_str() {
            let name = name.to_owned();
            let data = notation::canonical(line["data"].take());
            state.events.push((name, data));
            self.changes.send_modify(|count| *count += 1);
            return;
        }
        let answer = if line["ok"] == true {
            Ok(line["result"].take())
        } else {
            let text = |name: &str| line["error"][name].as_str().unwrap_or_default().to_owned();
            Err(PeerError::Raised {
                kind: text("type"),
                message: text("message"),
            })
        };
        if let Some(id) = line["id"].as_u64()
            && let Some(waiting) = state.pending.remove(&id)
        {
            // Nobody waits any more where the test has dropped its request.
            let _unwanted = waiting.send(answer);
        }
    }

    fn end(&self) {
        let mut state = lock(&self.state);
        state.ended = true;
        state.pending.clear();
        self.changes.send_modify(|count| *count += 1);
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }
}

/// Ends when the process no longer reads, or when nobody can send any more.
fn write_lines(mut stdin: ChildStdin, queue: &mpsc::Receiver<String>) {
    for line in queue {
        if writeln!(stdin, "{line}").is_err() {
            return;
        }
    }
}

fn read_lines(stdout: ChildStdout, inbox: &Inbox) {
    for line in BufReader::new(stdout).lines() {
        let Ok(line) = line else { break };
        // A line that is no JSON can only come from a library that prints.
        if let Ok(line) = serde_json::from_str(&line) {
            inbox.receive(line);
        }
    }
    inbox.end();
}

/// A test that failed while it held the lock must not hide behind the failure of the next.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
