//! Descriptors of what a peer can be asked to do: functions, generators, streams.

use std::fmt;

use bytes::Bytes;

use crate::object::Object;
use crate::text::Text;
use crate::value::{Map, Value};
use crate::wire::{SERVICES_PREFIX, key};

/// How a function answers (protocol section 5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Promised {
    /// `"*"`: it is called with the promise `"*"`.
    #[default]
    Always,
    /// `true`: it is called with a promise that is written out.
    Written,
    /// `false` or absent: it does not answer.
    Never,
}

/// A function of some peer, as it is described on the wire (protocol section 5.2).
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Method {
    /// Public base URL of the server that the function came from.
    pub server: Option<Text>,
    /// Who holds it: `workspace/client`, or a client of the workspace of whoever sent it.
    pub target: Text,
    /// Its path there: `services.SERVICE.PATH` or `SESSION.OBJECT`.
    pub method: Text,
    /// How it answers.
    pub promise: Promised,
    /// Its name.
    pub name: Option<Text>,
    /// Whether it is asynchronous where it lives; only Python says so, of functions of services.
    pub is_async: Option<bool>,
    /// Public key (32 bytes) that calls to it are encrypted for.
    pub enc_pub: Option<Bytes>,
    /// Its documentation.
    pub doc: Option<Text>,
    /// JSON schema of its parameters.
    pub schema: Option<Value>,
    /// Fields beyond the protocol's.
    pub extra: Map,
    pub(crate) nils: Nils,
    pub(crate) handle: Handle,
}

impl Method {
    /// A function that answers, at a path of a client.
    #[must_use]
    pub fn new(target: impl Into<Text>, method: impl Into<Text>) -> Self {
        Self {
            nils: Nils::OF_FUNCTION,
            ..Self::bare(target.into(), method.into())
        }
    }

    /// One of the functions of a written-out promise: it has no name and no documentation, and does not answer.
    #[must_use]
    pub fn answer(target: impl Into<Text>, method: impl Into<Text>) -> Self {
        Self {
            promise: Promised::Never,
            ..Self::bare(target.into(), method.into())
        }
    }

    /// Sets the server.
    #[must_use]
    pub fn with_server(mut self, server: impl Into<Text>) -> Self {
        self.server = Some(server.into());
        self
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Text>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the documentation.
    #[must_use]
    pub fn with_doc(mut self, doc: impl Into<Text>) -> Self {
        self.doc = Some(doc.into());
        self
    }

    /// Sets the schema.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<Value>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// What an [`Import`](crate::Import) hook made of the descriptor: it is no part of it, takes no part in comparisons
    /// and does not travel.
    #[must_use]
    pub fn handle(&self) -> Option<&Object> {
        self.handle.0.as_ref()
    }

    /// Attaches a handle.
    #[must_use]
    pub fn with_handle(mut self, handle: Object) -> Self {
        self.handle = Handle(Some(handle));
        self
    }

    /// Whether the function belongs to a registered service, and not to a session.
    #[must_use]
    pub fn is_service_method(&self) -> bool {
        self.method.starts_with(SERVICES_PREFIX)
    }

    pub(crate) fn bare(target: Text, method: Text) -> Self {
        Self {
            server: None,
            target,
            method,
            promise: Promised::default(),
            name: None,
            is_async: None,
            enc_pub: None,
            doc: None,
            schema: None,
            extra: Map::new(),
            nils: Nils::NONE,
            handle: Handle::default(),
        }
    }

    pub(crate) fn detach_in_place(&mut self) {
        let texts = [&mut self.target, &mut self.method];
        let optional = [&mut self.server, &mut self.name, &mut self.doc];
        texts
            .into_iter()
            .chain(optional.into_iter().flatten())
            .for_each(Text::detach_in_place);
        if let Some(public_key) = &mut self.enc_pub {
            *public_key = Bytes::copy_from_slice(public_key);
        }
        self.schema = self.schema.take().map(Value::detach);
        self.extra.detach_in_place();
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({} {})", self.target, self.method)
    }
}

/// What makes a descriptor callable here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handle(Option<Object>);

/// Descriptors are equal by what they say, wherever they came from.
impl PartialEq for Handle {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Which fields without a value are written as nil, where the references do so, and not left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nils(u8);

/// Nil and absent mean the same: descriptors that differ only here are equal.
impl PartialEq for Nils {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Nils {
    pub(crate) const NONE: Self = Self(0);
    const SERVER: Self = Self(1);
    const NAME: Self = Self(2);
    const DOC: Self = Self(4);
    const SCHEMA: Self = Self(8);
    /// Python writes these three for every function.
    const OF_FUNCTION: Self = Self(Self::SERVER.0 | Self::NAME.0 | Self::DOC.0);

