//! Secrets from files.
//!
//! There is no option that takes a secret itself: every user of a machine sees the arguments of every process.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use hypha_client::Secret;
use hypha_server::HyphaServerBuilder;

/// Where secrets are, if they are not in the environment.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Secrets (in files or variables: arguments can be seen by every user of a machine)"
)]
pub(super) struct SecretArgs {
    /// File with the secret that signs tokens, instead of HYPHA_JWT_SECRET (or JWT_SECRET). Servers with the same one
    /// accept each other's tokens. Random without it: then tokens end with the server
    #[arg(long, value_name = "FILE", env = "HYPHA_JWT_SECRET_FILE", value_parser = path())]
    jwt_secret_file: Option<PathBuf>,
    /// File with a token for the user who may do everything, instead of HYPHA_ROOT_TOKEN
    #[arg(long, value_name = "FILE", env = "HYPHA_ROOT_TOKEN_FILE", value_parser = path())]
    root_token_file: Option<PathBuf>,
}

impl SecretArgs {
    /// Files count before variables.
    pub(super) fn apply(&self, mut builder: HyphaServerBuilder) -> Result<HyphaServerBuilder> {
        // Variables that are set to nothing say nothing.
        let is_path = |path: &&PathBuf| !path.as_os_str().is_empty();
        if let Some(path) = self.jwt_secret_file.as_ref().filter(is_path) {
            builder = builder.jwt_secret(read(path)?);
        }
        if let Some(path) = self.root_token_file.as_ref().filter(is_path) {
            builder = builder.root_token(read(path)?);
        }
        Ok(builder)
    }
}

/// Any path, also the empty one of a variable that is set to nothing.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

fn read(path: &Path) -> Result<Secret> {
    let content = fs::read_to_string(path)
        .map(Secret::from)
        .with_context(|| format!("cannot read the secret in {}", path.display()))?;
    // The line end that editors add is no part of it.
    let secret = content.expose().trim_end_matches(['\r', '\n']);
    ensure!(
        !secret.is_empty(),
        "there is no secret in {}",
        path.display()
    );
    Ok(Secret::from(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_secret() {
        let folder = std::env::temp_dir().join(format!("hypha-secrets-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("secret");
        fs::write(&path, "in the file\r\n").unwrap();
        assert_eq!(read(&path).unwrap().expose(), "in the file");
        fs::write(&path, "\n").unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .to_string()
                .contains("there is no secret")
        );
        fs::remove_dir_all(&folder).unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .to_string()
                .contains("cannot read the secret")
        );
    }
}
