//! What a session is given late or wrong: tokens that are none, codes and passwords from somebody, stores on bad disks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dadosfera::{Client, ErrorKind, Secret, SessionState};

use crate::outloud::Fails as _;
use crate::stores::lists;
use crate::support::{ANA, MFA, Raw, World, json};

/// A server whose sign-in answers this access token.
async fn server(access_token: String) -> Raw {
    Raw::start(move |request| {
        if request.starts_with("POST /auth/sign-in") {
            let body = serde_json::json!({
                "permissions": [], "mfaStatus": "none",
                "tokens": {"accessToken": access_token, "refreshToken": "refresh"},
                "customer": {"id": "1", "name": "acme_corp"},
            });
            return json("200 OK", &body.to_string());
        }
        json("200 OK", "[]")
    })
    .await
}

fn jwt(claims: &str) -> String {
    let encoded = data_encoding::BASE64URL_NOPAD.encode(claims.as_bytes());
    format!("e30.{encoded}.c2ln")
}

#[tokio::test]
async fn a_token_with_odd_claims_or_none_serves_and_poisons_nothing() {
    let (minute, day) = (Duration::from_secs(60), Duration::from_secs(24 * 3600));
    let half_hour = Duration::from_secs(30 * 60);
    for (token, longest) in [
        ("no JWT at all".to_owned(), half_hour),
        ("a.b.c".to_owned(), half_hour),
        (jwt("canary: no JSON"), half_hour),
        (
            jwt(r#"{"iat": 1763991009000, "exp": 1763992809000}"#),
            half_hour,
        ),
        (
            jwt(r#"{"iat": 1763991009, "exp": 1763992809000}"#),
            half_hour,
        ),
        (jwt(r#"{"iat": 1763991009, "exp": 1000}"#), half_hour),
        (
            jwt(r#"{"iat": 1000, "exp": 1900}"#),
            Duration::from_secs(900),
        ),
        (jwt(r#"{"iat": 1000, "exp": 1005}"#), minute),
        (jwt(r#"{"iat": 1000, "exp": 315361000}"#), day),
    ] {
        let raw = server(token.clone()).await;
        let client = Client::builder()
            .base_url(&raw.base_url)
            .password("ana", "canary-password")
            .build()
            .expect("a client");
        for _ in 0..3 {
            lists(&client).await;
        }
        let status = client.session().status().expect("a session");
        assert_eq!(status.state, SessionState::Fresh, "{token}");
        let fresh = status.fresh_for.expect("fresh");
        assert!(
            fresh <= longest.mul_f64(0.8) && fresh > longest / 2,
            "{token}: {fresh:?}"
        );
        let requests = raw.requests();
        let sign_ins = requests
            .iter()
            .filter(|it| it.starts_with("POST /auth/sign-in"));
        assert_eq!(sign_ins.count(), 1, "{token}");
    }
}

#[tokio::test]
async fn a_callback_is_asked_for_each_code_and_none_is_sent_twice() {
    let world = World::new().await;
    let (code, asked) = (
        world.emulator.totp_now(MFA.0).expect("MFA is on"),
        Arc::<AtomicUsize>::default(),
    );
    let counter = Arc::clone(&asked);
    let client = world
        .builder()
        .password(MFA.0, MFA.1)
        .totp_callback(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            let code = Secret::from(code.clone());
            async move { Some(code) }
        })
        .build()
        .expect("a client");
    lists(&client).await;
    assert_eq!(
        (world.count("sign_in"), asked.load(Ordering::Relaxed)),
        (1, 1)
    );
    world.advance(25 * 60);
    let error = client.pipelines().list().await.fails("an old code");
    assert_eq!(error.kind(), ErrorKind::MfaRequired);
    assert!(error.to_string().contains("sent already"), "{error}");
    assert_eq!(
        (world.count("sign_in"), asked.load(Ordering::Relaxed)),
        (1, 2)
    );
    let code = world.emulator.totp_now(MFA.0).expect("MFA is on");
    client.session().supply_code(code).expect("six digits");
    lists(&client).await;
    assert_eq!(
        (world.count("sign_in"), asked.load(Ordering::Relaxed)),
        (2, 2)
    );
}

#[tokio::test]
async fn a_callback_that_gives_no_code_or_a_wrong_one_is_told_before_anything_is_sent() {
    let world = World::new().await;
    for (answer, kind) in [
        (None, ErrorKind::MfaRequired),
        (Some("canary"), ErrorKind::Config),
    ] {
        let client = world
            .builder()
            .password(MFA.0, MFA.1)
            .totp_callback(move || async move { answer.map(Secret::from) })
            .build()
            .expect("a client");
        let error = client.pipelines().list().await.fails("no code");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    assert_eq!(world.count("sign_in"), 0);
}

#[tokio::test]
async fn another_password_wakes_a_session_whose_own_was_wrong() {
    let world = World::new().await;
    let client = world.client((ANA.0, "canary-password"));
    for _ in 0..2 {
        let error = client.pipelines().list().await.fails("wrong");
        assert_eq!(error.kind(), ErrorKind::BadCredentials);
    }
    assert_eq!(world.count("sign_in"), 1);
    client.session().supply_password(ANA.1).expect("a user");
    lists(&client).await;
    assert_eq!(world.count("sign_in"), 2);

    let resumed = world
        .builder()
        .refresh_token("canary", "acme_corp")
        .build()
        .expect("a client");
    let error = resumed.session().supply_password("x").fails("no user");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_that_nobody_can_write_leaves_the_session_without_its_store() {
    use dadosfera::{FileStore, StoreErrorKind, TokenStore as _};

    // Not even root makes a folder there.
    let store = Arc::new(FileStore::new("/proc/dadosfera/session.json"));
    let error = store.lock(Duration::from_secs(5)).await.err();
    let error = error.expect("read only");
    assert_eq!(error.kind(), StoreErrorKind::Unwritable);
    assert!(
        error.to_string().contains("give yourself the right"),
        "{error}"
    );
    let world = World::new().await;
    let client = world
        .builder()
        .password(ANA.0, ANA.1)
        .token_store(store)
        .build()
        .expect("a client");
    lists(&client).await;
    world.advance(31);
    lists(&client).await;
    let status = client.session().status().expect("a session");
    assert!(status.store_degraded.is_some(), "{status:?}");
    assert_eq!(
        (world.count("sign_in"), world.count("refresh_access_token")),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_handle_leaves_no_task_behind() {
    let world = World::new().await;
    let builder = world.builder().password(ANA.0, ANA.1);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state").join("session.json");
    // The emulator's own tasks run on the runtime of the test, the client's on this one.
    let left = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let client = builder
            .token_store(Arc::new(dadosfera::FileStore::new(path)))
            .build()
            .expect("a client");
        let tasks = || runtime.metrics().num_alive_tasks();
        runtime.block_on(async {
            lists(&client).await;
            client.session().keep_warm(true).expect("a session");
        });
        assert!(tasks() > 0, "the warm session has one");
        drop(client);
        for _ in 0..500 {
            if tasks() == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        tasks()
    });
    let left = tokio::task::spawn_blocking(move || left.join().expect("no panic"));
    assert_eq!(left.await.expect("joined"), 0);
}
