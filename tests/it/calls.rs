//! Calls in all directions: arguments, answers, errors and time.

mod arguments;
mod errors;
mod members;
mod timing;
