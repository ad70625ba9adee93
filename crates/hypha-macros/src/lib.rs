#![doc = include_str!("../README.md")]

mod attributes;
mod case;
mod default;
mod docs;
mod expand;
mod lent;
mod lints;
mod method;
mod owned;
mod param;
mod returns;
mod settings;

use proc_macro::TokenStream;

/// Makes a Hypha service of a trait or of an impl block.
///
/// # On a trait
///
/// Every method of the trait is a method of the service. Beside the trait, for a trait `Weather`:
///
/// - `WeatherService::new(implementation)`, the dispatcher: what `register_service` takes, with `WeatherService::ID`,
///   `WeatherService::shared` for an implementation in an `Arc`, and `WeatherService::schema()`;
/// - `WeatherClient::new(service)`, the typed client of a service that was found, whoever provides it: the methods of
///   the trait, each returning a call that can be awaited or first given a timeout.
///
/// Implementations may write `async fn`. The trait gets the bounds `Send + Sync + 'static`, its futures and streams
/// `Send`.
///
/// # On an impl block
///
/// The methods with `#[method]` are the methods of the service. The type becomes a `Provider`, and a `Service` by
/// `into`, so that `register_service` takes it.
///
/// # Methods
///
/// They take `&self`, because calls run at the same time, and up to twelve parameters.
///
/// - `async fn` runs as a task; `fn` blocks and runs on a thread for that; `fn .. -> impl Stream<Item = T>` gives the
///   caller a generator, which may borrow from `self`.
/// - `Result<T, E>` fails the call with the text of the error, which is any `Display`. Write it by that name: it is
///   how a failure is told from a value.
/// - Parameters are owned values that `Deserialize`; a typed client needs them to `Serialize` as well, and their schemas
///   come from `JsonSchema`. Arrays, bytes, functions, files and `Value` need none: callers are told that they take anything.
/// - `Context` is given by the service and not by callers. `Callback`, `RemoteStream`, `RemoteFile` and `RemoteObject` are
///   what callers pass as `Closure`, `Streamed`, `FileObject` and `Interface`: that is what the client's methods take,
///   and the other way round for results.
/// - These types, and others of Hypha's that have no `JsonSchema`, are known by their names: a type of yours that is called
///   `Context`, `Text`, `Map`, `Value` or the like does not compile, until it is called something else, or imported `as`
///   something else.
/// - Docs are told to callers: the text before the first heading, and what a list below `# Arguments` says of each one. The
///   list uses the names in Rust, and nothing that is no parameter.
///
/// # Settings
///
/// `#[service(..)]` takes
///
/// | setting | meaning | without it |
/// |---|---|---|
/// | `id = ".."` | id of the service | the name of trait or type in kebab case |
/// | `name = ".."` | name for people | the id |
/// | `kind = ".."` | type of the service | `generic` |
/// | `visibility = public` | `public`, `protected` or `unlisted` | protected |
/// | `require_context = true` | states which methods take the context | those that have a `Context` |
/// | `rename_all = "camelCase"` | names of methods, also `PascalCase`, `snake_case`, `kebab-case`, `SCREAMING_SNAKE_CASE` | as they are |
/// | `dispatcher = Name` | name of the dispatcher (traits) | `…Service` |
/// | `client = Name` | name of the client, `false` for none (traits) | `…Client` |
/// | `crate = path` | where to find `hypha_client`; `hypha_sync` makes blocking clients | `::hypha_client` |
///
/// `#[method(..)]` takes `rename = ".."`, and `returns = Type` for what the client gives if the signature does not tell.
///
/// `#[arg(..)]` before a parameter takes
///
/// | setting | meaning |
/// |---|---|
/// | `rename = ".."` | the name that callers use |
/// | `default` | may be left out, then it is the `Default` of its type |
/// | `default = value` | may be left out, then it is this value, which may be written in the form in which it travels: `"metre"` for an enum |
/// | `schema = false` | callers are told that it takes anything; no `JsonSchema` is needed |
/// | `extract` | an extractor of your own (`FromCall`), which no caller passes |
///
/// Clients take an `Option` for a parameter that has a default, and leave it out for `None`. If one is left out before
/// another that is given, all arguments go by name.
#[proc_macro_attribute]
pub fn service(settings: TokenStream, item: TokenStream) -> TokenStream {
    expand::service(settings.into(), item.into()).into()
}
