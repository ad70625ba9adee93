//! Files as arguments and results.

use std::io::{Cursor, SeekFrom};

use hypha_codec::{Binary, Map, Value};
use hypha_rpc_core::{Closure, FileObject, RemoteFile, RemoteObject, Rest, Service};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, BufReader};

use crate::pair::serve;

fn numbers(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n % 251) as u8).collect()
}

#[tokio::test]
async fn a_file_of_ours_is_read_as_a_file_there() {
    let content = numbers(1_000_000);
    let expected = content.clone();
    let service = Service::new("s").method("check", move |mut file: RemoteFile| {
        let expected = expected.clone();
        async move {
            assert_eq!(file.name(), Some("scan.tif"));
            assert_eq!(file.media_type(), Some("image/tiff"));
            assert_eq!(file.size(), Some(1_000_000));
            assert_eq!(file.read_all().await?, expected);
            assert_eq!(file.read(&mut [0; 4]).await?, 0);
            let at = file.seek(SeekFrom::Start(500_000)).await?;
            let mut part = [0; 100];
            file.read_exact(&mut part).await?;
            assert_eq!(at, 500_000);
            assert_eq!(part[..], expected[500_000..500_100]);
            assert_eq!(file.seek(SeekFrom::Current(-50)).await?, 500_050);
            file.read_exact(&mut part).await?;
            assert_eq!(part[..], expected[500_050..500_150]);
            assert_eq!(file.seek(SeekFrom::End(-10)).await?, 999_990);
            assert_eq!(file.read_all().await?, expected[999_990..]);
            Ok::<_, std::io::Error>(true)
        }
    });
    let (remote, caller, _provider) = serve(service).await;
    let file = FileObject::new(Cursor::new(content))
        .name("scan.tif")
        .media_type("image/tiff")
        .size(1_000_000);
    assert!(remote.call::<bool>("check", (file.clone(),)).await.unwrap());
    assert_eq!(caller.stats().await.unwrap().sessions, 0);
    assert!(
        remote.call::<bool>("check", (file,)).await.is_err(),
        "it travels once"
    );
}

#[tokio::test]
async fn a_file_in_a_result_outlives_the_call_and_is_a_buffered_reader() {
    let service = Service::new("s").method("open", || async {
        FileObject::new(Cursor::new(b"one\ntwo\nthree".to_vec()))
    });
    let (remote, _caller, _provider) = serve(service).await;
    let file: RemoteFile = remote.call("open", ()).await.unwrap();
    assert_eq!(file.native(), "rust:file");
    let mut lines = BufReader::new(file.with_read_size(2)).lines();
    let mut read = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        read.push(line);
    }
    assert_eq!(read, ["one", "two", "three"]);
    let mut file = lines.into_inner().into_inner();
    // Without a known size the owner counts from the end.
    assert_eq!(file.seek(SeekFrom::End(-5)).await.unwrap(), 8);
    assert_eq!(file.read_all().await.unwrap(), b"three");
}

#[tokio::test]
async fn the_functions_of_a_file_are_those_of_python() {
    let service = Service::new("s").method("open", || async {
        FileObject::new(Cursor::new(b"one\ntwo\n".to_vec()))
    });
    let (remote, _caller, _provider) = serve(service).await;
    let Value::IoStream(file) = remote.call::<Value>("open", ()).await.unwrap() else {
        panic!("no file")
    };
    let file: RemoteObject = hypha_codec::from_value(Value::Map(file.members)).unwrap();
    let bytes = |text: &str| Binary::from(text.as_bytes().to_vec());
    assert_eq!(
        file.call::<Binary>("readline", ()).await.unwrap(),
        bytes("one\n")
    );
    assert_eq!(
        file.call::<Binary>("readline", (2,)).await.unwrap(),
        bytes("tw")
    );
    assert_eq!(file.call::<u64>("tell", ()).await.unwrap(), 6);
    assert_eq!(file.call::<u64>("seek", (-3, 2)).await.unwrap(), 5);
    assert_eq!(
        file.call::<Binary>("read", (-1,)).await.unwrap(),
        bytes("wo\n")
    );
    assert_eq!(file.call::<Binary>("read", ()).await.unwrap(), bytes(""));
    assert!(file.call::<bool>("seekable", ()).await.unwrap());
    file.call::<()>("close", ()).await.unwrap();
    let error = file.call::<Binary>("read", ()).await.unwrap_err();
    assert!(error.to_string().contains("closed file"), "{error}");
}

#[tokio::test]
async fn a_file_that_says_it_stands_at_the_end_of_the_world_is_still_read() {
    let service = Service::new("s").method("check", |mut file: RemoteFile| async move {
        let at = file.seek(SeekFrom::End(0)).await?;
        let mut read = [0; 2];
        file.read_exact(&mut read).await?;
        file.seek(SeekFrom::Current(0)).await?;
        Ok::<_, std::io::Error>(at)
    });
    let (remote, _caller, _provider) = serve(service).await;
    let read = Closure::new(|_: u64| async { Binary::from(b"ab".to_vec()) });
    let seek = Closure::new(|_: Rest| async { u64::MAX });
    let file = Map::from([
        ("_rtype", Value::from("iostream")),
        ("_rnative", Value::from("odd")),
        ("read", hypha_codec::to_value(&read).unwrap()),
        ("seek", hypha_codec::to_value(&seek).unwrap()),
    ]);
    let at = remote.call::<u64>("check", (Value::Map(file),)).await;
    assert_eq!(at.unwrap(), u64::MAX);
}

#[tokio::test]
async fn a_read_that_was_given_up_does_not_keep_the_file_from_being_moved() {
    let service = Service::new("s").method("check", |mut file: RemoteFile| async move {
        let mut read = [0; 3];
        tokio::select! {
            biased;
            _ = file.read(&mut read) => panic!("it was read at once"),
            () = std::future::ready(()) => {}
        }
        file.seek(SeekFrom::Start(4)).await?;
        file.read_exact(&mut read).await?;
        Ok::<_, std::io::Error>(read == *b"two")
    });
    let (remote, _caller, _provider) = serve(service).await;
    let file = FileObject::new(Cursor::new(b"one two".to_vec()));
    assert!(remote.call::<bool>("check", (file,)).await.unwrap());
}
