//! Where frames go: `workspace/client`, and the forms of service ids (protocol section 4).

use std::fmt;

use hypha_codec::Text;

use crate::protocol::MANAGER_WORKSPACE;

/// The absolute address of a client: `workspace/client`.
///
/// The manager of a server is `*/<manager id>`. Addresses that come from a peer are opaque beyond
/// the one slash that separates their two parts.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    text: Text,
    slash: usize,
}

impl Address {
    /// Joins a workspace and a client id.
    ///
    /// # Errors
    /// [`AddressError`] if a part is empty or holds a slash.
    pub fn new(workspace: &str, client_id: &str) -> Result<Self, AddressError> {
        Self::parse(&format!("{workspace}/{client_id}"))
    }

    /// Reads `workspace/client`.
    ///
    /// # Errors
    /// [`AddressError`] unless there is exactly one slash with text on both sides.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match text.split_once('/') {
            Some((workspace, client))
                if !workspace.is_empty() && !client.is_empty() && !client.contains('/') =>
            {
                Ok(Self {
                    text: Text::from(text),
                    slash: workspace.len(),
                })
            }
            _ => Err(AddressError {
                text: clipped(text),
            }),
        }
    }

    /// Reads an address that may leave out its workspace, as `_rtarget` does; `base` supplies it
    /// (protocol section 4: the workspace of the sender of the frame).
    ///
    /// # Errors
    /// [`AddressError`] if the text is no address even with the workspace supplied.
    pub fn resolve(text: &str, base: &Self) -> Result<Self, AddressError> {
        if text.contains('/') {
            Self::parse(text)
        } else {
            Self::new(base.workspace(), text)
        }
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole address, to be kept elsewhere without a copy.
    pub(crate) fn as_text(&self) -> &Text {
        &self.text
    }

    /// Whether [`resolve`](Self::resolve) would make this address of `text`.
    pub(crate) fn is_resolved(&self, text: &str, base: &Self) -> bool {
        text == self.as_str() || (text == self.client_id() && self.workspace() == base.workspace())
    }

    /// The part before the slash.
    #[must_use]
    pub fn workspace(&self) -> &str {
        self.text.get(..self.slash).unwrap_or_default()
    }

    /// The part after the slash.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.text.get(self.slash + 1..).unwrap_or_default()
    }

    /// Whether this is the manager of a server (`*/<manager id>`).
    #[must_use]
    pub fn is_manager(&self) -> bool {
        self.workspace() == MANAGER_WORKSPACE
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

impl std::str::FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A service id as users write it: `[workspace/][client:]service[@app]`.
///
/// The service `~` stands for the manager of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ServiceId {
    /// The workspace, if named.
    pub workspace: Option<Text>,
    /// The client, if named; `*` means any.
    pub client: Option<Text>,
    /// The service.
    pub service: Text,
    /// The application, if named; `*` means any.
    pub app: Option<Text>,
}

impl ServiceId {
    /// Reads any form of a service id.
    ///
    /// # Errors
    /// [`AddressError`] if a part is empty or one of `/ : @` occurs twice (protocol section 4).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let bad = || AddressError {
            text: clipped(text),
        };
        let (workspace, rest) = match text.split_once('/') {
            Some((workspace, rest)) => (Some(workspace), rest),
            None => (None, text),
        };
        let (rest, app) = match rest.split_once('@') {
            Some((rest, app)) => (rest, Some(app)),
            None => (rest, None),
        };
        let (client, service) = match rest.split_once(':') {
            Some((client, service)) => (Some(client), service),
            None => (None, rest),
        };
        let parts = [workspace, client, Some(service), app];
        if parts
            .iter()
            .flatten()
            .any(|part| part.is_empty() || part.contains(['/', ':', '@']))
        {
            return Err(bad());
        }
        Ok(Self {
            workspace: workspace.map(Text::from),
            client: client.map(Text::from),
            service: Text::from(service),
            app: app.map(Text::from),
        })
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(workspace) = &self.workspace {
            write!(f, "{workspace}/")?;
        }
        if let Some(client) = &self.client {
            write!(f, "{client}:")?;
        }
        f.write_str(&self.service)?;
        if let Some(app) = &self.app {
            write!(f, "@{app}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for ServiceId {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A text that is no address or service id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no address: expected `workspace/client`, or `[workspace/][client:]service[@app]`"
)]
pub struct AddressError {
    text: String,
}

/// Whether a text may name a service, a client or a workspace of ours: the separators of ids and of
/// method paths would make it unreachable (protocol sections 1.2 and 4).
pub(crate) fn is_plain_name(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|c: char| matches!(c, '.' | '/' | ':' | '@' | '*') || c.is_whitespace())
}

/// At most 80 characters of a text that somebody else chose, for an error message.
fn clipped(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_exactly_one_slash() {
        let address = Address::parse("ws-user-1/client#1").unwrap();
        assert_eq!(
            (address.workspace(), address.client_id()),
            ("ws-user-1", "client#1")
        );
        assert!(Address::parse("*/manager-1").unwrap().is_manager());
        for bad in ["", "/", "a/", "/b", "a/b/c", "ab"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn relative_targets_take_the_workspace_of_the_sender() {
        let sender = Address::parse("ws/a").unwrap();
        assert_eq!(Address::resolve("b", &sender).unwrap().as_str(), "ws/b");
        assert_eq!(
            Address::resolve("other/b", &sender).unwrap().as_str(),
            "other/b"
        );
    }

    #[test]
    fn what_an_address_is_resolved_from() {
        let address = Address::parse("ws/a").unwrap();
        for (text, base, expected) in [
            ("ws/a", "ws/b", true),
            ("ws/a", "other/b", true),
            ("a", "ws/b", true),
            ("a", "other/b", false),
            ("b", "ws/b", false),
            ("other/a", "ws/b", false),
            ("", "ws/b", false),
        ] {
            let base = Address::parse(base).unwrap();
            let resolved = Address::resolve(text, &base);
            assert_eq!(
                resolved.is_ok_and(|resolved| resolved == address),
                expected,
                "{text}"
            );
            assert_eq!(address.is_resolved(text, &base), expected, "{text}");
        }
    }

    #[test]
    fn every_form_of_a_service_id() {
        for (text, workspace, client, service, app) in [
            ("s", None, None, "s", None),
            ("c:s", None, Some("c"), "s", None),
            ("w/s", Some("w"), None, "s", None),
            ("w/c:s", Some("w"), Some("c"), "s", None),
            ("w/c:s@a", Some("w"), Some("c"), "s", Some("a")),
            ("~", None, None, "~", None),
            ("w/~", Some("w"), None, "~", None),
            ("w/*:s@*", Some("w"), Some("*"), "s", Some("*")),
        ] {
            let id = ServiceId::parse(text).unwrap();
            assert_eq!(id.workspace.as_deref(), workspace, "{text}");
            assert_eq!(id.client.as_deref(), client, "{text}");
            assert_eq!(&*id.service, service, "{text}");
            assert_eq!(id.app.as_deref(), app, "{text}");
            assert_eq!(id.to_string(), text);
        }
        for bad in [
            "",
            "/",
            ":",
            "a//b",
            "a:b:c",
            "w/c:",
            "s@",
            "@a",
            "w/c:s@a@b",
        ] {
            assert!(ServiceId::parse(bad).is_err(), "{bad}");
        }
    }
}
