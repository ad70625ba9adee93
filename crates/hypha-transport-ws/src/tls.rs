//! Which certificates a dial trusts.

use std::sync::Arc;

use hypha_transport::{TransportError, TransportErrorKind};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    pub(crate) extra_roots: Vec<Root>,
    pub(crate) accept_anything: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Root {
    Pem(Vec<u8>),
    Der(Vec<u8>),
}

impl Trust {
    /// The provider is named here, because the process-wide default is whatever some dependency installed, or a panic.
    pub(crate) fn client_config(&self) -> Result<Arc<ClientConfig>, TransportError> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = if self.accept_anything {
            Arc::new(AcceptAnything(Arc::clone(&provider)))
        } else {
            let verifier = Verifier::new_with_extra_roots(self.roots()?, Arc::clone(&provider))
                .map_err(|error| {
                    TransportError::new(
                        TransportErrorKind::Tls,
                        "the root certificates cannot be loaded",
                    )
                    .with_source(error)
                })?;
            Arc::new(verifier)
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                TransportError::new(TransportErrorKind::Tls, "tls cannot be set up")
                    .with_source(error)
            })?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        // A server that prefers HTTP/2 would choose it, and has no upgrade there.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn roots(&self) -> Result<Vec<CertificateDer<'static>>, TransportError> {
        let mut roots = Vec::new();
        for root in &self.extra_roots {
            match root {
                Root::Der(der) => roots.push(CertificateDer::from(der.clone())),
                Root::Pem(pem) => {
                    let before = roots.len();
                    for certificate in CertificateDer::pem_slice_iter(pem) {
                        roots.push(certificate.map_err(|error| {
                            bad_root("a pem root certificate cannot be read").with_source(error)
                        })?);
                    }
                    if roots.len() == before {
                        return Err(bad_root(
                            "the pem root certificate contains no CERTIFICATE section",
                        ));
                    }
                }
            }
        }
        let mut store = rustls::RootCertStore::empty();
        for root in &roots {
            store.add(root.clone()).map_err(|error| {
                bad_root("an extra root certificate is not usable").with_source(error)
            })?;
        }
        Ok(roots)
    }
}

fn bad_root(message: &'static str) -> TransportError {
    TransportError::new(TransportErrorKind::InvalidOption, message)
}

/// The TLS handshake with the host of `url`.
pub(crate) async fn handshake(
    config: Arc<ClientConfig>,
    url: &Url,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, TransportError> {
    let name = match url.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|error| {
            TransportError::new(
                TransportErrorKind::InvalidUrl,
                "the host of the server url is not a valid name",
            )
            .with_source(error)
        })?,
        Some(Host::Ipv4(address)) => ServerName::from(std::net::IpAddr::from(address)),
        Some(Host::Ipv6(address)) => ServerName::from(std::net::IpAddr::from(address)),
        None => {
            return Err(TransportError::new(
                TransportErrorKind::InvalidUrl,
                "the server url has no host",
            ));
        }
    };
    TlsConnector::from(config).connect(name, tcp).await.map_err(|error| {
        let untrusted = matches!(
            error.get_ref().and_then(|inner| inner.downcast_ref()),
            Some(rustls::Error::InvalidCertificate(_))
        );
        let message = if untrusted {
            "the certificate of the server is not trusted: if it is your own, add its CA as a root certificate"
        } else {
            "the tls handshake failed"
        };
        TransportError::new(TransportErrorKind::Tls, message).with_source(error)
    })
}

/// Believes every certificate. Signatures are still checked, so the peer holds the key of what it showed.
#[derive(Debug)]
struct AcceptAnything(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnything {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
