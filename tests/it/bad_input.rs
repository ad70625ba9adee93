//! What nobody should send: to a client from its server, and to a provider from its callers.

mod from_callers;
mod from_server;
mod greedy_handlers;
