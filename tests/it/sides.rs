//! Rust at one end of a call, and any language at the other.

use hypha_client::{Client, RemoteService};
use hypha_tests::{Call, Language, Peer, PeerError, notation};
use serde_json::{Value as Json, json};

use crate::fixture::{Provider, connect, membership, server};
use crate::provider::RustProvider;

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Rust,
    Real(Language),
}

pub(crate) const RUST: Who = Who::Rust;
pub(crate) const PYTHON: Who = Who::Real(Language::Python);
pub(crate) const JAVASCRIPT: Who = Who::Real(Language::JavaScript);

/// A Rust client that calls a provider in any language.
#[derive(Debug)]
pub(crate) struct FromRust {
    pub(crate) client: Client,
    pub(crate) service: RemoteService,
    pub(crate) provider: AnyProvider,
}

#[derive(Debug)]
pub(crate) enum AnyProvider {
    Rust(RustProvider),
    Real(Provider),
}

/// A client in another language that calls a Rust provider.
#[derive(Debug)]
pub(crate) struct ToRust {
    pub(crate) caller: Peer,
    pub(crate) provider: RustProvider,
    id: String,
}

/// Starts a provider, and a Rust client that found it.
pub(crate) async fn from_rust_to(who: Who) -> FromRust {
    from_client(connect().await, who).await
}

/// Starts a provider for a client.
pub(crate) async fn from_client(client: Client, who: Who) -> FromRust {
    let provider = match who {
        Who::Rust => AnyProvider::Rust(RustProvider::start().await),
        Who::Real(language) => AnyProvider::Real(Provider::start(language).await),
    };
    let service = client.get_service(&provider.id("interop")).await.unwrap();
    FromRust {
        client,
        service,
        provider,
    }
}

/// Starts a Rust provider, and a client that calls it from another workspace.
pub(crate) async fn to_rust_from(language: Language) -> ToRust {
    let provider = RustProvider::start().await;
    let caller = Peer::of(language, server().await).start().await.unwrap();
    ToRust::new(caller, provider)
}

/// Starts a Rust provider, and a client in its own workspace: each hears when the other leaves.
pub(crate) async fn to_rust_from_neighbour(language: Language) -> ToRust {
    let provider = RustProvider::start().await;
    let membership = membership(&provider.client).await;
    let caller = Peer::of(language, server().await).member(&membership);
    ToRust::new(caller.start().await.unwrap(), provider)
}

impl FromRust {
    /// Sessions of the Rust client that peers may call.
    pub(crate) async fn sessions(&self) -> usize {
        self.client.peer().stats().await.unwrap().sessions
    }
}

impl AnyProvider {
    /// The full id of a service.
    pub(crate) fn id(&self, service: &str) -> String {
        match self {
            Self::Rust(provider) => provider.id(service),
            Self::Real(provider) => provider.id(service).to_owned(),
        }
    }

    /// `workspace/client`.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Rust(provider) => provider.client.address().to_string(),
            Self::Real(provider) => {
                format!(
                    "{}/{}",
                    provider.peer.workspace(),
                    provider.peer.client_id()
                )
            }
        }
    }

    /// The next happening of this name.
    pub(crate) async fn event(&mut self, name: &str) -> Json {
        match self {
            Self::Rust(provider) => notation::of(&provider.event(name).await),
            Self::Real(provider) => provider.peer.event(name).await.unwrap(),
        }
    }
}

impl ToRust {
    fn new(caller: Peer, provider: RustProvider) -> Self {
        let id = provider.id("interop");
        Self {
            caller,
            provider,
            id,
        }
    }

    /// Calls a method of the provider.
    pub(crate) async fn call(&self, method: &str, args: Json) -> Result<Json, PeerError> {
        self.caller.call(&self.id, method, args).await
    }

    /// Calls a method of the provider, and gives back what `how` says of the result.
    pub(crate) async fn reduced(
        &self,
        method: &str,
        args: Json,
        how: &str,
    ) -> Result<Json, PeerError> {
        let call = Call::new(&self.id, method).args(args).reduce(how);
        self.caller.run(call).await
    }

    /// Calls a function in the result of the last call that was reduced to `held`.
    pub(crate) async fn use_held(&self, path: &str, args: Json) -> Result<Json, PeerError> {
        let arguments = json!({ "path": path, "args": args });
        self.caller.command("use_held", arguments).await
    }

    /// Sessions of the provider that peers may call.
    pub(crate) async fn sessions(&self) -> usize {
        self.provider.client.peer().stats().await.unwrap().sessions
    }
}
