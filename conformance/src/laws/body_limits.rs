//! What bodies every operation refuses before it reads them.

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::actions::{Names, authenticated, filled};
use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "bodies.media-type",
        says: "a body that is not application/json is refused with 415 by every operation that takes one",
        source: "inferred: the description lists 415",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(media_type(stage)),
    },
    Law {
        id: "bodies.size",
        says: "a body of more than 1 MiB is refused with 413 by every operation that takes one",
        source: "inferred: the description lists 413",
        needs: &[Need::Options],
        check: |stage| Box::pin(size(stage)),
    },
    Law {
        id: "bodies.half",
        says: "a body that is half of a JSON object is refused with 400 by every operation that takes one",
        source: "inferred: the description lists 400",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(half(stage)),
    },
];

async fn refuse(stage: &Stage, media_type: &str, body: &str, status: u16) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let names = Names::absent(&world, &admin.customer_name);
    let open = world
        .operations()
        .iter()
        .filter(|operation| !operation.authenticated);
    for operation in authenticated(&world).chain(open) {
        // What the description does not say cannot be expected.
        let listed = operation.responses.contains_key(&status.to_string());
        // What takes another media type than JSON refuses that first.
        let takes =
            media_type != "application/json" || operation.request.contains_key("application/json");
        if operation.request.is_empty() || !takes || !listed {
            continue;
        }
        let mut making = filled(&world, operation, &names).body(media_type, body);
        if operation.authenticated {
            making = making.by(&admin);
        }
        let got = making.send().await?;
        // An operation whose path names something may look for that first.
        let absent = got.answer.status == 404 && !operation.path_parameters.is_empty();
        let got = got.at(&format!("a body of {media_type}"));
        got.see(
            "status",
            got.answer.status == status || absent,
            status,
            got.answer.status,
        );
    }
    Ok(())
}

async fn media_type(stage: &Stage) -> Result<(), Stop> {
    refuse(stage, "text/plain", "{}", 415).await
}

async fn size(stage: &Stage) -> Result<(), Stop> {
    let body = format!("{{\"description\": \"{}\"}}", "a".repeat(1024 * 1024));
    refuse(stage, "application/json", &body, 413).await
}

async fn half(stage: &Stage) -> Result<(), Stop> {
    refuse(stage, "application/json", "{\"pipeline_id\": ", 400).await
}
