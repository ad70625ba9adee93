//! Received functions become callable here: they get their absolute address and the way back.

use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use hypha_codec::{DecodeError, Generator, Import, Method, Object, Text, Value};
use hypha_e2e::PublicKey;

use crate::address::Address;
use crate::error::CallError;
use crate::sealing::{EncryptionError, Recipient};
use crate::shared::Shared;
use crate::stream::Source;

/// The way to the connection that a function came over.
#[derive(Clone, Debug)]
pub(crate) enum PeerRef {
    /// What a caller received: it keeps the connection open, as the service does that it called.
    Strong(Arc<Shared>),
    /// What a handler received: the connection belongs to whoever made it.
    Weak(Weak<Shared>),
}

impl PeerRef {
    pub(crate) fn get(&self) -> Result<Arc<Shared>, CallError> {
        match self {
            Self::Strong(shared) => Ok(Arc::clone(shared)),
            Self::Weak(shared) => shared.upgrade().ok_or_else(|| CallError::Disconnected {
                reason: String::from("closed here"),
                maybe_ran: false,
            }),
        }
    }
}

/// Where a received function came from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) peer: PeerRef,
    /// Who sent it.
    pub(crate) sender: Address,
    /// The sender's session that calls of it belong to.
    pub(crate) parent: Option<Text>,
    /// Whether the sender may point at clients outside its workspace.
    pub(crate) trusted: bool,
    /// Who sealed the message that the function came in, and whom they sealed it for: functions in it
    /// take calls with that key of ours alone.
    pub(crate) sealed_by: Option<Recipient>,
}

impl Origin {
    /// Where a received descriptor leads, if its sender may lead us there.
    ///
    /// A sender may point at itself and at clients of its own workspace. Anything else could make
    /// us call a third client in our own name, for somebody whom that client would refuse.
    pub(crate) fn lead(&self, target: &str) -> Result<Address, CallError> {
        let target =
            Address::resolve(target, &self.sender).map_err(hypha_codec::EncodeError::custom)?;
        if self.trusted || target.workspace() == self.sender.workspace() {
            Ok(target)
        } else {
            Err(CallError::ForeignFunction {
                target,
                sender: self.sender.clone(),
            })
        }
    }
}

impl Origin {
    /// Whom calls of a received function are encrypted for: the owner of the key that came with it, or
    /// its sender if it came encrypted and leads there. The references leave functions of objects and
    /// the items of generators in clear without it.
    ///
    /// A client without encryption calls in clear, as it was called.
    pub(crate) fn recipient(
        &self,
        shared: &Shared,
        own: Option<&Bytes>,
        target: &Address,
    ) -> Result<Option<Recipient>, CallError> {
        if shared.sealing.is_none() {
            // Only a key that was given here can be known of the sender.
            return match self.sealed_by {
                Some(_) => Err(EncryptionError::Off(target.clone()).into()),
                None => Ok(None),
            };
        }
        let of_sender = *target == self.sender;
        let Some(own) = own else {
            return match self.sealed_by {
                None => Ok(None),
                Some(sender) if of_sender => Ok(Some(sender)),
                Some(_) => Err(EncryptionError::NoKey(target.clone()).into()),
            };
        };
        let key = PublicKey::try_from(&**own).map_err(|_| EncryptionError::BadKey)?;
        // A sender answers for its own key by what it sealed. Those who trust our key cannot tell on
        // whose behalf we use it, and whoever gets what we sealed can hand it on to them.
        let sender = self.sealed_by.filter(|_| of_sender);
        let anonymously = match sender.filter(|sender| sender.key == key) {
            Some(sender) => sender.anonymously,
            None => !self.trusted || self.sealed_by.is_some_and(|sender| sender.anonymously),
        };
        Ok(Some(Recipient { key, anonymously }))
    }
}

/// Completes targets that name a client only (the workspace is that of the sender, protocol section
/// 4), and attaches the [`Origin`].
#[derive(Debug)]
pub(crate) struct SenderImport {
    origin: Origin,
    shared: OnceLock<Arc<Origin>>,
}

impl SenderImport {
    /// For what `sender` sent over the connection of `peer`, in a call with the session `parent`.
    pub(crate) fn new(peer: PeerRef, sender: &Address, parent: Option<&str>) -> Self {
        Self {
            origin: Origin {
                peer,
                sender: sender.clone(),
                parent: parent.map(Text::from),
                trusted: false,
                sealed_by: None,
            },
            shared: OnceLock::new(),
        }
    }

    /// Lets functions lead anywhere.
    pub(crate) fn trusting(mut self, trusted: bool) -> Self {
        self.origin.trusted = trusted;
        self
    }

    /// The message came encrypted.
    pub(crate) fn sealed_by(mut self, sender: Option<Recipient>) -> Self {
        self.origin.sealed_by = sender;
        self
    }

    fn origin(&self) -> Arc<Origin> {
        Arc::clone(self.shared.get_or_init(|| Arc::new(self.origin.clone())))
    }

    fn absolute(&self, target: &mut Text) -> Result<(), DecodeError> {
        if !target.contains('/') {
            let address =
                Address::resolve(target, &self.origin.sender).map_err(DecodeError::custom)?;
            *target = address.as_text().clone();
        }
        Ok(())
    }
}

impl Import for SenderImport {
    fn method(&self, mut method: Method) -> Result<Value, DecodeError> {
        self.absolute(&mut method.target)?;
        Ok(Value::from(
            method.with_handle(Object::from_arc(self.origin())),
        ))
    }

    fn generator(&self, mut generator: Generator) -> Result<Value, DecodeError> {
        self.absolute(&mut generator.target)?;
        let source = Source::new(self.origin(), generator.clone());
        Ok(Value::from(
            generator.with_handle(Object::from_arc(Arc::new(source))),
        ))
    }
}
