//! A record in pieces that fit a keyring, and one entry that says which pieces count.
//!
//! Rule: new pieces are written beside the old ones, and then the head is changed in one go, so a process that dies in
//! between leaves the old record whole. The head is `1 SLOT COUNT DIGEST`; the pieces are `NAME.SLOT.0` and so on.

use dadosfera_raw::Secret;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::ring::Keyring;
use crate::store::{Record, StoreError, StoreErrorKind};

/// What the smallest keyring holds, in UTF-16 units.
const LARGEST_PIECE: usize = 1280;
/// More pieces than any record has.
const MOST_PIECES: usize = 64;
/// More records than this aside are a quarrel between two programs, not an accident.
const MOST_ASIDE: u32 = 100;
/// A reader without the lock may see a head and then no pieces any more.
const MOST_READS: usize = 3;

/// What the head says.
struct Head {
    slot: char,
    count: usize,
    digest: String,
}

impl Head {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (version, slot) = (words.next()?, words.next()?);
        let (count, digest) = (words.next()?.parse().ok()?, words.next()?);
        let is_known = version == "1" && ["a", "b"].contains(&slot) && words.next().is_none();
        (is_known && (1..=MOST_PIECES).contains(&count)).then(|| Self {
            slot: if slot == "a" { 'a' } else { 'b' },
            count,
            digest: digest.to_owned(),
        })
    }

    fn text(&self) -> Secret {
        Secret::from(format!("1 {} {} {}", self.slot, self.count, self.digest))
    }
}

pub(super) fn load(ring: &dyn Keyring, name: &str) -> Result<Option<Record>, StoreError> {
    let mut last = None;
    for _ in 0..MOST_READS {
        let Some(head) = ring.get(name)? else {
            return Ok(None);
        };
        match whole(ring, name, head.expose()) {
            Ok(record) => return Ok(Some(record)),
            Err(error) if error.kind() == StoreErrorKind::Corrupt => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| corrupt("the keyring holds no record")))
}

fn whole(ring: &dyn Keyring, name: &str, head: &str) -> Result<Record, StoreError> {
    let head = Head::read(head)
        .ok_or_else(|| corrupt("what the keyring holds is no record of version 1"))?;
    let mut text = Zeroizing::new(String::new());
    for number in 0..head.count {
        match ring.get(&piece(name, head.slot, number))? {
            Some(piece) => text.push_str(piece.expose()),
            None => return Err(corrupt("a piece of the record is missing in the keyring")),
        }
    }
    if digest(&text) != head.digest {
        return Err(corrupt("the record in the keyring was changed"));
    }
    Record::from_bytes(text.as_bytes())
}

pub(super) fn save(ring: &dyn Keyring, name: &str, record: &Record) -> Result<(), StoreError> {
    let bytes = record.to_bytes()?;
    let text = std::str::from_utf8(&bytes).map_err(|_| unwritable("the record is no text"))?;
    let pieces = cut(text);
    if pieces.len() > MOST_PIECES {
        return Err(unwritable(
            "the record is too long for a keyring; use a FileStore",
        ));
    }
    let old = head(ring, name)?;
    let new = Head {
        slot: match &old {
            Some(old) if old.slot == 'a' => 'b',
            _ => 'a',
        },
        count: pieces.len(),
        digest: digest(text),
    };
    for (number, text) in pieces.iter().enumerate() {
        ring.set(&piece(name, new.slot, number), &Secret::from(*text))?;
    }
    ring.set(name, &new.text())?;
    // What is left of the old one is a secret that nobody needs.
    forget(ring, name, old.as_ref())
}

pub(super) fn clear(ring: &dyn Keyring, name: &str) -> Result<(), StoreError> {
    let old = head(ring, name)?;
    ring.remove(name)?;
    forget(ring, name, old.as_ref())
}

pub(super) fn set_aside(ring: &dyn Keyring, name: &str) -> Result<String, StoreError> {
    let Some(text) = ring.get(name)? else {
        return Ok("nowhere: it is gone".to_owned());
    };
    for number in 1..=MOST_ASIDE {
        let aside = format!("{name}.aside-{number}");
        if ring.get(&aside)?.is_some() {
            continue;
        }
        let old = Head::read(text.expose());
        if let Some(old) = &old {
            for number in 0..old.count {
                if let Some(kept) = ring.get(&piece(name, old.slot, number))? {
                    ring.set(&piece(&aside, old.slot, number), &kept)?;
                }
            }
        }
        ring.set(&aside, &text)?;
        ring.remove(name)?;
        forget(ring, name, old.as_ref())?;
        return Ok(format!("{aside} in {}", ring.place()));
    }
    Err(unwritable(
        "a hundred records lie aside in the keyring; give each program its own name, then remove them",
    ))
}

fn head(ring: &dyn Keyring, name: &str) -> Result<Option<Head>, StoreError> {
    Ok(ring.get(name)?.and_then(|text| Head::read(text.expose())))
}

fn forget(ring: &dyn Keyring, name: &str, old: Option<&Head>) -> Result<(), StoreError> {
    let Some(old) = old else { return Ok(()) };
    for number in 0..old.count {
        ring.remove(&piece(name, old.slot, number))?;
    }
    Ok(())
}

fn piece(name: &str, slot: char, number: usize) -> String {
    format!("{name}.{slot}.{number}")
}

fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

/// Cuts a text into pieces that fit.
fn cut(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut units) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        if units + c.len_utf16() > LARGEST_PIECE {
            pieces.push(&text[start..at]);
            (start, units) = (at, 0);
        }
        units += c.len_utf16();
    }
    pieces.push(&text[start..]);
    pieces
}

fn corrupt(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, what)
}

fn unwritable(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Unwritable, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_pieces_that_windows_holds() {
        for text in [
            String::new(),
            "a".repeat(1280),
            "a".repeat(1281),
            "é😀".repeat(3000),
        ] {
            let pieces = cut(&text);
            assert_eq!(pieces.concat(), text);
            let longest = pieces.iter().map(|it| it.encode_utf16().count()).max();
            assert!(longest <= Some(LARGEST_PIECE), "{longest:?}");
        }
        assert_eq!(cut(&"a".repeat(1280)).len(), 1);
        assert_eq!(cut(&"a".repeat(1281)).len(), 2);
    }

    #[test]
    fn a_head_that_is_none_is_not_read() {
        for text in [
            "",
            "1",
            "1 a 1",
            "2 a 1 d",
            "1 c 1 d",
            "1 a 0 d",
            "1 a 99 d",
            "1 a 1 d d",
        ] {
            assert!(Head::read(text).is_none(), "{text}");
        }
        assert!(Head::read("1 b 64 d").is_some());
    }
}
