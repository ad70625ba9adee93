//! The life of one client's connection, from its first message to its end.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, Transport};
use tokio::time::timeout;

use crate::admission::{Admitted, Refusal, admit, connection_info};
use crate::hub::{Hub, NotJoined};
use crate::limits::HANDSHAKE_PATIENCE;
use crate::relay::{self, Connection, End, Identity};
use crate::seats::Seat;

/// How long a client may take to say who it is (protocol section 1.4).
const HELLO: Duration = Duration::from_secs(5);

/// How often two clients may fight for one id before the later one is sent away.
const ATTEMPTS: usize = 3;

/// Why nobody is served any more.
pub(crate) const STOPPING: &str = "Server is stopping";

/// Serves a client until it is gone. `drained` counts the bytes that the network takes.
pub(crate) fn serve<T: Transport>(
    hub: Arc<Hub>,
    transport: T,
    drained: Arc<AtomicU64>,
) -> impl Future<Output = ()> + Send {
    // In boxes, one after the other: idle clients hold no memory for how they came in.
    let entering = Box::pin(enter(Arc::clone(&hub), transport, drained));
    async move {
        if let Some((connection, moving, _seat)) = entering.await {
            moving.await;
            leave(&hub, &connection).await;
        }
    }
}

/// Lets a client in, or tells it why not: its connection, what moves its frames, and the place that it takes.
async fn enter<T: Transport>(
    hub: Arc<Hub>,
    transport: T,
    drained: Arc<AtomicU64>,
) -> Option<(Arc<Connection>, BoxFuture<'static, ()>, Seat)> {
    let (mut tx, mut rx) = transport.split();
    let welcomed = tokio::select! {
        welcomed = welcome(&hub, &mut rx, drained) => welcomed,
        () = hub.stopping().cancelled() => Err(stopping()),
    };
    let (info, connection, seat) = match welcomed {
        Ok(welcomed) => welcomed,
        Err(refusal) => {
            refuse(tx, refusal).await;
            return None;
        }
    };
    if hub.stopping().is_cancelled() {
        connection.end(End::Told(stopping().close));
    }
    if tx.feed(Frame::Text(info)).await.is_err() || tx.flush().await.is_err() {
        leave(&hub, &connection).await;
        return None;
    }
    let moving = Box::pin(relay::run(hub, Arc::clone(&connection), tx, rx));
    Some((connection, moving, seat))
}

async fn leave(hub: &Hub, connection: &Arc<Connection>) {
    connection.end(End::Left);
    if hub.router().remove(connection) {
        hub.left(connection).await;
    }
}

/// Hears who a client is, and lets it in or not: what it is told, its connection, and the place that it takes.
async fn welcome<Rx: FrameRx>(
    hub: &Hub,
    rx: &mut Rx,
    drained: Arc<AtomicU64>,
) -> Result<(String, Arc<Connection>, Seat), Refusal> {
    let hello = match timeout(HELLO, rx.recv()).await {
        Ok(Ok(Some(Frame::Text(hello)))) => hello,
        Ok(_) => return Err(Refusal::silent()),
        Err(_) => {
            let words = "Authentication payload timeout";
            return Err(Refusal::new(CloseReason::POLICY, words));
        }
    };
    let _turn =
        match hub.turns() {
            None => None,
            Some(turns) => {
                let turn = timeout(HANDSHAKE_PATIENCE, turns.acquire()).await;
                Some(turn.map_err(|_| {
                    Refusal::new(CloseReason::TRY_AGAIN, "Server busy, please retry")
                })?)
            }
        };
    let mut admitted = admit(hub, &hello).await?;
    let seat = std::mem::take(&mut admitted.seat);
    let (admitted, connection) = join(hub, admitted, drained).await?;
    Ok((connection_info(hub, &admitted), connection, seat))
}

/// Puts a client at its address. Whoever is there already stays if it is alive, unless it is the same client that comes
/// back (protocol section 1.2).
async fn join(
    hub: &Hub,
    admitted: Admitted,
    drained: Arc<AtomicU64>,
) -> Result<(Admitted, Arc<Connection>), Refusal> {
    let identity = Identity {
        workspace: admitted.workspace.clone(),
        client_id: admitted.client_id.clone(),
        user: admitted.user.clone(),
        is_system: false,
    };
    let key = hub.router().next_key();
    let connection = Connection::new(key, identity, drained).map_err(Refusal::setup)?;
    let connection = Arc::new(connection);
    for _ in 0..ATTEMPTS {
        let there = match hub.join(&connection).await {
            Ok(()) => return Ok((admitted, connection)),
            Err(NotJoined::Taken(there)) => there,
            Err(NotJoined::Outdated(words)) => return Err(Refusal::setup(words)),
        };
        let alive = !admitted.returning
            && match hub.manager() {
                Some(manager) => manager.answers(there.address()).await,
                None => true,
            };
        if alive {
            break;
        }
        there.end(End::Cut);
        if !admitted.returning {
            hub.left(&there).await;
        }
    }
    let address = connection.address();
    Err(Refusal::setup(format!(
        "Client already exists and is active: {address}"
    )))
}

