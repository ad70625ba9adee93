//! The JavaScript client in a page of a browser.

mod site;

use hypha_client::{Service, Visibility};
use hypha_tests::document_of;

pub(crate) use self::site::Site;
use crate::fixture::{connect, server};

/// What stands between the tags of the element with this id.
pub(crate) fn shown<'a>(document: &'a str, id: &str) -> &'a str {
    let element = document.split_once(&format!("id=\"{id}\">"));
    let text = element.and_then(|(_, rest)| rest.split_once("</"));
    text.unwrap_or_else(|| panic!("no {id} in {document}")).0
}

/// The page comes from another origin than the server: its answers over HTTP have to allow it.
#[tokio::test]
async fn server_01_a_page_in_a_browser_shows_an_answer_javascript_to_rust() {
    let client = connect().await;
    let (told, hear) = tokio::sync::oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let service = Service::new("page")
        .visibility(Visibility::Public)
        .method("greet", async |name: String, times: usize| {
            vec![format!("Hello, {name}!"); times]
        })
        .method("saw", move |text: String| {
            let told = told.lock().unwrap().take();
            async move { told.is_some_and(|told| told.send(text).is_ok()) }
        });
    let id = client.register_service(service).await.unwrap().id;
    let url = server().await.url();
    let page = format!(
        r#"<!doctype html><p id="answer"></p><p id="health"></p><p id="end"></p>
        <script src="hypha-rpc-websocket.js"></script>
        <script type="module">
        const show = (id, text) => (document.getElementById(id).textContent = text);
        try {{
            const server = await hyphaWebsocketClient.connectToServer({{ server_url: "{url}" }});
            const service = await server.getService("{id}");
            const lines = await service.greet("page", 2);
            show("answer", lines.join(" "));
            const health = await fetch("{url}/health/readiness");
            show("health", `${{health.status}} ${{await health.text()}}`);
            await service.saw(document.getElementById("answer").textContent);
            await server.disconnect();
            show("end", "all is done");
        }} catch (error) {{
            show("end", `all is done but ${{error}}`);
        }}
        </script>"#
    );
    let site = Site::start(&page, "all is done").await;
    let document = document_of(&site.url()).await.unwrap();
    assert_eq!(shown(&document, "end"), "all is done", "{document}");
    assert_eq!(shown(&document, "answer"), "Hello, page! Hello, page!");
    assert!(shown(&document, "health").starts_with("200 "), "{document}");
    assert_eq!(hear.await.unwrap(), "Hello, page! Hello, page!");
}
