//! The module `testing`, as users' own tests see it.

use std::time::Duration;

use dadosfera::testing::{Platform, Seed, SeedUser};

use crate::support::{ANA, a_pipeline};

#[tokio::test]
async fn the_testing_module_holds_the_clock_and_brings_its_own_world() {
    let mut seed = Seed::default();
    seed.users.insert(
        0,
        SeedUser::new("eva@acme.example", "eva-password", "Viewer", "acme_corp"),
    );
    let platform = Platform::with_seed(seed).await.expect("started");
    let eva = platform.client().expect("a client");
    let who = eva.session().sign_in().await.expect("signed in");
    assert!(!who.may("catalog:create"));
    let ana = platform.client_of(ANA.0, ANA.1).expect("a client");
    let pipeline = a_pipeline(&ana).await;
    // A run of half a minute, and an hour's pause: none of it is waited for.
    let began = platform.emulator().clock().now();
    ana.pipeline(&pipeline)
        .execute()
        .await
        .expect("started")
        .wait()
        .await
        .expect("ended");
    platform.advance(Duration::from_secs(3600));
    let passed = platform.emulator().clock().now() - began;
    assert!(passed.num_seconds() >= 3630, "{passed}");
}
