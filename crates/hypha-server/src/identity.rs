//! Who clients are: users, what they may do, and the tokens that say so.

mod claims;
mod clock;
mod jwt;
mod permission;
mod scope;
mod token;
mod user;

pub(crate) use self::clock::unix_seconds;
pub(crate) use self::permission::Permission;
pub(crate) use self::scope::Scope;
pub(crate) use self::token::{TokenError, TokenId, Tokens};
pub(crate) use self::user::{
    EVERY_WORKSPACE, PERSONAL_WORKSPACE, PUBLIC_WORKSPACE, ROOT_WORKSPACE, User, random_name,
};
