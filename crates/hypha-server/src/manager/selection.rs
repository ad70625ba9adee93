//! Which of several services of a name a caller gets (features A11.07).

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use hypha_codec::Value;
use hypha_rpc_core::Address;
use tokio::time::sleep;

use super::Manager;
use super::caller::Caller;
use super::error::ManagerError;
use crate::hub::Hub;
use crate::identity::Permission;
use crate::registry::ServiceRecord;

/// How long each service may take to answer what it is asked for its selection, if the caller names no time.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// How many services are asked in all, and at once: one call must not become thousands.
const MAX_ASKED: usize = 256;
const ASKED_AT_ONCE: usize = 16;

/// How long all of them may take together.
const MAX_TIME: Duration = Duration::from_secs(60);

/// How a service is selected.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mode {
    /// There must be one only.
    Exact,
    Random,
    /// The one that was registered before all others, and after them.
    First,
    Last,
    /// The one whose client sent the fewest frames a minute.
    MinLoad,
    /// One whose client is connected to this process, if there is any.
    NativeRandom,
    /// By what a function of the services answers.
    Select {
        criterion: Criterion,
        function: String,
        timeout: Duration,
    },
}

/// Which answer wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Criterion {
    Min,
    Max,
    FirstSuccess,
}

impl Mode {
    pub(super) fn parse(mode: &str, timeout: Duration) -> Result<Self, ManagerError> {
        Ok(match mode {
            "exact" => Self::Exact,
            "random" => Self::Random,
            "first" => Self::First,
            "last" => Self::Last,
            "min_load" => Self::MinLoad,
            "native:random" => Self::NativeRandom,
            _ => match mode.strip_prefix("select:") {
                Some(select) => Self::select(mode, select, timeout)?,
                None => {
                    return Err(ManagerError::Value(format!(
                        "Invalid mode: {mode}. Mode must be 'random', 'first', 'last', 'exact', 'min_load', 'native:random', or 'select:criteria:function' format (e.g., 'select:min:get_load')"
                    )));
                }
            },
        })
    }

    fn select(mode: &str, select: &str, timeout: Duration) -> Result<Self, ManagerError> {
        let parts = select.split_once(':');
        let parts = parts.filter(|(_, function)| {
            !function.is_empty() && !function.contains([':', '.']) && !function.starts_with('_')
        });
        let Some((criterion, function)) = parts else {
            return Err(ManagerError::Value(format!(
                "Invalid select mode format: {mode}. Expected 'select:criteria:function'"
            )));
        };
        let criterion = match criterion {
            "min" => Criterion::Min,
            "max" => Criterion::Max,
            "first_success" => Criterion::FirstSuccess,
            other => {
                return Err(ManagerError::Value(format!(
                    "Unknown selection criteria: {other}"
                )));
            }
        };
        Ok(Self::Select {
            criterion,
            function: function.to_owned(),
            timeout,
        })
    }
}

/// Selects one of the services, which are in the order of their registration. `shown` is what was looked for.
pub(super) async fn select(
    hub: &Hub,
    caller: &Caller,
    mut found: Vec<Arc<ServiceRecord>>,
    mode: &Mode,
    shown: &str,
) -> Result<Arc<ServiceRecord>, ManagerError> {
    let not_found = || ManagerError::ServiceNotFound(shown.to_owned());
    if found.len() == 1 {
        return found.pop().ok_or_else(not_found);
    }
    let selected = match mode {
        Mode::Exact => {
            let some: Vec<_> = found.iter().take(5).map(|service| service.id()).collect();
            return Err(ManagerError::Assertion(format!(
                "Multiple services found for {shown}, e.g. {some:?}. You can either specify the mode as 'random', 'first', 'last', 'native:random', or use 'select:criteria:function' format."
            )));
        }
        Mode::Random => any_of(&found),
        Mode::First => found.first().cloned(),
        Mode::Last => found.last().cloned(),
        Mode::MinLoad => {
            let load = |service: &ServiceRecord| {
                let provider = hub.router().get(&service.client());
                provider.map_or(f64::INFINITY, |provider| provider.load())
            };
            let loads = found.iter().map(|service| (load(service), service));
            loads
                .min_by(|(one, _), (other, _)| one.total_cmp(other))
                .map(|(_, service)| Arc::clone(service))
        }
        Mode::NativeRandom => {
            let mut native = found.clone();
            native.retain(|service| hub.router().get(&service.client()).is_some());
            any_of(&native).or_else(|| any_of(&found))
        }
        Mode::Select {
            criterion,
            function,
            timeout,
        } => {
            let best = ask(hub, caller, &found, *criterion, function, *timeout).await;
            best.or_else(|| any_of(&found))
        }
    };
    selected.ok_or_else(not_found)
}

