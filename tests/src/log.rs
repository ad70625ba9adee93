//! What a child process wrote, kept until the test is over.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::{io, process};

/// As much of the end of a log as is worth reading in a failed test.
const TAIL: u64 = 16 * 1024;

/// A file without a name: nothing is left behind, however the test ends.
#[derive(Debug)]
pub(crate) struct Log {
    title: String,
    file: File,
    printed: AtomicBool,
}

impl Log {
    pub(crate) fn new(title: String) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("hypha-log-{}-{count}", process::id()));
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(Self {
            title,
            file,
            printed: AtomicBool::new(false),
        })
    }

    /// An output of a child that ends up here.
    pub(crate) fn output(&self) -> io::Result<Stdio> {
        Ok(self.file.try_clone()?.into())
    }

    /// The end of what was written so far, under its title.
    pub(crate) fn tail(&self) -> String {
        let text = self.since(self.end().saturating_sub(TAIL));
        format!("--- {} ---\n{text}", self.title)
    }

    /// What was written so far from this byte on.
    pub(crate) fn since(&self, start: u64) -> String {
        let length = self.end().saturating_sub(start);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        let read = self.file.read_at(&mut bytes, start).unwrap_or(0);
        bytes.truncate(read);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn end(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    /// Prints the tail, once, if the test that drops an owner has failed. The test runner shows it with the failure.
    #[expect(clippy::print_stderr, reason = "a test harness")]
    pub(crate) fn print_if_panicking(&self) {
        if std::thread::panicking() && !self.printed.swap(true, Ordering::Relaxed) {
            eprintln!("{}", self.tail());
        }
    }
}
