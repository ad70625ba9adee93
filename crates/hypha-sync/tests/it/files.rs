//! Files of others without async.

use std::io::{Cursor, ErrorKind, Read, Seek, SeekFrom};

use hypha_sync::{CannotBlock, Client, FileObject, FileReader, RemoteFile, Service, Waiting as _};
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
