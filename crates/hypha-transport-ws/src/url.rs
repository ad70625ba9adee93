use hypha_transport::{TransportError, TransportErrorKind};
use url::Url;

/// The WebSocket address of a server address (wire-protocol section 1.1).
///
/// `http://host/base/` becomes `ws://host/base/ws`, and `https` becomes `wss`; an address that is `ws://` or `wss://`
/// already is dialled as it is.
///
/// ```
/// # fn main() -> Result<(), hypha_transport::TransportError> {
/// use hypha_transport_ws::websocket_url;
///
/// assert_eq!(websocket_url("https://hypha.example.org/")?.as_str(), "wss://hypha.example.org/ws");
/// assert_eq!(websocket_url("ws://localhost:9527/other")?.as_str(), "ws://localhost:9527/other");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`TransportErrorKind::InvalidUrl`] for anything else, for an `http` address with a query, and for addresses with a
/// user name, a password or a fragment, which a WebSocket cannot carry.
pub fn websocket_url(server_url: &str) -> Result<Url, TransportError> {
    let server_url = server_url.trim();
    if server_url.is_empty() {
        return Err(invalid("the server url is empty"));
    }
    let mut url = Url::parse(server_url).map_err(|error| {
        invalid("the server url cannot be parsed: it must look like https://host[:port]")
            .with_source(error)
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "the server url must not contain a user name or password: pass a token instead",
        ));
    }
    if url.fragment().is_some() {
        return Err(invalid("the server url must not contain a fragment"));
    }
    let scheme = match url.scheme() {
        "ws" | "wss" => return Ok(url),
        "http" => "ws",
        "https" => "wss",
        other => {
            let message = format!(
                "the server url must start with http, https, ws or wss, not with {other:?}"
            );
            return Err(TransportError::new(TransportErrorKind::InvalidUrl, message));
        }
    };
    if url.query().is_some() {
        return Err(invalid(
            "an http server url must not contain a query: pass a token as an option",
        ));
    }
    let path = format!("{}/ws", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_scheme(scheme)
        .map_err(|()| invalid("the scheme of the server url cannot be changed to WebSocket"))?;
    Ok(url)
}

fn invalid(message: &'static str) -> TransportError {
    TransportError::new(TransportErrorKind::InvalidUrl, message)
}

#[cfg(test)]
mod tests {
    use super::websocket_url;
    use hypha_transport::TransportErrorKind;

    #[test]
    fn http_addresses_become_websocket_addresses() {
        for (given, dialled) in [
            ("http://h", "ws://h/ws"),
            ("http://h/", "ws://h/ws"),
            ("http://h///", "ws://h/ws"),
            ("https://h:8443/base//", "wss://h:8443/base/ws"),
            ("HTTPS://Example.ORG/Base", "wss://example.org/Base/ws"),
            ("http://[::1]:9527", "ws://[::1]:9527/ws"),
            (" http://h:9527 ", "ws://h:9527/ws"),
        ] {
            assert_eq!(websocket_url(given).unwrap().as_str(), dialled, "{given}");
        }
    }

    #[test]
    fn websocket_addresses_stay() {
        for given in ["ws://h/x/", "wss://h/ws?x=1", "ws://h:1/"] {
            assert_eq!(websocket_url(given).unwrap().as_str(), given);
        }
    }

    #[test]
    fn everything_else_is_refused_without_repeating_it() {
        for given in [
            "",
            "  ",
            "h:9527",
            "localhost",
            "ftp://h",
            "http://",
            "http://me:secret@h",
            "http://h?t=secret",
            "ws://h#secret",
        ] {
            let error = websocket_url(given).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::InvalidUrl, "{given}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
