//! Files and other byte streams: ours that others read, and those of others that we read (protocol
//! section 5.4).

mod local;
mod remote;

pub use self::local::FileObject;
pub use self::remote::RemoteFile;
