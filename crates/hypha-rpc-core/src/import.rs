//! Received functions become callable here: they get their absolute address and the way back.

use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use hypha_codec::{DecodeError, Generator, Import, Method, Object, Text, Value};
use hypha_e2e::PublicKey;

use crate::address::Address;
use crate::error::CallError;
use crate::protocol::{RINTF_PREFIX, SERVICES};
use crate::sealing::EncryptionError;
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
    /// Who sealed the message that the function came in.
    pub(crate) sealed_by: Option<PublicKey>,
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
    /// The key that calls of a received function are encrypted for: its own, or that of its sender
    /// if it came encrypted and leads there. The references leave functions of objects and the
    /// items of generators in clear without it.
    ///
    /// A client without encryption calls in clear, as it was called.
    pub(crate) fn key(
        &self,
        shared: &Shared,
        own: Option<&Bytes>,
        target: &Address,
        path: &str,
    ) -> Result<Option<PublicKey>, CallError> {
        if shared.sealing.is_none() {
            // Only a key that was given here can be known of the sender.
            return match self.sealed_by {
                Some(_) => Err(EncryptionError::Off(target.clone()).into()),
                None => Ok(None),
            };
        }
        let Some(own) = own else {
            return match self.sealed_by {
                None => Ok(None),
                Some(key) if *target == self.sender => Ok(Some(key)),
                Some(_) => Err(EncryptionError::NoKey(target.clone()).into()),
            };
        };
        let own = PublicKey::try_from(&**own).map_err(|_| EncryptionError::BadKey)?;
        if self.trusted || self.may_bring(&own, target, path) {
            Ok(Some(own))
        } else {
            Err(EncryptionError::Borrowed(target.clone()).into())
        }
    }

    /// Whether a function may come with this key. We seal with ours, and those who trust it cannot
    /// tell on whose behalf: whoever could send us a function of theirs would call it in our name.
    fn may_bring(&self, key: &PublicKey, target: &Address, path: &str) -> bool {
        let of_sender = *target == self.sender;
        match &self.sealed_by {
            Some(sealed_by) => of_sender && sealed_by == key,
            // Nobody but the server says who sent it. Methods of services never have a key.
            None => of_sender && !is_of_service(path),
        }
    }
}

/// Whether a path leads to a method that is registered: not to a function or an object inside a message.
fn is_of_service(path: &str) -> bool {
    let service = path
        .strip_prefix(SERVICES)
        .and_then(|rest| rest.strip_prefix('.'));
    service.is_some_and(|service| !service.starts_with(RINTF_PREFIX))
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
    pub(crate) fn sealed_by(mut self, key: Option<PublicKey>) -> Self {
        self.origin.sealed_by = key;
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
