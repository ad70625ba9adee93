//! Logging in without async.

use std::sync::{Arc, Mutex};

use hypha_sync::{Kwargs, LoginOptions, Map, Service, Value, Visibility, login};

use crate::place::Place;

#[test]
fn a_person_logs_in() {
    let place = Place::new();
    let desk = place.connect();
    let page = desk
        .generate_token(hypha_sync::TokenOptions::new())
        .unwrap();
    let start = |_: Kwargs| {
        hypha_sync::Returns(Map::from([
            ("login_url", Value::from("/login?key=k")),
            ("key", Value::from("k")),
            ("report_url", Value::from("/report")),
        ]))
    };
    let granted = page.expose().to_owned();
    let check = move |_: hypha_sync::Rest, _: Kwargs| granted.clone();
    let service = Service::new("hypha-login")
        .visibility(Visibility::Public)
        .blocking("start", start)
        .blocking("check", check);
    let id = desk.register_service(service).unwrap().id;
    let shown = Arc::new(Mutex::new(String::new()));
    let record = Arc::clone(&shown);
    let options = LoginOptions::new(&place.url)
        .login_service_id(id)
        .blocking_login_callback(move |login| *record.lock().unwrap() = login.login_url);
    let token = login(options).unwrap();
    assert_eq!(token.expose(), page.expose());
    assert!(shown.lock().unwrap().ends_with("/login?key=k"));
}
