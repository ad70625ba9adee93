//! What the options say of WebSocket and TLS reaches the socket.

use std::sync::Arc;

use hypha_client::Client;
use hypha_transport_ws::{AcceptOptions, accept_with};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use crate::server::{Script, nothing};

/// Serves one client that sends the header, on a stream.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let mut proxy = None;
    let link = accept_with(stream, AcceptOptions::new(), |request| {
        proxy = request
            .headers()
            .get("x-proxy")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Ok(())
    });
    let Ok(link) = link.await else { return };
    assert_eq!(proxy.as_deref(), Some("let me in"));
    Arc::new(Script::new(nothing)).serve(link).await;
}

#[tokio::test]
async fn additional_headers_go_with_the_upgrade() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await });
    let client = Client::builder(url)
        .additional_headers([("x-proxy", "let me in")])
        .connect()
        .await
        .unwrap();
    client.disconnect().await;
    server.await.unwrap();
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn certificates_are_checked_unless_told_otherwise() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = key.cert.der().clone();
    let private = rustls::pki_types::PrivateKeyDer::Pkcs8(key.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], private)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream).await;
            }
        }
    });
    let options = || Client::builder(&url).additional_headers([("x-proxy", "let me in")]);

    let error = options().connect().await.unwrap_err();
    assert_eq!(
        error.kind(),
        hypha_client::ErrorKind::Unreachable,
        "{error:#}"
    );
    assert!(
        !error.is_retryable(),
        "trying again does not change a certificate"
    );
    options()
        .root_certificate_pem(key.cert.pem())
        .connect()
        .await
        .unwrap()
        .disconnect()
        .await;
    options()
        .dangerously_accept_invalid_certificates()
        .connect()
        .await
        .unwrap()
        .disconnect()
        .await;
    server.abort();
}
