//! Tokens for people, by way of their browser.

use hypha_client::{LoginOptions, LoginProfile, LogoutOptions, Secret};

use crate::background::Background;
use crate::error::Error;

/// Logs a person in: asks the server for a page, lets the callback show it, and waits until the person is done there.
///
/// ```no_run
/// use hypha_sync::{Client, LoginOptions, connect_to_server, login};
///
/// # fn example() -> Result<(), hypha_sync::Error> {
/// let options = LoginOptions::new("https://hypha.example.org")
///     .blocking_login_callback(|login| println!("log in at {}", login.login_url));
/// let token = login(options)?;
/// let server = connect_to_server(Client::builder("https://hypha.example.org").token(token))?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`hypha_client::login`], and [`CannotBlock`](crate::CannotBlock).
pub fn login(options: LoginOptions) -> Result<Secret, Error> {
    Background::start()?.wait(hypha_client::login(options))
}

/// As [`login`], and tells who the person is.
///
/// # Errors
/// As [`login`].
pub fn login_profile(options: LoginOptions) -> Result<LoginProfile, Error> {
    Background::start()?.wait(hypha_client::login_profile(options))
}

/// Asks the server for the page that ends a person's login, and lets the callback show it. Returns its URL.
///
/// # Errors
/// As [`hypha_client::logout`], and [`CannotBlock`](crate::CannotBlock).
pub fn logout(options: LogoutOptions) -> Result<String, Error> {
    Background::start()?.wait(hypha_client::logout(options))
}