async fn refuse<Tx: FrameTx>(tx: Tx, refusal: Refusal) {
    let Refusal { words, close } = refusal;
    tracing::info!(words, "refused a client");
    match words {
        Some(words) => relay::tell(tx, &words, close).await,
        None => tx.close(close).await,
    }
}

/// What clients are told when the server stops.
pub(crate) fn stopping() -> Refusal {
    Refusal::new(CloseReason::GOING_AWAY, STOPPING)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests read the (paused) clock")]
mod tests {
    use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTx};
    use hypha_transport::{FrameRx as _, FrameTx as _};
    use tokio::task::JoinHandle;
    use tokio::time::Instant;

    use super::*;
    use crate::identity::User;
    use crate::limits::Limits;
    use crate::registry::MemoryRegistry;
    use crate::settings::Settings;

    fn hub(limits: Limits) -> Arc<Hub> {
        let settings = Settings {
            limits,
            ..Settings::default()
        };
        let registry = Arc::new(MemoryRegistry::default());
        let (url, id) = ("http://h".to_owned(), "m".to_owned());
        Arc::new(Hub::new(settings, &"secret".into(), url, id, registry))
    }

    fn connect(hub: &Arc<Hub>) -> (MemoryTx, MemoryRx, JoinHandle<()>) {
        let (near, far) = memory::pair(MemoryConfig::new());
        let task = hub
            .tasks()
            .spawn(serve(Arc::clone(hub), far, Arc::default()));
        let (tx, rx) = near.split();
        (tx, rx, task)
    }

    async fn say(tx: &mut MemoryTx, text: &str) {
        tx.feed(Frame::Text(text.to_owned())).await.unwrap();
        tx.flush().await.unwrap();
    }

    /// The words and the code that a client leaves with.
    async fn farewell(rx: &mut MemoryRx) -> (String, u16) {
        let words = match rx.recv().await {
            Ok(Some(Frame::Text(words))) => words,
            other => panic!("no words: {other:?}"),
        };
        let error = rx.recv().await.unwrap_err();
        (words, error.close_reason().unwrap().code())
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_say_who_it_is_is_sent_away_after_a_while() {
        let hub = hub(Limits::default());
        let since = Instant::now();
        let (_tx, mut rx, _task) = connect(&hub);
        let words = r#"{"type":"error","message":"Authentication payload timeout"}"#;
        assert_eq!(farewell(&mut rx).await, (words.to_owned(), 1008));
        assert_eq!(since.elapsed(), HELLO);
    }

    #[tokio::test(start_paused = true)]
    async fn clients_wait_for_their_turn_but_not_for_ever() {
        let hub = hub(Limits {
            handshakes: Some(1),
            ..Limits::default()
        });
        let turn = hub.turns().unwrap().acquire().await.unwrap();
        let since = Instant::now();
        let (mut tx, mut rx, _task) = connect(&hub);
        say(&mut tx, r#"{"client_id":"a"}"#).await;
        let words = r#"{"type":"error","message":"Server busy, please retry"}"#;
        assert_eq!(farewell(&mut rx).await, (words.to_owned(), 1013));
        assert_eq!(since.elapsed(), HANDSHAKE_PATIENCE);

        let (mut tx, mut rx, task) = connect(&hub);
        say(&mut tx, r#"{"client_id":"a"}"#).await;
        tokio::time::sleep(HANDSHAKE_PATIENCE / 2).await;
        drop(turn);
        let info = rx.recv().await.unwrap().unwrap();
        assert!(matches!(info, Frame::Text(info) if info.contains("connection_info")));
        // Whoever is in leaves the turn to others.
        let (mut other, mut answers, _other_task) = connect(&hub);
        say(&mut other, r#"{"client_id":"b"}"#).await;
        answers.recv().await.unwrap().unwrap();
        tx.close(CloseReason::normal()).await;
        task.await.unwrap();
    }

    /// Tasks are most of what a silent connection costs beside its buffers.
    #[tokio::test]
    async fn tasks_hold_both_halves_once_and_nothing_of_how_the_client_came_in() {
        let hub = hub(Limits::default());
        let (near, far) = memory::pair(MemoryConfig::new());
        let serving = serve(Arc::clone(&hub), far, Arc::default());
        assert!(size_of_val(&serving) <= 256);

        let identity = Identity {
            workspace: "w".to_owned(),
            client_id: "c".to_owned(),
            user: User::anonymous("u"),
            is_system: false,
        };
        let connection = Connection::new(1, identity, Arc::default()).unwrap();
        let (tx, rx) = near.split();
        let halves = size_of_val(&tx) + size_of_val(&rx);
        let moving = relay::run(hub, Arc::new(connection), tx, rx);
        assert!(size_of_val(&moving) <= halves + 1024);
    }
}
