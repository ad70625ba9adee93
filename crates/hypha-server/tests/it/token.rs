//! Tokens made by hand.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value as Json, json};
use sha2::Sha256;

/// The secret of servers whose tokens tests make.
pub(crate) const SECRET: &str = "a secret of tests";

/// Seconds since 1970 that are far away.
pub(crate) const FAR: u64 = 4_000_000_000;

/// What a token of a user says.
pub(crate) fn claims(user: &str, scope: &str) -> Json {
    json!({
        "iss": "https://amun.ai/",
        "sub": user,
        "aud": "https://amun-ai.eu.auth0.com/api/v2/",
        "iat": 1_795_428_774,
        "exp": FAR,
        "scope": scope,
        "gty": "client-credentials",
        "https://amun.ai/roles": [],
        "https://amun.ai/email": null,
    })
}

/// Signs claims with the secret.
pub(crate) fn sign(claims: &Json) -> String {
    sign_with(SECRET, &json!({ "alg": "HS256", "typ": "JWT" }), claims)
}

/// Signs claims with any secret, under any header.
pub(crate) fn sign_with(secret: &str, header: &Json, claims: &Json) -> String {
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let signature = mac.chain_update(&signed).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
