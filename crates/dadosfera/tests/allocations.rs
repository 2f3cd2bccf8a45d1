//! Taking a token that is fresh allocates nothing. A target of its own, since the counting allocator is that of the process.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use dadosfera::Client;
use dadosfera_emulator::Emulator;

#[tokio::test]
async fn a_fresh_token_is_taken_without_an_allocation() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::builder()
        .base_url(emulator.base_url())
        .password("ana@acme.example", "acme-ana-password")
        .build()
        .unwrap();
    let session = client.session();
    // The first look of a thread makes what the next ones use.
    let first = session.access_token().await.unwrap();
    let mut same = 0;
    let counted = allocation_counter::measure(|| {
        for _ in 0..1000 {
            let mut taking = pin!(session.access_token());
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(Ok(token)) = taking.as_mut().poll(&mut context) {
                same += usize::from(token.expose() == first.expose());
            }
        }
    });
    assert_eq!((same, counted.count_total), (1000, 0));
    let counted = allocation_counter::measure(|| drop(Box::new(7)));
    assert_eq!(counted.count_total, 1, "the counter counts");
}
