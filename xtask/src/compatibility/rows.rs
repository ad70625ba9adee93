//! What the other clients do, and which directions have to be tested.

use super::found::Direction;
use super::found::Side::{JavaScript, Python, Rust};
use super::page::State::{LeftOut, Tested};
use super::page::{Row, Section};

const TO_PYTHON: Direction = Direction(Rust, Python);
const FROM_PYTHON: Direction = Direction(Python, Rust);
const TO_JAVASCRIPT: Direction = Direction(Rust, JavaScript);
const FROM_JAVASCRIPT: Direction = Direction(JavaScript, Rust);
const TO_RUST: Direction = Direction(Rust, Rust);

const OUT: &[Direction] = &[TO_PYTHON, TO_JAVASCRIPT];
const IN: &[Direction] = &[FROM_PYTHON, FROM_JAVASCRIPT];
const ALL: &[Direction] = &[
    TO_PYTHON,
    FROM_PYTHON,
    TO_JAVASCRIPT,
    FROM_JAVASCRIPT,
    TO_RUST,
];
const FROM_RUST: &[Direction] = &[TO_PYTHON, TO_JAVASCRIPT, TO_RUST];
const BOTH_WAYS: &[Direction] = &[TO_PYTHON, FROM_PYTHON, TO_JAVASCRIPT, FROM_JAVASCRIPT];
/// There is but one side, or the other one is written by hand.
const ANY: &[Direction] = &[];

/// A table that stays one: `id, what, state;`.
macro_rules! rows {
    ($($id:literal, $what:literal, $state:expr;)*) => {
        &[$(Row { id: $id, what: $what, state: $state }),*]
    };
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "Connecting (A1)",
        rows: CONNECTING,
    },
    Section {
        title: "Tokens and logging in (A2)",
        rows: TOKENS,
    },
    Section {
        title: "Values (A3)",
        rows: VALUES,
    },
    Section {
        title: "Types of one's own (A4)",
        rows: CODECS,
    },
    Section {
        title: "Calls (A5)",
        rows: CALLS,
    },
    Section {
        title: "Callbacks (A6)",
        rows: CALLBACKS,
    },
    Section {
        title: "Generators (A7)",
        rows: GENERATORS,
    },
    Section {
        title: "Interfaces (A8)",
        rows: INTERFACES,
    },
    Section {
        title: "Context and permissions (A9)",
        rows: PERMISSIONS,
    },
    Section {
        title: "Schemas and service types (A10)",
        rows: TYPES,
    },
    Section {
        title: "Services and the manager (A11)",
        rows: SERVICES,
    },
    Section {
        title: "Events and the connection (A12)",
        rows: EVENTS,
    },
    Section {
        title: "End-to-end encryption (A13)",
        rows: ENCRYPTION,
    },
    Section {
        title: "The client without async (A16)",
        rows: BLOCKING,
    },
    Section {
        title: "Servers (S)",
        rows: SERVERS,
    },
    Section {
        title: "Defects of the other clients that this one does not have (D)",
        rows: DEFECTS,
    },
];

const CONNECTING: &[Row] = rows! {
    "A1.03", "A workspace that is not ours is refused", Tested(ANY);
    "A1.05", "A client id that is in use, or would be unreachable, is refused", Tested(ANY);
    "A1.06", "A reconnection token brings the same client back", Tested(ANY);
    "A1.07", "A call ends after the longest silence", Tested(BOTH_WAYS);
    "A1.15", "Pings keep idle connections, and find dead ones", Tested(ANY);
    "A1.16", "The reconnection token is renewed", Tested(ANY);
    "A1.29", "The connection ends with its last handle", Tested(ANY);
    "A1.30", "What the server says of the connection", Tested(ANY);
    "A1.31", "The server's reason for a refusal is kept", Tested(ANY);
    "A1.34", "A service by its URL alone", Tested(ANY);
};

const TOKENS: &[Row] = rows! {
    "A2.01", "A person logs in, or nobody does in time", Tested(ANY);
    "A2.03", "Logging in gives a profile", Tested(ANY);
    "A2.05", "Logging out", Tested(ANY);
    "A2.07", "Tokens with their scopes and limits", Tested(ANY);
    "A2.08", "A token that was revoked", Tested(ANY);
};

