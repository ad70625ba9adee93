//! The README's ways to reach one service from everywhere, as they stand there: only the server and the id of the service
//! are others.

use hypha_client::Client;
use hypha_tests::{document_of, python};

use crate::browser::{Site, shown};
use crate::examples::quickstart;
use crate::fixture::{connect, server};

const README: &str = include_str!("../../README.md");

/// The README's only example in a language, for this service.
async fn snippet(language: &str, id: &str) -> String {
    let fence = format!("```{language}\n");
    let mut parts = README.split(&fence).skip(1);
    let example = parts.next().and_then(|rest| rest.split_once("\n```"));
    assert!(parts.next().is_none(), "there are several in {language}");
    let (example, _) = example.unwrap();
    let url = server().await.url();
    let replaced = |example: String, there: &str, here: &str| {
        assert_eq!(example.matches(there).count(), 1, "{there}");
        example.replace(there, here)
    };
    let example = replaced(example.to_owned(), "http://127.0.0.1:9527", &url);
    replaced(example, "SERVICE_ID", id)
}

/// The service of the quickstart. It is there as long as the client is.
async fn statistics() -> (Client, String) {
    let client = connect().await;
    let service = quickstart::statistics();
    let id = client.register_service(service).await.unwrap().id;
    (client, id)
}

const REPORTS: &str = "1: 1.00\n2: 0.50\n3: 0.33\n";
const SQUARES: &str = "1\n4\n9\n16\n25\n";

#[tokio::test]
async fn server_02_the_snippet_of_python_runs_as_it_stands_python_to_rust() {
    let (_client, id) = statistics().await;
    let printed = python(&snippet("python", &id).await).await.unwrap();
    // The client logs its own end to where programs print.
    let lines = printed.lines().filter(|line| !line.starts_with("WARNING:"));
    let printed: String = lines.map(|line| format!("{line}\n")).collect();
    let expected = format!("3.5\n[ 2. 20.]\n{REPORTS}done\n{SQUARES}");
    assert_eq!(printed, expected);
}

#[tokio::test]
async fn server_02_the_snippet_of_the_browser_runs_as_it_stands_javascript_to_rust() {
    let (_client, id) = statistics().await;
    let page = snippet("html", &id).await;
    let site = Site::start(&page, "\n16\n25").await;
    let document = document_of(&site.url()).await.unwrap();
    let expected = format!("3.5\n{REPORTS}done\n{SQUARES}");
    assert_eq!(shown(&document, "log"), expected, "{document}");
}
