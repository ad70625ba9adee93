//! The server that a command talks to, and who we are there.

use anyhow::{Context as _, Result};
use clap::Args;
use hypha_client::{Client, ConnectOptions, Pacing, Secret};

/// The server and our place on it.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServerArgs {
    /// URL of the server, such as http://127.0.0.1:9527
    #[arg(long, value_name = "URL", env = "HYPHA_SERVER_URL")]
    server: String,
    /// Workspace to join; the server chooses without it
    #[arg(long, value_name = "NAME", env = "HYPHA_WORKSPACE")]
    workspace: Option<String>,
    /// Token that says who we are; anonymous without it
    #[arg(long, env = "HYPHA_TOKEN", hide_env_values = true)]
    token: Option<Secret>,
    /// Send no faster than the server's limit of frames allows
    #[arg(long)]
    pace: bool,
}

impl ServerArgs {
    /// How to connect: as fast as can be unless told to pace.
    pub(crate) fn options(&self) -> ConnectOptions {
        let mut options = Client::builder(&self.server);
        // Variables that are set to nothing say nothing.
        if let Some(workspace) = self.workspace.as_ref().filter(|name| !name.is_empty()) {
            options = options.workspace(workspace);
        }
        if let Some(token) = self.token() {
            options = options.token(token.clone());
        }
        if self.pace {
            options
        } else {
            options.pacing(Pacing::Off)
        }
    }

    /// The token, if there is one.
    pub(crate) fn token(&self) -> Option<&Secret> {
        self.token
            .as_ref()
            .filter(|token| !token.expose().is_empty())
    }

    /// Says where it was that something failed.
    pub(crate) async fn connect(&self, options: ConnectOptions) -> Result<Client> {
        options
            .connect()
            .await
            .with_context(|| format!("cannot connect to {}", self.server))
    }
}
