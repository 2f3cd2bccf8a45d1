//! The SDK against the wire: it calls every operation, and every answer that it gets is checked.

use std::time::Duration;

use dadosfera::WaitOptions;

use crate::live::NEVER;
use crate::people::Actor;
use crate::sdk::Walk;
use crate::stage::{Stage, Stop};

use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[Law {
    id: "sdk.calls",
    says: "the SDK calls every operation of the description with success",
    source: "the description, by `dadosfera`",
    needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
    check: |stage| Box::pin(calls(stage)),
}];

async fn calls(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let session = world.sign_in(Actor::Admin).await?;
    let person = world.person(Actor::Admin)?;
    // The SDK signs in too, and no code is taken twice.
    world.next_code(person).await?;
    let front = stage.tap(&world).await?;
    let walk = Walk {
        base_url: front.base_url(),
        person,
        session: &session,
        id: &stage.uuid(),
        consents: stage.target.is_emulator(),
        wait: WaitOptions::new().limit(Duration::from_secs(600)),
    };
    // On a live server a run takes as long as it takes.
    let steps = walk
        .run(|| drop(world.advance(Duration::from_secs(31))))
        .await;
    for step in &steps {
        let error = step.error.as_deref().unwrap_or("none");
        stage.check(
            step.error.is_none(),
            &format!("{} by the SDK", step.operation),
            &"success",
            &error,
            None,
        );
    }
    // What the tap has seen, not what the walk says that it did.
    let rows = stage.shared.recorder.rows(stage.shared.contract.document());
    for (id, row) in rows {
        if !stage.target.is_emulator() && NEVER.contains(&id.as_str()) {
            continue;
        }
        let seen = row.laws.contains(stage.law);
        stage.check(
            seen,
            &format!("{id} by the SDK"),
            &"a request",
            &"none",
            None,
        );
    }
    Ok(())
}