const VALUES: &[Row] = rows! {
    "A3", "Every kind of value, as argument and result", Tested(ALL);
    "A3.01", "`undefined` of JavaScript", Tested(ANY);
    "A3.11", "An error as a value", Tested(ANY);
    "A3.15", "Typed arrays of JavaScript that have no kind on the wire", Tested(ANY);
    "A3.16", "Files and streams, read where they are not", Tested(ALL);
    "A3.17", "What a function says of itself", Tested(ANY);
    "A3.18", "A function of a third client is passed on", Tested(ALL);
    "A3.20", "A pydantic model", Tested(ANY);
    "A3.24", "What a sender cannot encode is its own error", Tested(ANY);
    "A3.26", "Nesting of hundreds of levels", Tested(ANY);
};

const CODECS: &[Row] = rows! {
    "A4.01", "A type of the user arrives as one", Tested(&[TO_PYTHON, FROM_PYTHON]);
    "A4.02", "A type that only one side knows", Tested(FROM_RUST);
    "A4.03", "A type of the user that holds functions and other such types", Tested(FROM_RUST);
    "A4.04", "A type that arrives as another", Tested(OUT);
};

const CALLS: &[Row] = rows! {
    "A5.01", "A call of a remote function", Tested(ALL);
    "A5.02", "A promise in its short form and written out", Tested(ANY);
    "A5.03", "A call that wants no answer", Tested(ANY);
    "A5.04", "Arguments by name", Tested(&[TO_PYTHON, FROM_PYTHON, TO_RUST]);
    "A5.05", "Arguments by name out of JavaScript", Tested(&[FROM_JAVASCRIPT]);
    "A5.06", "Arguments by name into JavaScript", Tested(&[TO_JAVASCRIPT]);
    "A5.07", "Signs of life keep a long call waiting", Tested(ALL);
    "A5.08", "A silent provider times out, in words that servers know", Tested(BOTH_WAYS);
    "A5.09", "Errors of methods", Tested(ALL);
    "A5.10", "Errors of asynchronous methods of Python", Tested(&[TO_PYTHON]);
    "A5.11", "Methods and sessions that do not exist", Tested(BOTH_WAYS);
    "A5.12", "A provider that dies fails its pending calls", Tested(ALL);
    "A5.13", "A caller that disconnects fails its own calls", Tested(ANY);
    "A5.14", "What a provider kept of a caller goes with the caller", Tested(IN);
    "A5.15", "Nested members, lists of functions, constants", Tested(ALL);
    "A5.16", "Arguments and results in several frames", Tested(ALL);
    "A5.17", "Entries and age of the cache in which JavaScript gathers frames",
        LeftOut("bounds of that client's own memory; ours are by bytes and sender");
    "A5.18", "Methods that block run apart, and their callers get signs of life",
        Tested(&[TO_PYTHON, FROM_PYTHON, FROM_JAVASCRIPT]);
    "A5.19", "Python's shortcut that runs a function in a thread",
        LeftOut("a shortcut of Python that touches no message; here it is `tokio::task::spawn_blocking`");
    "A5.20", "Name, documentation and schema of a function", Tested(BOTH_WAYS);
    "A5.21", "A proxy of a provider that came back is resolved anew; nothing runs twice", Tested(OUT);
    "A5.22", "`echo` and `log` of the manager", Tested(ANY);
    "A5.23", "Messages with fields of their own, and events that stay here", Tested(BOTH_WAYS);
};

const CALLBACKS: &[Row] = rows! {
    "A6.01", "A function as an argument, called while the call runs", Tested(ALL);
    "A6.02", "After the call it is gone at once", Tested(ALL);
    "A6.03", "Callbacks of callbacks", Tested(ALL);
    "A6.04", "Only who was called may call back", Tested(FROM_RUST);
    "A6.05", "A call whose session is over is refused", Tested(ANY);
    "A6.06", "Functions in results live on for a while", Tested(ALL);
    "A6.07", "Asynchronous callbacks, and those that fail", Tested(ALL);
    "A6.08", "Nothing is left after many callbacks", Tested(ALL);
};

