//! Pages that login services name.

use super::LoginError;
use crate::client::Client;
use crate::options::ConnectOptions;

/// What relative URLs of a login service are relative to (wire-protocol section 14).
pub(super) struct PageBase {
    server_url: String,
}

impl PageBase {
    pub(super) fn new(options: &ConnectOptions) -> Self {
        Self {
            server_url: options.server_url.clone(),
        }
    }

    /// The URL as a browser takes it. What would not open a page is refused: it comes from a service.
    pub(super) fn absolute(&self, url: &str, client: &Client) -> Result<String, LoginError> {
        resolve(
            url,
            &self.server_url,
            client.connection_info().public_base_url.as_deref(),
        )
    }
}

fn resolve(
    url: &str,
    server_url: &str,
    public_base_url: Option<&str>,
) -> Result<String, LoginError> {
    if is_page(url) {
        return Ok(url.to_owned());
    }
    // Two slashes would name another host.
    if !url.starts_with('/') || url.starts_with("//") {
        return Err(LoginError::BadUrl);
    }
    let base = page_base(server_url)
        .or_else(|| page_base(public_base_url?))
        .ok_or(LoginError::BadUrl)?;
    Ok(base + url)
}

/// The address of a server as browsers take it, without a slash at its end.
fn page_base(server_url: &str) -> Option<String> {
    let server_url = server_url.trim().trim_end_matches('/');
    for (scheme, page_scheme) in [("ws://", "http://"), ("wss://", "https://")] {
        if let Some(rest) = server_url.strip_prefix(scheme) {
            return Some(format!(
                "{page_scheme}{}",
                rest.strip_suffix("/ws").unwrap_or(rest)
            ));
        }
    }
    is_page(server_url).then(|| server_url.to_owned())
}

fn is_page(url: &str) -> bool {
    ["http://", "https://"].into_iter().any(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && url.len() > scheme.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_resolved_against_the_server() {
        let public = Some("https://public.org/");
        for (url, server, page) in [
            (
                "https://auth.org/login?k=1",
                "http://h",
                "https://auth.org/login?k=1",
            ),
            ("/login?k=1", "http://h:9527/", "http://h:9527/login?k=1"),
            ("/login", "https://h/base", "https://h/base/login"),
            ("/login", "ws://h:9527/ws", "http://h:9527/login"),
            ("/login", "wss://h/base/ws/", "https://h/base/login"),
            ("/login", "", "https://public.org/login"),
        ] {
            assert_eq!(
                resolve(url, server, public).as_deref(),
                Ok(page),
                "{url} {server}"
            );
        }
    }

    #[test]
    fn pages_that_are_none_are_refused() {
        for url in [
            "",
            "login",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "//other.org/x",
            "http://",
        ] {
            assert_eq!(
                resolve(url, "http://h", None),
                Err(LoginError::BadUrl),
                "{url}"
            );
        }
        assert_eq!(resolve("/login", "", None), Err(LoginError::BadUrl));
    }
}
