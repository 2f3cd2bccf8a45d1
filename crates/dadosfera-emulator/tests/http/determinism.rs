//! The same seed, the same held clock and the same requests give the same bytes, whichever operations they call.

use crate::session::{Session, builder};

#[tokio::test]
async fn the_same_seed_clock_and_requests_give_the_same_bytes_for_every_operation() {
    let one = Session::start(builder(None), false).await.whole().await;
    let two = Session::start(builder(None), false).await.whole().await;
    for operation in dadosfera_raw::OPS {
        let id = operation.id;
        assert!(one.emulator().count(id) > 0, "nobody called {id}");
    }
    // Nothing in it goes wrong but what is meant to: a wrong password, a token used twice, and the way back from a consent.
    let refused: Vec<&str> = one
        .refused
        .iter()
        .map(|line| line.split('?').next().unwrap())
        .collect();
    assert_eq!(
        refused,
        [
            "401 POST /auth/sign-in",
            "401 POST /auth/refresh-access-token",
            "302 GET /__emulator__/oauth/consent",
        ]
    );
    assert_eq!(one.bytes, two.bytes);
}
