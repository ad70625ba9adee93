//! Generators as results and arguments: features A.7.

mod arguments;
mod endings;
mod flow;
mod results;

/// All four kinds of generators that a provider makes, by the names of the methods that give them.
const KINDS: [&str; 4] = ["count", "count_async", "iterator", "iterator_async"];

/// The kinds that Python and JavaScript clients send, as `tests/peers` name them.
const MADE: [&str; 4] = ["sync", "async", "iterator", "iterator_async"];
