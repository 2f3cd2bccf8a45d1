//! Lines that tear while a token is on its way, in five ways: each has a clear outcome for its callers, costs a known number of
//! requests, and is forgotten at the next call.

use std::sync::Arc;
use std::time::Duration;

use dadosfera::{Client, ErrorKind, FileStore};
use dadosfera_emulator::FaultEffect;

use crate::outloud::Fails as _;
use crate::stores::lists;
use crate::support::{ANA, World};

/// A way in which an answer goes wrong, and what a caller without a token is told; nothing where it is only slow.
struct Tear {
    effect: FaultEffect,
    sign_in: Option<ErrorKind>,
    refresh: Option<ErrorKind>,
    /// Whether a refresh token that works once is used up by it.
    spends: bool,
}

fn tears() -> [Tear; 7] {
    let tear = |effect, kind: Option<ErrorKind>, spends| Tear {
        effect,
        sign_in: kind,
        refresh: kind,
        spends,
    };
    let lost = Some(ErrorKind::ConnectionLost);
    let other = Some(ErrorKind::UnexpectedAnswer);
    [
        tear(FaultEffect::TornHead, lost, true),
        tear(FaultEffect::ResetBefore, lost, false),
        tear(FaultEffect::ResetAfter, lost, true),
        tear(
            FaultEffect::SlowBody(Duration::from_millis(200)),
            None,
            true,
        ),
        tear(FaultEffect::Truncate, other, true),
        tear(FaultEffect::Html(200), other, false),
        Tear {
            sign_in: Some(ErrorKind::MfaRequired),
            ..tear(FaultEffect::WithoutTokens, other, true)
        },
    ]
}

fn asked(world: &World) -> (usize, usize) {
    (world.count("sign_in"), world.count("refresh_access_token"))
}

/// One call, which fails as it is told, and says when to try again where that can help.
async fn call(client: &Client, kind: Option<ErrorKind>, what: &str) {
    let outcome = client.pipelines().list().await;
    let Some(kind) = kind else {
        outcome.expect(what);
        return;
    };
    let error = outcome.fails(what);
    assert_eq!(error.kind(), kind, "{what}: {error}");
    let is_tried_again = kind != ErrorKind::MfaRequired;
    assert_eq!(error.retry_after().is_some(), is_tried_again, "{what}");
}

#[tokio::test]
async fn a_sign_in_that_tears_is_told_and_the_next_call_signs_in() {
    for tear in tears() {
        let (world, what) = (World::rotating().await, format!("{:?}", tear.effect));
        let client = world.ana();
        world.fail("sign_in", 1, tear.effect);
        call(&client, tear.sign_in, &what).await;
        assert_eq!(asked(&world), (1, 0), "{what}");
        world.advance(1);
        if tear.sign_in == Some(ErrorKind::MfaRequired) {
            // Nothing but new input is sent again.
            call(&client, tear.sign_in, &what).await;
            assert_eq!(asked(&world), (1, 0), "{what}");
            client.session().supply_code("123456").expect("six digits");
        }
        lists(&client).await;
        let again = usize::from(tear.sign_in.is_some());
        assert_eq!(asked(&world), (1 + again, 0), "{what}");
        assert_eq!(world.emulator.pending_faults(), 0, "{what}");
    }
}

#[tokio::test]
async fn a_refresh_that_tears_is_told_where_the_token_is_over_and_the_next_call_mends_it() {
    for tear in tears() {
        let (world, what) = (World::rotating().await, format!("{:?}", tear.effect));
        let client = world.ana();
        lists(&client).await;
        world.advance(31);
        world.fail("refresh_access_token", 1, tear.effect);
        call(&client, tear.refresh, &what).await;
        assert_eq!(asked(&world), (1, 1), "{what}");
        world.advance(1);
        lists(&client).await;
        // A token that is used up is refused at the second try, and the password mends that.
        let wanted = match (tear.refresh, tear.spends) {
            (None, _) => (1, 1),
            (Some(_), false) => (1, 2),
            (Some(_), true) => (2, 2),
        };
        assert_eq!(asked(&world), wanted, "{what}");
        assert_eq!(world.emulator.pending_faults(), 0, "{what}");
    }
}

#[tokio::test]
async fn a_token_that_may_be_used_up_is_not_presented_by_others_who_share_the_store() {
    let gateway = [
        FaultEffect::DropAfter,
        FaultEffect::Status(502),
        FaultEffect::Status(504),
    ];
    let torn = tears().into_iter().filter(|tear| tear.refresh.is_some());
    for effect in torn.map(|tear| tear.effect).chain(gateway) {
        let (world, what) = (World::rotating().await, format!("{effect:?}"));
        let folder = tempfile::tempdir().expect("a folder");
        let client = || {
            let store = FileStore::new(folder.path().join("state").join("session.json"));
            let builder = world.builder().password(ANA.0, ANA.1);
            let client = builder.token_store(Arc::new(store)).build();
            client.expect("a client")
        };
        let (one, two) = (client(), client());
        lists(&one).await;
        lists(&two).await;
        world.advance(31);
        world.fail("refresh_access_token", 1, effect);
        let error = one.pipelines().list().await.fails(&what);
        assert!(error.retry_after().is_some(), "{what}: {error}");
        lists(&two).await;
        world.advance(1);
        lists(&one).await;
        assert_eq!(
            asked(&world),
            (2, 1),
            "{what}: nobody presents it, one signs in for both"
        );
    }
}

#[tokio::test]
async fn a_refresh_that_tears_is_not_seen_while_the_token_lives() {
    for tear in tears() {
        let (world, what) = (World::rotating().await, format!("{:?}", tear.effect));
        let client = world.ana();
        lists(&client).await;
        world.advance(25);
        world.fail("refresh_access_token", 1, tear.effect);
        lists(&client).await;
        world.eventually("refresh_access_token", 1).await;
        lists(&client).await;
        assert_eq!(asked(&world), (1, 1), "{what}");
        assert_eq!(world.emulator.pending_faults(), 0, "{what}");
    }
}
