//! The services of a Rust provider: as far as they go, those of `tests/peers`.

pub(crate) mod functions;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hypha_tests::notation;
use tokio::sync::mpsc;
use tokio::time::Instant;

use hypha_client::{
    Client, Context, Kwargs, Map, Member, Members, Method, RemoteError, Service, Value, Visibility,
};

/// A Rust client with services, and what happens in them.
#[derive(Debug)]
pub(crate) struct RustProvider {
    pub(crate) client: Client,
    events: mpsc::UnboundedReceiver<(&'static str, Value)>,
    touched: Arc<AtomicUsize>,
}

impl RustProvider {
    /// Registers the services for a client.
    pub(crate) async fn new(client: Client) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let events_of = Events(sender);
        client.register_service(rich(&events_of)).await.unwrap();
        let touched = Arc::default();
        Self {
            client,
            events,
            touched,
        }
    }

    /// On a connection of its own to the shared server.
    pub(crate) async fn start() -> Self {
        Self::new(crate::fixture::connect().await).await
    }

    /// The full id of a service.
    pub(crate) fn id(&self, service: &str) -> String {
        format!("{}:{service}", self.client.address())
    }

    /// The next happening of this name; those of other names before it are lost.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        let found = async {
            loop {
                let (known, data) = self.events.recv().await.unwrap();
                if known == name {
                    return data;
                }
            }
        };
        crate::fixture::soon(name, found).await
    }

    /// The last thing of this name that has happened, if any.
    pub(crate) fn happened(&mut self, name: &str) -> Option<Value> {
        let happened = std::iter::from_fn(|| self.events.try_recv().ok());
        happened
            .filter(|(known, _)| *known == name)
            .last()
            .map(|(_, data)| data)
    }

    /// Registers a service whose only method counts the calls that get through, with or without an argument: an
    /// answer that is led astray carries one.
    pub(crate) async fn guard(&self, service: Service) -> String {
        let touched = self.touched.clone();
        let touch = move |_: Option<Value>| {
            let touched = touched.clone();
            async move { touched.fetch_add(1, Ordering::SeqCst) + 1 }
        };
        let id = self.id(service.id());
        self.client
            .register_service(service.method("touch", touch))
            .await
            .unwrap();
        id
    }

    /// How many calls got through to the methods of [`guard`](Self::guard).
    pub(crate) fn touched(&self) -> usize {
        self.touched.load(Ordering::SeqCst)
    }
}

