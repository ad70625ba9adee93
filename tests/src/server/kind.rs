//! The servers that there are, and what each can do.

use std::process::Command;

use anyhow::Result;

use super::{ROOT_TOKEN, ServerOptions};
use crate::install;

/// The environment variable that names the server of a whole run: `reference` or `ours`.
const CHOICE: &str = "HYPHA_TEST_SERVER";

/// The secret that signs the tokens of every server of the tests.
const JWT_SECRET: &str = "secret of the tests";

/// A rate that no test reaches.
const NO_LIMIT: u32 = 1_000_000;

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests match on both")]
pub enum ServerKind {
    /// `hypha` from PyPI.
    Reference,
    /// `hypha serve` of this workspace.
    Ours,
}

/// What not every server can do. What lacks in ours stands with its reason in `docs/compatibility.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// Methods are called by `GET /<workspace>/services/<service>/<method>`.
    ServicesOverHttp,
    /// There is a service `public/hypha-login`.
    Login,
    /// `GET /metrics` counts what the server did.
    Metrics,
    /// A broadcast reaches another workspace than its sender's if it names it.
    ForeignBroadcasts,
    /// `search_services` finds services by words alone.
    TextSearch,
    /// A client that is refused for a duplicate id does not harm the one that has it.
    HarmlessRefusals,
    /// A manager id of an earlier life of the server is answered.
    OldManagers,
}

impl ServerKind {
    /// Whether the server can do it.
    #[must_use]
    pub fn has(self, feature: Feature) -> bool {
        let of_the_reference = match feature {
            Feature::ServicesOverHttp
            | Feature::Login
            | Feature::Metrics
            | Feature::ForeignBroadcasts => true,
            Feature::TextSearch | Feature::HarmlessRefusals | Feature::OldManagers => false,
        };
        of_the_reference == (self == Self::Reference)
    }

    /// What starts it on this port of 127.0.0.1.
    pub(super) async fn command(self, port: u16, options: &ServerOptions) -> Result<Command> {
        let mut command = match self {
            Self::Reference => reference(port, options)?,
            Self::Ours => ours(port, options).await?,
        };
        command.env("JWT_SECRET", JWT_SECRET);
        command.envs(options.env.iter().cloned());
        Ok(command)
    }
}

impl Default for ServerKind {
    /// The server of the run.
    ///
    /// # Panics
    /// When the environment names a server that there is not: a run against the wrong one shows nothing.
    fn default() -> Self {
        match std::env::var(CHOICE).as_deref() {
            Ok("ours") => Self::Ours,
            Err(std::env::VarError::NotPresent) | Ok("" | "reference") => Self::Reference,
            other => panic!("{CHOICE} is {other:?}, not `reference` or `ours`"),
        }
    }
}

fn reference(port: u16, options: &ServerOptions) -> Result<Command> {
    let mut command = install::python()?;
    command.args(["-m", "hypha.server", "--host=127.0.0.1"]);
    command.arg(format!("--port={port}"));
    command.arg(format!("--root-token={ROOT_TOKEN}"));
    if !options.reference_limits {
        for name in ["HYPHA_WS_MSG_RATE_LIMIT", "HYPHA_WS_MSG_BURST_LIMIT"] {
            command.env(name, NO_LIMIT.to_string());
        }
    }
    Ok(command)
}

async fn ours(port: u16, options: &ServerOptions) -> Result<Command> {
    let mut command = install::hypha().await?;
    command.args(["serve", "--host=127.0.0.1"]);
    command.arg(format!("--port={port}"));
    if options.reference_limits {
        command.arg("--reference-limits");
    }
    command.env("HYPHA_ROOT_TOKEN", ROOT_TOKEN);
    Ok(command)
}
