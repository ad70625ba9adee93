//! Files of others without async.

use std::io::{Cursor, ErrorKind, Read, Seek, SeekFrom};

use hypha_sync::{
    CannotBlock, Client, FileObject, FileReader, RemoteFile, Service, Waiting as _, from_reader,
};
use tokio::runtime::Builder;

use crate::place::Place;

const SIZE: usize = 600_000;

fn content() -> Vec<u8> {
    (0..SIZE).map(|index| (index % 251) as u8).collect()
}

fn file() -> FileObject {
    FileObject::new(Cursor::new(content()))
        .name("scan")
        .size(SIZE as u64)
}

/// Reads a file in parts, each some pieces or a part of one.
fn read(file: &mut FileReader) -> std::io::Result<bool> {
    let content = content();
    assert_eq!(file.get_ref().name(), Some("scan"));
    let mut head = [0; 4];
    file.read_exact(&mut head)?;
    assert_eq!(head[..], content[..4]);
    assert_eq!(file.stream_position()?, 4);
    assert_eq!(file.seek(SeekFrom::End(-100))?, SIZE as u64 - 100);
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    assert_eq!(end[..], content[SIZE - 100..]);
    assert_eq!(file.read(&mut head)?, 0);
    file.rewind()?;
    let mut all = Vec::new();
    file.read_to_end(&mut all)?;
    assert_eq!(all, content);
    let before = file.seek(SeekFrom::Current(i64::MIN)).unwrap_err();
    assert_eq!(before.kind(), ErrorKind::InvalidInput);
    Ok(true)
}

fn store(client: &Client) {
    let service = Service::new("store")
        .blocking("open", |_: String| file())
        .blocking("put", |file: RemoteFile| {
            Ok::<_, hypha_sync::Error>(read(&mut file.wait(())?).unwrap())
        });
    client.register_service(service).unwrap();
}

#[test]
fn handlers_read_files_piece_by_piece() {
    let place = Place::new();
    let client = place.connect();
    store(&client);
    let store = client.get_service("store").unwrap();
    assert!(store.call::<bool>("put", (file(),)).unwrap());
}

#[test]
fn files_in_results_are_read_piece_by_piece() {
    let place = Place::new();
    let client = place.connect();
    store(&client);
    let store = client.get_service("store").unwrap();
    let file: RemoteFile = store.call("open", ("scan",)).unwrap();
    let mut file = file.with_read_size(1000).wait_on(&store, ()).unwrap();
    assert!(read(&mut file).unwrap());
    // It is read from where it stands by whoever has it.
    file.seek(SeekFrom::Start(10)).unwrap();
    let mut again = file.into_inner().wait_on(&client, ()).unwrap();
    let mut byte = [0];
    again.read_exact(&mut byte).unwrap();
    assert_eq!(byte, [10]);
}

/// The error of a read says what is wrong.
#[test]
fn files_cannot_be_read_where_nothing_can_be_waited_for() {
    let place = Place::new();
    let client = place.connect();
    store(&client);
    let file: RemoteFile = client
        .get_service("store")
        .unwrap()
        .call("open", ("scan",))
        .unwrap();
    let mut file = file.wait_on(&client, ()).unwrap();
    let runtime = Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(async { file.read(&mut [0]).unwrap_err() });
    let source = error.get_ref().unwrap().downcast_ref::<CannotBlock>();
    assert!(matches!(source, Some(CannotBlock::InsideRuntime)));
    client.disconnect().unwrap();
    file.read(&mut [0]).unwrap_err();
}

/// A file of the operating system, which blocks.
#[test]
fn files_of_ours_are_read_where_they_may_block() {
    struct Slow(Cursor<Vec<u8>>, Client, std::sync::mpsc::Sender<bool>);
    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1.echo(&1).map_err(std::io::Error::other)?;
            self.0.read(buffer)
        }
    }
    impl Seek for Slow {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.1.echo(&1).map_err(std::io::Error::other)?;
            self.0.seek(to)
        }
    }
    impl Drop for Slow {
        fn drop(&mut self) {
            self.2.send(self.1.echo(&1).is_ok()).ok();
        }
    }
    let place = Place::new();
    let client = place.connect();
    store(&client);
    let (told, dropped) = std::sync::mpsc::channel();
    let slow = Slow(Cursor::new(content()), client.clone(), told);
    let file = from_reader(slow).name("scan").size(SIZE as u64);
    let store = client.get_service("store").unwrap();
    assert!(store.call::<bool>("put", (file,)).unwrap());
    assert!(
        dropped
            .recv_timeout(std::time::Duration::from_secs(60))
            .unwrap()
    );
}

/// Without a size the owner is asked where the end is, and told how far to go from here.
#[test]
fn files_of_ours_are_moved_from_where_the_reader_stands() {
    use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
    let place = Place::new();
    let client = place.connect();
    let service = Service::new("s").blocking("open", || from_reader(Cursor::new(content())));
    client.register_service(service).unwrap();
    let file: RemoteFile = client.get_service("s").unwrap().call("open", ()).unwrap();
    let functions = file.descriptor().clone();
    let mut file = file.wait_on(&client, ()).unwrap();
    assert_eq!(file.seek(SeekFrom::End(-1)).unwrap(), SIZE as u64 - 1);
    let mut last = Vec::new();
    file.read_to_end(&mut last).unwrap();
    assert_eq!(last, content()[SIZE - 1..]);
    file.rewind().unwrap();
    let seek = match functions.members.get("seek") {
        Some(hypha_sync::Value::Method(seek)) => (**seek).clone(),
        other => panic!("{other:?}"),
    };
    let seek = hypha_sync::Callback::<(i64, u8), u64>::try_from(seek).unwrap();
    let mut file = file.into_inner();
    client
        .block_on(async {
            assert_eq!(file.read_u8().await.unwrap(), 0);
            // The owner has given a whole piece; it stands behind that.
            let there = seek.call((10, 1)).await.unwrap();
            assert_eq!(there, 256 * 1024 + 10);
            assert_eq!(file.seek(SeekFrom::Start(7)).await.unwrap(), 7);
            assert_eq!(file.read_u8().await.unwrap(), 7);
        })
        .unwrap();
}

#[test]
fn a_file_that_fails_is_an_error_and_no_end() {
    struct Bursts(bool);
    impl Read for Bursts {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            assert!(self.0, "the file burst");
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    impl Seek for Bursts {
        fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
            Ok(0)
        }
    }
    let place = Place::new();
    let client = place.connect();
    let service = Service::new("s").blocking("open", |fails: bool| from_reader(Bursts(fails)));
    client.register_service(service).unwrap();
    let service = client.get_service("s").unwrap();
    for fails in [true, false] {
        let file: RemoteFile = service.call("open", (fails,)).unwrap();
        let mut file = file.wait_on(&client, ()).unwrap();
        for _ in 0..2 {
            let error = file.read(&mut [0]).unwrap_err().to_string();
            let expected = if fails { "the disk is gone" } else { "panic" };
            assert!(error.contains(expected), "{error}");
        }
    }
}
