//! Services by the URL under which a server shows them (wire-protocol section 1.1).

use std::fmt;

use hypha_rpc_core::RemoteService;

use crate::error::Error;
use crate::options::ConnectOptions;

/// The parts of a service URL: `https://host/workspace/services/[client:]service[@app]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ServiceUrl {
    /// Scheme, host and port of the server.
    pub server_url: String,
    /// The workspace.
    pub workspace: String,
    /// The client; `*`, any, if the URL names none.
    pub client_id: String,
    /// The service.
    pub service_id: String,
    /// The application; `*`, any, if the URL names none.
    pub app_id: String,
}

impl ServiceUrl {
    /// The id with which the service is asked for: `workspace/client:service@app`.
    #[must_use]
    pub fn full_service_id(&self) -> String {
        let Self {
            workspace,
            client_id,
            service_id,
            app_id,
            ..
        } = self;
        format!("{workspace}/{client_id}:{service_id}@{app_id}")
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server_url,
            workspace,
            client_id,
            service_id,
            app_id,
        } = self;
        write!(f, "{server_url}/{workspace}/services/")?;
        if client_id != ANY {
            write!(f, "{client_id}:")?;
        }
        f.write_str(service_id)?;
        if app_id != ANY {
            write!(f, "@{app_id}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for ServiceUrl {
    type Err = ServiceUrlError;

    fn from_str(url: &str) -> Result<Self, ServiceUrlError> {
        parse_service_url(url)
    }
}

/// Why a text is no service URL. It is not repeated, because it may hold what must not be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceUrlError {
    /// It is not of the form that servers show.
    #[error("not a service url: expected https://host/workspace/services/[client:]service[@app]")]
    Form,
    /// The options name another server than the URL does.
    #[error("the server url in the options is not that of the service url")]
    OtherServer,
}

/// Takes a service URL apart.
///
/// Servers accept a function name or a query behind the service; both are ignored here, as in the other clients.
///
/// ```
/// let url = hypha_client::parse_service_url("https://hypha.example.org/public/services/hypha-login")?;
/// assert_eq!(url.full_service_id(), "public/*:hypha-login@*");
/// # Ok::<(), hypha_client::ServiceUrlError>(())
/// ```
///
/// # Errors
/// [`ServiceUrlError::Form`] if it is none.
pub fn parse_service_url(url: &str) -> Result<ServiceUrl, ServiceUrlError> {
    parse(url).ok_or(ServiceUrlError::Form)
}

/// Connects to the server in a service URL and gets the service, which then holds the connection: dropping it and its
/// clones closes it.
///
/// `options` may bring a token and everything else; the server URL in them must be that of the service URL, or empty.
///
/// ```no_run
/// use hypha_client::{ConnectOptions, get_remote_service};
///
/// # async fn example() -> Result<(), hypha_client::Error> {
/// let url = "http://127.0.0.1:9527/my-workspace/services/calculator";
/// let calculator = get_remote_service(url, ConnectOptions::default().token("...")).await?;
/// let sum: f64 = calculator.call("add", (1.0, 2.0)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the URL is none, the server cannot be reached or refuses, or there is no such service.
pub async fn get_remote_service(
    url: &str,
    options: impl Into<ConnectOptions>,
) -> Result<RemoteService, Error> {
    let url = parse_service_url(url)?;
    let mut options = options.into();
    let asked = options.server_url.trim_end_matches('/');
    if !asked.is_empty() && asked != url.server_url {
        return Err(ServiceUrlError::OtherServer.into());
    }
    options.server_url.clone_from(&url.server_url);
    let client = options.connect().await?;
    client.get_service(&url.full_service_id()).await
}

/// Stands for a part that the URL leaves out.
const ANY: &str = "*";

fn parse(url: &str) -> Option<ServiceUrl> {
    let url = url.trim_end_matches('/');
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| url.starts_with(scheme))?;
    let (host, path) = url.get(scheme.len()..)?.split_once('/')?;
    let (workspace, service) = path.split_once("/services/")?;
    if host.is_empty()
        || !is_word(workspace)
        || workspace.contains(|c: char| c.is_ascii_uppercase())
    {
        return None;
    }
    let (first, rest) = word(service)?;
    let (client_id, service_id, rest) = match rest.strip_prefix(':') {
        Some(rest) => {
            let (service, rest) = word(rest)?;
            (first, service, rest)
        }
        None => (ANY, first, rest),
    };
    let app_id = match rest.strip_prefix('@') {
        Some(rest) => word(rest)?.0,
        None => ANY,
    };
    Some(ServiceUrl {
        server_url: format!("{scheme}{host}"),
        workspace: workspace.to_owned(),
        client_id: client_id.to_owned(),
        service_id: service_id.to_owned(),
        app_id: app_id.to_owned(),
    })
}

/// Splits off the leading characters that ids are made of.
fn word(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c| !is_word_char(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word_char)
}

fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        for (url, server, id) in [
            (
                "https://h.org/public/services/hypha-login",
                "https://h.org",
                "public/*:hypha-login@*",
            ),
            (
                "http://127.0.0.1:9527/ws-user-1/services/c_1:S-2@App/",
                "http://127.0.0.1:9527",
                "ws-user-1/c_1:S-2@App",
            ),
            ("http://h/w/services/s@a", "http://h", "w/*:s@a"),
            ("http://h/w/services/c:s", "http://h", "w/c:s@*"),
            ("http://h/w/services/s/add?a=1", "http://h", "w/*:s@*"),
        ] {
            let parsed = parse_service_url(url).unwrap();
            assert_eq!(parsed.server_url, server);
            assert_eq!(parsed.full_service_id(), id);
            assert_eq!(parsed.to_string().parse(), Ok(parsed), "{url}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for url in [
            "",
            "http://h",
            "http:///w/services/s",
            "ws://h/w/services/s",
            "http://h/w/services/",
            "http://h/W/services/s",
            "http://h/w/s",
            "http://h/base/w/services/s",
            "http://h/w/services/c:",
            "http://h/w/services/s@",
            "http://h//services/s",
            "http://h/w/services/\u{e9}",
        ] {
            assert_eq!(parse_service_url(url), Err(ServiceUrlError::Form), "{url}");
        }
    }
}
