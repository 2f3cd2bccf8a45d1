//! Sessions that share a store, and stores that are of no use: each has a clear outcome, and none poisons the session.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dadosfera::{
    Client, ErrorKind, FileStore, MemoryStore, Record, SessionEvent, SessionObserver, SessionState,
    StoreErrorKind, TokenStore,
};
use dadosfera_emulator::FaultEffect;
use tempfile::TempDir;

use crate::outloud::Fails as _;
use crate::support::{ANA, World};

/// Notes the names of the events.
#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<Vec<String>>);

impl SessionObserver for Events {
    fn event(&self, event: &SessionEvent) {
        let text = format!("{event:?}");
        println!("{text}");
        assert!(!text.contains("canary") && !text.contains(ANA.1), "{text}");
        let name = text.split(['(', ' ']).next().unwrap_or_default().to_owned();
        self.0.lock().expect("unpoisoned").push(name);
    }
}

impl Events {
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().expect("unpoisoned").clone()
    }
}

struct Kept {
    world: World,
    folder: TempDir,
    events: Arc<Events>,
}

impl Kept {
    async fn new() -> Self {
        Self {
            world: World::rotating().await,
            folder: tempfile::tempdir().expect("a folder"),
            events: Arc::default(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state").join("session.json")
    }

    fn store(&self) -> Arc<FileStore> {
        Arc::new(FileStore::new(self.path()))
    }

    /// Another process of the same user.
    fn client(&self) -> Client {
        self.world
            .builder()
            .password(ANA.0, ANA.1)
            .token_store(self.store())
            .session_observer(Arc::clone(&self.events) as Arc<dyn SessionObserver>)
            .build()
            .expect("a client")
    }

    /// A process that has no password.
    fn resumed(&self) -> Client {
        self.world
            .builder()
            .token_store(self.store())
            .build()
            .expect("a client")
    }

    fn asked(&self) -> (usize, usize) {
        (
            self.world.count("sign_in"),
            self.world.count("refresh_access_token"),
        )
    }

    async fn record(&self) -> Record {
        let record = self.store().load().await.expect("readable");
        record.expect("a record")
    }

    /// Writes something in place of the record, as only its owner can.
    fn put(&self, text: &str) {
        std::fs::write(self.path(), text).expect("written");
    }

    fn aside(&self, number: u32) -> String {
        let mut path = self.path().into_os_string();
        path.push(format!(".aside-{number}"));
        std::fs::read_to_string(path).expect("kept aside")
    }
}

pub(crate) async fn lists(client: &Client) {
    client.pipelines().list().await.expect("listed");
}

#[tokio::test]
async fn a_second_process_goes_on_with_the_token_of_the_first() {
    let kept = Kept::new().await;
    lists(&kept.client()).await;
    lists(&kept.client()).await;
    lists(&kept.resumed()).await;
    assert_eq!(kept.asked(), (1, 0));
    assert_eq!(kept.events.names(), ["SignedIn", "Adopted"]);
}

#[tokio::test]
async fn processes_that_share_a_rotating_token_refresh_once_for_all() {
    let kept = Kept::new().await;
    let clients: Vec<Client> = (0..4).map(|_| kept.client()).collect();
    for round in 0..5 {
        let calls: Vec<_> = clients
            .iter()
            .map(|client| {
                let client = client.clone();
                tokio::spawn(async move { client.pipelines().list().await.map(|_| ()) })
            })
            .collect();
        for call in calls {
            call.await.expect("no panic").expect("listed");
        }
        assert_eq!(kept.asked(), (1, round));
        kept.world.advance(31);
    }
    assert_eq!(kept.record().await.generation, 5);
}

#[tokio::test]
async fn a_rejected_token_is_not_taken_from_the_store_again() {
    let kept = Kept::new().await;
    let client = kept.client();
    lists(&client).await;
    kept.world.advance(1);
    kept.world
        .fail("list_pipelines", 1, FaultEffect::Status(401));
    lists(&client).await;
    assert_eq!(kept.asked(), (1, 1));
    assert_eq!(kept.events.names(), ["SignedIn", "Rejected", "Refreshed"]);
}

#[tokio::test]
async fn a_session_without_credentials_waits_for_a_login_elsewhere() {
    let kept = Kept::new().await;
    let resumed = kept.resumed();
    let error = resumed.pipelines().list().await.fails("nothing kept");
    assert_eq!(error.kind(), ErrorKind::SessionExpired);
    let status = resumed.session().status().expect("a session");
    assert_eq!(
        status.state,
        SessionState::NeedsInput(ErrorKind::SessionExpired)
    );
    lists(&kept.client()).await;
    lists(&resumed).await;
    assert_eq!(kept.asked(), (1, 0));
}

#[tokio::test]
async fn logging_out_clears_the_store_and_ends_the_session() {
    let kept = Kept::new().await;
    let client = kept.client();
    lists(&client).await;
    client.session().log_out().await.expect("logged out");
    assert!(!kept.path().exists());
    let error = client.pipelines().list().await.fails("closed");
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn what_is_no_record_is_kept_aside_with_a_warning() {
    let kept = Kept::new().await;
    lists(&kept.client()).await;
    for (number, text) in [(1, "canary: no JSON"), (2, "{\"v\": 99}")] {
        kept.put(text);
        let client = kept.client();
        lists(&client).await;
        assert_eq!(kept.aside(number), text);
        let status = client.session().status().expect("a session");
        assert_eq!(status.set_aside.len(), 1);
        assert!(!format!("{status:?}").contains("canary"), "{status:?}");
        assert_eq!(status.store_degraded, None);
    }
    assert_eq!(kept.asked(), (3, 0));
}

#[tokio::test]
async fn a_record_of_another_server_or_user_is_kept_aside() {
    let kept = Kept::new().await;
    lists(&kept.client()).await;
    let record = kept.record().await;
    let mut other_host = record.clone();
    other_host.host = "https://elsewhere.example".to_owned();
    let mut other_user = record;
    other_user.user = Some("vera@acme.example".to_owned());
    for (number, foreign) in [(1, other_host), (2, other_user)] {
        let bytes = foreign.to_bytes().expect("bytes");
        kept.put(std::str::from_utf8(&bytes).expect("text"));
        let client = kept.client();
        lists(&client).await;
        assert_eq!(kept.aside(number).as_bytes(), &**bytes);
        let status = client.session().status().expect("a session");
        assert!(
            status.set_aside[0].contains("the record is of"),
            "{status:?}"
        );
    }
}

#[tokio::test]
async fn an_expired_record_is_replaced_by_a_sign_in() {
    let kept = Kept::new().await;
    lists(&kept.client()).await;
    kept.world.advance(25 * 60);
    lists(&kept.client()).await;
    assert_eq!(kept.asked(), (2, 0));
    assert_eq!(kept.record().await.generation, 2);
}

#[tokio::test]
async fn a_life_of_five_seconds_or_ten_years_in_a_record_is_bounded() {
    let kept = Kept::new().await;
    lists(&kept.client()).await;
    for life in [5, 10 * 365 * 24 * 3600] {
        let mut record = kept.record().await;
        record.life = life;
        record.generation += 1;
        let bytes = record.to_bytes().expect("bytes");
        kept.put(std::str::from_utf8(&bytes).expect("text"));
        lists(&kept.client()).await;
    }
    assert_eq!(kept.asked(), (1, 0), "both are taken for what they can be");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_can_read_and_a_link_are_refused() {
    use std::os::unix::fs::PermissionsExt;

    let kept = Kept::new().await;
    lists(&kept.client()).await;
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    let state = kept.path().parent().expect("a folder").to_owned();
    assert_eq!(
        std::fs::metadata(&state)
            .expect("there")
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    assert_eq!(
        std::fs::metadata(kept.path())
            .expect("there")
            .permissions()
            .mode()
            & 0o777,
        0o600
    );

    std::fs::set_permissions(kept.path(), mode(0o644)).expect("changed");
    let error = kept.store().load().await.fails("others can read it");
    assert_eq!(error.kind(), StoreErrorKind::Unsafe);
    assert!(error.to_string().contains("chmod 600"), "{error}");
    let client = kept.client();
    lists(&client).await;
    let status = client.session().status().expect("a session");
    assert!(status.store_degraded.is_some(), "{status:?}");
    std::fs::set_permissions(kept.path(), mode(0o600)).expect("changed");

    std::fs::set_permissions(&state, mode(0o755)).expect("changed");
    let opened = kept.store().lock(Duration::from_secs(5)).await;
    let error = opened.fails("wide");
    assert_eq!(error.kind(), StoreErrorKind::Unsafe);
    std::fs::set_permissions(&state, mode(0o700)).expect("changed");

    let aside = state.join("elsewhere.json");
    std::fs::rename(kept.path(), &aside).expect("moved");
    std::os::unix::fs::symlink(&aside, kept.path()).expect("linked");
    let error = kept.store().load().await.fails("a link");
    assert_eq!(error.kind(), StoreErrorKind::Unsafe);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_degrades_and_recovers() {
    let kept = Kept::new().await;
    let client = kept.client();
    lists(&client).await;
    let before = std::fs::read(kept.path()).expect("kept");
    // A folder in the way of the temporary file: no user can write it away, not even root.
    let mut blocked = kept.path().into_os_string();
    blocked.push(".tmp");
    std::fs::create_dir(&blocked).expect("made");
    std::fs::write(PathBuf::from(&blocked).join("x"), "").expect("made");
    kept.world.advance(31);
    lists(&client).await;
    // The refresh token that others may hold was not spent: the password was used.
    assert_eq!(kept.asked(), (2, 0));
    let status = client.session().status().expect("a session");
    assert!(status.store_degraded.is_some(), "{status:?}");
    assert_eq!(std::fs::read(kept.path()).expect("kept"), before);

    let resumed = kept.resumed();
    let error = resumed.pipelines().list().await.fails("not spent");
    assert!(
        error.is_transient() && error.retry_after().is_some(),
        "{error:?}"
    );
    assert_eq!(kept.asked(), (2, 0));

    std::fs::remove_dir_all(&blocked).expect("removed");
    kept.world.advance(31);
    lists(&client).await;
    lists(&resumed).await;
    let status = client.session().status().expect("a session");
    assert_eq!(status.store_degraded, None);
    let events = "SignedIn StoreDegraded SignedIn Refreshed StoreRecovered";
    assert_eq!(kept.events.names().join(" "), events);
}

#[tokio::test]
async fn a_lock_that_is_held_is_waited_for_and_dies_with_its_holder() {
    let kept = Kept::new().await;
    let (one, two) = (kept.store(), kept.store());
    let guard = one.lock(Duration::from_secs(5)).await.expect("free");
    let error = two.lock(Duration::from_millis(50)).await.fails("held");
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    drop(guard);
    let guard = two.lock(Duration::from_secs(5)).await.expect("free again");
    guard.release().await.expect("released");
}

#[tokio::test]
async fn sessions_of_one_process_share_a_store_in_memory() {
    let world = World::new().await;
    let store = MemoryStore::new();
    for _ in 0..3 {
        let client = world
            .builder()
            .password(ANA.0, ANA.1)
            .token_store(Arc::new(store.clone()))
            .build()
            .expect("a client");
        lists(&client).await;
    }
    assert_eq!(world.count("sign_in"), 1);
}

#[tokio::test]
async fn a_warm_session_refreshes_before_it_is_asked_and_its_task_ends_with_it() {
    let world = World::new().await;
    let client = world.ana();
    lists(&client).await;
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    client.session().keep_warm(true).expect("on a runtime");
    for _ in 0..500 {
        if world.count("refresh_access_token") >= 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(world.count("refresh_access_token") >= 1);
    assert_eq!(world.count("sign_in"), 1);
    client.session().keep_warm(false).expect("a session");
    let before = tasks();
    client.session().keep_warm(true).expect("on a runtime");
    assert_eq!(tasks(), before + 1);
    drop(client);
    for _ in 0..500 {
        if tasks() <= before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(tasks() <= before, "{} tasks are left of {before}", tasks());
}
