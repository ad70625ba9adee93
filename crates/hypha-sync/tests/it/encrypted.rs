//! Encrypted calls without async.

use hypha_sync::{
    Callback, Client, Closure, Context, Encryption, Service, Visibility, Waiting as _,
    connect_to_server, from_iter,
};

use crate::place::Place;

const SECRET: &str = "nobody else reads this";

fn sealing(place: &Place) -> Client {
    let options = Client::builder(&place.url);
    let options = options.encryption(Encryption::generate().unwrap());
    connect_to_server(options).unwrap()
}

#[test]
fn calls_callbacks_and_generators_are_encrypted() {
    let place = Place::new();
    let (provider, caller) = (sealing(&place), sealing(&place));
    let known = caller.public_key();
    let service = Service::new("s")
        .visibility(Visibility::Public)
        .trusted_keys(known)
        .blocking(
            "ask",
            move |cx: Context, ask: Callback<(String,), String>| {
                assert_eq!(cx.caller_public_key(), known);
                ask.wait((SECRET.to_owned(),))
            },
        )
        .blocking("repeat", |n: usize| {
            from_iter(std::iter::repeat_n(SECRET, n))
        });
    let id = provider.register_service(service).unwrap().id;
    let key = provider.public_key().unwrap();
    let found = caller.get_service_with(&id, |search| search.encryption_public_key(key));
    let found = found.unwrap();
    let other = caller.get_service(&id).unwrap().encrypted_for(key);
    for service in [found, other] {
        assert_eq!(service.encryption_public_key(), Some(key));
        let ask = Closure::blocking(|cx: Context, text: String| {
            assert!(cx.is_encrypted());
            text
        });
        assert_eq!(service.call::<String>("ask", (ask,)).unwrap(), SECRET);
        let items = service.stream::<String>("repeat", (2,)).unwrap();
        let items: Result<Vec<_>, _> = items.collect();
        assert_eq!(items.unwrap(), [SECRET; 2]);
    }
    let plain = caller.get_service(&id).unwrap();
    let refused = plain.stream::<String>("repeat", (2,)).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("Encryption required"), "{refused}");
}
