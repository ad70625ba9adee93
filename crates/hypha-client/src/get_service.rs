//! Finding services by the manager (wire-protocol section 10.4).

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use hypha_codec::{Map, Value};
use hypha_rpc_core::{CallError, Peer, PublicKey, RemoteService, ServiceId};

use crate::case::CaseConversion;
use crate::error::Error;
use crate::options::OptionsError;

/// Which service the manager takes if several fit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelectMode {
    /// None: several are an error. The server's default, but in the workspace `public`.
    Exact,
    /// Any. The server's default in the workspace `public`.
    Random,
    /// The first.
    First,
    /// The last.
    Last,
    /// The one whose client has the least to do. Clients are counted if their id ends in `__rlb`.
    MinLoad,
    /// Any, of clients that run at the server itself if there are some.
    NativeRandom,
    /// By what a function of the services returns, which the manager calls.
    Select {
        /// How its results are compared.
        criterion: SelectCriterion,
        /// Name of the function, such as `get_load`.
        function: String,
    },
}

/// How [`SelectMode::Select`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelectCriterion {
    /// The smallest result.
    Min,
    /// The largest result.
    Max,
    /// The first that answers at all.
    FirstSuccess,
}

impl SelectMode {
    /// By what `function` of the services returns.
    #[must_use]
    pub fn select(criterion: SelectCriterion, function: impl Into<String>) -> Self {
        Self::Select {
            criterion,
            function: function.into(),
        }
    }
}

impl fmt::Display for SelectMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact",
            Self::Random => "random",
            Self::First => "first",
            Self::Last => "last",
            Self::MinLoad => "min_load",
            Self::NativeRandom => "native:random",
            Self::Select {
                criterion,
                function,
            } => return write!(f, "select:{criterion}:{function}"),
        })
    }
}

impl fmt::Display for SelectCriterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::FirstSuccess => "first_success",
        })
    }
}

/// A search for a service; awaiting it makes it.
///
/// # Errors
/// [`NotFound`](crate::ErrorKind::NotFound) if there is no such service,
/// [`PermissionDenied`](crate::ErrorKind::PermissionDenied) if it is not for us, and what else the manager says.
#[must_use = "a search is made when it is awaited"]
pub struct GetService {
    peer: Peer,
    search: Search,
}

/// What is searched for, so that it can be searched for again.
#[derive(Clone)]
struct Search {
    id: String,
    mode: Option<SelectMode>,
    config: Map,
    case_conversion: Option<CaseConversion>,
    deadline: Option<Duration>,
    key: Option<PublicKey>,
}

impl GetService {
    pub(crate) fn new(peer: Peer, id: &str) -> Self {
        Self {
            peer,
            search: Search {
                id: id.to_owned(),
                mode: None,
                config: Map::new(),
                case_conversion: None,
                deadline: None,
                key: None,
            },
        }
    }

    /// Which one to take if several fit; the server chooses without it.
    pub fn mode(mut self, mode: SelectMode) -> Self {
        self.search.mode = Some(mode);
        self
    }

    /// How long the manager may wait for the provider, 10 s; for an application that it has to start, the time that
    /// takes too.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.search.config.insert("timeout", timeout.as_secs_f64());
        self
    }

    /// How long the manager may wait for the function of [`SelectMode::Select`], 2 s.
    pub fn select_timeout(mut self, timeout: Duration) -> Self {
        self.search
            .config
            .insert("select_timeout", timeout.as_secs_f64());
        self
    }

    /// Converts the names of the service's members.
    pub fn case_conversion(mut self, conversion: CaseConversion) -> Self {
        self.search.case_conversion = Some(conversion);
        self
    }

    /// Encrypts all calls of the service for the owner of this key, which its provider told in a way that is trusted:
    /// arguments and results, and the functions, generators and errors inside them. The key is not sent to the server.
    ///
    /// Nothing is ever sent in clear instead: without encryption of our own ([`ConnectOptions::encryption`]) the search
    /// is an error, and so is an answer that is not encrypted.
    ///
    /// [`ConnectOptions::encryption`]: crate::ConnectOptions
    pub fn encryption_public_key(mut self, key: PublicKey) -> Self {
        self.search.key = Some(key);
        self
    }

    /// How long the whole search may take.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.search.deadline = Some(deadline);
        self
    }

    async fn send(self) -> Result<RemoteService, Error> {
        let Self { peer, mut search } = self;
        ServiceId::parse(&search.id).map_err(OptionsError::from)?;
        if search.key.is_some() && peer.public_key().is_none() {
            return Err(OptionsError::EncryptionOff.into());
        }
        if let Some(mode) = &search.mode {
            search.config.insert("mode", mode.to_string());
        }
        let service = search.make(&peer).await?;
        Ok(service.with_lookup(move |peer| {
            let search = search.clone();
            async move { search.make(&peer).await }
        }))
    }
}

impl Search {
    async fn make(&self, peer: &Peer) -> Result<RemoteService, CallError> {
        let mut call = peer
            .manager_method("get_service")
            .args((&self.id,))
            .kwarg("config", &self.config);
        if let Some(deadline) = self.deadline {
            call = call.deadline(deadline);
        }
        let description = match (call.await?, self.case_conversion) {
            (Value::Map(map), Some(conversion)) => Value::Map(conversion.convert(map)),
            (description, _) => description,
        };
        let service = RemoteService::from_manager(peer, description)?;
        Ok(match self.key {
            Some(key) => service.encrypted_for(key),
            None => service,
        })
    }
}

impl IntoFuture for GetService {
    type Output = Result<RemoteService, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for GetService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetService")
            .field("id", &self.search.id)
            .field("mode", &self.search.mode)
            .field("config", &self.search.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_as_the_manager_reads_them() {
        for (mode, text) in [
            (SelectMode::Exact, "exact"),
            (SelectMode::Random, "random"),
            (SelectMode::First, "first"),
            (SelectMode::Last, "last"),
            (SelectMode::MinLoad, "min_load"),
            (SelectMode::NativeRandom, "native:random"),
            (
                SelectMode::select(SelectCriterion::Min, "get_load"),
                "select:min:get_load",
            ),
            (
                SelectMode::select(SelectCriterion::Max, "f"),
                "select:max:f",
            ),
            (
                SelectMode::select(SelectCriterion::FirstSuccess, "f"),
                "select:first_success:f",
            ),
        ] {
            assert_eq!(mode.to_string(), text);
        }
    }
}