    pub(crate) fn add(&mut self, field: &str) {
        self.0 |= Self::of(field).0;
    }

    pub(crate) fn contains(self, field: &str) -> bool {
        self.0 & Self::of(field).0 != 0
    }

    fn of(field: &str) -> Self {
        match field {
            key::RSERVER => Self::SERVER,
            key::RNAME => Self::NAME,
            key::RDOC => Self::DOC,
            key::RSCHEMA => Self::SCHEMA,
            _ => Self::NONE,
        }
    }
}

/// A generator of some peer, as it is described on the wire (protocol section 8.1).
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Generator {
    /// Public base URL of the server that the generator came from.
    pub server: Option<Text>,
    /// Who holds it.
    pub target: Text,
    /// Path of the function that gives the next item.
    pub method: Text,
    /// Path of the function that ends it early.
    pub close_method: Option<Text>,
    /// How both functions answer.
    pub promise: Promised,
    /// Public key (32 bytes) that calls for its items are encrypted for. The references write none, and read it.
    pub enc_pub: Option<Bytes>,
    /// Its documentation.
    pub doc: Option<Text>,
    /// Fields beyond the protocol's.
    pub extra: Map,
    pub(crate) nils: Nils,
    pub(crate) handle: Handle,
}

impl Generator {
    /// A generator whose items come from one path of a client, and which another one closes.
    #[must_use]
    pub fn new(
        target: impl Into<Text>,
        method: impl Into<Text>,
        close_method: impl Into<Text>,
    ) -> Self {
        Self {
            close_method: Some(close_method.into()),
            doc: Some(Text::from_static(Self::DOC)),
            nils: Nils::OF_FUNCTION,
            ..Self::bare(target.into(), method.into())
        }
    }

    /// Sets the server.
    #[must_use]
    pub fn with_server(mut self, server: impl Into<Text>) -> Self {
        self.server = Some(server.into());
        self
    }

    /// What an [`Import`](crate::Import) hook made of the descriptor: it is no part of it, takes no part in comparisons
    /// and does not travel.
    #[must_use]
    pub fn handle(&self) -> Option<&Object> {
        self.handle.0.as_ref()
    }

    /// Attaches a handle.
    #[must_use]
    pub fn with_handle(mut self, handle: Object) -> Self {
        self.handle = Handle(Some(handle));
        self
    }

    /// What the references write as the documentation of every generator.
    const DOC: &'static str = "Remote generator";

    pub(crate) fn bare(target: Text, method: Text) -> Self {
        Self {
            server: None,
            target,
            method,
            close_method: None,
            promise: Promised::default(),
            enc_pub: None,
            doc: None,
            extra: Map::new(),
            nils: Nils::NONE,
            handle: Handle::default(),
        }
    }

    pub(crate) fn detach_in_place(&mut self) {
        let texts = [&mut self.target, &mut self.method];
        let optional = [&mut self.server, &mut self.close_method, &mut self.doc];
        texts
            .into_iter()
            .chain(optional.into_iter().flatten())
            .for_each(Text::detach_in_place);
        if let Some(public_key) = &mut self.enc_pub {
            *public_key = Bytes::copy_from_slice(public_key);
        }
        self.extra.detach_in_place();
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Generator({} {})", self.target, self.method)
    }
}

/// A file or another stream of some peer (protocol section 5.4).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IoStream {
    /// What it is where it lives: `js:blob`, `py:<class '...'>`.
    pub native: Text,
    /// Its fields and functions: `name`, `size`, `read`, `seek` and so on.
    pub members: Map,
}

impl IoStream {
    /// A stream with its members.
    #[must_use]
    pub fn new(native: impl Into<Text>, members: Map) -> Self {
        Self {
            native: native.into(),
            members,
        }
    }
}
