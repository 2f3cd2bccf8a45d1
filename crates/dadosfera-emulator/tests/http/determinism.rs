//! The same seed, the same held clock and the same requests give the same bytes, whichever operations they call.

use crate::session::{Session, builder};

#[tokio::test]
async fn the_same_seed_clock_and_requests_give_the_same_bytes_for_every_operation() {
    let one = Session::start(builder(None), false).await.whole().await;
    let two = Session::start(builder(None), false).await.whole().await;
    for operation in dadosfera_raw::OPS {
        let id = operation.id;
        assert!(one.emulator.count(id) > 0, "nobody called {id}");
    }
    // Nothing in it went wrong but what is meant to: a wrong password, and a refresh token that was used.
    let refused = one.bytes.matches("\nHTTP/1.1 4").count();
    assert_eq!(refused, 2, "{}", one.bytes);
    assert!(!one.bytes.contains("\nHTTP/1.1 5"), "{}", one.bytes);
    assert_eq!(one.bytes, two.bytes);
}