#[derive(Clone, Debug)]
struct Events(mpsc::UnboundedSender<(&'static str, Value)>);

impl Events {
    fn tell(&self, name: &'static str, data: impl Into<Value>) {
        // The test that would have listened may be over.
        let _unheard = self.0.send((name, data.into()));
    }
}

/// One rich public service.
fn rich(events: &Events) -> Service {
    let service = Service::new("interop")
        .name("Interop")
        .description("Every kind of method and value")
        .visibility(Visibility::Public);
    functions::functions(timing(failures(values(service, events)), events), events)
        .method(
            "context",
            |context: Context| async move { written(&context) },
        )
        .nested(
            "nested",
            Members::new()
                .method("double", async |x: i64| x * 2)
                .method(
                    "context",
                    |context: Context| async move { written(&context) },
                )
                .nested(
                    "deeper",
                    Members::new().method("triple", async |x: i64| x * 3),
                ),
        )
        .list(
            "array",
            [
                Member::method(async |x: i64| x + 1),
                Member::method(async |x: i64| x + 2),
                Member::Object(Members::new().method("three", async |x: i64| x + 3)),
            ],
        )
        .value("constants", constants())
}

fn values(service: Service, events: &Events) -> Service {
    let events = events.clone();
    service
        .method("echo", async |x: Value| x)
        .method("keep", move |x: Value| {
            events.tell("kept", x.clone());
            async move { x }
        })
        .method("echo_async", async |x: Value| {
            tokio::task::yield_now().await;
            x
        })
        .method("kind", async |x: Value| x.kind())
        .method(
            "add",
            Method::new(async |a: i64, b: i64| a + b)
                .param("a")
                .param_default("b", 10)
                .doc("Add two numbers."),
        )
        .method(
            "collect",
            async |a: Option<Value>, b: Option<Value>, Kwargs(kwargs): Kwargs| {
                let args: Vec<Value> = [a, b].into_iter().flatten().collect();
                Value::from(Map::from([
                    ("args", Value::from(args)),
                    ("kwargs", kwargs.into()),
                ]))
            },
        )
        .method("size", async |x: hypha_codec::Binary| x.len())
        .method("fill", async |length: usize| {
            hypha_codec::Binary::from(notation::fill(length))
        })
        .method("deep", async |levels: usize| deep(levels))
        .method("depth", async |x: Value| depth(&x))
}

fn failures(service: Service) -> Service {
    service
        .method(
            "boom",
            async |text: Option<String>| -> Result<(), RemoteError> {
                Err(
                    RemoteError::new(text.unwrap_or_else(|| "sync boom".to_owned()))
                        .with_trace("where it went wrong"),
                )
            },
        )
        .method("boom_io", async || -> Result<(), std::io::Error> {
            Err(std::io::Error::other("disk on fire"))
        })
        .method("panic", async |text: String| -> () { panic!("{text}") })
}

fn timing(service: Service, events: &Events) -> Service {
    let (slow, hang, block, compute) = (
        events.clone(),
        events.clone(),
        events.clone(),
        events.clone(),
    );
    service
        .method("slow", move |seconds: f64| {
            slow.tell("started", "slow");
            async move {
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                "slept"
            }
        })
        .method("hang", move || {
            hang.tell("started", "hang");
            let stopped = Stopped(hang.clone());
            async move {
                let _stopped = stopped;
                std::future::pending::<()>().await;
            }
        })
        .blocking("block", move |seconds: f64| {
            block.tell("started", "block");
            std::thread::sleep(Duration::from_secs_f64(seconds));
            "blocked"
        })
        .method("compute", move |seconds: f64| {
            let events = compute.clone();
            async move {
                events.tell("started", "compute");
                let until = Instant::now() + Duration::from_secs_f64(seconds);
                while Instant::now() < until {
                    std::hint::spin_loop();
                }
                "computed"
            }
        })
}

/// Tells when a handler is dropped before its end.
struct Stopped(Events);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.tell("stopped", Value::Null);
    }
}

fn constants() -> Value {
    let constants: Map = Map::from([
        ("answer", Value::from(42)),
        ("ratio", Value::from(1.25)),
        ("text", Value::from("hello")),
        ("flag", Value::from(true)),
        ("nothing", Value::Null),
        ("bytes", Value::from(vec![1_u8, 2])),
        (
            "list",
            Value::from(vec![Value::from(1), Value::from(2.5), Value::from("three")]),
        ),
    ]);
    constants.into()
}

/// The context as a handler sees it.
fn written(context: &Context) -> Value {
    let context: Map = Map::from([
        ("from", Value::from(context.from().as_str())),
        ("to", Value::from(context.to().as_str())),
        ("ws", Value::from(context.workspace())),
        ("user", Value::from(context.user().cloned())),
        ("method", Value::from(context.method())),
    ]);
    context.into()
}

/// Lists in lists, `levels` of them around an empty one.
pub(crate) fn deep(levels: usize) -> Value {
    (0..levels).fold(Value::List(Vec::new()), |inner, _| Value::List(vec![inner]))
}

/// The number of lists around the innermost one.
pub(crate) fn depth(mut value: &Value) -> usize {
    let mut levels = 0;
    while let Some([inner, ..]) = value.as_list() {
        value = inner;
        levels += 1;
    }
    levels
}
