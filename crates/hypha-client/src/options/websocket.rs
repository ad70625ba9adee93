//! What concerns WebSocket only.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use hypha_rpc_core::ConnectError;
use hypha_transport_ws::{WsConnector, WsOptions};

use super::OptionsError;
use crate::error::Error;

#[derive(Clone, Default)]
pub(super) struct WebSocketOptions {
    options: WsOptions,
    headers: HeaderMap,
    bad_header: Option<String>,
    #[cfg(feature = "tls")]
    root_certificates: Vec<Vec<u8>>,
    #[cfg(feature = "tls")]
    accept_invalid_certificates: bool,
}

impl WebSocketOptions {
    pub(super) fn ping_interval(&mut self, interval: Option<Duration>) {
        self.options.ping_interval = interval;
    }

    pub(super) fn ping_timeout(&mut self, timeout: Duration) {
        self.options.ping_timeout = timeout;
    }

    pub(super) fn header(&mut self, name: &str, value: &str) {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.append(name, value);
            }
            _ => drop(self.bad_header.get_or_insert_with(|| name.to_owned())),
        }
    }

    #[cfg(feature = "tls")]
    pub(super) fn root_certificate_pem(&mut self, pem: Vec<u8>) {
        self.root_certificates.push(pem);
    }

    #[cfg(feature = "tls")]
    pub(super) fn dangerously_accept_invalid_certificates(&mut self) {
        self.accept_invalid_certificates = true;
    }

    pub(super) fn connector(
        &self,
        server_url: &str,
        connect_timeout: Duration,
    ) -> Result<WsConnector, Error> {
        if let Some(name) = &self.bad_header {
            return Err(OptionsError::Header(name.clone()).into());
        }
        let builder = WsConnector::builder(server_url)
            .options(self.options)
            .headers(&self.headers)
            .connect_timeout(connect_timeout);
        #[cfg(feature = "tls")]
        let builder = {
            let builder = self.root_certificates.iter().fold(builder, |builder, pem| {
                builder.root_certificate_pem(pem.clone())
            });
            if self.accept_invalid_certificates {
                builder.dangerously_accept_invalid_certificates()
            } else {
                builder
            }
        };
        Ok(builder.build().map_err(ConnectError::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn what_cannot_be_dialled_is_said_before_dialling() {
        let connector = |url: &str, header: (&str, &str)| {
            let mut options = WebSocketOptions::default();
            options.header(header.0, header.1);
            options.connector(url, Duration::from_secs(1)).map(|_| ())
        };
        let fine = ("x-proxy", "1");
        connector("http://127.0.0.1:1", fine).unwrap();
        for (url, header) in [
            ("", fine),
            ("ftp://h", fine),
            ("http://h", ("bad name", "1")),
            ("http://h", ("x", "hush\n")),
        ] {
            let error = connector(url, header).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
            assert!(!format!("{error:#}").contains("hush"));
        }
    }
}
