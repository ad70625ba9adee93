//! Files of others.

use std::io::{self, Read, Seek, SeekFrom};

use hypha_client::RemoteFile;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::connection::Connection;

/// A file of another client that is read where it is: a [`Read`] and [`Seek`] that waits. It comes of a
/// [`RemoteFile`] by [`wait`](crate::Waiting::wait) or [`wait_on`](crate::Waiting::wait_on).
///
/// One piece of it is in memory, of as many bytes as [`RemoteFile::with_read_size`] says. What cannot be waited for is an
/// error of kind [`Other`](io::ErrorKind::Other) around a [`CannotBlock`](crate::CannotBlock).
///
/// ```
/// use std::io::{BufRead as _, BufReader};
///
/// use hypha_sync::{RemoteFile, Service, Waiting as _};
///
/// let service = Service::new("store").blocking("lines", |file: RemoteFile| {
///     let lines = BufReader::new(file.wait(())?).lines();
///     Ok::<_, hypha_sync::Error>(lines.map_while(Result::ok).count())
/// });
/// # drop(service);
/// ```
#[derive(Debug)]
pub struct FileReader {
    file: RemoteFile,
    connection: Connection,
}

impl FileReader {
    pub(crate) fn new(file: RemoteFile, connection: Connection) -> Self {
        Self { file, connection }
    }

    /// The file, with what its owner told of it.
    #[must_use]
    pub fn get_ref(&self) -> &RemoteFile {
        &self.file
    }

    /// The file, where it stands now.
    #[must_use]
    pub fn into_inner(self) -> RemoteFile {
        self.file
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.connection.block_on(self.file.read(buffer))?
    }

    /// All of it at once, so that each piece is waited for once.
    fn read_to_end(&mut self, content: &mut Vec<u8>) -> io::Result<usize> {
        self.connection.block_on(self.file.read_to_end(content))?
    }
}

impl Seek for FileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.connection.block_on(self.file.seek(to))?
    }
}
