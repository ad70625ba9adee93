//! The first thing that users run.

use hypha_client::connect_to_server;
use hypha_server::HyphaServer;

#[expect(dead_code, reason = "its `main` is for the terminal")]
#[path = "../../examples/quickstart.rs"]
mod quickstart;

#[tokio::test]
async fn the_quickstart_says_what_happened() {
    let server = HyphaServer::builder().port(0).start().await.unwrap();
    let provider = connect_to_server(server.url()).await.unwrap();
    let registered = provider.register_service(quickstart::statistics()).await;
    let id = registered.unwrap().id;
    let caller = connect_to_server(server.url()).await.unwrap();
    let lines = quickstart::tour(&caller, &id).await.unwrap();
    assert_eq!(
        lines,
        [
            "scalars     add(1.5, 2) is 3.5",
            "an array    column_means([[1, 10], [2, 20], [6, 60]]) is [3, 30]",
            "a callback  fit(3, report) is \"done\", and reported 1: 1.00, 2: 0.50, 3: 0.33",
            "a generator squares(5) gives [1, 4, 9, 16, 25]",
        ]
    );
    server.shutdown().await;
}
