//! API keys: shown once, limited, deletable.

use serde_json::json;

use crate::people::Actor;
use crate::session::api_key;
use crate::stage::{Stage, Stop};

use super::bodies;
use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "keys.shown-once",
        says: "a key is shown when it is made, and afterwards only its mask: ddf_, five characters, asterisks to its length",
        source: "facts 1.4 (documented)",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(shown_once(stage)),
    },
    Law {
        id: "keys.limited",
        says: "a key reaches what its permissions name and nothing else",
        source: "facts 1.1 (observed; how to model it is inferred)",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(limited(stage)),
    },
    Law {
        id: "keys.dead-after-delete",
        says: "a deleted key answers 401 at once, and deleting it again 404",
        source: "facts 1.4 (documented: 204 and 404; rotation relies on it)",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(dead_after_delete(stage)),
    },
    Law {
        id: "keys.unknown-permission",
        says: "an id that is no permission makes no key: 500 with code UNKNOWN and details that name it",
        source: "facts 1.4 (documented)",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(unknown_permission(stage)),
    },
];

async fn shown_once(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let created = world
        .call("create_api_key")
        .json(json!({ "permissions": [1] }))
        .by(&admin)
        .send()
        .await?;
    created.must(201)?;
    let (key, id, mask) = (
        created.text("/key"),
        created.text("/id"),
        created.text("/key_mask"),
    );
    let bytes = key
        .strip_prefix("ddf_")
        .map(|rest| data_encoding::BASE64.decode(rest.as_bytes()));
    let of_32_bytes = matches!(bytes, Some(Ok(bytes)) if bytes.len() == 32);
    created.see(
        "form of the key",
        of_32_bytes,
        "ddf_ and the base64 of 32 bytes",
        "another form",
    );
    let head: String = key.chars().take(9).collect();
    let expected = format!("{head}{}", "*".repeat(key.len().saturating_sub(head.len())));
    created.see("mask", mask == expected, &expected, &mask);
    let listed = world.call("list_api_keys").by(&admin).send().await?;
    listed.must(200)?;
    let keys = listed.json();
    let own = keys
        .as_array()
        .into_iter()
        .flatten()
        .find(|known| known["id"] == id.as_str());
    let Some(own) = own else {
        listed.see("the new key", false, "in the list", "not in it");
        return Err(Stop::Broken);
    };
    listed
        .see(
            "its mask",
            own["key_mask"] == mask.as_str(),
            &mask,
            &own["key_mask"],
        )
        .see(
            "its key",
            own.get("key").is_none(),
            "no field key",
            "a field key",
        )
        .see(
            "the key itself",
            !listed.answer.text().contains(&key),
            "nowhere in the list",
            "in the list",
        );
    Ok(())
}

async fn limited(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let permissions = world.call("list_permissions").by(&admin).send().await?;
    permissions.must(200)?;
    let listed = permissions.json();
    let read = listed
        .as_array()
        .into_iter()
        .flatten()
        .find(|known| known["name"] == "GET /pipelines");
    let Some(read) = read.and_then(|known| known["id"].as_i64()) else {
        permissions.see("GET /pipelines", false, "in the list", "not in it");
        return Err(Stop::Broken);
    };
    let created = world
        .call("create_api_key")
        .json(json!({ "permissions": [read] }))
        .by(&admin)
        .send()
        .await?;
    created.must(201)?.is("/permissions/0/id", read);
    let key = api_key(&created.text("/key"));
    let made = bodies::make(&world, &admin, "orders").await?;
    let got = world
        .call("list_pipelines")
        .sign(key.clone())
        .send()
        .await?;
    got.at("what the key names").status(200);
    let got = world
        .call("get_pipeline")
        .path("pipelineId", &made.id)
        .sign(key.clone())
        .send()
        .await?;
    got.at("what the key names").status(200);
    let execute = world
        .call("execute_pipeline")
        .json(json!({ "pipeline_id": made.id }));
    execute
        .sign(key.clone())
        .send()
        .await?
        .at("what the key does not name")
        .is_forbidden();
    let new = bodies::pipeline(
        &stage.uuid(),
        "conformance-refused",
        bodies::input("orders"),
    );
    let create = world.call("create_pipeline").json(new);
    create
        .sign(key.clone())
        .send()
        .await?
        .at("what the key does not name")
        .is_forbidden();
    let more = world
        .call("create_api_key")
        .json(json!({ "permissions": [read] }));
    more.sign(key.clone())
        .send()
        .await?
        .at("a key that would make a key")
        .is_forbidden();
    let runs = bodies::runs(&world, &admin, &made).await?;
    stage.check(
        runs.is_empty(),
        "runs after a refused execution",
        &0,
        &runs.len(),
        None,
    );
    Ok(())
}

async fn dead_after_delete(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let make = || {
        world
            .call("create_api_key")
            .json(json!({ "permissions": [1] }))
            .by(&admin)
            .send()
    };
    let (old, new) = (make().await?, make().await?);
    old.must(201)?;
    new.must(201)?;
    let (old_key, new_key) = (api_key(&old.text("/key")), api_key(&new.text("/key")));
    let got = world
        .call("list_pipelines")
        .sign(old_key.clone())
        .send()
        .await?;
    got.at("before it is deleted").status(200);
    let delete = || {
        world
            .call("delete_api_key")
            .path("id", &old.text("/id"))
            .by(&admin)
            .send()
    };
    delete().await?.must(204)?;
    let got = world.call("list_pipelines").sign(old_key).send().await?;
    got.at("after it is deleted").is_unauthorized();
    let got = world.call("list_pipelines").sign(new_key).send().await?;
    got.at("the other key, which replaces it").status(200);
    let again = delete().await?.at("deleted again");
    let text = format!("API Key with ID {} was not found", old.text("/id"));
    again
        .status(404)
        .is("/error", "API Key not found")
        .is("/message", text);
    Ok(())
}

async fn unknown_permission(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let count = || async {
        let got = world.call("list_api_keys").by(&admin).send().await?;
        got.must(200)?;
        Ok::<usize, Stop>(got.json().as_array().map_or(0, Vec::len))
    };
    let before = count().await?;
    let got = world
        .call("create_api_key")
        .json(json!({ "permissions": [0] }))
        .by(&admin)
        .send()
        .await?;
    got.status(500)
        .is("/statusCode", 500)
        .is("/code", "UNKNOWN")
        .is("/details", "Invalid permission IDs: 0")
        .lacks("/key");
    let after = count().await?;
    stage.check(
        before == after,
        "number of keys after the refusal",
        &before,
        &after,
        None,
    );
    Ok(())
}
