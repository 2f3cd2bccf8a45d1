//! The rotation of an API key: make, verify, hand over, and only then delete.

use std::io;

use dadosfera::{ErrorKind, Secret};
use dadosfera_emulator::FaultEffect;

use crate::outloud::Fails as _;
use crate::support::World;

const READS: [&str; 1] = ["GET /pipelines"];

#[tokio::test]
async fn a_rotated_key_takes_the_place_of_the_old_one() {
    let world = World::new().await;
    let ana = world.ana();
    let old = ana.api_keys().create(READS).await.expect("made");
    let mut vault = Secret::default();
    let made = ana
        .api_keys()
        .rotate(old.id.as_str(), |made| {
            vault = made.key;
            async { Ok::<_, io::Error>(()) }
        })
        .await
        .expect("rotated");
    let keys = ana.api_keys().list().await.expect("listed");
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    assert!(ids.contains(&made.id.as_str()) && !ids.contains(&old.id.as_str()));
    let client = |key| world.builder().api_key(key).build().expect("a client");
    client(vault).pipelines().list().await.expect("the new key");
    let refused = client(old.key).pipelines().list().await;
    assert_eq!(refused.fails("deleted").kind(), ErrorKind::Unauthorized);
}

#[tokio::test]
async fn a_rotation_that_dies_leaves_both_keys_valid_and_says_so() {
    let world = World::new().await;
    let ana = world.ana();
    for (operation, what) in [
        (None, "handing over failed"),
        (Some("list_pipelines"), "the new key was not accepted"),
        (Some("delete_api_key"), "the old key was not deleted"),
    ] {
        let old = ana.api_keys().create(READS).await.expect("made");
        if let Some(operation) = operation {
            world.fail(operation, 1, FaultEffect::Status(501));
        }
        let error = ana
            .api_keys()
            .rotate(old.id.as_str(), |_| async move {
                match operation {
                    None => Err(io::Error::other("the vault is shut")),
                    Some(_) => Ok(()),
                }
            })
            .await
            .fails(what);
        let said = error.to_string();
        assert!(
            said.contains(what) && said.contains("both valid") && said.contains(&old.id),
            "{said}"
        );
        let client = world.builder().api_key(old.key).build().expect("a client");
        client.pipelines().list().await.expect("the old key lives");
    }
    let keys = ana.api_keys().list().await.expect("listed");
    assert!(keys.len() >= 6);
}

#[tokio::test]
async fn a_key_that_is_not_there_is_not_rotated() {
    let world = World::new().await;
    let error = world
        .ana()
        .api_keys()
        .rotate("00000000-0000-4000-8000-000000000000", |_| async {
            Ok::<_, io::Error>(())
        })
        .await
        .fails("no such key");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(world.count("create_api_key"), 0);
}
