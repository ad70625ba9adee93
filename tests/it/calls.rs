//! Calls in all directions: arguments, answers, errors and time.

mod arguments;
mod echo;
mod errors;
mod many;
mod members;
mod sizes;
mod timing;
