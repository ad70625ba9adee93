//! Programs that run to their end, and what they put out.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::time::{sleep, timeout};

use crate::guard::Guard;
use crate::log::Log;
use crate::{http, install};

/// It takes a few seconds on an idle machine.
const DEADLINE: Duration = Duration::from_secs(180);

/// Opens a page in headless Chromium, waits until it has loaded with everything that is on it, and gives its document as
/// it is then.
///
/// # Errors
/// Chromium is not installed, or does not end in time; with the end of its log.
pub async fn document_of(url: &str) -> Result<String> {
    let mut chromium = install::chromium();
    chromium.args(["--headless", "--disable-gpu", "--user-data-dir=profile"]);
    // The page is ours, and the sandbox does not start everywhere.
    chromium.args(["--no-sandbox", "--disable-dev-shm-usage"]);
    chromium.args(["--dump-dom", url]);
    output_of(&chromium).await
}

/// Runs a Python program that has the client, and gives what it printed.
///
/// # Errors
/// The peers are not installed, or the program fails or does not end in time; with the end of its log.
pub async fn python(program: &str) -> Result<String> {
    let mut python = install::python()?;
    python.args(["-c", program]);
    output_of(&python).await
}

/// Runs the command `hypha` of this workspace with these arguments, and gives what it printed.
///
/// # Errors
/// It cannot be built, fails or does not end in time; with the end of its log.
pub async fn hypha(arguments: &[&str]) -> Result<String> {
    let mut hypha = install::hypha().await?;
    hypha.args(arguments);
    output_of(&hypha).await
}

async fn output_of(command: &Command) -> Result<String> {
    let log = Log::new(command.get_program().display().to_string())?;
    let output = Output::new();
    // The guard keeps what is left of its output.
    let mut redirected = Command::new("sh");
    redirected
        .args(["-c", r#"exec "$@" >"$0""#])
        .arg(&output.0)
        .arg(command.get_program())
        .args(command.get_args());
    let mut guard = Guard::start(&redirected, &log)?;
    let status = timeout(DEADLINE, async {
        loop {
            if let Some(status) = guard.ended()? {
                return Ok::<_, anyhow::Error>(status);
            }
            sleep(http::INTERVAL).await;
        }
    });
    let status = status.await.with_context(|| log.tail())??;
    ensure!(status.success(), "{status}\n{}", log.tail());
    std::fs::read_to_string(&output.0).context("there is no output")
}

/// The file that a program writes to. It goes with us.
#[derive(Debug)]
struct Output(PathBuf);

impl Output {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hypha-output-{}-{count}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // Nothing depends on it.
        let _gone = std::fs::remove_file(&self.0);
    }
}
