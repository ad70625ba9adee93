//! Tokens that one server made, on the other one: both sign with the same secret.

use std::time::Duration;

use hypha_client::{
    Client, ErrorKind, Permission, Secret, Service, ServiceQuery, TokenOptions, Value,
};
use hypha_tests::{HyphaServer, Peer, ServerKind, ServerOptions, notation};
use serde_json::json;

use super::{BOTH_KINDS, at, refused, start};
use crate::fixture::{BOTH, soon};

/// A server that issues tokens, a client there that asks for them, and the other server.
struct Exchange {
    here: HyphaServer,
    issuer: Client,
    there: HyphaServer,
}

impl Exchange {
    /// Both directions.
    async fn both() -> [Self; 2] {
        let [one, other] = BOTH_KINDS;
        [Self::of(one, other).await, Self::of(other, one).await]
    }

    async fn of(here: ServerKind, there: ServerKind) -> Self {
        let (here, there) = tokio::join!(start(here), start(there));
        let issuer = at(&here).connect().await.unwrap();
        Self {
            here,
            issuer,
            there,
        }
    }

    async fn token(&self, options: TokenOptions) -> Secret {
        self.issuer.generate_token(options).await.unwrap()
    }
}

#[tokio::test]
async fn server_03_server_19_what_a_token_permits_it_permits_on_the_other_server() {
    for exchange in Exchange::both().await {
        let from = exchange.here.kind();
        for (permission, registers, issues) in [
            (Permission::Read, false, false),
            (Permission::ReadWrite, true, false),
            (Permission::Admin, true, true),
        ] {
            let token = exchange
                .token(TokenOptions::new().permission(permission))
                .await;
            for server in [&exchange.here, &exchange.there] {
                let what = format!("{permission:?} of {from:?} on {:?}", server.kind());
                let guest = at(server).token(token.clone()).connect().await.unwrap();
                assert_eq!(guest.workspace(), exchange.issuer.workspace(), "{what}");
                let echoed = guest.echo(&1).await;
                assert_eq!(echoed.is_ok(), registers, "{what}: {echoed:?}");
                let registered = guest.register_service(Service::new("s")).await;
                assert_eq!(registered.is_ok(), registers, "{what}: {registered:?}");
                let issued = guest.generate_token(TokenOptions::new()).await;
                // The token of an owner is one of its owner, to the real server.
                let issues = issues || server.kind() == ServerKind::Reference;
                assert_eq!(issued.is_ok(), issues, "{what}: {issued:?}");
                for error in [echoed.err(), registered.err(), issued.err()]
                    .into_iter()
                    .flatten()
                {
                    assert_eq!(
                        error.kind(),
                        ErrorKind::PermissionDenied,
                        "{what}: {error:#}"
                    );
                }
                guest.disconnect().await;
            }
        }
    }
}

#[tokio::test]
async fn server_03_the_other_server_reads_the_same_out_of_a_token() {
    for exchange in Exchange::both().await {
        let options = TokenOptions::new()
            .permission(Permission::Admin)
            .expires_in(Duration::from_secs(600));
        let token = exchange.token(options).await;
        let reader = at(&exchange.there).token(token.clone());
        let reader = reader.connect().await.unwrap();
        let here: Value = exchange
            .issuer
            .manager()
            .call("parse_token", (token.expose(),))
            .await
            .unwrap();
        let there: Value = reader
            .manager()
            .call("parse_token", (token.expose(),))
            .await
            .unwrap();
        // Without the order of their keys.
        let [here, there] = [notation::of(&here), notation::of(&there)];
        assert_eq!(here, there, "{:?}", exchange.here.kind());
    }
}

#[tokio::test]
async fn server_03_real_clients_join_by_a_token_of_the_other_server_python_and_javascript_to_rust()
{
    for exchange in Exchange::both().await {
        let token = exchange
            .token(TokenOptions::new().permission(Permission::ReadWrite))
            .await;
        let provider = at(&exchange.there)
            .token(token.clone())
            .connect()
            .await
            .unwrap();
        let service = Service::new("adder").method("add", async |a: i64, b: i64| a + b);
        let id = provider.register_service(service).await.unwrap().id;
        for language in BOTH {
            let peer = Peer::of(language, &exchange.there).option("token", json!(token.expose()));
            let peer = peer.start().await.unwrap();
            assert_eq!(peer.workspace(), exchange.issuer.workspace());
            let sum = peer.call(&id, "add", json!([1, 2])).await.unwrap();
            assert_eq!(sum, json!(3), "{language:?} on {:?}", exchange.there.kind());
        }
    }
}

