//! The store in a keyring: pieces, a record that is whole or not there, and calls that hang or fail.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dadosfera::{
    Client, Keyring, KeyringStore, Record, Secret, SessionObserver, StoreError, StoreErrorKind,
    TokenStore,
};
use tempfile::TempDir;

use crate::outloud::Fails as _;
use crate::stores::{Events, lists};
use crate::support::{ANA, World};

const SOON: Duration = Duration::from_secs(5);

/// What a keyring does beside keeping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Well,
    /// Each call hangs until the mood is another one.
    Hangs,
    /// Each call fails.
    Fails,
    /// It takes this many more values.
    Takes(u32),
}

/// A keyring in memory with the limit of the one of Windows.
#[derive(Debug, Default)]
struct Memory {
    entries: Mutex<BTreeMap<String, String>>,
    mood: Mutex<Mood>,
    /// How many calls were made.
    calls: AtomicUsize,
}

impl Memory {
    fn set_mood(&self, mood: Mood) {
        *self.mood.lock().expect("unpoisoned") = mood;
    }

    fn names(&self) -> Vec<String> {
        let entries = self.entries.lock().expect("unpoisoned");
        entries.keys().cloned().collect()
    }

    fn put(&self, name: &str, value: &str) {
        let mut entries = self.entries.lock().expect("unpoisoned");
        entries.insert(name.to_owned(), value.to_owned());
    }

    fn answers(&self) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        while *self.mood.lock().expect("unpoisoned") == Mood::Hangs {
            std::thread::sleep(Duration::from_millis(10));
        }
        match *self.mood.lock().expect("unpoisoned") {
            Mood::Fails => Err(StoreError::new(StoreErrorKind::Unavailable, "locked")),
            _ => Ok(()),
        }
    }
}

impl Keyring for Memory {
    fn place(&self) -> String {
        "a keyring in memory".to_owned()
    }

    fn get(&self, entry: &str) -> Result<Option<Secret>, StoreError> {
        self.answers()?;
        let entries = self.entries.lock().expect("unpoisoned");
        Ok(entries.get(entry).map(|value| Secret::from(value.as_str())))
    }

    fn set(&self, entry: &str, value: &Secret) -> Result<(), StoreError> {
        self.answers()?;
        let units = value.expose().encode_utf16().count();
        assert!(units <= 1280, "{units} are more than Windows holds");
        if let Mood::Takes(left) = &mut *self.mood.lock().expect("unpoisoned") {
            let Some(less) = left.checked_sub(1) else {
                return Err(StoreError::new(StoreErrorKind::Unwritable, "full"));
            };
            *left = less;
        }
        self.put(entry, value.expose());
        Ok(())
    }

    fn remove(&self, entry: &str) -> Result<(), StoreError> {
        self.answers()?;
        self.entries.lock().expect("unpoisoned").remove(entry);
        Ok(())
    }
}

struct Kept {
    ring: Arc<Memory>,
    folder: TempDir,
    events: Arc<Events>,
}

impl Kept {
    fn new() -> Self {
        Self {
            ring: Arc::default(),
            folder: tempfile::tempdir().expect("a folder"),
            events: Arc::default(),
        }
    }

    fn store(&self) -> KeyringStore {
        let lock = self.folder.path().join("state").join("keyring");
        KeyringStore::over(Arc::clone(&self.ring) as Arc<dyn Keyring>, "ana", lock)
    }

    fn client(&self, world: &World) -> Client {
        world
            .builder()
            .password(ANA.0, ANA.1)
            .token_store(Arc::new(self.store()))
            .session_observer(Arc::clone(&self.events) as Arc<dyn SessionObserver>)
            .build()
            .expect("a client")
    }
}

fn record(token: &str, generation: u64) -> Record {
    let mut record = Record::new("https://api.example");
    record.refresh_token = Some(token.into());
    record.access_token = Some("canary-access".into());
    record.generation = generation;
    record
}

#[tokio::test]
async fn a_long_token_is_kept_in_pieces_and_the_access_token_is_not_kept() {
    let kept = Kept::new();
    let store = kept.store();
    let mut guard = store.lock(SOON).await.expect("free");
    let long = "é😀x".repeat(1500);
    guard.save(&record(&long, 1)).await.expect("kept");
    let back = guard.load().await.expect("readable").expect("a record");
    assert_eq!(back.refresh_token.expect("kept").expose(), long);
    assert!(back.access_token.is_none());
    assert_eq!(kept.ring.names().len(), 1 + 5, "{:?}", kept.ring.names());
    guard.save(&record("short", 2)).await.expect("kept");
    assert_eq!(kept.ring.names(), ["ana", "ana.b.0"], "nothing old is left");
    guard.clear().await.expect("cleared");
    assert!(kept.ring.names().is_empty());
    guard.release().await.expect("released");
}

