//! Secret keys in files.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::hex;
use crate::secret_key::SecretKey;

/// The digits and a line end. What is longer is no key.
const MAX_LEN: usize = hex::DIGITS + 2;

impl SecretKey {
    /// Reads a key from a file: 64 hexadecimal digits and maybe a line end.
    ///
    /// # Errors
    /// If the file cannot be read, holds no key, or (on Unix) others than its owner may read or change it.
    pub fn read_file(path: impl AsRef<Path>) -> Result<Self, KeyFileError> {
        let path = path.as_ref();
        read(path).map_err(|problem| KeyFileError::new(path, problem))
    }

    /// Writes the key to a new file that (on Unix) nobody else may read.
    ///
    /// # Errors
    /// If the file is there already, or cannot be written.
    pub fn write_new_file(&self, path: impl AsRef<Path>) -> Result<(), KeyFileError> {
        let path = path.as_ref();
        let written = self.write(path);
        written.map_err(|problem| KeyFileError::new(path, KeyFileProblem::Io(problem)))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let written = self.write_to(file);
        if written.is_err() {
            // Half a key is none, and would be in the way of the next one. If it cannot go, the error says enough.
            drop(std::fs::remove_file(path));
        }
        written
    }

    fn write_to(&self, mut file: File) -> io::Result<()> {
        let mut text = Zeroizing::new(String::with_capacity(hex::DIGITS + 1));
        text.push_str(&self.to_hex());
        text.push('\n');
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}

fn read(path: &Path) -> Result<SecretKey, KeyFileProblem> {
    // Looked at first: to open a pipe would wait for whoever writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(KeyFileProblem::NoFile);
    }
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata()?);
        if mode & 0o077 != 0 {
            return Err(KeyFileProblem::Exposed { mode: mode & 0o777 });
        }
    }
    let mut text = Zeroizing::new(String::with_capacity(hex::DIGITS * 2));
    let limit = u64::try_from(MAX_LEN + 1).unwrap_or(u64::MAX);
    let read = file.take(limit).read_to_string(&mut text);
    read.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => KeyFileProblem::NoKey,
        _ => KeyFileProblem::Io(error),
    })?;
    if text.len() > MAX_LEN {
        return Err(KeyFileProblem::NoKey);
    }
    text.trim_end().parse().map_err(|_| KeyFileProblem::NoKey)
}

/// A key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the key file `{}` cannot be used", path.display())]
pub struct KeyFileError {
    path: PathBuf,
    #[source]
    problem: KeyFileProblem,
}

impl KeyFileError {
    fn new(path: &Path, problem: KeyFileProblem) -> Self {
        Self {
            path: path.to_owned(),
            problem,
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &KeyFileProblem {
        &self.problem
    }
}

/// What is wrong with a key file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileProblem {
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Somebody else may read or change it.
    #[error(
        "its mode is {mode:03o}, so that others can get at the key: `chmod 600` it, and make a new one if others had it"
    )]
    Exposed {
        /// Its permissions.
        mode: u32,
    },
    /// It is a folder, a pipe or the like.
    #[error("it is no file")]
    NoFile,
    /// It holds something else than a key.
    #[error("it holds no key: 64 hexadecimal digits")]
    NoKey,
}
