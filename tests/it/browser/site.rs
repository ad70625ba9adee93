//! A web site with one page, which has not loaded until it shows what it has to show.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Where the JavaScript client is: beside the page.
const BUNDLE: &str = "/hypha-rpc-websocket.js";

/// What the page asks for once it shows what it has to show.
const SHOWN: &str = "/shown";

/// The picture that comes then, or when the page took too long.
const PICTURE: &str = "/until-shown";

const PATIENCE: Duration = Duration::from_secs(90);

/// A running web site. It ends when it is dropped.
pub(crate) struct Site {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

/// What the site consists of.
struct Content {
    page: String,
    bundle: Vec<u8>,
    shown: watch::Sender<bool>,
}

impl Site {
    /// A site with this page, which shows this text in the end.
    pub(crate) async fn start(page: &str, shows: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let content = Arc::new(Content {
            page: format!("{page}\n{}", watcher(shows)),
            bundle: std::fs::read(hypha_tests::browser_bundle().unwrap()).unwrap(),
            shown: watch::Sender::new(false),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(answer(stream, content.clone()));
            }
        });
        Self {
            address,
            _tasks: tasks,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

/// Keeps the page from being loaded until the text is there.
fn watcher(text: &str) -> String {
    let text = serde_json::Value::from(text);
    format!(
        r#"<img src="{PICTURE}" alt="">
<script>
  const seen = new MutationObserver(() => {{
    if (!document.body.innerText.includes({text})) return;
    seen.disconnect();
    fetch("{SHOWN}");
  }});
  seen.observe(document.body, {{ childList: true, characterData: true, subtree: true }});
</script>"#
    )
}

/// Answers one request, and closes: browsers open as many connections as they need.
async fn answer(stream: TcpStream, content: Arc<Content>) {
    let mut lines = BufReader::new(stream).lines();
    let Ok(Some(request)) = lines.next_line().await else {
        return;
    };
    while matches!(lines.next_line().await, Ok(Some(line)) if !line.is_empty()) {}
    let (status, kind, body) = match request.split(' ').nth(1) {
        Some("/") => ("200 OK", "text/html", content.page.as_bytes()),
        Some(BUNDLE) => ("200 OK", "text/javascript", content.bundle.as_slice()),
        Some(SHOWN) => {
            content.shown.send_replace(true);
            ("200 OK", "text/plain", "".as_bytes())
        }
        Some(PICTURE) => {
            let mut shown = content.shown.subscribe();
            let shown = shown.wait_for(|shown| *shown);
            let _in_time = tokio::time::timeout(PATIENCE, shown).await;
            ("404 Not Found", "text/plain", "".as_bytes())
        }
        _ => ("404 Not Found", "text/plain", "".as_bytes()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = lines.into_inner().into_inner();
    if stream.write_all(head.as_bytes()).await.is_ok() {
        // A browser that went away asks again if it still wants it.
        let _written = stream.write_all(body).await;
    }
}
