//! Local functions, streams and interfaces on their way out: they get a place that the receiver can
//! call, and a descriptor that says where it is.

use std::sync::Arc;

use bytes::Bytes;
use hypha_codec::{EncodeError, Export, Generator, Method, Object, Promised, Text, Value};
use hypha_e2e::PublicKey;

use crate::address::Address;
use crate::callback::Closure;
use crate::engine::{Exported, ServiceRecord};
use crate::file::FileObject;
use crate::import::Origin;
use crate::interface::Interface;
use crate::sealing::Sealing;
use crate::service::Method as LocalMethod;
use crate::shared::Shared;
use crate::stream::{RemoteStream, Source, Streamed};
use crate::target::{Keys, Target};

/// The export hook of one message to one receiver.
#[derive(Debug)]
pub(crate) struct Exporter {
    shared: Arc<Shared>,
    to: Address,
    exported: Option<Exported<Target>>,
    /// Whom the message is encrypted for, and as whom: nobody else calls what it brings along.
    keys: Keys,
}

impl Exporter {
    pub(crate) fn new(shared: Arc<Shared>, to: Address) -> Self {
        Self {
            shared,
            to,
            exported: None,
            keys: Keys::default(),
        }
    }

    /// The message is encrypted for the owner of this key.
    pub(crate) fn seal_for(&mut self, key: PublicKey, sealing: Arc<Sealing>) {
        self.keys = Keys {
            trusted: Some(Arc::new([key])),
            sealing: Some(sealing),
        };
    }

    /// The keys that what the message brings along is called with.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Our public key, for functions that others are to call encrypted.
    pub(crate) fn public_key(&self) -> Option<Bytes> {
        let sealing = self.keys.sealing.as_ref();
        let key = sealing.or(self.shared.sealing.as_ref())?.public_key();
        Some(Bytes::copy_from_slice(key.as_bytes()))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Who gets the message.
    pub(crate) fn receiver(&self) -> &Address {
        &self.to
    }

    /// What the message brings along, if anything.
    pub(crate) fn finish(self) -> Option<Exported<Target>> {
        self.exported
    }

    /// The number of the session that the functions of this message live in.
    pub(crate) fn session(&mut self) -> u64 {
        self.exported().key
    }

    /// Two names for functions that belong together, the second one with a suffix, and the paths
    /// at which the receiver finds them.
    pub(crate) fn pair(&mut self, suffix: &str) -> ([Text; 2], [Text; 2]) {
        let index = self.exported().functions.len();
        let names = [index.to_string(), format!("{index}-{suffix}")].map(Text::from);
        let paths = names.clone().map(|name| self.path(&name));
        (names, paths)
    }

    /// Puts a function at a name of the session.
    pub(crate) fn place(&mut self, name: Text, method: &LocalMethod) {
        let target = Target::method(method, self.keys.clone());
        self.exported().functions.push((name, target));
    }

    /// Puts a function there that is called in clear too: the references encrypt no calls that close
    /// a generator.
    pub(crate) fn place_open(&mut self, name: Text, method: &LocalMethod) {
        let keys = Keys {
            trusted: None,
            ..self.keys.clone()
        };
        let target = Target::method(method, keys);
        self.exported().functions.push((name, target));
    }

    pub(crate) fn interface(&mut self, record: ServiceRecord<Target>) {
        self.exported().interfaces.push(record);
    }

    /// Describes a function that has its place.
    pub(crate) fn describe(&self, path: Text, method: &LocalMethod) -> Method {
        let mut descriptor = Method::new(self.shared.local.as_str(), path);
        descriptor.server = self.shared.server_url();
        descriptor.promise = Promised::Always;
        descriptor.doc = method.doc.clone();
        descriptor.name = method.name.clone();
        descriptor.enc_pub = self.public_key();
        descriptor
    }

    fn path(&mut self, name: &str) -> Text {
        let session = self.session();
        Text::concat(&[&self.shared.sessions.id(session), ".", name])
    }

    fn exported(&mut self) -> &mut Exported<Target> {
        let shared = &self.shared;
        self.exported.get_or_insert_with(|| Exported {
            key: shared.next_key(),
            functions: Vec::new(),
            interfaces: Vec::new(),
        })
    }

    /// Gives a closure a place, and describes it.
    pub(crate) fn closure(&mut self, closure: &Closure) -> Value {
        let method = closure.method();
        let name = Text::from(self.exported().functions.len().to_string());
        let path = self.path(&name);
        self.place(name, method);
        Value::from(self.describe(path, method))
    }
}

impl Export for Exporter {
    fn export(&mut self, object: &Object) -> Result<Value, EncodeError> {
        if let Some(closure) = object.downcast_ref::<Closure>() {
            Ok(self.closure(closure))
        } else if let Some(stream) = object.downcast_ref::<Streamed>() {
            stream.export(self)
        } else if let Some(interface) = object.downcast_ref::<Interface>() {
            interface.export(self)
        } else if let Some(file) = object.downcast_ref::<FileObject>() {
            file.export(self)
        } else {
            Err(EncodeError::unsupported(object.type_name()))
        }
    }

    /// The receiver calls a function that is passed on directly, if it can: a function of another
    /// server's client is reached through us.
    fn method(&mut self, method: &Method) -> Result<Option<Value>, EncodeError> {
        let Some(origin) = method.handle().and_then(Object::downcast_ref::<Origin>) else {
            return Ok(None);
        };
        let came_over_our_server = match origin.peer.get() {
            Ok(theirs) => {
                let server = theirs.server_url();
                Arc::ptr_eq(&theirs, &self.shared)
                    || (server.is_some() && server == self.shared.server_url())
            }
            Err(_) => true,
        };
        if came_over_our_server {
            return Ok(None);
        }
        Ok(Some(self.closure(&Closure::forward(method.clone()))))
    }

    /// Whoever made a generator serves one consumer: a generator that is passed on goes through us.
    fn generator(&mut self, generator: &Generator) -> Result<Option<Value>, EncodeError> {
        let Some(source) = generator.handle().cloned() else {
            return Ok(None);
        };
        match source.downcast_arc::<Source>() {
            Ok(source) => {
                let items = RemoteStream::<Value>::of(source);
                Streamed::new(items).export(self).map(Some)
            }
            Err(_) => Ok(None),
        }
    }
}
