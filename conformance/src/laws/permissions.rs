//! Who may do what: every operation against everybody.

use serde_json::Value;

use crate::people::Actor;
use crate::stage::{Stage, Stop};
use crate::world::World;

use super::actions::{Names, authenticated, call};
use super::law::{Law, Need};
use super::things;

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "permissions.needed",
        says: "whoever has no permission gets 403 AUTH.FORBIDDEN from every operation that needs one, and changes nothing",
        source: "facts 2, shape 5 (observed); which operation needs which is x-permission of the description",
        needs: &[Need::Somebody(Actor::Powerless)],
        check: |stage| Box::pin(needed(stage)),
    },
    Law {
        id: "permissions.matrix",
        says: "what sign-in lists decides: a person with an operation's permission is not refused, one without it is",
        source: "facts 1.2 and 1.5 (observed names; the assignment is inferred)",
        needs: &[Need::Writes],
        check: |stage| Box::pin(matrix(stage)),
    },
];

/// Everything that a customer's lists show.
async fn everything(world: &World<'_>, by: Actor) -> Result<Value, Stop> {
    let session = world.sign_in(by).await?;
    let mut all = Vec::new();
    for operation in things::LISTS {
        let got = world.call(operation).by(&session).send().await?;
        got.must(200)?;
        all.push(got.json());
    }
    Ok(Value::Array(all))
}

async fn needed(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let powerless = world.sign_in(Actor::Powerless).await?;
    let mut names = Names::absent(&world, &powerless.customer_name);
    // Where it may be, the thing exists: a refusal for what is absent proves less.
    let before = if stage.target.is_emulator() {
        let admin = world.sign_in(Actor::Admin).await?;
        names = things::own(&world, &admin).await?;
        Some(everything(&world, Actor::Admin).await?)
    } else {
        None
    };
    for operation in authenticated(&world) {
        if operation
            .extension("x-permission")
            .is_some_and(|needed| !powerless.permissions.iter().any(|has| has == needed))
        {
            call(&world, operation, &names, powerless.sign())
                .await?
                .is_forbidden();
        }
    }
    if let Some(before) = before {
        let after = everything(&world, Actor::Admin).await?;
        stage.check(
            before == after,
            "the lists after all refusals",
            &before,
            &after,
            None,
        );
    }
    Ok(())
}

async fn matrix(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    for actor in [
        Actor::Admin,
        Actor::Viewer,
        Actor::UserAdmin,
        Actor::Powerless,
    ] {
        let Ok(person) = world.person(actor) else {
            continue;
        };
        let role = person.username.clone();
        let session = world.sign_in(actor).await?;
        for operation in authenticated(&world) {
            let Some(needed) = operation.extension("x-permission") else {
                continue;
            };
            let names = Names::absent(&world, &session.customer_name);
            let got = call(&world, operation, &names, session.sign()).await?;
            let status = got.answer.status;
            if session.permissions.iter().any(|has| has == needed) {
                let got = got.at(&format!("{role}, who has {needed}"));
                got.see("status", !matches!(status, 401 | 403), "no refusal", status);
            } else {
                got.at(&format!("{role}, who lacks {needed}"))
                    .is_forbidden();
            }
        }
    }
    Ok(())
}
