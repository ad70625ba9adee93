//! A process of this program that plays one part.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// It is killed when this is dropped, and those that end with their input end with us even if we are killed.
pub(super) struct Part {
    name: &'static str,
    process: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

/// How long a part may take to begin, or to end when it was asked to.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a user of this program may have set for another purpose. Limits of the server stay: whoever sets them may want
/// to know what they do.
const NOT_INHERITED: [&str; 11] = [
    "HYPHA_HOST",
    "HYPHA_JWT_SECRET",
    "HYPHA_JWT_SECRET_FILE",
    "HYPHA_PORT",
    "HYPHA_PUBLIC_BASE_URL",
    "HYPHA_ROOT_TOKEN",
    "HYPHA_ROOT_TOKEN_FILE",
    "HYPHA_RUNTIME",
    "HYPHA_SERVER_URL",
    "HYPHA_TOKEN",
    "HYPHA_WORKSPACE",
];

impl Part {
    /// Starts this program once more. What it says on standard error goes where ours does.
    pub(super) fn start(
        name: &'static str,
        words: &[String],
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut command = Command::new(program);
        for variable in NOT_INHERITED {
            command.env_remove(variable);
        }
        let mut process = command
            .args(words)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let input = process.stdin.take();
        let output = process.stdout.take().context("a process has no output")?;
        Ok(Self {
            name,
            process,
            input,
            output: BufReader::new(output).lines(),
        })
    }

    /// The rest of its first line, which begins like this.
    pub(super) async fn announcement(&mut self, begin: &str) -> Result<String> {
        let name = self.name;
        let line = timeout(PATIENCE, self.next_line())
            .await
            .with_context(|| format!("{name} does not get ready"))??;
        let Some(line) = line else {
            self.succeeded().await?;
            bail!("{name} ended before it was ready");
        };
        let rest = line.strip_prefix(begin);
        Ok(rest
            .with_context(|| format!("{name} is not ready"))?
            .to_owned())
    }

    /// What it prints next.
    pub(super) async fn next_line(&mut self) -> Result<Option<String>> {
        let name = self.name;
        self.output
            .next_line()
            .await
            .with_context(|| format!("cannot read what {name} prints"))
    }

    /// Closes its input, by which it is asked to end, and waits until it has.
    pub(super) async fn end(mut self) -> Result<()> {
        drop(self.input.take());
        self.succeeded().await
    }

    /// Waits until it has ended by itself.
    pub(super) async fn succeeded(&mut self) -> Result<()> {
        let name = self.name;
        let status = timeout(PATIENCE, self.process.wait())
            .await
            .with_context(|| format!("{name} does not end"))??;
        ensure!(status.success(), "{name} failed: {status}");
        Ok(())
    }
}
