//! Leaving without cutting anybody off.

use std::time::Duration;

use hypha_codec::Value;
use tokio::task::JoinSet;

use crate::link::Command;
use crate::peer::Peer;
use crate::protocol::BUILT_IN;
use crate::state::State;

/// The part of the time for drain that the server may take to unlist services.
const UNLIST_SHARE: f64 = 0.5;

impl Peer {
    /// Leaves without cutting anybody off: unlists the services at the server, so that nobody finds
    /// them any more, refuses new calls with
    /// [`ShuttingDown`](crate::RemoteErrorKind::ShuttingDown), waits until the running calls are
    /// answered, and closes the connection.
    ///
    /// After `timeout` in all it closes whatever still runs, and says how many calls were cut off.
    /// A handler that waits for this waits for itself.
    pub async fn drain(&self, timeout: Duration) -> usize {
        let drained = tokio::time::timeout(timeout, async {
            tokio::select! {
                biased;
                // A server that lost us lists nothing of us, and the next one is told nothing.
                () = self.is_lost() => {}
                () = self.unlist_services() => {}
                () = tokio::time::sleep(timeout.mul_f64(UNLIST_SHARE)) => {
                    tracing::warn!("the server takes long to unlist services");
                }
            }
            self.ask(|done| Command::Drain { done }).await
        });
        let cut_off = match drained.await {
            Ok(_) => 0,
            Err(_) => self.stats().await.map_or(0, |stats| stats.running_calls),
        };
        self.disconnect().await;
        cut_off
    }

    /// Waits until there is no connection.
    async fn is_lost(&self) {
        let mut state = self.watch_state();
        // Without a link task the questions to it end by themselves.
        let lost = state.wait_for(|state| matches!(state, State::Reconnecting { .. }));
        if lost.await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Takes the services off the server's list. Here they stay: those who found them before are
    /// to hear that we are leaving.
    async fn unlist_services(&self) {
        if self.manager().is_none() {
            return;
        }
        let services = self.local_services().await.unwrap_or_default();
        // Should the connection be lost now, the next one does not list them again.
        drop(self.shared.commands.send(Command::Unlist));
        let mut calls = JoinSet::new();
        for service in services {
            let Some(id) = service.get("id").and_then(Value::as_str) else {
                continue;
            };
            if id == BUILT_IN {
                continue;
            }
            let full = format!("{}:{id}", self.address());
            let peer = self.clone();
            calls.spawn(async move {
                let unlisted = peer.call_manager::<Value>("unregister_service", (&full,));
                if let Err(error) = unlisted.await {
                    tracing::debug!(%full, %error, "the server did not unlist a service");
                }
            });
        }
        calls.join_all().await;
    }
}
