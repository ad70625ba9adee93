//! Names on the wire: every key and tag that the protocol spells out, in one place.

/// Keys that make a map a tagged value, and the keys of the built-in tagged forms (protocol section 5).
pub mod key {
    /// Tag of a map that stands for more than a map.
    pub const RTYPE: &str = "_rtype";
    /// Content of most tagged forms.
    pub const RVALUE: &str = "_rvalue";
    /// Shape of an array.
    pub const RSHAPE: &str = "_rshape";
    /// Element type of an array, as numpy spells it.
    pub const RDTYPE: &str = "_rdtype";
    /// Trace of an error.
    pub const RTRACE: &str = "_rtrace";
    /// Public base URL of the server a function came from.
    pub const RSERVER: &str = "_rserver";
    /// Address of the client that holds a function.
    pub const RTARGET: &str = "_rtarget";
    /// Path of a function in its holder's store.
    pub const RMETHOD: &str = "_rmethod";
    /// Path that closes a generator.
    pub const RCLOSE_METHOD: &str = "_rclose_method";
    /// How a function answers.
    pub const RPROMISE: &str = "_rpromise";
    /// Name of a function.
    pub const RNAME: &str = "_rname";
    /// Whether a function is asynchronous where it lives.
    pub const RASYNC: &str = "_rasync";
    /// Documentation of a function.
    pub const RDOC: &str = "_rdoc";
    /// JSON schema of a function.
    pub const RSCHEMA: &str = "_rschema";
    /// Public key that calls to a function are encrypted for.
    pub const RENC_PUB: &str = "_renc_pub";
    /// What a stream was where it lives.
    pub const RNATIVE: &str = "_rnative";
    /// Marks a map whose members outlive the call.
    pub const RINTF: &str = "_rintf";
    /// Id of the service that an interface became.
    pub const RINTF_SERVICE_ID: &str = "_rintf_service_id";
    /// Member that gives an interface back.
    pub const DISPOSE: &str = "_dispose";
}

/// Tags: values of [`key::RTYPE`] (protocol section 5.1).
pub mod tag {
    /// A function.
    pub const METHOD: &str = "method";
    /// A generator.
    pub const GENERATOR: &str = "generator";
    /// The answer of a generator that has no more items.
    pub const STOP_ITERATION: &str = "stop_iteration";
    /// An n-dimensional array.
    pub const NDARRAY: &str = "ndarray";
    /// A JavaScript typed array.
    pub const TYPEDARRAY: &str = "typedarray";
    /// Raw memory.
    pub const MEMORYVIEW: &str = "memoryview";
    /// A set.
    pub const SET: &str = "set";
    /// A map with keys of any kind.
    pub const ORDEREDMAP: &str = "orderedmap";
    /// An error.
    pub const ERROR: &str = "error";
    /// A file or another stream.
    pub const IOSTREAM: &str = "iostream";
}

/// Keys of segment 1 (protocol section 3.2).
pub mod header {
    /// Kind of the frame; [`METHOD_CALL`] or the name of an event.
    pub const TYPE: &str = "type";
    /// Address of the sender.
    pub const FROM: &str = "from";
    /// Address of the target.
    pub const TO: &str = "to";
    /// Path of the called function in the target's store.
    pub const METHOD: &str = "method";
    /// Session of the receiver that the call belongs to.
    pub const PARENT: &str = "parent";
    /// Session of the caller; present when an answer is wanted.
    pub const SESSION: &str = "session";
    /// Workspace of the sender, written by the server.
    pub const WS: &str = "ws";
    /// User of the sender, written by the server.
    pub const USER: &str = "user";
    /// Data of an event.
    pub const DATA: &str = "data";
    /// Value of [`TYPE`] for a call.
    pub const METHOD_CALL: &str = "method";
}

