//! Files of ours.

use std::io::{self, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hypha_client::FileObject;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::aside::Aside;

/// How much is read at once.
const PIECE: usize = 256 * 1024;

/// A file, or anything else that reads and seeks, as the result of a method or an argument: the receiver reads it piece
/// by piece, and each is read on a thread that may block. It is dropped on such a thread, too. Receivers get the errors
/// of reading.
///
/// ```
/// use std::fs::File;
///
/// use hypha_sync::{Service, from_reader};
///
/// let service = Service::new("store").blocking("open", || {
///     let file = File::open("scan.tif")?;
///     let size = file.metadata()?.len();
///     Ok::<_, std::io::Error>(from_reader(file).name("scan.tif").size(size))
/// });
/// # drop(service);
/// ```
pub fn from_reader(reader: impl Read + Seek + Send + 'static) -> FileObject {
    FileObject::new(Blocking {
        state: State::Idle(Aside::new(Box::new(reader))),
        content: Vec::new(),
        taken: 0,
        position: 0,
    })
}

type Reader<R> = Aside<Box<R>>;

/// A reader that blocks, for those who must not.
struct Blocking<R: Send + 'static> {
    state: State<R>,
    /// What was read last.
    content: Vec<u8>,
    /// How much of it was given.
    taken: usize,
    /// Where the last seek led to.
    position: u64,
}

enum State<R: Send + 'static> {
    Idle(Reader<R>),
    Busy(JoinHandle<(Reader<R>, io::Result<Done>)>),
    /// It panicked.
    Gone,
}

/// What a thread did.
enum Done {
    Read(Vec<u8>),
    Moved(u64),
}

impl<R: Read + Seek + Send> Blocking<R> {
    /// Lets a thread do something with the reader, which has to be idle.
    fn start(
        &mut self,
        what: impl FnOnce(&mut R) -> io::Result<Done> + Send + 'static,
    ) -> io::Result<()> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Idle(mut reader) => {
                let work = move || {
                    let done = reader.get_mut().map_or_else(|| Err(gone()), |r| what(r));
                    (reader, done)
                };
                self.state = State::Busy(spawn_blocking(work));
                Ok(())
            }
            State::Busy(work) => {
                self.state = State::Busy(work);
                Err(io::Error::other("the file is being read or moved"))
            }
            State::Gone => Err(gone()),
        }
    }

    /// Waits until the reader is idle. Says whether it came to its end meanwhile.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let State::Busy(work) = &mut self.state else {
            return Poll::Ready(Ok(false));
        };
        let (reader, done) = match ready!(Pin::new(work).poll(cx)) {
            Ok(ended) => ended,
            Err(problem) => {
                self.state = State::Gone;
                return Poll::Ready(Err(io::Error::other(problem)));
            }
        };
        self.state = State::Idle(reader);
        Poll::Ready(Ok(match done? {
            Done::Read(content) => {
                self.content = content;
                self.taken = 0;
                self.content.is_empty()
            }
            Done::Moved(position) => {
                // Not before: a reader that could not be moved is where it was, ahead of whoever reads.
                self.content.clear();
                self.taken = 0;
                self.position = position;
                false
            }
        }))
    }

    fn rest(&self) -> &[u8] {
        self.content.get(self.taken..).unwrap_or_default()
    }
}

impl<R: Read + Seek + Send> AsyncRead for Blocking<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if !self.rest().is_empty() {
            // It is being moved.
            ready!(self.poll_idle(cx))?;
        }
        while self.rest().is_empty() {
            if ready!(self.poll_idle(cx))? {
                return Poll::Ready(Ok(()));
            }
            if self.rest().is_empty() {
                let mut content = std::mem::take(&mut self.content);
                self.taken = 0;
                self.start(move |reader| {
                    content.clear();
                    reader.take(PIECE as u64).read_to_end(&mut content)?;
                    Ok(Done::Read(content))
                })?;
            }
        }
        let given = self.rest().len().min(out.remaining());
        out.put_slice(self.rest().get(..given).unwrap_or_default());
        self.taken += given;
        Poll::Ready(Ok(()))
    }
}

impl<R: Read + Seek + Send> AsyncSeek for Blocking<R> {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        // The reader is ahead of whoever reads, by what was not given yet.
        let ahead = self.rest().len();
        let to = match to {
            SeekFrom::Current(by) => {
                let by = i64::try_from(ahead)
                    .ok()
                    .and_then(|ahead| by.checked_sub(ahead));
                SeekFrom::Current(by.ok_or(io::ErrorKind::InvalidInput)?)
            }
            to => to,
        };
        self.start(move |reader| reader.seek(to).map(Done::Moved))
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        ready!(self.poll_idle(cx))?;
        Poll::Ready(Ok(self.position))
    }
}

fn gone() -> io::Error {
    io::Error::other("the reader panicked")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

    use super::*;

    #[tokio::test]
    async fn a_reader_that_cannot_be_moved_reads_on() {
        let content: Vec<u8> = (0..2 * PIECE).map(|at| (at % 251) as u8).collect();
        let mut reader = Blocking {
            state: State::Idle(Aside::new(Box::new(Cursor::new(content.clone())))),
            content: Vec::new(),
            taken: 0,
            position: 0,
        };
        let mut read = vec![0; 10];
        reader.read_exact(&mut read).await.unwrap();
        assert!(reader.seek(SeekFrom::Current(-100)).await.is_err());
        assert_eq!(reader.stream_position().await.unwrap(), 10);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, content[10..]);
    }
}
