//! The manager's connection to the relay: in memory, otherwise as any client's.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use hypha_rpc_core::protocol::MANAGER_WORKSPACE;
use hypha_rpc_core::{Credentials, Pacing, Peer, RelayOptions};
use hypha_transport::memory::{self, MemoryConfig, MemoryListener, MemoryTransport};
use hypha_transport::{Frame, FrameRx as _, FrameTx as _, Transport as _};
use serde_json::json;

use crate::error::StartError;
use crate::hub::Hub;
use crate::identity::User;
use crate::relay::{self, Connection, Identity};

/// What fits between the manager and the relay: frames, and their bytes.
const CAPACITY: (usize, usize) = (1024, 4 * 1024 * 1024);

/// Calls of the manager that run at once, of all clients together.
const MAX_CALLS: usize = 64 * 1024;

/// Bytes of one message to the manager, and of all that it has to do with at once.
const MAX_MESSAGE: usize = 32 * 1024 * 1024;
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// Connects a peer at the manager's address to the relay.
pub(super) async fn connect(hub: &Arc<Hub>) -> Result<Peer, StartError> {
    let config = MemoryConfig::new().with_capacity(CAPACITY.0, CAPACITY.1);
    let (connector, listener) = memory::listener(config);
    hub.tasks().spawn(listen(Arc::clone(hub), listener));
    let mut options = RelayOptions::new(Credentials::new(hub.manager_id()));
    options.silent = true;
    options.config.pacing = Pacing::Off;
    options.config.max_running = MAX_CALLS;
    options.config.max_running_bytes = MAX_BYTES;
    options.config.max_message_bytes = MAX_MESSAGE;
    options.config.max_assembly_bytes = MAX_BYTES;
    let (peer, _) = Peer::connect(connector, options)
        .await
        .map_err(StartError::manager)?;
    Ok(peer)
}

/// Serves the manager's connection, and the next one should it ever be lost, until the server stops.
async fn listen(hub: Arc<Hub>, mut listener: MemoryListener) {
    let serve = async {
        loop {
            let transport = listener.accept().await;
            serve(&hub, transport).await;
        }
    };
    tokio::select! {
        () = serve => {}
        () = hub.stopping().cancelled() => {}
    }
}

async fn serve(hub: &Arc<Hub>, transport: MemoryTransport) {
    let (mut tx, mut rx) = transport.split();
    let Ok(Some(Frame::Text(_))) = rx.recv().await else {
        return;
    };
    let info = json!({
        "type": "connection_info",
        "public_base_url": hub.public_url(),
        "manager_id": hub.manager_id(),
        "workspace": MANAGER_WORKSPACE,
        "client_id": hub.manager_id(),
        "limits": { "messages_per_second": null },
    });
    if tx.feed(Frame::Text(info.to_string())).await.is_err() || tx.flush().await.is_err() {
        return;
    }
    let identity = Identity {
        workspace: MANAGER_WORKSPACE.to_owned(),
        client_id: hub.manager_id().to_owned(),
        user: User::root(),
        is_system: true,
    };
    let key = hub.router().next_key();
    let Ok(connection) = Connection::new(key, identity, Arc::new(AtomicU64::new(0))) else {
        return;
    };
    let connection = Arc::new(connection);
    if hub.router().insert(&connection).is_ok() {
        relay::run(Arc::clone(hub), Arc::clone(&connection), tx, rx).await;
        hub.router().remove(&connection);
    }
}
