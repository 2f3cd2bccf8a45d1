//! One customer and another: what is not theirs looks to them as if it were not there.

use serde_json::Value;

use crate::got::Got;
use crate::people::Actor;
use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::world::World;

use super::actions::{Names, authenticated, call, names_something};
use super::bodies;
use super::law::{Law, Need};
use super::things;

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "tenants.foreign-is-absent",
        says: "what is another customer's answers exactly as an id that nobody has, reading and writing",
        source: "facts 3 (documented: the customer comes from the token); that both look alike is inferred",
        needs: &[
            Need::Writes,
            Need::Somebody(Actor::Admin),
            Need::Somebody(Actor::Stranger),
        ],
        check: |stage| Box::pin(foreign_is_absent(stage)),
    },
    Law {
        id: "tenants.lists",
        says: "lists and their numbers do not depend on what another customer has",
        source: "facts 3 (documented: the customer comes from the token)",
        needs: &[
            Need::Writes,
            Need::Somebody(Actor::Admin),
            Need::Somebody(Actor::Stranger),
        ],
        check: |stage| Box::pin(lists(stage)),
    },
    Law {
        id: "tenants.names",
        says: "two customers may use the same pipeline name and id, each sees its own",
        source: "facts 3 (documented: the name is unique per customer)",
        needs: &[
            Need::Writes,
            Need::Somebody(Actor::Admin),
            Need::Somebody(Actor::Stranger),
        ],
        check: |stage| Box::pin(names(stage)),
    },
];

async fn foreign_is_absent(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let stranger = world.sign_in(Actor::Stranger).await?;
    let theirs = things::own(&world, &admin).await?;
    let absent = Names::absent(&world, &stranger.customer_name);
    let theirs = Names {
        customer: stranger.customer_name.clone(),
        ..theirs
    };
    let before = seen(&world, &admin, &theirs).await?;
    for operation in authenticated(&world) {
        if !names_something(operation) {
            continue;
        }
        let foreign = call(&world, operation, &theirs, stranger.sign()).await?;
        let nobodys = call(&world, operation, &absent, stranger.sign()).await?;
        let nobodys_looks = looks(&nobodys, &absent);
        foreign.see(
            "a foreign id",
            foreign.answer.status == 404,
            404,
            foreign.answer.status,
        );
        let foreign_looks = looks(&foreign, &theirs);
        foreign.see(
            "a foreign id against an absent one",
            foreign_looks == nobodys_looks,
            nobodys_looks,
            &foreign_looks,
        );
    }
    let after = seen(&world, &admin, &theirs).await?;
    stage.check(
        before == after,
        "the owner's view after all attempts",
        &before,
        &after,
        None,
    );
    Ok(())
}

async fn seen(world: &World<'_>, by: &Session, names: &Names) -> Result<Value, Stop> {
    let mut all = Vec::new();
    for operation in world.operations() {
        if operation.method == "GET"
            && operation.authenticated
            && operation.id != "list_permissions"
        {
            let got = call(world, operation, names, by.sign()).await?;
            got.must(200)?;
            all.push(Value::from(got.answer.text()));
        }
    }
    Ok(Value::Array(all))
}

/// Status, media type and body, with every id that was asked for made one.
fn looks(got: &Got<'_>, names: &Names) -> String {
    let mut text = got.answer.text();
    let plain = names.underscored();
    for (id, name) in names.placeholders().into_iter().chain(plain.placeholders()) {
        text = text.replace(id, name);
    }
    format!(
        "{} {} {text}",
        got.answer.status,
        got.answer.media_type().unwrap_or_default()
    )
}

async fn lists(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let stranger = world.sign_in(Actor::Stranger).await?;
    let view = || async {
        let mut all = Vec::new();
        for operation in things::LISTS {
            let got = world.call(operation).by(&stranger).send().await?;
            got.must(200)?;
            all.push(got.answer.text());
        }
        Ok::<_, Stop>(all.join("\n"))
    };
    let before = view().await?;
    let theirs = things::own(&world, &admin).await?;
    let after = view().await?;
    stage.check(
        before == after,
        "the lists of one customer after another made things",
        &before,
        &after,
        None,
    );
    let plain = theirs.underscored();
    let mut ids = theirs
        .placeholders()
        .into_iter()
        .chain(plain.placeholders());
    let leaked = ids.any(|(id, _)| after.contains(id));
    stage.check(!leaked, "foreign ids in the lists", &"none", &"one", None);
    // A number that counts everybody's pipelines would tell how busy others are.
    let own = bodies::make(&world, &stranger, "orders").await?;
    let got = world.call("list_pipelines").by(&stranger).send().await?;
    let listed = got.json();
    let listed = listed.as_array().into_iter().flatten();
    let number = listed
        .filter(|known| known["pipeline_id"] == own.answered().as_str())
        .map(|known| known["id"].clone())
        .next();
    if stage.target.is_emulator() {
        got.see(
            "number of the first own pipeline",
            number == Some(1.into()),
            1,
            format!("{number:?}"),
        );
    }
    Ok(())
}

async fn names(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let stranger = world.sign_in(Actor::Stranger).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let same = bodies::pipeline(&made.id, &made.name, bodies::input("other_orders"));
    let got = world
        .call("create_pipeline")
        .json(same)
        .by(&stranger)
        .send()
        .await?;
    got.at("the same id and name for another customer")
        .must(201)?;
    for (session, table) in [(&admin, "orders"), (&stranger, "other_orders")] {
        let got = world
            .call("get_pipeline")
            .path("pipelineId", &made.id)
            .by(session)
            .send()
            .await?;
        got.status(200)
            .is("/data/jobs/0/input/table_name", table)
            .is("/data/customer_id", customer_id(&world, session).await?);
    }
    Ok(())
}

/// The customer's id as pipelines show it.
async fn customer_id(world: &World<'_>, by: &Session) -> Result<Value, Stop> {
    let got = world.call("list_pipelines").by(by).send().await?;
    Ok(got.json()[0]["customer_id"].clone())
}
