//! The JWTs of the world: signed with ES512 by a key that the seed decides, and the key set that verifies them.
//!
//! The usual JWT crates lack ES512, so the three base64url parts are written here; the signature is `p521`'s.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use p521::ecdsa::signature::{Signer, Verifier};
use p521::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

use crate::mutations::{Mutation, Mutations};

/// How many tokens that were signed or verified are remembered, so that a busy client does not pay for the curve on each call.
const REMEMBERED: usize = 1024;

/// Signs and verifies tokens.
pub(crate) struct Tokens {
    signing_key: SigningKey,
    verifying_key: VerifyingKey,
    kid: String,
    coordinates: (String, String),
    verified: Mutex<HashMap<String, Claims>>,
    /// The ids of access tokens, and the sign-ins of refresh tokens, that died before their time.
    expired: HashSet<String>,
    /// While it is set, nobody waits for what is signed.
    mute: bool,
    pub(crate) mutations: Mutations,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Use {
    Access,
    Refresh,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user's id.
    pub(crate) sub: String,
    /// The customer's name.
    pub(crate) customer: String,
    pub(crate) token_use: Use,
    /// The sign-in that this token descends from.
    pub(crate) sid: String,
    pub(crate) jti: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

impl Claims {
    /// By what a token is known once it died before its time.
    fn expiring(&self) -> &str {
        match self.token_use {
            Use::Access => &self.jti,
            Use::Refresh => &self.sid,
        }
    }
}

impl Tokens {
    pub(crate) fn from_seed(seed: u64) -> Self {
        let signing_key = signing_key(seed);
        let verifying_key = *signing_key.verifying_key();
        let point = verifying_key.to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(point.as_bytes().len() / 2);
        let coordinates = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        Self {
            kid: thumbprint(&coordinates.0, &coordinates.1),
            signing_key,
            verifying_key,
            coordinates,
            verified: Mutex::default(),
            expired: HashSet::new(),
            mute: false,
            mutations: Mutations::default(),
        }
    }

    /// Lets signatures be empty texts, or no longer: a journal that is read again has no use for them.
    pub(crate) fn set_mute(&mut self, mute: bool) {
        self.mute = mute;
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        if self.mute {
            return String::new();
        }
        let header = json!({ "alg": self.algorithm(), "kid": self.kid, "typ": "JWT" }).to_string();
        let payload = json!(claims).to_string();
        let mut token = BASE64URL_NOPAD.encode(header.as_bytes());
        token.push('.');
        BASE64URL_NOPAD.encode_append(payload.as_bytes(), &mut token);
        let signature: Signature = self.signing_key.sign(token.as_bytes());
        token.push('.');
        BASE64URL_NOPAD.encode_append(&signature.to_bytes(), &mut token);
        self.remember(&token, claims);
        token
    }

    fn remember(&self, token: &str, claims: &Claims) {
        let mut verified = self.verified();
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(token.to_owned(), claims.clone());
    }

    /// The claims of a token of ours that is for `token_use` and alive at `now`; it dies at the second `exp`.
    pub(crate) fn verify(&self, token: &str, token_use: Use, now: DateTime<Utc>) -> Option<Claims> {
        let known = self.verified().get(token).cloned();
        let claims = match known {
            Some(claims) => claims,
            None => {
                // The curve is worked on while nobody waits for the memory of tokens.
                let claims = self.check_signature(token)?;
                self.remember(token, &claims);
                claims
            }
        };
        let alive = now.timestamp() < claims.exp && !self.expired.contains(claims.expiring());
        (claims.token_use == token_use && alive).then_some(claims)
    }

    /// By what a token of ours is known once it dies before its time.
    pub(crate) fn expiring(&self, token: &str) -> Option<String> {
        let claims = self.check_signature(token)?;
        Some(claims.expiring().to_owned())
    }

    /// Ends what is known by this: an access token by itself, a refresh token with all of its sign-in.
    pub(crate) fn expire(&mut self, expiring: String) {
        self.expired.insert(expiring);
    }

    /// The key set that verifies our tokens (RFC 7517).
    pub(crate) fn jwks(&self) -> Value {
        let (x, y) = &self.coordinates;
        json!({ "keys": [{
            "kty": "EC", "crv": "P-521", "x": x, "y": y,
            "kid": self.kid, "alg": "ES512", "use": "sig",
        }] })
    }

    fn verified(&self) -> MutexGuard<'_, HashMap<String, Claims>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn algorithm(&self) -> &'static str {
        if self.mutations.has(Mutation::TokenWithoutItsAlgorithm) {
            "HS512"
        } else {
            "ES512"
        }
    }

    fn check_signature(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
        if header["alg"] != self.algorithm() || header["kid"] != self.kid.as_str() {
            return None;
        }
        let signature = Signature::from_slice(&decode(signature)?).ok()?;
        if !self.mutations.has(Mutation::ForgedTokenAccepted) {
            self.verifying_key
                .verify(signed.as_bytes(), &signature)
                .ok()?;
        }
        serde_json::from_slice(&decode(payload)?).ok()
    }
}

fn decode(part: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(part.as_bytes()).ok()
}

/// A secret scalar of 520 bits, which is below the order of the curve; a zero is as likely as guessing the key.
fn signing_key(seed: u64) -> SigningKey {
    for round in 0_u8.. {
        let first = Sha512::digest(
            [
                &b"dadosfera-emulator jwt 0"[..],
                &seed.to_be_bytes(),
                &[round],
            ]
            .concat(),
        );
        let second = Sha512::digest(
            [
                &b"dadosfera-emulator jwt 1"[..],
                &seed.to_be_bytes(),
                &[round],
            ]
            .concat(),
        );
        let mut scalar = [0_u8; 66];
        scalar[1..65].copy_from_slice(&first);
        scalar[65] = second[0];
        if let Ok(key) = SigningKey::from_slice(&scalar) {
            return key;
        }
    }
    unreachable!("256 hashes in a row that are zero")
}

/// The key's id is its own hash (RFC 7638).
fn thumbprint(x: &str, y: &str) -> String {
    let members = format!(r#"{{"crv":"P-521","kty":"EC","x":"{x}","y":"{y}"}}"#);
    BASE64URL_NOPAD.encode(&Sha256::digest(members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: i64) -> Claims {
        Claims {
            sub: "u".into(),
            customer: "acme_corp".into(),
            token_use: Use::Access,
            sid: "s".into(),
            jti: "j".into(),
            iat: 0,
            exp,
        }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_token_lives_until_the_second_before_its_exp() {
        let tokens = Tokens::from_seed(1);
        let token = tokens.sign(&claims(1800));
        assert!(tokens.verify(&token, Use::Access, at(1799)).is_some());
        assert!(tokens.verify(&token, Use::Access, at(1800)).is_none());
    }

    #[test]
    fn a_token_of_another_use_another_key_or_another_text_is_refused() {
        let tokens = Tokens::from_seed(1);
        let token = tokens.sign(&claims(1800));
        assert!(tokens.verify(&token, Use::Refresh, at(0)).is_none());
        assert!(
            Tokens::from_seed(2)
                .verify(&token, Use::Access, at(0))
                .is_none()
        );
        let (head, signature) = token.rsplit_once('.').unwrap();
        let payload = BASE64URL_NOPAD.encode(json!(claims(9999)).to_string().as_bytes());
        let forged = format!("{}.{payload}.{signature}", head.split('.').next().unwrap());
        assert!(tokens.verify(&forged, Use::Access, at(0)).is_none());
        for garbage in ["", ".", "..", "a.b.c", "é.é.é"] {
            assert!(tokens.verify(garbage, Use::Access, at(0)).is_none());
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_key_and_the_same_signature() {
        let (one, two) = (Tokens::from_seed(7), Tokens::from_seed(7));
        assert_eq!(one.jwks(), two.jwks());
        assert_eq!(one.sign(&claims(1)), two.sign(&claims(1)));
        assert_ne!(one.jwks(), Tokens::from_seed(8).jwks());
    }

    #[test]
    fn the_key_set_alone_verifies_a_token() {
        let tokens = Tokens::from_seed(1);
        let token = tokens.sign(&claims(1800));
        let jwks = tokens.jwks();
        let mut sec1 = vec![4_u8];
        for coordinate in ["x", "y"] {
            let text = jwks["keys"][0][coordinate].as_str().unwrap();
            sec1.extend(BASE64URL_NOPAD.decode(text.as_bytes()).unwrap());
        }
        let key = VerifyingKey::from_sec1_bytes(&sec1).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&decode(signature).unwrap()).unwrap();
        assert_eq!(signature.to_bytes().len(), 132);
        key.verify(signed.as_bytes(), &signature).unwrap();
    }
}
