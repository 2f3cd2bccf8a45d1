//! What Redis keeps of a record: encrypted and bound to its place, so that whoever reads Redis reads no token.
//!
//! The form is one byte of version, 24 random bytes of nonce, and XChaCha20-Poly1305 over the record's JSON. The name of the
//! store and the generation are authenticated beside it: a payload of another place or generation does not open.

use std::fmt;

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::store::{Record, StoreError, StoreErrorKind};

/// The version of this form.
const VERSION: u8 = 1;
const NONCE: usize = 24;

/// Encrypts the records of one store. The key is zeroed when it is dropped.
pub(super) struct Seal {
    cipher: XChaCha20Poly1305,
    name: String,
}

impl Seal {
    pub(super) fn new(key: &[u8; 32], name: &str) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&Key::from(*key)),
            name: name.to_owned(),
        }
    }

    pub(super) fn close(&self, record: &Record) -> Result<Vec<u8>, StoreError> {
        let unwritable = |what| StoreError::new(StoreErrorKind::Unwritable, what);
        let nonce = XNonce::try_generate()
            .map_err(|_| unwritable("this machine gives no random bytes to encrypt with"))?;
        let plain = record.to_bytes()?;
        let bound = self.bound(record.generation);
        let payload = Payload {
            msg: &plain,
            aad: &bound,
        };
        let sealed = self
            .cipher
            .encrypt(&nonce, payload)
            .map_err(|_| unwritable("the record cannot be encrypted"))?;
        let mut bytes = Vec::with_capacity(1 + NONCE + sealed.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    pub(super) fn open(&self, bytes: &[u8], generation: u64) -> Result<Record, StoreError> {
        let corrupt = |what| StoreError::new(StoreErrorKind::Corrupt, what);
        let (nonce, sealed) = match bytes.split_first() {
            Some((&VERSION, rest)) => rest.split_at_checked(NONCE),
            _ => None,
        }
        .ok_or_else(|| corrupt("what Redis keeps is no encrypted record of version 1"))?;
        let nonce = XNonce::try_from(nonce)
            .map_err(|_| corrupt("what Redis keeps is no encrypted record of version 1"))?;
        let bound = self.bound(generation);
        let payload = Payload {
            msg: sealed,
            aad: &bound,
        };
        let plain = self.cipher.decrypt(&nonce, payload).map_err(|_| {
            corrupt(
                "the record in Redis does not open: it was encrypted with another key, or changed",
            )
        })?;
        let record = Record::from_bytes(&Zeroizing::new(plain))?;
        if record.generation == generation {
            return Ok(record);
        }
        Err(corrupt(
            "the record in Redis is of another generation than it claims",
        ))
    }

    /// What is authenticated beside the record.
    fn bound(&self, generation: u64) -> Vec<u8> {
        let mut bound = b"dadosfera session 1\0".to_vec();
        bound.extend_from_slice(&generation.to_be_bytes());
        bound.extend_from_slice(self.name.as_bytes());
        bound
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let mut record = Record::new("https://api.example");
        record.refresh_token = Some("canary".into());
        record.generation = 7;
        record
    }

    #[test]
    fn a_record_opens_as_it_was_closed_and_is_not_readable_in_between() {
        let seal = Seal::new(&[7; 32], "nightly");
        let bytes = seal.close(&record()).expect("closed");
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
        assert_ne!(
            bytes,
            seal.close(&record()).expect("closed"),
            "each has its nonce"
        );
        let back = seal.open(&bytes, 7).expect("opens");
        assert_eq!(back.refresh_token.expect("kept").expose(), "canary");
    }

    #[test]
    fn another_key_place_generation_or_byte_does_not_open() {
        let seal = Seal::new(&[7; 32], "nightly");
        let bytes = seal.close(&record()).expect("closed");
        let corrupt = |opened: Result<Record, StoreError>| {
            let error = opened.expect_err("does not open");
            assert_eq!(error.kind(), StoreErrorKind::Corrupt);
            assert!(!format!("{error} {error:?}").contains("canary"));
        };
        corrupt(Seal::new(&[8; 32], "nightly").open(&bytes, 7));
        corrupt(Seal::new(&[7; 32], "weekly").open(&bytes, 7));
        corrupt(seal.open(&bytes, 8));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            corrupt(seal.open(&changed, 7));
            corrupt(seal.open(&bytes[..at], 7));
        }
    }
}
