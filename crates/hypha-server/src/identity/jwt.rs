//! Signed texts: JSON Web Tokens with HMAC-SHA256 and nothing else (RFC 7515, RFC 7518 section 3.2).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hypha_rpc_core::Secret;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::TokenError;

/// The only algorithm.
const ALGORITHM: &str = "HS256";

/// Longer texts are not looked at, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// The block of SHA-256, in bytes: longer keys are hashed first (RFC 2104).
const BLOCK: usize = 64;

/// Signs, and checks what was signed with the same secret.
#[derive(Clone)]
pub(super) struct Signer(Hmac<Sha256>);

/// What tells a token from all others: its signature.
pub(crate) type TokenId = [u8; 32];

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that whoever does not know them has to refuse.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

impl Signer {
    pub(super) fn new(secret: &Secret) -> Self {
        let secret = secret.expose().as_bytes();
        let mut block = zeroize::Zeroizing::new([0; BLOCK]);
        if secret.len() <= BLOCK {
            block[..secret.len()].copy_from_slice(secret);
        } else {
            block[..32].copy_from_slice(&Sha256::digest(secret));
        }
        Self(Hmac::new((&*block).into()))
    }

    /// A token with these claims.
    pub(super) fn sign(&self, claims: &[u8]) -> String {
        let header = format!(r#"{{"alg":"{ALGORITHM}","typ":"JWT"}}"#);
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.mac(token.as_bytes()).finalize().into_bytes();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }

    /// The claims of a token, once its signature is found to be ours.
    pub(super) fn verify(&self, token: &str) -> Result<(Vec<u8>, TokenId), TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Header)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Header)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header = decode(header).ok_or(TokenError::Header)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| TokenError::Header)?;
        if header.alg != ALGORITHM || header.crit.is_some() {
            return Err(TokenError::Algorithm);
        }
        // In one way only: two texts for one signature would be two ids for one token.
        let signature = decode(signature).ok_or(TokenError::Signature)?;
        let id = TokenId::try_from(signature.as_slice()).map_err(|_| TokenError::Signature)?;
        let mac = self.mac(signed.as_bytes());
        mac.verify_slice(&id).map_err(|_| TokenError::Signature)?;
        let claims = decode(claims).ok_or(TokenError::Claims)?;
        Ok((claims, id))
    }

    /// Something that only the same text gives, to compare secrets by in constant time.
    pub(super) fn mac(&self, text: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(text)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secret: &str) -> Signer {
        Signer::new(&Secret::from(secret))
    }

    fn token(header: &str, claims: &str, signature: &[u8]) -> String {
        [header.as_bytes(), claims.as_bytes(), signature]
            .map(|part| URL_SAFE_NO_PAD.encode(part))
            .join(".")
    }

    #[test]
    fn signatures_are_those_of_the_standard() {
        // The cases of RFC 4231 with keys that are text: 2, and those of keys longer than a block.
        let mac = signer("Jefe").mac(b"what do ya want for nothing?");
        let wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let bytes = bytes::Bytes::copy_from_slice(&mac.finalize().into_bytes());
        assert_eq!(format!("{bytes:x}"), wanted);
        for secret in [
            "",
            "short",
            &"x".repeat(64),
            &"x".repeat(65),
            &"x".repeat(500),
        ] {
            let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
            let wanted = mac.chain_update(b"text").finalize();
            assert!(
                signer(secret).mac(b"text").finalize() == wanted,
                "{}",
                secret.len()
            );
        }
    }

    #[test]
    fn only_what_was_signed_with_the_secret_is_taken() {
        let ours = signer("secret");
        let signed = ours.sign(br#"{"sub":"u"}"#);
        assert_eq!(ours.verify(&signed).unwrap().0, br#"{"sub":"u"}"#);
        assert_eq!(signer("other").verify(&signed), Err(TokenError::Signature));
        for at in 0..signed.len() {
            let mut bytes = signed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(ours.verify(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn what_is_no_token_of_ours_is_refused() {
        let ours = signer("secret");
        let claims = r#"{"sub":"root"}"#;
        for (text, wanted) in [
            (String::new(), TokenError::Header),
            ("abc".to_owned(), TokenError::Header),
            ("a.b".to_owned(), TokenError::Header),
            ("..".to_owned(), TokenError::Header),
            ("x".repeat(MAX_TOKEN + 1), TokenError::TooLong),
            (token("[]", claims, b""), TokenError::Header),
            (token("{}", claims, b""), TokenError::Header),
            (token(r#"{"alg":1}"#, claims, b""), TokenError::Header),
            (
                token(r#"{"alg":"none"}"#, claims, b""),
                TokenError::Algorithm,
            ),
            (
                token(r#"{"alg":"None"}"#, claims, b""),
                TokenError::Algorithm,
            ),
            (
                token(r#"{"alg":"hs256"}"#, claims, b""),
                TokenError::Algorithm,
            ),
            (
                token(r#"{"alg":"HS512"}"#, claims, b""),
                TokenError::Algorithm,
            ),
            (
                token(r#"{"alg":"RS256"}"#, claims, b""),
                TokenError::Algorithm,
            ),
            (
                token(r#"{"alg":"HS256"}"#, claims, b""),
                TokenError::Signature,
            ),
            (
                token(r#"{"alg":"HS256"}"#, claims, &[0; 32]),
                TokenError::Signature,
            ),
        ] {
            assert_eq!(ours.verify(&text), Err(wanted), "{:.80}", text);
        }
        let extended = r#"{"alg":"HS256","crit":["exp"]}"#;
        let signed = token(extended, claims, b"")
            .trim_end_matches('.')
            .to_owned();
        let signature = ours.mac(signed.as_bytes()).finalize().into_bytes();
        let text = token(extended, claims, &signature);
        assert_eq!(ours.verify(&text), Err(TokenError::Algorithm));
    }

    #[test]
    fn a_token_has_one_text() {
        let ours = signer("secret");
        let signed = ours.sign(b"{}");
        let padded = format!("{signed}=");
        assert_eq!(ours.verify(&padded), Err(TokenError::Signature));
        // The last letter holds two bits that mean nothing: a lax reader would take four texts for one signature.
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let (start, last) = signed.split_at(signed.len() - 1);
        let place = letters
            .iter()
            .position(|letter| [*letter] == *last.as_bytes())
            .unwrap();
        let other = format!("{start}{}", char::from(letters[place ^ 1]));
        assert_eq!(ours.verify(&other), Err(TokenError::Signature));
        assert!(!format!("{ours:?}").contains("secret"));
    }
}
