//! Secrets from the environment and from files.
//!
//! There is no option that takes a secret itself: every user of a machine sees the arguments of every process.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use hypha_client::Secret;

/// Where secrets are.
///
/// The environment is read by hand, so that no value gets into a help text or an error.
#[derive(Args, Debug)]
pub(super) struct SecretArgs {
    /// File with the secret that signs tokens, instead of the variable HYPHA_JWT_SECRET (or JWT_SECRET).
    /// Servers with the same secret accept each other's tokens; random without it, and tokens end with the server
    #[arg(long, value_name = "FILE", env = "HYPHA_JWT_SECRET_FILE")]
    jwt_secret_file: Option<PathBuf>,
    /// File with a token for the user who may do everything, instead of the variable HYPHA_ROOT_TOKEN
    #[arg(long, value_name = "FILE", env = "HYPHA_ROOT_TOKEN_FILE")]
    root_token_file: Option<PathBuf>,
}

impl SecretArgs {
    /// Signs tokens.
    pub(super) fn jwt_secret(&self) -> Result<Option<Secret>> {
        find(
            self.jwt_secret_file.as_deref(),
            &["HYPHA_JWT_SECRET", "JWT_SECRET"],
            variable,
        )
    }

    /// Stands for the user who may do everything.
    pub(super) fn root_token(&self) -> Result<Option<Secret>> {
        find(
            self.root_token_file.as_deref(),
            &["HYPHA_ROOT_TOKEN"],
            variable,
        )
    }
}

/// What the file holds if there is one, else the first of these variables that is set and not empty.
fn find(
    file: Option<&Path>,
    names: &[&str],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Secret>> {
    let Some(path) = file else {
        let mut values = names.iter().filter_map(|name| variable(name));
        return Ok(values.find(|value| !value.is_empty()).map(Secret::from));
    };
    let content = fs::read_to_string(path)
        .with_context(|| format!("cannot read the secret in {}", path.display()))?;
    // The line end that editors add is no part of it.
    let content = Secret::from(content);
    let secret = content.expose().trim_end_matches(['\r', '\n']);
    ensure!(
        !secret.is_empty(),
        "there is no secret in {}",
        path.display()
    );
    Ok(Some(Secret::from(secret)))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: Option<&Path>, variables: &[(&str, &str)]) -> Result<Option<String>> {
        let variable = |name: &str| {
            let value = variables.iter().find(|(known, _)| *known == name);
            value.map(|(_, value)| (*value).to_owned())
        };
        let secret = find(file, &["FIRST", "SECOND"], variable)?;
        Ok(secret.map(|secret| secret.expose().to_owned()))
    }

    #[test]
    fn the_first_variable_that_says_something_counts() {
        assert_eq!(found(None, &[]).unwrap(), None);
        assert_eq!(
            found(None, &[("FIRST", ""), ("SECOND", "b")])
                .unwrap()
                .unwrap(),
            "b"
        );
        assert_eq!(
            found(None, &[("FIRST", "a"), ("SECOND", "b")])
                .unwrap()
                .unwrap(),
            "a"
        );
    }

    #[test]
    fn a_file_counts_before_variables_and_must_hold_something() {
        let folder = std::env::temp_dir().join(format!("hypha-secrets-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("secret");
        fs::write(&path, "in the file\r\n").unwrap();
        assert_eq!(
            found(Some(&path), &[("FIRST", "a")]).unwrap().unwrap(),
            "in the file"
        );
        fs::write(&path, "\n").unwrap();
        assert!(found(Some(&path), &[("FIRST", "a")]).is_err());
        fs::remove_dir_all(&folder).unwrap();
        assert!(found(Some(&path), &[("FIRST", "a")]).is_err());
    }
}
