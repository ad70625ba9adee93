//! What turns the result of a handler into an answer.

use std::fmt;
use std::sync::{Arc, Weak};

use hypha_codec::{CodecRegistry, EncodeError};
use hypha_e2e::PublicKey;
use serde::Serialize;

use super::reply::Output;
use crate::address::Address;
use crate::export::Exporter;
use crate::payload;
use crate::sealing::Sealing;
use crate::shared::Shared;

/// Encodes the result of one call: with the codecs of the peer, and with a place for the functions
/// and streams inside it.
#[derive(Clone)]
pub struct ReplyEncoder {
    pub(crate) registry: CodecRegistry,
    shared: Weak<Shared>,
    caller: Address,
    /// Whom the answer is encrypted for, and by what.
    seal: Option<(PublicKey, Arc<Sealing>)>,
}

impl ReplyEncoder {
    pub(crate) fn new(registry: CodecRegistry, shared: Weak<Shared>, caller: Address) -> Self {
        Self {
            registry,
            shared,
            caller,
            seal: None,
        }
    }

    /// The answer is encrypted for the owner of this key.
    pub(crate) fn seal_for(mut self, key: PublicKey, sealing: Arc<Sealing>) -> Self {
        self.seal = Some((key, sealing));
        self
    }

    pub(super) fn encode<T: Serialize + ?Sized>(&self, result: &T) -> Result<Output, EncodeError> {
        // Without a connection there is nobody who could call a function in the result.
        let mut exporter = self
            .shared
            .upgrade()
            .map(|shared| Exporter::new(shared, self.caller.clone()));
        if let (Some(exporter), Some((key, sealing))) = (&mut exporter, &self.seal) {
            exporter.seal_for(*key, Arc::clone(sealing));
        }
        let payload = payload::resolve(&self.registry, exporter.as_mut(), result)?;
        let exports = exporter.and_then(Exporter::finish);
        Ok(Output { payload, exports })
    }
}

impl fmt::Debug for ReplyEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyEncoder")
    }
}
