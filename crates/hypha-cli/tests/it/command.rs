//! Running the command.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{
    Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio,
};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The command with these words, and nothing of our own environment that it would read.
pub(crate) fn hypha(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hypha"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("HYPHA_") || name == "RUST_LOG" || name == "JWT_SECRET" {
            command.env_remove(&*name);
        }
    }
    command.args(words);
    command
}

/// Runs it to its end.
pub(crate) fn run(words: &[&str]) -> Output {
    hypha(words).stdin(Stdio::null()).output().unwrap()
}

/// What was printed, as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A command that runs until it is ended, and at the latest until this is dropped.
pub(crate) struct Running {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    errors: Option<BufReader<ChildStderr>>,
}

impl Running {
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::of(&mut hypha(words))
    }

    pub(crate) fn of(command: &mut Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: process.stdin.take(),
            output: BufReader::new(process.stdout.take().unwrap()),
            errors: process.stderr.take().map(BufReader::new),
            process,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line of its output; empty at the end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The next line of what it says on standard error.
    pub(crate) fn error_line(&mut self) -> String {
        let mut line = String::new();
        self.errors.as_mut().unwrap().read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Its input ends.
    pub(crate) fn end_input(&mut self) {
        drop(self.input.take());
    }

    /// Sends a signal, by its name.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end, and gives what else it said on standard error.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let mut errors = self.errors.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut said = String::new();
            // Until the process has closed it.
            errors.read_to_string(&mut said).unwrap();
            sender.send(said)
        });
        let said = receiver.recv_timeout(PATIENCE).expect("it does not end");
        (self.process.wait().unwrap(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A server of ours on a free port, and its URL.
pub(crate) fn server() -> (Running, String) {
    server_with(&[])
}

/// The same with more options.
pub(crate) fn server_with(options: &[&str]) -> (Running, String) {
    let words = ["serve", "--port", "0", "--end-with-input"];
    let mut server = Running::of(hypha(&words).args(options));
    let line = server.line();
    let url = line.strip_prefix("listening on ").expect(&line).to_owned();
    (server, url)
}
