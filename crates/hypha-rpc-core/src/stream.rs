//! Generators: streams of ours that others pull, and those of others that we pull (protocol section
//! 8.1).

mod local;
mod remote;

pub use self::local::Streamed;
pub use self::remote::RemoteStream;
pub(crate) use self::remote::Source;
