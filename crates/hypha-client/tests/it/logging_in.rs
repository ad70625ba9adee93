//! Logging in and out against a login service that is played here.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hypha_client::{ErrorKind, LoginOptions, LogoutOptions, login, login_profile, logout};
use serde_json::{Value as Json, json};

use crate::server::{Answer, Recorded, Server, described, nothing};

const LOGIN: &str = "public/srv:hypha-login";

fn answers(
    login_url: &'static str,
    check: Answer,
) -> impl Fn(&Recorded) -> Answer + Send + Sync + 'static {
    move |call| match call.name() {
        "get_service" => Ok(described(
            LOGIN,
            "public/srv",
            &["start", "check", "logout"],
        )),
        "start" => {
            Ok(json!({ "login_url": login_url, "key": "k", "report_url": "http://server/report" }))
        }
        "check" => check.clone(),
        "logout" => Ok(json!({ "logout_url": "/out" })),
        _ => Err("unexpected"),
    }
}

#[tokio::test]
async fn the_callback_shows_the_page_and_the_token_comes_back() {
    let server = Server::start(answers(
        "/public/apps/hypha-login/?key=k",
        Ok(json!("a.b.c")),
    ));
    let shown = Arc::new(Mutex::new(String::new()));
    let page = Arc::clone(&shown);
    let options = LoginOptions::new(
        server
            .options()
            .token("not to be used")
            .workspace("nor this"),
    )
    .workspace("w")
    .expires_in(Duration::from_secs(100))
    .login_timeout(Duration::from_secs(5))
    .login_callback(move |login| async move { *page.lock().unwrap() = login.login_url });
    let token = login(options).await.unwrap();
    assert_eq!(token.expose(), "a.b.c");
    assert_eq!(
        *shown.lock().unwrap(),
        "http://server/public/apps/hypha-login/?key=k"
    );

    let hello = server.hellos().remove(0);
    assert_eq!(
        (&hello["token"], &hello["workspace"]),
        (&Json::Null, &Json::Null)
    );
    assert_ne!(hello["client_id"], "me");
    let calls = server.calls();
    assert_eq!(calls[0].args, json!(["public/hypha-login"]));
    assert_eq!(
        (&calls[1].args, &calls[1].kwargs),
        (&json!([]), &json!({ "workspace": "w", "expires_in": 100 }))
    );
    assert_eq!(
        (&calls[2].args, &calls[2].kwargs),
        (&json!(["k"]), &json!({ "timeout": 5.0, "profile": false }))
    );
    server.ended(1).await;
}

#[tokio::test]
async fn profiles_tell_who_logged_in() {
    let profile = json!({ "token": "a.b.c", "workspace": null, "expires_in": null, "email": "a@b.org", "email_verified": null, "user_id": "u" });
    let server = Server::start(answers("https://auth.org/", Ok(profile)));
    let options = LoginOptions::new(server.options())
        .login_service_id("public/other")
        .login_callback(|_| async {});
    let profile = login_profile(options).await.unwrap();
    assert_eq!(
        (profile.token.expose(), profile.email.as_deref()),
        ("a.b.c", Some("a@b.org"))
    );
    assert!(!format!("{profile:?}").contains("a.b.c"));
    assert_eq!(server.calls()[0].args, json!(["public/other"]));
    assert_eq!(
        server.last_call().kwargs,
        json!({ "timeout": 60.0, "profile": true })
    );
}

#[tokio::test]
async fn nobody_logging_in_is_a_timeout() {
    for check in [
        Ok(Json::Null),
        Err("Exception: Login timeout, waited for 5 seconds"),
    ] {
        let server = Server::start(answers("https://auth.org/", check));
        let error = login(LoginOptions::new(server.options()).login_callback(|_| async {}))
            .await
            .unwrap_err();
        assert!(error.is_timeout(), "{error}");
        server.ended(1).await;
    }
    let server = Server::start(answers(
        "https://auth.org/",
        Err("AssertionError: Invalid key, key does not exist"),
    ));
    let error = login(LoginOptions::new(server.options()).login_callback(|_| async {}))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Remote, "{error}");
}

#[tokio::test]
async fn pages_that_are_none_are_not_shown() {
    let server = Server::start(answers("javascript:alert(1)", Ok(Json::Null)));
    let options = LoginOptions::new(server.options()).login_callback(|_| async { panic!("shown") });
    assert_eq!(login(options).await.unwrap_err().kind(), ErrorKind::Login);
}

#[tokio::test]
async fn without_a_callback_nothing_is_asked() {
    let server = Server::start(nothing);
    let error = login(LoginOptions::new(server.options()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Login, "{error}");
    assert_eq!(server.hellos(), [] as [Json; 0]);
}

#[tokio::test]
async fn logging_out_shows_the_page_if_there_is_one() {
    let server = Server::start(answers("", Ok(Json::Null)));
    let shown = Arc::new(Mutex::new(String::new()));
    let page = Arc::clone(&shown);
    let options = LogoutOptions::new(server.options())
        .logout_callback(move |url| async move { *page.lock().unwrap() = url });
    assert_eq!(logout(options).await.unwrap(), "http://server/out");
    assert_eq!(*shown.lock().unwrap(), "http://server/out");
    assert_eq!(server.last_call().args, json!([{}]));
    server.ended(1).await;

    let server = Server::start(|_| Ok(described(LOGIN, "public/srv", &["start", "check"])));
    let error = logout(LogoutOptions::new(server.options()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Login);
    assert!(error.to_string().contains("no logout"), "{error}");
}
