//! Tokens for people, by way of their browser (wire-protocol section 14).

mod page;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use hypha_codec::Map;
use hypha_rpc_core::{CallError, RemoteService, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use self::page::PageBase;
use crate::error::Error;
use crate::lenient;
use crate::options::ConnectOptions;

/// The service that logs people in unless another is named.
const LOGIN_SERVICE: &str = "public/hypha-login";
/// How long people have to log in unless something else is said.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// How much later than people have to be done the server may say that they are not.
const ANSWER_GRACE: Duration = Duration::from_secs(10);

type Callback<T> = Box<dyn FnOnce(T) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Logs a person in: asks the server for a page, lets the callback show it, and waits until the person is done there.
///
/// ```no_run
/// use hypha_client::{LoginOptions, connect_to_server, login, Client};
///
/// # async fn example() -> Result<(), hypha_client::Error> {
/// let options = LoginOptions::new("https://hypha.example.org")
///     .login_callback(|login| async move { println!("log in at {}", login.login_url) });
/// let token = login(options).await?;
/// let server = Client::builder("https://hypha.example.org").token(token).connect().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`LoginError`] if there is no callback or the person was not done in time, and what the server says.
pub async fn login(options: LoginOptions) -> Result<Secret, Error> {
    let token: Option<String> = options.run(false).await?;
    Ok(Secret::from(token.ok_or(LoginError::TimedOut)?))
}

/// As [`login`], and tells who the person is.
///
/// # Errors
/// As [`login`].
pub async fn login_profile(options: LoginOptions) -> Result<LoginProfile, Error> {
    let profile: Option<LoginProfile> = options.run(true).await?;
    Ok(profile.ok_or(LoginError::TimedOut)?)
}

/// Asks the server for the page that ends a person's login, and lets the callback show it. Returns its URL.
///
/// # Errors
/// [`LoginError::NoLogout`] if the server has no such page, and what the server says.
pub async fn logout(options: LogoutOptions) -> Result<String, Error> {
    let LogoutOptions {
        connect,
        service_id,
        callback,
    } = options;
    let base = PageBase::new(&connect);
    let client = connect.anonymous().name("logout").connect().await?;
    let result = async {
        let service = client.get_service(&service_id).await?;
        if service.get("logout").is_none() {
            return Err(LoginError::NoLogout.into());
        }
        let answer: LogoutAnswer = service.call("logout", (Map::new(),)).await?;
        let url = base.absolute(&answer.logout_url, &client)?;
        if let Some(callback) = callback {
            callback(url.clone()).await;
        }
        Ok(url)
    };
    let result = result.await;
    client.disconnect().await;
    result
}

/// How to log in.
pub struct LoginOptions {
    connect: ConnectOptions,
    workspace: Option<String>,
    expires_in: Option<Duration>,
    service_id: String,
    timeout: Duration,
    callback: Option<Callback<LoginContext>>,
}

impl LoginOptions {
    /// Logs in at this server: a URL, or [`ConnectOptions`] with headers, certificates or a connector. What they say
    /// of workspace, token and client id is not used: the connection for a login is an anonymous one of its own.
    #[must_use]
    pub fn new(server: impl Into<ConnectOptions>) -> Self {
        Self {
            connect: server.into(),
            workspace: None,
            expires_in: None,
            service_id: LOGIN_SERVICE.to_owned(),
            timeout: LOGIN_TIMEOUT,
            callback: None,
        }
    }

    /// What shows the page to the person: it prints the URL, or opens a browser. The person has to be done within
    /// the time-out, which begins when it returns. Needed.
    #[must_use]
    pub fn login_callback<F, Fut>(mut self, callback: F) -> Self
    where
        F: FnOnce(LoginContext) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.callback = Some(Box::new(|context| Box::pin(callback(context))));
        self
    }

    /// [`login_callback`](Self::login_callback) without async; it may block.
    #[must_use]
    pub fn blocking_login_callback(
        self,
        callback: impl FnOnce(LoginContext) + Send + 'static,
    ) -> Self {
        self.login_callback(|context| aside(move || callback(context)))
    }

    /// The workspace that the token is for.
    #[must_use]
    pub fn workspace(mut self, workspace: impl Into<String>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// How long the token is good; parts of a second are cut off.
    #[must_use]
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }

    /// The service that logs people in, `public/hypha-login`.
    #[must_use]
    pub fn login_service_id(mut self, id: impl Into<String>) -> Self {
        self.service_id = id.into();
        self
    }

    /// How long the person has, 60 s; servers forget a login after 180 s.
    #[must_use]
    pub fn login_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    async fn run<T: DeserializeOwned>(self, profile: bool) -> Result<Option<T>, Error> {
        let Self {
            connect,
            workspace,
            expires_in,
            service_id,
            timeout,
            callback,
        } = self;
        let callback = callback.ok_or(LoginError::NoCallback)?;
        let base = PageBase::new(&connect);
        let client = connect.anonymous().name("login").connect().await?;
        let result = async {
            let service = client.get_service(&service_id).await?;
            let mut start = service.method("start");
            if let Some(workspace) = workspace {
                start = start.kwarg("workspace", workspace);
            }
            if let Some(expires_in) = expires_in {
                start = start.kwarg("expires_in", expires_in.as_secs());
            }
            let mut context: LoginContext = start.decode().await?;
            context.login_url = base.absolute(&context.login_url, &client)?;
            let key = context.key.clone();
            callback(context).await;
            let answer = check(&service, &key, timeout, profile).await?;
            Ok(answer)
        };
        let result = result.await;
        client.disconnect().await;
        result
    }
}

