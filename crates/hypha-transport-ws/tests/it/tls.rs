use std::sync::Arc;

use hypha_transport::conformance::{self, Settings};
use hypha_transport::{ConnectContext, Connector, TransportError, TransportErrorKind};
use hypha_transport_ws::{
    AcceptOptions, ClientStream, WsConnector, WsConnectorBuilder, WsTransport, accept,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::harness::listen;

/// A CA made for the test, and a server with a certificate from it.
struct Authority {
    ca_pem: String,
    ca_der: Vec<u8>,
    acceptor: TlsAcceptor,
}

impl Authority {
    fn for_names(names: &[&str]) -> Self {
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_key = KeyPair::generate().unwrap();
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Self {
            ca_pem: ca_certificate.pem(),
            ca_der: ca_certificate.der().to_vec(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
        }
    }

    /// Dials this authority's server on loopback by `https`.
    async fn dial(
        &self,
        host: &str,
        settings: impl FnOnce(WsConnectorBuilder) -> WsConnectorBuilder,
    ) -> (
        Result<WsTransport<ClientStream>, TransportError>,
        Option<WsTransport<TlsStream<TcpStream>>>,
    ) {
        let (listener, address) = listen().await;
        let url = format!("https://{host}:{}", address.port());
        let connector = settings(WsConnector::builder(&url)).build().unwrap();
        assert_eq!(connector.url().scheme(), "wss");
        let server = async {
            let (tcp, _) = listener.accept().await.unwrap();
            let tls = self.acceptor.accept(tcp).await.ok()?;
            accept(tls, AcceptOptions::new()).await.ok()
        };
        tokio::join!(connector.connect(ConnectContext::new()), server)
    }
}

#[tokio::test]
async fn wss_conforms() {
    let authority = Authority::for_names(&["127.0.0.1"]);
    // Unoptimised builds encrypt slowly; the 64 MiB are done over TCP.
    let settings = Settings::new()
        .with_bulk(24 << 20)
        .with_largest_frame(8 << 20);
    conformance::run_with(settings, async || {
        let (client, server) = authority
            .dial("127.0.0.1", |builder| {
                builder.root_certificate_pem(authority.ca_pem.clone())
            })
            .await;
        (client.unwrap(), server.unwrap())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_extra_root_is_trusted_as_pem_and_as_der() {
    let authority = Authority::for_names(&["localhost", "127.0.0.1"]);
    let (client, _server) = authority
        .dial("127.0.0.1", |builder| {
            builder.root_certificate_der(authority.ca_der.clone())
        })
        .await;
    client.unwrap();
    let two = format!(
        "{}{}",
        Authority::for_names(&["other"]).ca_pem,
        authority.ca_pem
    );
    let (client, _server) = authority
        .dial("127.0.0.1", |builder| builder.root_certificate_pem(two))
        .await;
    client.unwrap();
}

#[tokio::test]
async fn an_unknown_ca_is_refused_with_advice() {
    let authority = Authority::for_names(&["127.0.0.1"]);
    // Some root of its own, so that the test does not depend on the system's.
    let other = Authority::for_names(&["127.0.0.1"]);
    let (client, server) = authority
        .dial("127.0.0.1", |builder| {
            builder.root_certificate_pem(other.ca_pem)
        })
        .await;
    let error = client.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Tls);
    assert!(error.to_string().contains("add its CA"), "{error}");
    assert!(server.is_none());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::for_names(&["elsewhere.example"]);
    let (client, _server) = authority
        .dial("127.0.0.1", |builder| {
            builder.root_certificate_pem(authority.ca_pem.clone())
        })
        .await;
    assert_eq!(client.unwrap_err().kind(), TransportErrorKind::Tls);
}

#[tokio::test]
async fn the_opt_out_accepts_any_certificate() {
    let authority = Authority::for_names(&["elsewhere.example"]);
    let (client, server) = authority
        .dial(
            "127.0.0.1",
            WsConnectorBuilder::dangerously_accept_invalid_certificates,
        )
        .await;
    client.unwrap();
    assert!(server.is_some());
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_error() {
    let (listener, address) = listen().await;
    let connector = WsConnector::builder(&format!("https://{address}"))
        .dangerously_accept_invalid_certificates()
        .build()
        .unwrap();
    let server = async {
        let (tcp, _) = listener.accept().await.unwrap();
        accept(tcp, AcceptOptions::new()).await.unwrap_err()
    };
    let (client, _error) = tokio::join!(connector.connect(ConnectContext::new()), server);
    assert_eq!(client.unwrap_err().kind(), TransportErrorKind::Tls);
}

#[test]
fn unusable_roots_are_named_when_building() {
    for pem in [
        "",
        "no pem at all",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let error = WsConnector::builder("https://h")
            .root_certificate_pem(pem)
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::InvalidOption, "{pem}");
    }
    let error = WsConnector::builder("https://h")
        .root_certificate_der([1, 2, 3])
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::InvalidOption);
}
