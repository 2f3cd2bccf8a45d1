//! A name for a token that tells nothing of it: the first half of its SHA-256.
//!
//! Tokens are long and random, so nobody finds one by its fingerprint. It stands in records and says whether two tokens
//! are one.

use sha2::{Digest, Sha256};

/// The fingerprint of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 16]);

impl Fingerprint {
    pub(crate) fn of(token: &str) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&Sha256::digest(token.as_bytes())[..16]);
        Self(half)
    }

    /// As a record holds it.
    pub(crate) fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_first_half_of_the_hash() {
        // SHA-256 of "abc" in FIPS 180-4 begins so.
        assert_eq!(
            Fingerprint::of("abc").to_hex(),
            "ba7816bf8f01cfea414140de5dae2223"
        );
        assert_ne!(Fingerprint::of("abc"), Fingerprint::of("abd"));
    }
}