impl fmt::Debug for LoginOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginOptions")
            .field("connect", &self.connect)
            .field("workspace", &self.workspace)
            .field("service_id", &self.service_id)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// How to log out.
pub struct LogoutOptions {
    connect: ConnectOptions,
    service_id: String,
    callback: Option<Callback<String>>,
}

impl LogoutOptions {
    /// Logs out at this server; see [`LoginOptions::new`].
    #[must_use]
    pub fn new(server: impl Into<ConnectOptions>) -> Self {
        Self {
            connect: server.into(),
            service_id: LOGIN_SERVICE.to_owned(),
            callback: None,
        }
    }

    /// What shows the page with this URL to the person.
    #[must_use]
    pub fn logout_callback<F, Fut>(mut self, callback: F) -> Self
    where
        F: FnOnce(String) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.callback = Some(Box::new(|url| Box::pin(callback(url))));
        self
    }

    /// [`logout_callback`](Self::logout_callback) without async; it may block.
    #[must_use]
    pub fn blocking_logout_callback(self, callback: impl FnOnce(String) + Send + 'static) -> Self {
        self.logout_callback(|url| aside(move || callback(url)))
    }

    /// The service that logs people out, `public/hypha-login`.
    #[must_use]
    pub fn login_service_id(mut self, id: impl Into<String>) -> Self {
        self.service_id = id.into();
        self
    }
}

/// Runs something on a thread that may block.
async fn aside(what: impl FnOnce() + Send + 'static) {
    if let Err(panic) = tokio::task::spawn_blocking(what).await
        && let Ok(panic) = panic.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

impl fmt::Debug for LogoutOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutOptions")
            .field("connect", &self.connect)
            .field("service_id", &self.service_id)
            .finish_non_exhaustive()
    }
}

/// A login that waits for its person. Whoever has the key gets the token.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct LoginContext {
    /// The page to show to the person. Always `http` or `https`.
    pub login_url: String,
    /// The key of this login.
    pub key: String,
    /// Where the page says that the person is done.
    #[serde(default)]
    pub report_url: Option<String>,
    /// Where the key can be asked for the token by HTTP.
    #[serde(default)]
    pub check_url: Option<String>,
    /// Where the page makes the token.
    #[serde(default)]
    pub generate_url: Option<String>,
    /// What else the server says.
    #[serde(flatten)]
    pub extra: Map,
}

impl fmt::Debug for LoginContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The login URL holds the key.
        f.debug_struct("LoginContext")
            .field("report_url", &self.report_url)
            .finish_non_exhaustive()
    }
}

/// Who logged in.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct LoginProfile {
    /// The token.
    #[serde(deserialize_with = "lenient::secret")]
    pub token: Secret,
    /// The workspace that the token is for, if one was asked for.
    #[serde(default)]
    pub workspace: Option<String>,
    /// How long the token is good, in seconds, if that was asked for.
    #[serde(default)]
    pub expires_in: Option<f64>,
    /// The person's address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the address is known to be the person's.
    #[serde(default)]
    pub email_verified: Option<bool>,
    /// The person's name.
    #[serde(default)]
    pub name: Option<String>,
    /// How the person is called.
    #[serde(default)]
    pub nickname: Option<String>,
    /// The person's id.
    #[serde(default)]
    pub user_id: Option<String>,
    /// URL of a picture of the person.
    #[serde(default)]
    pub picture: Option<String>,
    /// What else the server says.
    #[serde(flatten)]
    pub extra: Map,
}

/// Why nobody was logged in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// There is no way to show the page to the person.
    #[error(
        "no way to show the login page: give a `login_callback` that prints the url or opens a browser"
    )]
    NoCallback,
    /// The person was not done in time.
    #[error("nobody logged in before the time was up")]
    TimedOut,
    /// The server has no logout.
    #[error("the login service of this server has no logout")]
    NoLogout,
    /// The page that the service named must not be opened.
    #[error("the login service named a page that is neither http nor https")]
    BadUrl,
}

#[derive(Deserialize)]
struct LogoutAnswer {
    logout_url: String,
}

/// Waits for the person. `None`: not done in time.
async fn check<T: DeserializeOwned>(
    service: &RemoteService,
    key: &str,
    timeout: Duration,
    profile: bool,
) -> Result<Option<T>, Error> {
    let check = service
        .method("check")
        .args((key,))
        .kwarg("timeout", timeout.as_secs_f64())
        .kwarg("profile", profile);
    match check.deadline(timeout + ANSWER_GRACE).decode().await {
        Err(CallError::Deadline { .. }) => Ok(None),
        Err(CallError::Remote(error)) if error.message().starts_with(SERVER_TIMED_OUT) => Ok(None),
        result => Ok(result?),
    }
}

/// How the server begins when the person was not done in time.
const SERVER_TIMED_OUT: &str = "Login timeout";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tokens_are_not_shown() {
        let context = LoginContext {
            login_url: "http://h/?key=hush".into(),
            key: "hush".into(),
            report_url: None,
            check_url: None,
            generate_url: None,
            extra: Map::new(),
        };
        let options = LoginOptions::new(ConnectOptions::from("http://h").token("hush"));
        for shown in [format!("{context:?}"), format!("{options:?}")] {
            assert!(!shown.contains("hush"), "{shown}");
        }
    }
}