const GENERATORS: &[Row] = rows! {
    "A7.01", "Generators as results and arguments", Tested(ALL);
    "A7.02", "Iterators of one's own", Tested(BOTH_WAYS);
    "A7.03", "Stopping early closes the source", Tested(ALL);
    "A7.04", "An error comes after the items before it", Tested(ALL);
    "A7.05", "A loop over a remote generator, without async", Tested(FROM_RUST);
    "A7.06", "A generator as a stream over HTTP", LeftOut("done by the server, and broken in this version of it");
};

const INTERFACES: &[Row] = rows! {
    "A8.01", "An object whose functions outlive the call", Tested(ALL);
    "A8.02", "The id under which it can be taken back", Tested(FROM_RUST);
    "A8.03", "Only who got it may call it", Tested(FROM_RUST);
    "A8.04", "The receiver gives it back", Tested(ALL);
    "A8.05", "It goes when the receiver leaves", Tested(&[FROM_PYTHON, FROM_JAVASCRIPT, TO_RUST]);
    "A8.06", "It is taken back here", Tested(FROM_RUST);
    "A8.07", "It is never registered with the server", Tested(&[TO_RUST]);
};

const PERMISSIONS: &[Row] = rows! {
    "A9.01", "Methods that take the context, all or by name", Tested(BOTH_WAYS);
    "A9.02", "What the context says of the caller", Tested(BOTH_WAYS);
    "A9.03", "A caller cannot make up the context", Tested(IN);
    "A9.04", "Protected, public and unlisted services", Tested(ALL);
    "A9.05", "Workspaces that are let in by name", Tested(ALL);
    "A9.06", "The manager may look into protected services", Tested(ANY);
    "A9.07", "Callers by their keys", LeftOut("the same as A13.06");
    "A9.08", "Methods are guarded at the call, not only at the look-up", Tested(ANY);
};

const TYPES: &[Row] = rows! {
    "A10", "Service types", Tested(ANY);
    "A10.01", "Schemas of functions are those that Python makes of the same types", Tested(ANY);
    "A10.02", "Functions are described where they are written: typed services and typed clients", Tested(ALL);
    "A10.05", "They are listed with the service, without its context", Tested(ANY);
    "A10.06", "The schema of a service that was found", Tested(FROM_RUST);
    "A10.07", "A service is checked against its type", Tested(ANY);
    "A10.08", "Arguments that do not fit are named", Tested(&[FROM_PYTHON, FROM_JAVASCRIPT, TO_RUST]);
    "A10.09", "They have the form in which language models take tools", Tested(ANY);
};

const SERVICES: &[Row] = rows! {
    "A11.01", "Registering a service", Tested(ANY);
    "A11.02", "The fields of a service", Tested(BOTH_WAYS);
    "A11.03", "The configuration of a service, alone in its workspace or not", Tested(ANY);
    "A11.04", "A second service of one id", Tested(ANY);
    "A11.05", "Taking a service back", Tested(ANY);
    "A11.06", "Every form of a service id", Tested(ANY);
    "A11.07", "Choosing between several services", Tested(ANY);
    "A11.08", "Names of members in another case", Tested(ANY);
    "A11.09", "An application that is started when it is asked for", LeftOut("done by the server");
    "A11.10", "Listing services", Tested(ANY);
    "A11.11", "Searching services by meaning",
        LeftOut("needs a server with a vector database; what servers without it do is tested with the manager");
    "A11.12", "What is known of a service", Tested(ANY);
    "A11.13", "Workspaces, bookmarks, status", Tested(ANY);
    "A11.14", "Variables of a workspace", Tested(ANY);
    "A11.15", "Clients of a workspace, and signs of life of them", Tested(ANY);
    "A11.16", "The log of events", Tested(ANY);
    "A11.17", "What a client exports as an application", Tested(ANY);
    "A11.18", "Probes", Tested(ANY);
    "A11.19", "Serving until the end", Tested(ANY);
    "A11.20", "The built-in service of every client", Tested(BOTH_WAYS);
    "A11.21", "The layer below: own services, signs of life, gauges", Tested(ANY);
    "A11.22", "Services that the server offers over HTTP as functions, ASGI, MCP or A2A",
        LeftOut("done by the server with ordinary services");
    "A11.23", "A method called over HTTP", Tested(ANY);
    "A11.24", "Disconnecting", Tested(ANY);
    "A11.25", "Leaving for good when the manager says so", Tested(ANY);
    "A11.26", "Artifacts, queues and other services of a server",
        LeftOut("ordinary services, found and called like any");
};

