//! `hypha serve`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use hypha_client::Client;

use crate::command::{Running, hypha, run, server, text};

#[tokio::test]
async fn clients_connect_once_it_says_so() {
    let (_server, url) = server();
    let client = Client::builder(&url).connect().await.unwrap();
    let info = client.connection_info();
    assert_eq!(info.public_base_url.as_deref(), Some(url.as_str()));
    client.disconnect().await;
}

#[test]
fn probes_are_answered() {
    let (_server, url) = server();
    let address = url.strip_prefix("http://").unwrap();
    for path in ["/health/liveness", "/health/readiness"] {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
}

#[tokio::test]
async fn every_option_has_a_variable() {
    let mut command = hypha(&["serve", "--end-with-input"]);
    command
        .env("HYPHA_HOST", "localhost")
        .env("HYPHA_PORT", "0")
        .env("HYPHA_PUBLIC_BASE_URL", "https://hypha.example.org")
        .env("HYPHA_RUNTIME", "current-thread")
        .env("HYPHA_LOGLEVEL", "WARNING")
        .env("HYPHA_LOG_FORMAT", "json");
    let mut server = Running::of(&mut command);
    let line = server.line();
    let url = line.strip_prefix("listening on ").expect(&line);
    let client = Client::builder(url).connect().await.unwrap();
    let told = client.connection_info().public_base_url.as_deref();
    assert_eq!(told, Some("https://hypha.example.org"));
    client.disconnect().await;
    server.end_input();
    let (status, said) = server.ended();
    assert!(status.success());
    assert_eq!(said, "", "nothing went wrong, so nothing is said");
}

#[cfg(unix)]
#[tokio::test]
async fn signals_end_it_with_a_goodbye() {
    for signal in ["TERM", "INT"] {
        let (server, url) = server();
        let options = Client::builder(&url).reconnect(hypha_client::ReconnectPolicy::off());
        let client = options.connect().await.unwrap();
        server.signal(signal);
        let ended = tokio::task::spawn_blocking(move || server.ended());
        let reason = client.closed().await.to_string();
        assert!(reason.contains("Server is stopping"), "{reason}");
        let (status, said) = ended.await.unwrap();
        assert!(status.success(), "{said}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let (_server, url) = server();
    let port = url.rsplit(':').next().unwrap();
    let taken = run(&["serve", "--port", port]);
    let said = text(&taken.stderr);
    assert_eq!(taken.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{said}"
    );
    assert_eq!(text(&taken.stdout), "");

    let missing = run(&[
        "serve",
        "--port",
        "0",
        "--jwt-secret-file",
        "/does/not/exist",
    ]);
    let said = text(&missing.stderr);
    assert_eq!(missing.status.code(), Some(1), "{said}");
    assert!(said.contains("/does/not/exist"), "{said}");

    for words in [
        &["serve", "--port", "65536"][..],
        &["serve", "--runtime", "none"],
        &["nothing"],
        &[],
    ] {
        assert_eq!(run(words).status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn it_says_what_it_is() {
    let version = text(&run(&["--version"]).stdout);
    assert_eq!(version, format!("hypha {}\n", env!("CARGO_PKG_VERSION")));
    let help = text(&run(&["serve", "--help"]).stdout);
    for word in [
        "--public-base-url",
        "HYPHA_PORT",
        "HYPHA_JWT_SECRET",
        "Examples:",
    ] {
        assert!(help.contains(word), "{help}");
    }
    // Secrets in the environment are not shown by any help text.
    let help = hypha(&["bench", "caller", "--help"])
        .env("HYPHA_TOKEN", "hush")
        .output()
        .unwrap();
    assert!(!text(&help.stdout).contains("hush"));
}
