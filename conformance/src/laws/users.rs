//! Users: how many are created at once, and that none is where any is refused.

use serde_json::{Value, json};

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::law::{Law, Need};
use super::things;

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "users.bulk",
        says: "50 users are created at once, 51 are refused with 400 and none of them is created",
        source: "the documentation's limit of 50; the route and the 400 are inferred",
        needs: &[Need::Options],
        check: |stage| Box::pin(bulk(stage)),
    },
    Law {
        id: "users.all-or-none",
        says: "where one user name is taken, 409 names it and no user of the request is created",
        source: "inferred",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(all_or_none(stage)),
    },
];

fn request(stage: &Stage, count: usize) -> Value {
    let users: Vec<Value> = (0..count).map(|_| things::user(&stage.uuid())).collect();
    json!({ "users": users })
}

async fn bulk(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let count = || async {
        let listed = world.call("list_users").by(&admin).send().await?;
        listed.must(200)?;
        Ok::<_, Stop>(listed.json()["users"].as_array().map_or(0, Vec::len))
    };
    let before = count().await?;
    for (asked, status, more) in [(51, 400, 0), (0, 400, 0), (50, 201, 50)] {
        let call = world.call("create_users").json(request(stage, asked));
        let got = call.by(&admin).send().await?.at(&format!("{asked} users"));
        got.status(status);
        let now = count().await?;
        got.see("users then", now == before + more, before + more, now);
    }
    Ok(())
}

async fn all_or_none(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let first = request(stage, 1);
    let call = world.call("create_users").json(first.clone());
    call.by(&admin).send().await?.must(201)?;
    let mut both = request(stage, 2);
    both["users"][1] = first["users"][0].clone();
    let refused = world.call("create_users").json(both.clone());
    let refused = refused.by(&admin).send().await?;
    let taken = first["users"][0]["username"].as_str().unwrap_or_default();
    let told = refused.text("/message");
    refused.status(409).see(
        "message",
        told.contains(taken),
        "the name that is taken",
        &told,
    );
    let listed = world.call("list_users").by(&admin).send().await?;
    let new = both["users"][0]["username"].as_str().unwrap_or_default();
    let absent = !listed.answer.text().contains(new);
    listed
        .status(200)
        .see("the other user", absent, "not there", "there");
    Ok(())
}
