//! Processes of a comparison: commands go in and answers come out, a line each.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

/// A process that ends with us.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// This binary in a role.
    pub(crate) fn role(role: &str, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["role", role]).args(arguments);
        Self::start(command)
    }

    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{command:?} does not start"))?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self {
            child,
            input,
            output,
        })
    }

    /// The next line that it says.
    pub(crate) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            bail!("process {} has ended", self.child.id());
        }
        Ok(line.trim().to_owned())
    }

    /// Gives a command and waits for what comes of it.
    pub(crate) fn ask(&mut self, command: &str) -> Result<Json> {
        writeln!(self.input, "{command}")?;
        let line = self.line()?;
        serde_json::from_str(&line).with_context(|| format!("{command} gave {line}"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A runtime of the named flavour.
pub(crate) fn runtime(flavour: &str) -> Result<Runtime> {
    let mut builder = match flavour {
        "current" => Builder::new_current_thread(),
        "multi" => Builder::new_multi_thread(),
        _ => bail!("there is no flavour {flavour}"),
    };
    Ok(builder.worker_threads(2).enable_all().build()?)
}

/// Says that this process is ready, then answers commands until there are no more.
pub(crate) async fn serve(
    ready: &str,
    mut answer: impl AsyncFnMut(&str) -> Result<Json>,
) -> Result<()> {
    say(ready)?;
    let mut commands = commands();
    while let Some(command) = commands.recv().await {
        say(&answer(&command).await?.to_string())?;
    }
    Ok(())
}

/// The lines of our input, read beside the runtime, which goes on meanwhile.
fn commands() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn say(line: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}
