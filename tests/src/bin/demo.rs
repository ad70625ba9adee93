//! The main job, to look at: Rust, Python and JavaScript call each other over the real server. `cargo xtask demo` runs it.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::fmt::Display;

use anyhow::{Context as _, Result, ensure};
use hypha_client::{Client, Context, Method, NdArray, Service, Value, Visibility};
use hypha_tests::{Call, HyphaServer, Language, Peer, PeerError, ServerOptions, notation};
use serde_json::{Value as Json, json};

#[tokio::main]
async fn main() -> Result<()> {
    let server = HyphaServer::start(ServerOptions::default()).await?;
    let ours = Client::builder(server.url())
        .client_id("rust-provider")
        .connect()
        .await?;
    let version = ours
        .connection_info()
        .hypha_version
        .clone()
        .unwrap_or_default();
    println!("hypha server {version} at {}", server.url());
    let registered = ours.register_service(calculator()).await?;
    println!("Rust       registered {}", registered.id);

    let mut theirs = Vec::new();
    for language in [Language::Python, Language::JavaScript] {
        let peer = Peer::of(language, &server).start().await?;
        let services = peer.register_with(json!({ "only": ["interop"] })).await?;
        let id = services
            .get("interop")
            .context("the peer has no service")?
            .clone();
        println!("{:<10} registered {id}", name(language));
        theirs.push((peer, id));
    }

    let mut surprises = 0;
    for (peer, _) in &theirs {
        println!();
        surprises += they_call_us(peer, &registered.id).await;
    }
    let caller = Client::builder(server.url())
        .client_id("rust-caller")
        .connect()
        .await?;
    for (peer, id) in &theirs {
        println!();
        surprises += we_call_them(&caller, peer.language(), id).await?;
    }

    for (peer, _) in &theirs {
        peer.disconnect().await?;
    }
    caller.disconnect().await;
    ours.disconnect().await;
    ensure!(
        surprises == 0,
        "{surprises} calls did not end as they should"
    );
    Ok(())
}

/// The service that the others call.
fn calculator() -> Service {
    let greet =
        Method::new(async |name: String, times: usize| format!("Hello, {name}! ").repeat(times))
            .param("name")
            .param_default("times", 1)
            .doc("Say hello, once or more.");
    Service::new("calculator")
        .visibility(Visibility::Public)
        .method("add", async |a: f64, b: f64| a + b)
        .method("divide", async |a: i64, b: i64| {
            a.checked_div(b).ok_or("there is no such number")
        })
        .method("greet", greet)
        .method("mean", async |image: NdArray| {
            mean(&image).ok_or("an image of bytes, please")
        })
        .method("whoami", async |context: Context| {
            context.from().to_string()
        })
}

fn mean(image: &NdArray) -> Option<f64> {
    let bytes = image.data();
    let whole = image.dtype().as_str() == "uint8" && !bytes.is_empty();
    let sum: u32 = bytes.iter().copied().map(u32::from).sum();
    whole.then(|| f64::from(sum) / bytes.len() as f64)
}

/// How many calls did not end as they should.
async fn they_call_us(peer: &Peer, calculator: &str) -> usize {
    let image = match peer.language() {
        Language::Python => notation::ndarray("uint8", &[2, 2], &[1, 2, 3, 4]),
        // A client without a library for arrays sends the fields of one.
        Language::JavaScript => {
            json!({ "$raw": notation::ndarray("uint8", &[2, 2], &[1, 2, 3, 4]) })
        }
    };
    let call = |method: &str, args: Json| Call::new(calculator, method).args(args);
    let greet = call("greet", json!([])).kwargs(json!({ "name": "Ada", "times": 2 }));
    let mut surprises = 0;
    for (text, call) in [
        ("add(1.5, 2)", call("add", json!([1.5, 2]))),
        ("greet(name=\"Ada\", times=2)", greet),
        ("mean(2 x 2 image)", call("mean", json!([image]))),
        ("whoami()", call("whoami", json!([]))),
        ("divide(1, 0)", call("divide", json!([1, 0]))),
    ] {
        let result = peer.run(call).await;
        let result = result
            .map(|value| plain(&value))
            .map_err(|error: PeerError| error.message().to_owned());
        surprises += usize::from(result.is_err() != text.starts_with("divide"));
        show(
            name(peer.language()),
            "Rust",
            &format!("calculator.{text}"),
            result,
        );
    }
    surprises
}

/// How many calls did not end as they should.
async fn we_call_them(client: &Client, language: Language, interop: &str) -> Result<usize> {
    let service = client.get_service(interop).await?;
    let sample = match language {
        Language::Python => "ndarray_2d",
        Language::JavaScript => "typedarray_Float32Array",
    };
    let mut surprises = 0;
    for (text, call) in [
        (
            "add(b=4, a=3)",
            service.method("add").kwarg("b", 4).kwarg("a", 3),
        ),
        (
            "nested.deeper.triple(5)",
            service.method("nested.deeper.triple").args((5,)),
        ),
        (
            "echo(400 kB)",
            service
                .method("echo")
                .args((Value::from(notation::fill(400_000)),)),
        ),
        ("sample(an array)", service.method("sample").args((sample,))),
        (
            "boom(\"on purpose\")",
            service.method("boom").args(("on purpose",)),
        ),
    ] {
        let result = call.await.map(|value: Value| plain(&notation::of(&value)));
        surprises += usize::from(result.is_err() != text.starts_with("boom"));
        show("Rust", name(language), &format!("interop.{text}"), result);
    }
    Ok(surprises)
}

fn show(caller: &str, provider: &str, call: &str, result: Result<String, impl Display>) {
    let (sign, text) = match result {
        Ok(text) => ("=", text),
        Err(error) => ("failed:", error.to_string()),
    };
    // Of a traceback the first line says enough here.
    let text = text.lines().next().unwrap_or_default();
    println!("{caller:<10} -> {provider:<10} {call:<38} {sign} {text}");
}

/// A value of the notation for people.
fn plain(note: &Json) -> String {
    if let Some(number) = note.get("$f") {
        return number.to_string();
    }
    if let Some(hex) = note.get("$b").and_then(Json::as_str) {
        return format!("{} bytes", hex.len() / 2);
    }
    match (note.get("_rtype"), note.get("_rdtype"), note.get("_rshape")) {
        (Some(kind), Some(dtype), Some(shape)) => format!("{} {} {shape}", word(kind), word(dtype)),
        (Some(kind), Some(dtype), None) => format!("{} {}", word(kind), word(dtype)),
        _ => note.to_string(),
    }
}

fn word(note: &Json) -> &str {
    note.as_str().unwrap_or_default()
}

fn name(language: Language) -> &'static str {
    match language {
        Language::Python => "Python",
        Language::JavaScript => "JavaScript",
    }
}