const EVENTS: &[Row] = rows! {
    "A12.01", "Listening, once, or until a time", Tested(ALL);
    "A12.02", "Broadcasts in a workspace", Tested(ALL);
    "A12.03", "Subscribing and taking it back; the server's events", Tested(BOTH_WAYS);
    "A12.04", "Events of a client itself, which nobody else can make", Tested(ANY);
    "A12.05", "Coming back after any end that was not asked for", Tested(BOTH_WAYS);
    "A12.06", "Coming back as the same client", Tested(ANY);
    "A12.07", "Services are registered again", Tested(BOTH_WAYS);
    "A12.08", "The manager of a server that was restarted", Tested(ANY);
    "A12.09", "Calls to the manager that is gone fail", Tested(ANY);
    "A12.10", "Calls of other clients outlive a short loss", Tested(BOTH_WAYS);
    "A12.11", "What is sent meanwhile waits", Tested(OUT);
    "A12.12", "A refusal ends it", Tested(ANY);
    "A12.13", "A server that closes again and again is given time", Tested(ANY);
    "A12.14", "Subscriptions are renewed, each once", Tested(IN);
    "A12.15", "Disconnecting is final", Tested(ANY);
};

const ENCRYPTION: &[Row] = rows! {
    "A13.01", "Calls are sealed as PyNaCl and tweetnacl do it", Tested(FROM_RUST);
    "A13.02", "A key of one's own, also from a file", Tested(ANY);
    "A13.03", "The public key of a client", Tested(ANY);
    "A13.04", "Calls of a service whose provider's key is given are encrypted", Tested(IN);
    "A13.05", "Results, errors, callbacks, generators and objects are encrypted too", Tested(ALL);
    "A13.06", "Only the owners of trusted keys may call", Tested(BOTH_WAYS);
    "A13.07", "A wrong key is told at once", Tested(&[FROM_PYTHON, FROM_JAVASCRIPT, TO_RUST]);
    "A13.08", "Methods see the key of their caller", Tested(IN);
    "A13.09", "Helpers for keys, sealing and opening", LeftOut("the crate `hypha-e2e`, whose tests read the vectors of both clients");
    "A13.10", "Plain calls of such a provider go on", Tested(BOTH_WAYS);
    "A13.11", "What encryption does not do", LeftOut("written down in docs/security.md");
};

const BLOCKING: &[Row] = rows! {
    "A16.01", "Calls and services without async", Tested(ALL);
    "A16.02", "Callbacks and methods that call the server again", Tested(ALL);
    "A16.03", "Python's functions that stay async in a sync client", LeftOut("handlers say so themselves: `method` or `blocking`");
    "A16.04", "Generators as loops", Tested(FROM_RUST);
    "A16.05", "Logging in without async", LeftOut("tested in hypha-sync, with a login service of its own");
};

const SERVERS: &[Row] = rows! {
    "S.01", "A page in a browser, from another origin than the server's", Tested(&[FROM_JAVASCRIPT]);
    "S.02", "The README's ways to one service, as they stand there", Tested(IN);
    "S.03", "Tokens that one server made, on the other one", Tested(IN);
    "S.04", "Clients that go on on the other server", Tested(IN);
    "S.05", "A server that is killed or stopped with everybody connected", Tested(BOTH_WAYS);
};

const DEFECTS: &[Row] = rows! {
    "D.01", "Work in bulk stays below the limits of the server", Tested(FROM_RUST);
    "D.02", "A short call takes two frames, not three", Tested(OUT);
    "D.07", "What cannot be read is refused at once, not left to time out", Tested(ANY);
    "D.08", "A large frame is read", Tested(ANY);
    "D.15", "A generator that nobody reads ends at once", Tested(FROM_RUST);
    "D.16", "A proxy outlives its provider", Tested(OUT);
    "D.19", "However many wait, one connection is made", Tested(ANY);
    "D.20", "Subscriptions of the user outlive the connection", Tested(IN);
    "D.29", "Nobody is lent our name", Tested(ANY);
    "D.30", "Nobody makes up who they are", Tested(ANY);
    "D.32", "Signs of life end with the answer", Tested(ANY);
};
