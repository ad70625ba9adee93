//! The workspace manager: an ordinary peer of `hypha-rpc-core`, at `*/<manager id>` (protocol section 10).

mod api;
mod bookmarks;
mod caller;
mod case;
mod clients;
mod clock;
mod description;
mod environment;
mod error;
mod event_log;
mod link;
mod listing;
mod lookup;
mod parameters;
mod query;
mod search;
mod selection;
mod service_types;
mod services;
mod subscriptions;
mod tokens;
mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use hypha_codec::Value;
use hypha_rpc_core::protocol::event;
use hypha_rpc_core::{Address, Peer};
use tokio::time::timeout;

use crate::error::StartError;
use crate::hub::Hub;
use crate::relay::{SERVER, event_frame, notify};

/// How long a client may take to answer a ping before it counts as dead.
const PATIENCE: Duration = Duration::from_secs(5);

/// The manager of a server.
#[derive(Debug)]
pub(crate) struct Manager {
    peer: Peer,
}

impl Manager {
    /// Starts the manager of a server. Its peer knows the hub weakly: it ends with the server.
    pub(crate) async fn start(hub: &Arc<Hub>) -> Result<Self, StartError> {
        let peer = link::connect(hub).await?;
        peer.register_service(api::service(hub))
            .await
            .map_err(StartError::manager)?;
        Ok(Self { peer })
    }

    /// The peer that calls in the name of the server.
    fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Whether a client answers a ping of its built-in service.
    pub(crate) async fn answers(&self, address: &str) -> bool {
        let Ok(address) = Address::parse(address) else {
            return false;
        };
        let ping = timeout(PATIENCE, self.peer.ping(&address)).await;
        ping.is_ok_and(|answer| answer.is_ok())
    }

    /// Tells the peer that a client left, so that calls to it end.
    pub(crate) fn client_left(&self, hub: &Hub, data: Value) {
        if let Some(manager) = hub.router().get(hub.manager_address())
            && let Ok(frame) = event_frame(event::CLIENT_DISCONNECTED, data)
        {
            notify(&manager, SERVER, frame);
        }
    }
}
