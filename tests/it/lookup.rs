//! Finding services and people: ids, modes, listings, the manager, tokens and logging in.

mod login;
mod manager;
mod modes;
mod registry;
mod serving;
mod tokens;