/// Keys of segment 2 of a call (protocol section 3.3).
pub mod payload {
    /// Arguments by position.
    pub const ARGS: &str = "args";
    /// Whether the last argument is the map of arguments by name.
    pub const WITH_KWARGS: &str = "with_kwargs";
    /// How to answer.
    pub const PROMISE: &str = "promise";
    /// Heartbeat interval in seconds.
    pub const INTERVAL: &str = "t";
    /// Envelope of an encrypted segment.
    pub const ENC: &str = "_enc";
    /// Sealed content of an encrypted segment.
    pub const DATA: &str = "data";
    /// Value of [`PROMISE`] for "answer at the session of the header".
    pub const PROMISE_STAR: &str = "*";
}

/// Keys of a promise that is written out (protocol section 6.2).
pub mod promise {
    /// Function that takes the result.
    pub const RESOLVE: &str = "resolve";
    /// Function that takes the error.
    pub const REJECT: &str = "reject";
    /// Function that shows that the callee still works.
    pub const HEARTBEAT: &str = "heartbeat";
    /// Heartbeat interval in seconds.
    pub const INTERVAL: &str = "interval";
}

/// Keys of the encryption envelope (protocol section 11).
pub mod envelope {
    /// Version of the scheme.
    pub const VERSION: &str = "v";
    /// Public key of the sender.
    pub const PUBLIC_KEY: &str = "pub";
    /// Nonce of the message.
    pub const NONCE: &str = "nonce";
}

/// Keys inside a sealed payload that say where it belongs. Rust clients write them, others pass them over.
pub mod binding {
    /// Address of the receiver.
    pub const TO: &str = "_to";
    /// Path of the function that is called.
    pub const METHOD: &str = "_method";
    /// Session that the answer goes to, or nil.
    pub const SESSION: &str = "_session";
    /// When it was sealed, in milliseconds since 1970.
    pub const SEALED_AT: &str = "_ts";
}

/// Start of the path of a function that belongs to a registered service.
pub const SERVICES_PREFIX: &str = "services.";

/// MessagePack markers.
pub(crate) mod marker {
    pub(crate) const FIXMAP: u8 = 0x80;
    pub(crate) const FIXARRAY: u8 = 0x90;
    pub(crate) const FIXSTR: u8 = 0xa0;
    /// Longest text whose length is part of the marker.
    pub(crate) const MAX_FIXSTR: u8 = 31;
    pub(crate) const NIL: u8 = 0xc0;
    pub(crate) const RESERVED: u8 = 0xc1;
    pub(crate) const FALSE: u8 = 0xc2;
    pub(crate) const TRUE: u8 = 0xc3;
    pub(crate) const BIN8: u8 = 0xc4;
    pub(crate) const BIN16: u8 = 0xc5;
    pub(crate) const BIN32: u8 = 0xc6;
    pub(crate) const EXT8: u8 = 0xc7;
    pub(crate) const EXT16: u8 = 0xc8;
    pub(crate) const EXT32: u8 = 0xc9;
    pub(crate) const FLOAT32: u8 = 0xca;
    pub(crate) const FLOAT64: u8 = 0xcb;
    pub(crate) const UINT8: u8 = 0xcc;
    pub(crate) const UINT16: u8 = 0xcd;
    pub(crate) const UINT32: u8 = 0xce;
    pub(crate) const UINT64: u8 = 0xcf;
    pub(crate) const INT8: u8 = 0xd0;
    pub(crate) const INT16: u8 = 0xd1;
    pub(crate) const INT32: u8 = 0xd2;
    pub(crate) const INT64: u8 = 0xd3;
    pub(crate) const FIXEXT1: u8 = 0xd4;
    pub(crate) const FIXEXT2: u8 = 0xd5;
    pub(crate) const FIXEXT4: u8 = 0xd6;
    pub(crate) const FIXEXT8: u8 = 0xd7;
    pub(crate) const FIXEXT16: u8 = 0xd8;
    pub(crate) const STR8: u8 = 0xd9;
    pub(crate) const STR16: u8 = 0xda;
    pub(crate) const STR32: u8 = 0xdb;
    pub(crate) const ARRAY16: u8 = 0xdc;
    pub(crate) const ARRAY32: u8 = 0xdd;
    pub(crate) const MAP16: u8 = 0xde;
    pub(crate) const MAP32: u8 = 0xdf;
    /// Type byte of the timestamp extension.
    pub(crate) const EXT_TIMESTAMP: i8 = -1;
}
