//! Who clients are: users, what they may do, and the tokens that say so.

mod permission;
mod user;

pub(crate) use self::permission::Permission;
pub(crate) use self::user::{Scope, User};
