//! The second factor: codes that are given, codes that are made, and what is said when they do not do.

use std::time::Duration;

use dadosfera::ErrorKind;
use dadosfera_emulator::FaultEffect;

use crate::outloud::Fails as _;
use crate::support::{MFA, TOTP_SECRET, World};

#[tokio::test]
async fn a_code_made_from_the_secret_signs_in() {
    let world = World::new().await;
    let client = world
        .builder()
        .password(MFA.0, MFA.1)
        .totp_secret(TOTP_SECRET)
        .build()
        .expect("a client");
    client.pipelines().list().await.expect("signed in");
    world.advance(25 * 60);
    client
        .pipelines()
        .list()
        .await
        .expect("signed in a day later");
    assert_eq!(world.count("sign_in"), 2);
}

#[tokio::test]
async fn no_code_is_sent_twice_in_one_step() {
    let world = World::new().await;
    let client = world
        .builder()
        .password(MFA.0, MFA.1)
        .totp_secret(TOTP_SECRET)
        .build()
        .expect("a client");
    // From the start of a half minute on, ten seconds later is the same one.
    world.clock.align(Duration::from_secs(30));
    client.pipelines().list().await.expect("signed in");
    world.clock.pass(Duration::from_secs(10));
    world.fail("list_pipelines", 1, FaultEffect::Status(401));
    world.fail("refresh_access_token", 1, FaultEffect::Status(401));
    client
        .pipelines()
        .list()
        .await
        .expect("signed in again within the same half minute");
    assert_eq!(world.count("sign_in"), 2);
    let sleeps = world.clock.sleeps();
    assert_eq!(sleeps.len(), 1, "{sleeps:?}");
    assert!(sleeps[0] <= Duration::from_secs(30));
}

#[tokio::test]
async fn a_missing_code_is_asked_for_once_and_can_be_supplied() {
    let world = World::new().await;
    let client = world.client(MFA);
    for _ in 0..3 {
        let error = client.pipelines().list().await.fails("no code");
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::MfaRequired, Some("sign_in"))
        );
        let said = error.to_string();
        assert!(
            said.contains("no code was sent") && said.contains("DADOSFERA_TOTP_SECRET"),
            "{said}"
        );
    }
    assert_eq!(
        world.count("sign_in"),
        1,
        "nothing is sent until a code comes"
    );

    let code = world.emulator.totp_now(MFA.0).expect("MFA is on");
    client.session().supply_code(code).expect("six digits");
    client.pipelines().list().await.expect("signed in");
    assert_eq!(world.count("sign_in"), 2);
}

#[tokio::test]
async fn a_code_that_is_given_is_good_for_one_sign_in() {
    let world = World::new().await;
    let code = world.emulator.totp_now(MFA.0).expect("MFA is on");
    let client = world
        .builder()
        .password(MFA.0, MFA.1)
        .totp_code(code)
        .build()
        .expect("a client");
    client.pipelines().list().await.expect("signed in");
    world.advance(25 * 60);
    assert_eq!(
        client.pipelines().list().await.fails("used up").kind(),
        ErrorKind::MfaRequired
    );
}

#[tokio::test]
async fn a_wrong_code_is_told_apart_from_a_missing_one() {
    let world = World::new().await;
    let right = world.emulator.totp_now(MFA.0).expect("MFA is on");
    let wrong = if right == "000000" {
        "111111"
    } else {
        "000000"
    };
    let client = world
        .builder()
        .password(MFA.0, MFA.1)
        .totp_code(wrong)
        .build()
        .expect("a client");
    let error = client.pipelines().list().await.fails("a wrong code");
    assert_eq!(error.kind(), ErrorKind::MfaRequired);
    assert!(
        error.to_string().contains("was not accepted") && !error.to_string().contains(wrong),
        "{error}"
    );
    client.pipelines().list().await.fails("still");
    assert_eq!(world.count("sign_in"), 1);
}

#[tokio::test]
async fn a_wrong_secret_is_told_and_tried_no_more_than_once_a_minute() {
    let world = World::new().await;
    let client = world
        .builder()
        .password(MFA.0, MFA.1)
        .totp_secret("GEZDGNBVGY3TQOJQ")
        .build()
        .expect("a client");
    for _ in 0..5 {
        let error = client.pipelines().list().await.fails("a wrong secret");
        assert_eq!(error.kind(), ErrorKind::MfaRequired);
        assert!(error.to_string().contains("clock is right"), "{error}");
    }
    assert_eq!(world.count("sign_in"), 1);
    world.advance(1);
    client.pipelines().list().await.fails("a wrong secret");
    assert_eq!(world.count("sign_in"), 2);
}
