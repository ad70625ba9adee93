//! Events of the server, and of the client itself.

use hypha_codec::wire::header;
use hypha_codec::{Map, Text, Value};
use serde::{Deserialize, Deserializer};

use super::hub::Publisher;
use super::message::Message;
use crate::address::{Address, AddressError};
use crate::engine::Departure;
use crate::protocol::event;

/// The data of `client_connected`, `client_disconnected` and `client_updated`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientEvent {
    /// The client. The server names it in two ways, which are one here.
    pub client: Address,
}

impl<'de> Deserialize<'de> for ClientEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            id: String,
            workspace: Option<String>,
        }
        let Fields { id, workspace } = Fields::deserialize(deserializer)?;
        let client = client_address(&id, workspace.as_deref());
        Ok(Self {
            client: client.map_err(serde::de::Error::custom)?,
        })
    }
}

/// The client that an event of the server speaks of: its id is bare, beside its workspace, or full
/// (protocol section 8.3).
pub(crate) fn client_address(id: &str, workspace: Option<&str>) -> Result<Address, AddressError> {
    match workspace {
        Some(workspace) if !id.contains('/') => Address::new(workspace, id),
        _ => Address::parse(id),
    }
}

/// The data of `remote_client_disconnected`: what was cleaned up when a client left.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RemoteClientDisconnected {
    /// The address of the client.
    pub client_id: String,
    /// Calls to it that failed, and calls of it whose answer nobody waits for any more.
    pub sessions_cleaned: u64,
    /// Interfaces of ours that it alone could call.
    pub rintf_cleaned: u64,
}

impl Publisher {
    /// Tells that what belonged to a client was cleaned up.
    pub(crate) fn departed(&self, departure: &Departure) {
        let data = Map::from([
            ("client_id", Value::from(departure.client.as_str())),
            ("sessions_cleaned", Value::from(departure.sessions as u64)),
            ("rintf_cleaned", Value::from(departure.interfaces as u64)),
        ]);
        self.tell(event::REMOTE_CLIENT_DISCONNECTED, data);
    }

    /// An event of this client itself.
    pub(crate) fn tell(&self, name: &'static str, data: impl Into<Value>) {
        let fields = Map::from([
            (header::TYPE, Value::from(name)),
            (header::DATA, data.into()),
        ]);
        let frame = hypha_codec::encode(&Value::Map(fields));
        // What this client writes itself, it can read.
        if let Ok(frame) = frame
            && let Ok(message) = Message::local(Text::from(name), None, frame)
        {
            self.deliver(message);
        }
    }
}
