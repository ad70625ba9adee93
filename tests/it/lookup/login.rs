//! Logging in and out: features A2.01 to A2.05.

use std::time::Duration;

use hypha_client::{
    Client, ErrorKind, LoginContext, LoginOptions, LogoutOptions, Secret, TokenOptions, Value,
    login, login_profile, logout,
};
use hypha_tests::Feature;
use tokio::sync::oneshot;

use crate::fixture::{connect, server};

/// Whether people log in at the server. One where they do not says so to whoever tries.
async fn people_log_in() -> bool {
    if server().await.has(Feature::Login) {
        return true;
    }
    let options = LoginOptions::new(server().await.url()).login_callback(|_| async {});
    let error = login(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:#}");
    assert!(error.to_string().contains("hypha-login"), "{error:#}");
    false
}

/// Plays the login page: a person with this token reports to be done.
async fn report(person: &Client, context: LoginContext, token: &Secret) {
    let service = person.get_service("public/hypha-login").await.unwrap();
    let report = service.method("report").args((context.key, token.expose()));
    let _null: Value = report
        .kwarg("email", "someone@example.org")
        .kwarg("name", "Someone")
        .await
        .unwrap();
}

#[tokio::test]
async fn login_01_server_17_a_person_logs_in() {
    if !people_log_in().await {
        return;
    }
    let person = connect().await;
    let token = person.generate_token(TokenOptions::new()).await.unwrap();
    let (show, shown) = oneshot::channel();
    let options = LoginOptions::new(server().await.url()).login_callback(|context| async move {
        let _sent = show.send(context);
    });
    let page = async {
        let context = shown.await.unwrap();
        assert!(
            context.login_url.starts_with(&server().await.url()),
            "{}",
            context.login_url
        );
        assert!(context.login_url.contains(&context.key));
        report(&person, context, &token).await;
    };
    let (result, ()) = tokio::join!(login(options), page);
    let result = result.unwrap();
    assert_eq!(result.expose(), token.expose());
    let client = Client::builder(server().await.url())
        .token(result)
        .connect()
        .await
        .unwrap();
    assert_eq!(client.workspace(), person.workspace());
}

#[tokio::test]
async fn login_03_a_profile_tells_who_logged_in() {
    if !people_log_in().await {
        return;
    }
    let person = connect().await;
    let token = person.generate_token(TokenOptions::new()).await.unwrap();
    let reporter = person.clone();
    let reported = token.clone();
    let options = LoginOptions::new(server().await.url())
        .login_callback(move |context| async move { report(&reporter, context, &reported).await });
    let profile = login_profile(options).await.unwrap();
    assert_eq!(profile.token.expose(), token.expose());
    assert_eq!(
        (profile.email.as_deref(), profile.name.as_deref()),
        (Some("someone@example.org"), Some("Someone"))
    );
}

#[tokio::test]
async fn login_01_nobody_logs_in() {
    if !people_log_in().await {
        return;
    }
    let options = LoginOptions::new(server().await.url())
        .login_timeout(Duration::from_secs(1))
        .login_callback(|_| async {});
    let error = login(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:#}");
    assert!(error.to_string().contains("nobody logged in"), "{error:#}");
    let error = login(LoginOptions::new(server().await.url()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Login, "{error:#}");
    assert!(error.to_string().contains("login_callback"), "{error:#}");
}

#[tokio::test]
async fn login_05_logout_gives_a_page() {
    if !people_log_in().await {
        return;
    }
    let (show, shown) = oneshot::channel();
    let options = LogoutOptions::new(server().await.url()).logout_callback(|url| async move {
        let _sent = show.send(url);
    });
    let url = logout(options).await.unwrap();
    assert!(
        url.starts_with("http://127.0.0.1") && url.contains("logout"),
        "{url}"
    );
    assert_eq!(shown.await.unwrap(), url);
}