#[tokio::test]
async fn a_write_that_ends_half_way_leaves_the_old_record() {
    let kept = Kept::new();
    let store = kept.store();
    let mut guard = store.lock(SOON).await.expect("free");
    guard
        .save(&record(&"o".repeat(3000), 1))
        .await
        .expect("kept");
    for takes in 0..3 {
        kept.ring.set_mood(Mood::Takes(takes));
        let error = guard.save(&record(&"n".repeat(3000), 2)).await;
        assert_eq!(error.fails("full").kind(), StoreErrorKind::Unwritable);
        let back = guard.load().await.expect("readable").expect("a record");
        assert_eq!(back.generation, 1, "after {takes} pieces");
    }
    kept.ring.set_mood(Mood::Well);
    guard.save(&record("new", 2)).await.expect("kept");
    let back = guard.load().await.expect("readable").expect("a record");
    assert_eq!(back.generation, 2);
}

#[tokio::test]
async fn what_is_no_record_is_kept_aside_with_its_pieces() {
    let kept = Kept::new();
    let store = kept.store();
    let mut guard = store.lock(SOON).await.expect("free");
    guard.save(&record("canary", 1)).await.expect("kept");
    kept.ring.put("ana.a.0", "canary: no record");
    let error = guard.load().await.fails("changed");
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert!(!format!("{error} {error:?}").contains("canary"));
    guard.set_aside().await.expect("moved");
    assert_eq!(kept.ring.names(), ["ana.aside-1", "ana.aside-1.a.0"]);
    kept.ring.put("ana", "canary");
    let error = guard.load().await.fails("no head");
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    guard.set_aside().await.expect("moved");
    assert!(kept.ring.names().contains(&"ana.aside-2".to_owned()));
}

#[tokio::test]
async fn the_lock_beside_a_keyring_is_held_by_one() {
    let kept = Kept::new();
    let guard = kept.store().lock(SOON).await.expect("free");
    let again = kept.store().lock(Duration::from_millis(50)).await;
    assert_eq!(again.fails("held").kind(), StoreErrorKind::Busy);
    guard.release().await.expect("released");
    kept.store().lock(SOON).await.expect("free again");
}

#[tokio::test]
async fn a_next_run_refreshes_with_what_the_keyring_keeps() {
    let (world, kept) = (World::new().await, Kept::new());
    lists(&kept.client(&world)).await;
    lists(&kept.client(&world)).await;
    assert_eq!(world.count("sign_in"), 1);
    assert_eq!(world.count("refresh_access_token"), 1);
}

#[tokio::test]
async fn a_keyring_that_hangs_is_given_up_and_asked_again_once_it_answers() {
    let (world, kept) = (World::new().await, Kept::new());
    kept.ring.set_mood(Mood::Hangs);
    let client = kept.client(&world);
    lists(&client).await;
    let status = client.session().status().expect("a session");
    let why = status.store_degraded.expect("degraded");
    assert!(why.contains("did not answer within 3 s"), "{why}");
    // While the first call hangs no other is made, so that no more threads hang.
    world.advance(31);
    lists(&client).await;
    let status = client.session().status().expect("a session");
    assert!(status.store_degraded.is_some(), "{status:?}");
    assert_eq!(kept.ring.calls.load(Ordering::Relaxed), 1);
    kept.ring.set_mood(Mood::Well);
    // The thread that hung needs a moment to end.
    let mut degraded = true;
    for _ in 0..50 {
        world.advance(31);
        lists(&client).await;
        let status = client.session().status().expect("a session");
        degraded = status.store_degraded.is_some();
        if !degraded {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!degraded);
    assert_eq!(kept.events.names()[0], "StoreDegraded");
}

#[tokio::test]
async fn a_keyring_that_fails_degrades_with_one_warning() {
    let (world, kept) = (World::new().await, Kept::new());
    kept.ring.set_mood(Mood::Fails);
    let client = kept.client(&world);
    lists(&client).await;
    world.advance(31);
    lists(&client).await;
    assert_eq!(
        kept.events.names(),
        ["StoreDegraded", "SignedIn", "Refreshed"]
    );
    let shown = format!("{:?} {:?}", client, kept.store());
    assert!(!shown.contains(ANA.1), "{shown}");
}
