//! The methods of the manager, called by clients.

mod events;
mod reference;
mod selection;
mod services;
mod tokens;
mod workspaces;

use hypha_client::Client;
use hypha_codec::Value;
use hypha_server::HyphaServer;
use serde_json::Value as Json;

const ROOT: &str = "a-token-for-everything";

/// A server whose root token is [`ROOT`].
async fn server() -> HyphaServer {
    let server = HyphaServer::builder().port(0).root_token(ROOT);
    server.start().await.unwrap()
}

/// Somebody without a token, in a workspace of their own.
async fn guest(server: &HyphaServer, client_id: &str) -> Client {
    let options = Client::builder(server.url()).client_id(client_id);
    options.connect().await.unwrap()
}

/// A client in the workspace of another one, with a permission there.
async fn colleague(server: &HyphaServer, of: &Client, client_id: &str, permission: &str) -> Client {
    let config = serde_json::json!({ "permission": permission });
    let token = ok(of, "generate_token", [config]).await;
    let options = Client::builder(server.url())
        .workspace(of.workspace())
        .token(token.as_str().unwrap())
        .client_id(client_id)
        // Whoever may only read cannot register what every client has.
        .silent(permission == "read");
    options.connect().await.unwrap()
}

/// Calls a method of the manager.
async fn call(
    client: &Client,
    method: &str,
    args: impl IntoIterator<Item = Json>,
) -> Result<Json, String> {
    let args: Vec<Value> = args
        .into_iter()
        .map(|arg| hypha_codec::to_value(&arg).unwrap())
        .collect();
    let call = client.peer().manager_method(method).args(args);
    call.decode().await.map_err(|error| error.to_string())
}

async fn ok(client: &Client, method: &str, args: impl IntoIterator<Item = Json>) -> Json {
    let result = call(client, method, args).await;
    result.unwrap_or_else(|error| panic!("{method}: {error}"))
}

async fn error(client: &Client, method: &str, args: impl IntoIterator<Item = Json>) -> String {
    match call(client, method, args).await {
        Ok(result) => panic!("{method} did not fail: {result}"),
        Err(error) => error,
    }
}

/// The ids of listed services, without their workspace, in order.
fn ids(services: &Json) -> Vec<String> {
    let services = services.as_array().unwrap().iter();
    let ids = services.map(|service| service["id"].as_str().unwrap());
    let mut ids: Vec<_> = ids
        .map(|id| id.split_once('/').unwrap().1.to_owned())
        .collect();
    ids.sort_unstable();
    ids
}
