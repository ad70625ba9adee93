//! A server that is killed and started again, ten times, under load.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hypha_client::{
    CallError, Client, MethodCall, Permission, Service, ServiceQuery, State, Stats, TokenOptions,
    Value,
};
use hypha_tests::{HyphaServer, ServerOptions};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use crate::gauges::{ALONE, Gauges};

const ROUNDS: u64 = 10;
/// Calls in a round, of which so many still run when the server is killed.
const CALLS: u64 = 240;
const PENDING: usize = 200;
const MANAGER_CALLS_PER_SECOND: u32 = 50;
const LOAD_SECONDS: u32 = 8;

/// The longest silence of calls whose answer may be lost with the server.
const SILENCE: Duration = Duration::from_secs(8);

/// Longer than any restart takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often each call ran, by its number, how many ran in all, and the rounds whose server is back.
#[derive(Clone)]
struct Work {
    runs: Arc<Mutex<HashMap<u64, usize>>>,
    begun: watch::Sender<u64>,
    back: watch::Sender<u64>,
}

impl Work {
    /// `millis` is how long a call takes; without it, until the server is back.
    fn service(&self, id: &str) -> Service {
        let work = self.clone();
        Service::new(id).method("work", move |number: u64, millis: Option<u64>| {
            *work.runs.lock().unwrap().entry(number).or_default() += 1;
            work.begun.send_modify(|begun| *begun += 1);
            let mut back = work.back.subscribe();
            async move {
                match millis {
                    Some(millis) => sleep(Duration::from_millis(millis)).await,
                    None => drop(back.wait_for(|rounds| number / CALLS < *rounds).await),
                }
                number
            }
        })
    }
}

/// What came of the calls.
#[derive(Debug, Default)]
struct Tally {
    answered: usize,
    silent: usize,
    gone: usize,
    waited: usize,
}

impl Tally {
    fn count(&mut self, outcome: Result<(), CallError>) {
        match outcome {
            Ok(()) => self.answered += 1,
            Err(CallError::Timeout { .. }) => self.silent += 1,
            Err(CallError::PeerGone { .. }) => self.gone += 1,
            Err(CallError::Remote(error)) if error.to_string().contains("is not connected") => {
                self.gone += 1;
            }
            Err(CallError::Disconnected {
                maybe_ran: false, ..
            }) => self.waited += 1,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn total(&self) -> usize {
        self.answered + self.silent + self.gone + self.waited
    }
}

/// Makes a call that is answered with its number.
async fn answered(call: MethodCall, number: u64) -> Result<(), CallError> {
    assert_eq!(call.returns::<u64>().await?, number);
    Ok(())
}

async fn connected(client: &Client) {
    let mut state = client.watch_state();
    let back = state.wait_for(|state| matches!(state, State::Connected));
    timeout(Duration::from_secs(60), back)
        .await
        .unwrap()
        .unwrap();
}

async fn lost(client: &Client) {
    let mut state = client.watch_state();
    let lost = state.wait_for(|state| !matches!(state, State::Connected));
    timeout(Duration::from_secs(60), lost)
        .await
        .unwrap()
        .unwrap();
}

async fn gauges(client: &Client) -> Stats {
    client.peer().stats().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_of_the_server_lose_no_call_and_run_none_twice() {
    let _alone = ALONE.lock().await;
    let mut server = HyphaServer::start(ServerOptions::default()).await.unwrap();
    let caller = Client::builder(server.url())
        .method_timeout(SILENCE)
        .connect()
        .await
        .unwrap();
    let token = caller.generate_token(TokenOptions::new().permission(Permission::Admin));
    let provider = Client::builder(server.url())
        .workspace(caller.workspace())
        .token(token.await.unwrap())
        .method_timeout(SILENCE)
        .connect()
        .await
        .unwrap();
    let (caller_id, provider_id) = (caller.address().clone(), provider.address().clone());
    let work = Work {
        runs: Arc::default(),
        begun: watch::Sender::new(0),
        back: watch::Sender::new(0),
    };
    for id in ["first", "second"] {
        provider.register_service(work.service(id)).await.unwrap();
    }
    let service = caller.get_service("first").await.unwrap();
    let before = (gauges(&caller).await, gauges(&provider).await);
    let tasks = Gauges::now();
    let (mut tally, mut manager_tally) = (Tally::default(), Tally::default());

    for round in 0..ROUNDS {
        let mut begun = work.begun.subscribe();
        let all_begun = *begun.borrow_and_update() + CALLS;
        let (mut calls, mut survivors) = (JoinSet::new(), JoinSet::new());
        for index in 0..CALLS {
            let number = round * CALLS + index;
            let method = service.method("work");
            // Half of them are answered when everybody is back, the others whenever they are done: before the kill,
            // into the dead connection, or long after.
            if index % 2 == 0 {
                let patient = method.args((number, None::<u64>)).timeout(PATIENCE);
                survivors.spawn(answered(patient, number));
            } else {
                let timed = method.args((number, Some(100 + 30 * index)));
                calls.spawn(answered(timed, number));
            }
        }
        let manager_calls = async {
            let mut calls = JoinSet::new();
            let mut tick = interval(Duration::from_secs(1) / MANAGER_CALLS_PER_SECOND);
            for number in 0..LOAD_SECONDS * MANAGER_CALLS_PER_SECOND {
                tick.tick().await;
                let call = caller
                    .manager()
                    .method("echo")
                    .args((number,))
                    .timeout(PATIENCE);
                calls.spawn(async move {
                    assert_eq!(call.await?, Value::from(number));
                    Ok::<_, CallError>(())
                });
            }
            calls.join_all().await
        };
        let restart = async {
            let begun = begun.wait_for(|begun| *begun >= all_begun);
            drop(timeout(Duration::from_secs(60), begun).await.unwrap());
            let running = gauges(&provider).await.running_calls;
            assert!(running >= PENDING, "{running} calls are running");
            server.kill().unwrap();
            lost(&caller).await;
            server.restart().await.unwrap();
            connected(&caller).await;
            connected(&provider).await;
            let listed = caller.list_services(ServiceQuery::new()).await.unwrap();
            for id in ["first", "second", "built-in"] {
                let full = format!("{provider_id}:{id}");
                assert!(
                    listed.iter().any(|service| service.id == full),
                    "{full} is not back"
                );
            }
            work.back.send_replace(round + 1);
            assert_eq!(
                (caller.address(), provider.address()),
                (&caller_id, &provider_id)
            );
        };
        let (outcomes, ()) = tokio::join!(manager_calls, restart);
        assert_eq!(
            outcomes.len() as u32,
            LOAD_SECONDS * MANAGER_CALLS_PER_SECOND
        );
        outcomes
            .into_iter()
            .for_each(|outcome| manager_tally.count(outcome));
        for outcome in survivors.join_all().await {
            outcome.unwrap();
        }
        let outcomes = calls.join_all().await;
        outcomes
            .into_iter()
            .for_each(|outcome| tally.count(outcome));
        let answer: u64 = service
            .call("work", (u64::MAX - round, Some(0)))
            .await
            .unwrap();
        assert_eq!(answer, u64::MAX - round);
    }

    eprintln!("peer calls {tally:?}, manager calls {manager_tally:?}");
    assert_eq!(tally.total() as u64, ROUNDS * CALLS / 2);
    assert_eq!(
        manager_tally.silent, 0,
        "what the old manager had fails at once"
    );
    let runs = work.runs.lock().unwrap().clone();
    assert!(runs.values().all(|runs| *runs == 1), "a call ran twice");
    tasks.settle().await;
    assert_eq!((gauges(&caller).await, gauges(&provider).await), before);
}
