//! `hypha serve`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use hypha_client::{Client, Secret};
use serde_json::Value as Json;

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

/// The secret of one server, in a variable, makes tokens that another with the same secret, in a file, accepts.
#[tokio::test]
async fn secrets_come_from_variables_and_files() {
    let folder = std::env::temp_dir().join(format!("hypha-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("jwt-secret");
    std::fs::write(&file, "the same for both\n").unwrap();

    let words = ["serve", "--port", "0", "--end-with-input"];
    let mut by_variable = Running::of(hypha(&words).env("HYPHA_JWT_SECRET", "the same for both"));
    let mut by_file = Running::of(hypha(&words).arg("--jwt-secret-file").arg(&file));
    let mut with_another = Running::of(hypha(&words).env("HYPHA_JWT_SECRET", "another"));
    let url = |server: &mut Running| {
        let line = server.line();
        line.strip_prefix("listening on ").expect(&line).to_owned()
    };
    let client = Client::builder(url(&mut by_variable))
        .connect()
        .await
        .unwrap();
    let token: Secret = client
        .generate_token(hypha_client::TokenOptions::new())
        .await
        .unwrap();
    let there = Client::builder(url(&mut by_file))
        .token(token.clone())
        .connect()
        .await
        .unwrap();
    assert_eq!(there.workspace(), client.workspace());
    let refused = Client::builder(url(&mut with_another))
        .token(token)
        .connect()
        .await;
    assert!(refused.is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}

/// As deployment tools do that have nothing to say.
#[test]
fn variables_that_are_set_to_nothing_say_nothing() {
    let mut command = hypha(&["serve", "--port", "0", "--end-with-input"]);
    for name in [
        "HYPHA_JWT_SECRET",
        "HYPHA_JWT_SECRET_FILE",
        "HYPHA_MAX_CONNECTIONS_PER_USER",
        "HYPHA_PUBLIC_BASE_URL",
        "HYPHA_REFERENCE_LIMITS",
        "HYPHA_ROOT_TOKEN",
        "HYPHA_ROOT_TOKEN_FILE",
        "RUST_LOG",
    ] {
        command.env(name, "");
    }
    let mut server = Running::of(&mut command);
    let line = server.line();
    let url = line.strip_prefix("listening on ").expect(&line);
    let answer = first_answer(url);
    assert_eq!(answer["public_base_url"], url);
    assert_eq!(answer["limits"]["messages_per_second"], Json::Null);
}

/// What holds is what clients are told. Options count before variables, and these before the limits of the reference.
#[tokio::test]
async fn limits_are_set_by_options_and_variables() {
    let stated = async |command: &mut std::process::Command| {
        let mut server = Running::of(command);
        let line = server.line();
        let url = line.strip_prefix("listening on ").expect(&line).to_owned();
        tokio::task::spawn_blocking(move || first_answer(&url))
            .await
            .unwrap()
    };
    let words = ["serve", "--port", "0", "--end-with-input"];
    let none = stated(&mut hypha(&words)).await;
    assert_eq!(none["limits"]["messages_per_second"], Json::Null);

    let reference = stated(hypha(&words).arg("--reference-limits")).await;
    assert_eq!(reference["limits"]["messages_per_second"], 200.0);
    assert_eq!(reference["limits"]["clients_per_workspace"], 1000);

    let mut command = hypha(&words);
    command
        .args([
            "--frame-rate",
            "7",
            "--frame-burst",
            "8",
            "--idle-timeout",
            "9",
        ])
        .args(["--max-connections-per-user", "10", "--max-frame", "100000"])
        .env("HYPHA_REFERENCE_LIMITS", "1")
        .env("HYPHA_WS_MSG_RATE_LIMIT", "70")
        .env("HYPHA_MAX_CLIENTS_PER_WORKSPACE", "11");
    let mixed = &stated(&mut command).await["limits"];
    let expected = [
        ("messages_per_second", 7.0),
        ("burst", 8.0),
        ("idle_timeout", 9.0),
        ("connections_per_user", 10.0),
        ("max_frame", 100_000.0),
        ("clients_per_workspace", 11.0),
        ("services_per_client", 1000.0),
    ];
    for (name, value) in expected {
        assert_eq!(mixed[name].as_f64(), Some(value), "{name} in {mixed}");
    }

    let wrong = hypha(&words)
        .env("HYPHA_WS_IDLE_TIMEOUT", "long")
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("HYPHA_WS_IDLE_TIMEOUT"));
}

/// What a server tells a client on connecting.
fn first_answer(url: &str) -> Json {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let upgrade = "GET /ws HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0, "no answer");
    }
    // Masked by zeros, which change nothing.
    let hello = r#"{"client_id":"c"}"#;
    let mut frame = vec![0x81, 0x80 | u8::try_from(hello.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(hello.as_bytes());
    stream.get_mut().write_all(&frame).unwrap();
    let mut head = [0; 4];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[..2], [0x81, 126], "a text of 126 to 65535 bytes");
    let mut answer = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]]))];
    stream.read_exact(&mut answer).unwrap();
    serde_json::from_slice(&answer).unwrap()
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
