//! The server that examples talk to.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::workspace::root;

/// A running server, by way of the harness of the tests. It ends when its input does, so also with this process.
pub(super) struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts one and waits until it is ready.
    pub(super) fn start() -> Result<Self> {
        let mut child = Command::new("cargo")
            .args([
                "run",
                "--quiet",
                "--package",
                "hypha-tests",
                "--bin",
                "server",
            ])
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let mut url = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut url)?;
        }
        let server = Self {
            child,
            url: url.trim_end().to_owned(),
        };
        ensure!(server.url.starts_with("http"), "the server did not start");
        Ok(server)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it and waits until it is gone.
    pub(super) fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}
