//! A child process, with all its own children, that ends with us.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result};

use crate::install;
use crate::log::Log;

/// A command under `guard.py`, which kills its process group as soon as our end of the pipe is gone: on drop, and also
/// when this process ends without dropping anything, as it does with what lies in a `static`.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Guard {
    /// Starts a command.
    pub(crate) fn start(command: &Command, log: &Log) -> Result<Self> {
        let mut guard: Command = install::python()?;
        guard
            .arg(install::scripts().join("python/guard.py"))
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.output()?);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => guard.env(name, value),
                None => guard.env_remove(name),
            };
        }
        let mut child = guard.spawn().context("cannot start the guard")?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("the guard has no stdout")?;
        Ok(Self {
            child,
            stdin,
            stdout: BufReader::new(stdout),
        })
    }

    /// Sends a signal to the process group, by its name without `SIG`, and returns once it is sent.
    pub(crate) fn signal(&mut self, name: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("the guard is gone")?;
        writeln!(stdin, "{name}").context("the guard is gone")?;
        // After a deadly signal the guard may be gone before it says so.
        self.stdout.read_line(&mut String::new())?;
        Ok(())
    }

    /// The exit status, if the command has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for the end of the command, which must have been told to end.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // Nothing can be done about an error here, and nothing depends on it.
        let _status = self.child.wait();
    }
}
