//! API keys: shown once, kept as a hash, limited to the permissions that they name.
//!
//! Rule: a key belongs to the customer of the user who made it, and works for that customer until it or that user is
//! deleted.

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::mutations::{Mutation, Mutations};
use crate::state::permissions::{self, Permission};

const PREFIX: &str = "ddf_";
const SHOWN: usize = 5;

/// A key as it is kept: without the key.
#[derive(Debug, Clone)]
pub(crate) struct ApiKey {
    pub(crate) id: String,
    pub(crate) mask: String,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) created_at: DateTime<Utc>,
    /// The user who made it.
    pub(crate) created_by: String,
    pub(crate) customer_id: String,
    digest: Vec<u8>,
}

/// All keys of all customers, oldest first.
#[derive(Debug, Default)]
pub(crate) struct ApiKeys {
    keys: Vec<ApiKey>,
    mutations: Mutations,
}

/// Who makes a key, and what chance gives it.
pub(crate) struct NewApiKey<'a> {
    pub(crate) id: String,
    pub(crate) secret: [u8; 32],
    pub(crate) permission_ids: &'a [i64],
    pub(crate) created_by: &'a str,
    pub(crate) customer_id: &'a str,
    pub(crate) now: DateTime<Utc>,
}

impl ApiKeys {
    /// Nothing yet; mutations take rules of it away.
    pub(crate) fn new(mutations: Mutations) -> Self {
        Self {
            mutations,
            ..Self::default()
        }
    }

    pub(crate) fn list(&self, customer_id: &str) -> impl Iterator<Item = &ApiKey> {
        self.keys
            .iter()
            .filter(move |key| key.customer_id == customer_id)
    }

    /// The key's text, which exists only in this answer; the error lists the ids that are no permissions.
    pub(crate) fn create(&mut self, new: NewApiKey<'_>) -> Result<(String, &ApiKey), Vec<i64>> {
        let mut permissions: Vec<Permission> = Vec::new();
        let mut unknown = Vec::new();
        for id in new.permission_ids {
            match permissions::by_id(*id) {
                Some(permission) if !permissions.contains(&permission) => {
                    permissions.push(permission);
                }
                Some(_) => {}
                None => unknown.push(*id),
            }
        }
        if !unknown.is_empty() && !self.mutations.has(Mutation::UnknownPermissionLeftOut) {
            return Err(unknown);
        }
        let text = format!("{PREFIX}{}", BASE64.encode(&new.secret));
        self.keys.push(ApiKey {
            id: new.id,
            mask: if self.mutations.has(Mutation::KeyIsItsMask) {
                text.clone()
            } else if self.mutations.has(Mutation::MaskIsShort) {
                mask(&text[..PREFIX.len() + SHOWN + 3])
            } else {
                mask(&text)
            },
            permissions,
            created_at: new.now,
            created_by: new.created_by.to_owned(),
            customer_id: new.customer_id.to_owned(),
            digest: digest(&text),
        });
        let last = self.keys.len() - 1;
        Ok((text, &self.keys[last]))
    }

    /// Whether there was such a key.
    pub(crate) fn delete(&mut self, customer_id: &str, id: &str) -> bool {
        let before = self.keys.len();
        self.keys
            .retain(|key| key.customer_id != customer_id || key.id != id);
        self.keys.len() < before
    }

    /// Deletes all keys of a user.
    pub(crate) fn delete_made_by(&mut self, user_id: &str) {
        self.keys.retain(|key| key.created_by != user_id);
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&ApiKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub(crate) fn authenticate(&self, text: &str) -> Option<&ApiKey> {
        let digest = digest(text);
        self.keys.iter().find(|key| key.digest == digest)
    }
}

fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

fn mask(text: &str) -> String {
    let shown = PREFIX.len() + SHOWN;
    let (head, tail) = text.split_at(shown);
    format!("{head}{}", "*".repeat(tail.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_the_documented_one() {
        assert_eq!(
            mask("ddf_FSdgV8Ii2py/7sexFE3H9yyNvxuBQ2jn7mksKomfXy8="),
            "ddf_FSdgV***************************************"
        );
    }

    #[test]
    fn unknown_permission_ids_are_named_and_make_no_key() {
        let mut keys = ApiKeys::default();
        let result = keys.create(NewApiKey {
            id: "k".into(),
            secret: [0; 32],
            permission_ids: &[1, 0, 99],
            created_by: "u",
            customer_id: "acme",
            now: DateTime::UNIX_EPOCH,
        });
        assert_eq!(result.map(|_| ()), Err(vec![0, 99]));
        assert_eq!(keys.list("acme").count(), 0);
    }

    #[test]
    fn a_key_belongs_to_one_customer_and_dies_when_deleted() {
        let mut keys = ApiKeys::default();
        let (text, _) = keys
            .create(NewApiKey {
                id: "k".into(),
                secret: [1; 32],
                permission_ids: &[1, 1],
                created_by: "u",
                customer_id: "acme",
                now: DateTime::UNIX_EPOCH,
            })
            .unwrap();
        assert_eq!(keys.authenticate(&text).unwrap().permissions.len(), 1);
        assert!(!keys.delete("globex", "k"));
        assert!(keys.delete("acme", "k"));
        assert!(keys.authenticate(&text).is_none());
    }
}
