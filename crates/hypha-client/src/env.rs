//! Options from environment variables and `.env` files (features A1.28).

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::options::{ConnectOptions, OptionsError};

/// The variables that the other clients read too.
mod variable {
    pub(super) const SERVER_URL: &str = "HYPHA_SERVER_URL";
    pub(super) const TOKEN: &str = "HYPHA_TOKEN";
    pub(super) const CLIENT_ID: &str = "HYPHA_CLIENT_ID";
    pub(super) const WORKSPACE: &str = "HYPHA_WORKSPACE";
    pub(super) const ALL: [&str; 4] = [SERVER_URL, TOKEN, CLIENT_ID, WORKSPACE];
}

impl ConnectOptions {
    /// Reads `HYPHA_SERVER_URL`, `HYPHA_TOKEN`, `HYPHA_CLIENT_ID` and `HYPHA_WORKSPACE`. Empty ones count as absent.
    ///
    /// If the environment names no server, a `.env` file in the current or the nearest parent directory is read as
    /// well; variables of the environment win over those of the file. If the environment does name one, no file is
    /// read, so that the token in a file never goes to another server than the file's. The environment of the process
    /// is not changed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) if no server is named, or what is there cannot be
    /// read.
    pub fn from_env() -> Result<Self, Error> {
        let environment = variable::ALL
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        let directory = std::env::current_dir().ok();
        Ok(from_variables(environment, directory.as_deref())?)
    }
}

fn from_variables(
    environment: impl IntoIterator<Item = (&'static str, OsString)>,
    directory: Option<&Path>,
) -> Result<ConnectOptions, OptionsError> {
    let mut variables = HashMap::new();
    for (name, value) in environment {
        let value = value
            .into_string()
            .map_err(|_| OptionsError::NotUnicode(name))?;
        if !value.is_empty() {
            variables.insert(name, value);
        }
    }
    if !variables.contains_key(variable::SERVER_URL)
        && let Some(path) = directory.and_then(find_file)
    {
        for (name, value) in read_file(&path)? {
            variables.entry(name).or_insert(value);
        }
    }
    let mut take = |name| variables.remove(name);
    let mut options = ConnectOptions::from(
        take(variable::SERVER_URL).ok_or(OptionsError::NoServerUrl(variable::SERVER_URL))?,
    );
    options.token = take(variable::TOKEN).map(Into::into);
    options.client_id = take(variable::CLIENT_ID);
    options.workspace = take(variable::WORKSPACE);
    Ok(options)
}

fn find_file(directory: &Path) -> Option<PathBuf> {
    directory
        .ancestors()
        .map(|directory| directory.join(".env"))
        .find(|path| path.is_file())
}

/// The variables of ours in a file.
fn read_file(path: &Path) -> Result<Vec<(&'static str, String)>, OptionsError> {
    let mut found = Vec::new();
    let problem = |error| match error {
        dotenvy::Error::Io(source) => OptionsError::EnvFile {
            path: path.to_owned(),
            source,
        },
        _ => OptionsError::EnvLine {
            path: path.to_owned(),
        },
    };
    for item in dotenvy::from_path_iter(path).map_err(problem)? {
        let (name, value) = item.map_err(problem)?;
        if let Some(name) = variable::ALL.into_iter().find(|known| *known == name)
            && !value.is_empty()
        {
            found.push((name, value));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A directory of this test's own.
    fn directory(name: &str) -> PathBuf {
        let directory =
            std::env::temp_dir().join(format!("hypha-client-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        directory
    }

    fn read(
        environment: &[(&'static str, &str)],
        directory: Option<&Path>,
    ) -> Result<[Option<String>; 4], OptionsError> {
        let environment = environment
            .iter()
            .map(|(name, value)| (*name, OsString::from(value)));
        let options = from_variables(environment, directory)?;
        let token = options.token.map(|token| token.expose().to_owned());
        Ok([
            Some(options.server_url),
            token,
            options.client_id,
            options.workspace,
        ])
    }

    fn some(texts: [&str; 4]) -> [Option<String>; 4] {
        texts.map(|text| (!text.is_empty()).then(|| text.to_owned()))
    }

    #[test]
    fn variables_become_options_and_a_missing_server_is_named() {
        let all = [
            (variable::SERVER_URL, "http://h"),
            (variable::TOKEN, "t"),
            (variable::CLIENT_ID, "c"),
            (variable::WORKSPACE, "w"),
        ];
        assert_eq!(read(&all, None).unwrap(), some(["http://h", "t", "c", "w"]));
        assert_eq!(
            read(&[all[0], (variable::TOKEN, "")], None).unwrap(),
            some(["http://h", "", "", ""])
        );
        let error = read(&all[1..], None).unwrap_err();
        assert!(error.to_string().contains("HYPHA_SERVER_URL"), "{error}");
    }

    #[test]
    fn a_file_in_a_parent_directory_is_read_unless_the_environment_names_a_server() {
        let root = directory("env");
        let below = root.join("a/b");
        fs::create_dir_all(&below).unwrap();
        let file = "# a comment\nHYPHA_SERVER_URL=http://file\nexport HYPHA_TOKEN='from file'\nOTHER=x\nHYPHA_WORKSPACE=\n";
        fs::write(root.join(".env"), file).unwrap();

        assert_eq!(
            read(&[], Some(&below)).unwrap(),
            some(["http://file", "from file", "", ""])
        );
        let token = [(variable::TOKEN, "from environment")];
        assert_eq!(
            read(&token, Some(&below)).unwrap(),
            some(["http://file", "from environment", "", ""])
        );
        let server = [(variable::SERVER_URL, "http://environment")];
        assert_eq!(
            read(&server, Some(&below)).unwrap(),
            some(["http://environment", "", "", ""])
        );

        fs::write(below.join(".env"), "HYPHA_TOKEN 'hush\n").unwrap();
        let error = read(&[], Some(&below)).unwrap_err();
        assert!(matches!(error, OptionsError::EnvLine { .. }), "{error}");
        assert!(!format!("{error:?}").contains("hush"));
        fs::remove_dir_all(root).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_named() {
        use std::os::unix::ffi::OsStringExt as _;

        let environment = [(variable::TOKEN, OsString::from_vec(vec![0xff]))];
        let error = from_variables(environment, None).unwrap_err();
        assert!(matches!(error, OptionsError::NotUnicode("HYPHA_TOKEN")));
    }
}
