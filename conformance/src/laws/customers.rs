//! Customers: everybody sees their own, and nobody else's.

use serde_json::json;

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[Law {
    id: "customers.own",
    says: "whoever is no platform administrator lists, reads and changes their own customer and no other",
    source: "inferred: the documentation names platform administration; the customer comes from the token",
    needs: &[
        Need::Writes,
        Need::Somebody(Actor::Admin),
        Need::Somebody(Actor::Stranger),
    ],
    check: |stage| Box::pin(own(stage)),
}];

async fn own(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let mut currents = Vec::new();
    for actor in [Actor::Admin, Actor::Stranger] {
        let session = world.sign_in(actor).await?;
        let current = world.call("get_current_customer").by(&session);
        let current = current.send().await?;
        current
            .must(200)?
            .is("/name", session.customer_name.as_str());
        let listed = world.call("list_customers").by(&session).send().await?;
        listed.status(200).is("/customers", json!([current.json()]));
        let read = world.call("get_customer");
        let read = read.path("customerId", &current.text("/id"));
        let read = read.by(&session).send().await?;
        read.status(200).is("", current.json());
        currents.push((session, current.json()));
    }
    for (asking, asked) in [(0, 1), (1, 0)] {
        let (session, foreign) = (&currents[asking].0, &currents[asked].1);
        let id = foreign["id"].as_str().unwrap_or_default();
        let read = world.call("get_customer").path("customerId", id);
        let read = read.by(session).send().await?;
        read.at("another customer's id").status(404);
        let change = world.call("update_customer").path("customerId", id);
        let change = change.json(json!({ "scheduleLimit": foreign["scheduleLimit"] }));
        let change = change.by(session).send().await?;
        change.at("another customer's id").status(404);
    }
    Ok(())
}