fn any_of(services: &[Arc<ServiceRecord>]) -> Option<Arc<ServiceRecord>> {
    // Which one it is is no secret: without randomness any will do.
    let number = getrandom::u64().unwrap_or_default();
    let count = u64::try_from(services.len())
        .ok()
        .filter(|count| *count > 0)?;
    let at = usize::try_from(number % count).ok()?;
    services.get(at).cloned()
}

/// Calls a function of every service, and takes the one with the best answer.
async fn ask(
    hub: &Hub,
    caller: &Caller,
    services: &[Arc<ServiceRecord>],
    criterion: Criterion,
    function: &str,
    timeout: Duration,
) -> Option<Arc<ServiceRecord>> {
    let manager = hub.manager()?;
    let mut calls = Vec::new();
    for service in services {
        if calls.len() < MAX_ASKED && may_ask(service, caller, function) {
            calls.push(answer(manager, Arc::clone(service), function, timeout));
        }
    }
    let answers = stream::iter(calls).buffered(ASKED_AT_ONCE);
    // Whoever has not answered by then is not selected.
    let mut answers = std::pin::pin!(answers.take_until(sleep(MAX_TIME)));
    if criterion == Criterion::FirstSuccess {
        while let Some(answer) = answers.next().await {
            if let Some((_, service)) = answer {
                return Some(service);
            }
        }
        return None;
    }
    let mut best: Option<(f64, Arc<ServiceRecord>)> = None;
    while let Some(answer) = answers.next().await {
        let Some((answer, service)) = answer else {
            continue;
        };
        let Some(number) = number(&answer) else {
            continue;
        };
        let is_better = best.as_ref().is_none_or(|(best, _)| match criterion {
            Criterion::Max => number > *best,
            Criterion::Min | Criterion::FirstSuccess => number < *best,
        });
        if is_better {
            best = Some((number, service));
        }
    }
    best.map(|(_, service)| service)
}

async fn answer(
    manager: &Manager,
    service: Arc<ServiceRecord>,
    function: &str,
    timeout: Duration,
) -> Option<(Value, Arc<ServiceRecord>)> {
    let provider = Address::new(&service.workspace, &service.client_id).ok()?;
    let path = format!("services.{}.{function}", service.service_id);
    let call = manager.peer().method_at(&provider, path);
    let answer = call.timeout(timeout).deadline(timeout).await.ok()?;
    Some((answer, service))
}

/// The manager calls in the name of the server. What looks at its caller is not called for guests, who could borrow that
/// name.
fn may_ask(service: &ServiceRecord, caller: &Caller, function: &str) -> bool {
    if caller.may(Permission::ReadWrite, &service.workspace) {
        return true;
    }
    let config = service.info.get("config").unwrap_or_default();
    match config.get("require_context") {
        Some(Value::Bool(all)) => !all,
        Some(Value::List(methods)) => methods
            .iter()
            .all(|method| method.as_str() != Some(function)),
        _ => true,
    }
}

fn number(answer: &Value) -> Option<f64> {
    let number = match answer {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::Text(text) => text.trim().parse().ok(),
        number => number.as_f64(),
    };
    number.filter(|number| !number.is_nan())
}
