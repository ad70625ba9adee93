//! What the server says of its clients in its logs.

use std::io;
use std::sync::{Arc, Mutex};

use hypha_server::HyphaServer;
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::raw::{Raw, soon};
use crate::token::{SECRET, claims, sign, sign_with};

const ROOT: &str = "the-root-token-of-this-test";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn tokens_and_secrets_do_not_get_into_logs() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // For all tests of this process: they have secrets, too, and none may be seen.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let builder = HyphaServer::builder()
        .port(0)
        .jwt_secret(SECRET)
        .root_token(ROOT);
    let server = builder.start().await.unwrap();
    let good = sign(&claims("u", "ws:ws-user-u#a wid:ws-user-u"));
    let bound = sign(&claims("u", "cid:other"));
    let bad = sign_with("another", &json!({ "alg": "HS256" }), &claims("u", ""));
    let mut owner = Raw::with_token(&server, "owner", &good).await;
    let made = owner.manage("generate_token", Vec::new()).await;
    let made = format!("{made:?}");
    let mut secrets = vec![SECRET.to_owned(), ROOT.to_owned()];
    let back = owner.info["reconnection_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let words = made.split('"').filter(|word| word.starts_with("eyJ"));
    secrets.extend(words.map(str::to_owned));
    for token in [good, bound, bad, back, ROOT.to_owned(), format!("{ROOT}-x")] {
        for kind in ["token", "reconnection_token"] {
            let hello = json!({ "client_id": "owner", kind: token });
            drop(Raw::hello(server.url(), hello).await);
        }
        let url = format!("{}/ws?token={token}", server.url().replace("http", "ws"));
        let (_tx, mut rx) = Raw::dial(&url).await;
        let end = soon("the close", hypha_transport::FrameRx::recv(&mut rx)).await;
        assert!(end.is_err());
        secrets.push(token);
    }
    assert!(secrets.len() >= 9, "{}", secrets.len());
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("refused a client") && log.contains("connected"),
        "{log}"
    );
    for secret in secrets {
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!log.contains(signature), "{secret}");
    }
}