#[tokio::test]
async fn server_03_a_token_of_one_client_id_is_so_on_the_other_server() {
    for exchange in Exchange::both().await {
        let token = exchange
            .token(TokenOptions::new().client_id("the-one"))
            .await;
        let options = || at(&exchange.there).token(token.clone());
        refused(options().client_id("another"), "the-one").await;
        let client = options().client_id("the-one").connect().await.unwrap();
        assert_eq!(client.client_id(), "the-one");
    }
}

#[tokio::test]
async fn server_03_tokens_that_are_over_are_over_everywhere() {
    for exchange in Exchange::both().await {
        let token = exchange
            .token(TokenOptions::new().expires_in(Duration::from_secs(1)))
            .await;
        for server in [&exchange.here, &exchange.there] {
            soon("the end of the token", async {
                let options = || at(server).token(token.clone()).silent(true);
                while options().connect().await.is_ok() {}
            })
            .await;
            refused(at(server).token(token.clone()), "expired").await;
        }
    }
}

/// Servers that share a secret share no memory: who revoked a token refuses it.
#[tokio::test]
async fn server_03_a_token_stays_revoked_where_it_was_revoked() {
    for exchange in Exchange::both().await {
        let token = exchange.token(TokenOptions::new()).await;
        exchange.issuer.revoke_token(&token).await.unwrap();
        for _ in 0..2 {
            refused(at(&exchange.here).token(token.clone()), "revoked").await;
        }
        at(&exchange.there).token(token).connect().await.unwrap();
    }
}

#[tokio::test]
async fn server_03_a_token_signed_with_another_secret_is_refused() {
    for exchange in Exchange::both().await {
        let stranger = ServerOptions::default()
            .kind(exchange.there.kind())
            .env("JWT_SECRET", "the secret of somebody else");
        let stranger = HyphaServer::start(stranger).await.unwrap();
        let token = exchange.token(TokenOptions::new()).await;
        refused(at(&stranger).token(token), "Authentication error").await;
    }
}

/// What happens when a server is replaced by the other one: its clients come back as who they were.
#[tokio::test]
async fn server_04_a_reconnection_token_brings_a_client_back_on_the_other_server() {
    for exchange in Exchange::both().await {
        let issuer = &exchange.issuer;
        let again = at(&exchange.there)
            .client_id(issuer.client_id())
            .workspace(issuer.workspace())
            .reconnection_token(issuer.reconnection_token().unwrap());
        let again = again.connect().await.unwrap();
        assert_eq!(again.address(), issuer.address());
        again.register_service(Service::new("s")).await.unwrap();
        let another = at(&exchange.there)
            .client_id("another")
            .workspace(issuer.workspace())
            .reconnection_token(issuer.reconnection_token().unwrap());
        another.connect().await.unwrap_err();
    }
}

#[tokio::test]
async fn server_04_clients_move_from_one_server_to_the_other_python_and_javascript_to_rust() {
    for [before, after] in [BOTH_KINDS, [BOTH_KINDS[1], BOTH_KINDS[0]]] {
        let mut server = start(before).await;
        let provider = at(&server).connect().await.unwrap();
        let service = Service::new("adder").method("add", async |a: i64, b: i64| a + b);
        let id = provider.register_service(service).await.unwrap().id;
        let membership = crate::fixture::membership(&provider).await;
        let mut peers = Vec::new();
        for language in BOTH {
            let peer = Peer::of(language, &server).member(&membership);
            let peer = peer.start().await.unwrap();
            let sum = peer.call(&id, "add", json!([1, 2])).await.unwrap();
            assert_eq!(sum, json!(3), "{language:?}");
            peers.push(peer);
        }
        server.kill().unwrap();
        server
            .restart_as(ServerOptions::default().kind(after))
            .await
            .unwrap();
        super::restarts::answers("the provider's return", async || {
            let query = ServiceQuery::new().service_id("adder");
            let listed = provider.list_services(query).await;
            listed.is_ok_and(|listed| listed.iter().any(|info| info.id == id))
        })
        .await;
        for peer in &peers {
            let what = format!("{:?} from {before:?} to {after:?}", peer.language());
            super::restarts::answers(&what, async || {
                let sum = peer.call(&id, "add", json!([1, 2])).await;
                sum.is_ok_and(|sum| sum == json!(3))
            })
            .await;
        }
    }
}
