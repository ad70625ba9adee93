//! Files in all directions: feature A3.16.

use std::io::{Cursor, SeekFrom};

use hypha_client::{
    Binary, Client, FileObject, RemoteFile, RemoteService, Service, Value, Visibility,
};
use hypha_tests::{Call, Language};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::fixture::{BOTH, Provider, caller, connect};

const SIZE: usize = 600_000;

fn content() -> Vec<u8> {
    (0..SIZE).map(|index| (index % 251) as u8).collect()
}

fn file(name: &str) -> FileObject {
    FileObject::new(Cursor::new(content()))
        .name(name.to_owned())
        .size(SIZE as u64)
}

/// What `read_file` of the peers found.
#[derive(Debug, Deserialize)]
struct Read {
    kind: Option<String>,
    name: Option<String>,
    size: u64,
    head: Binary,
    part: Binary,
    rest: usize,
    end: usize,
}

impl Read {
    fn check(&self, name: Option<&str>) {
        let content = content();
        assert_eq!(self.name.as_deref(), name);
        assert_eq!(self.size, SIZE as u64);
        assert_eq!(self.head[..], content[..4]);
        assert_eq!(self.part[..], content[500_000..500_100]);
        assert_eq!((self.rest, self.end), (99_900, 0));
    }
}

/// Reads a file of a peer in parts.
async fn read(mut file: RemoteFile) -> std::io::Result<bool> {
    let content = content();
    let mut head = [0; 4];
    file.read_exact(&mut head).await?;
    assert_eq!(head[..], content[..4]);
    file.seek(SeekFrom::Start(500_000)).await?;
    let mut part = [0; 100];
    file.read_exact(&mut part).await?;
    assert_eq!(part[..], content[500_000..500_100]);
    file.rewind().await?;
    assert_eq!(file.read_all().await?, content);
    assert_eq!(file.seek(SeekFrom::End(-1)).await?, SIZE as u64 - 1);
    Ok(true)
}

async fn provider(language: Language, client: &Client) -> RemoteService {
    let provider = Provider::shared(language).await;
    client.get_service(provider.id("interop")).await.unwrap()
}

#[tokio::test]
async fn a3_16_files_as_arguments_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let service = provider(language, &client).await;
        let read: Read = service
            .call("read_file", (file("rust.bin"),))
            .await
            .unwrap();
        read.check(Some("rust.bin"));
    }
    assert_eq!(client.peer().stats().await.unwrap().sessions, 0);
}

#[tokio::test]
async fn a3_16_a_file_that_is_meant_to_be_a_blob_rust_to_javascript() {
    let client = connect().await;
    let service = provider(Language::JavaScript, &client).await;
    let file = file("rust.bin").as_blob();
    let read: Read = service.call("read_file", (file,)).await.unwrap();
    assert_eq!(read.kind.as_deref(), Some("blob"));
    read.check(None);
}

#[tokio::test]
async fn a3_16_files_as_results_python_and_javascript_to_rust() {
    let client = connect().await;
    for language in BOTH {
        let service = provider(language, &client).await;
        let file: RemoteFile = service.call("open_file", ()).await.unwrap();
        let native = match language {
            Language::Python => "py:<class '_io.BytesIO'>",
            Language::JavaScript => "js:blob",
        };
        assert_eq!(file.native(), native);
        assert!(read(file).await.unwrap(), "{language:?}");
    }
}

#[tokio::test]
async fn a3_16_files_of_callers_python_and_javascript_to_rust() {
    let client = connect().await;
    let service = Service::new("files")
        .visibility(Visibility::Public)
        .method("take", read)
        .method("give", || async { file("rust.bin") });
    let id = client.register_service(service).await.unwrap().id.clone();
    for language in BOTH {
        let own = Provider::shared(language).await.id("interop").to_owned();
        let peer = caller(language).await;
        let call = |method: &str, path: &str| {
            let call = Call::new(&own, method).args(json!([id, path]));
            async move { peer.run(call).await.unwrap() }
        };
        assert_eq!(call("send_file", "take").await, json!(true), "{language:?}");
        let fetched = call("fetch_file", "give").await;
        assert_eq!(fetched["name"], json!("rust.bin"), "{language:?}");
        assert_eq!(fetched["rest"], json!(99_900), "{language:?}");
    }
}

#[tokio::test]
async fn a3_16_files_rust_to_rust() {
    let provider = connect().await;
    let service = Service::new("files")
        .visibility(Visibility::Public)
        .method("take", read)
        .method("give", || async { file("rust.bin") });
    let id = provider.register_service(service).await.unwrap().id.clone();
    let client = connect().await;
    let remote = client.get_service(&id).await.unwrap();
    assert_eq!(
        remote
            .call::<Value>("take", (file("rust.bin"),))
            .await
            .unwrap(),
        Value::Bool(true)
    );
    let given: RemoteFile = remote.call("give", ()).await.unwrap();
    assert!(read(given).await.unwrap());
}
