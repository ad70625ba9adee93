//! Traits of services that are only called: they compile, or this does not.
#![deny(dead_code, unfulfilled_lint_expectations)]

use hypha_client::{RemoteService, service};

#[service]
trait Elsewhere {
    async fn asked(&self) -> u32;
}

#[service]
#[expect(dead_code, reason = "it was said before that was not needed")]
trait Expected {
    async fn asked(&self) -> u32;
}

#[test]
fn nobody_has_to_implement_what_is_called() {
    let _: fn(RemoteService) -> ElsewhereClient = ElsewhereClient::new;
    let _: fn(RemoteService) -> ExpectedClient = ExpectedClient::new;
}
