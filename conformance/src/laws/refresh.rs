//! A new access token for a refresh token, in each of the forms that the sources report.

use std::time::Duration;

use dadosfera_emulator::{Options, RefreshAnswer};
use serde_json::{Value, json};

use crate::got::Got;
use crate::people::Actor;
use crate::session::{Session, token};
use crate::stage::{Stage, Stop};
use crate::world::World;

use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "auth.refresh",
        says: "a refresh token and the customer's name give a new access token that works",
        source: "facts 1.3 (documented flow; the answer is disputed, both forms are accepted)",
        needs: &[Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(refresh(stage)),
    },
    Law {
        id: "auth.refresh-forms",
        says: "the new token comes nested under tokens or flat at the root, and works in both",
        source: "facts 1.3 (reported, disputed)",
        needs: &[Need::Options],
        check: |stage| Box::pin(forms(stage)),
    },
    Law {
        id: "auth.refresh-customer-name",
        says: "where the customer's name is required, a refresh without it is 400 and with another's is 401",
        source: "facts 1.3 (documented: sent; 400 inferred)",
        needs: &[Need::Options],
        check: |stage| Box::pin(customer_name(stage)),
    },
    Law {
        id: "auth.refresh-life",
        says: "a refresh token works until the second before it is 24 hours old, and not from then on",
        source: "facts 1.2 (documented): 24 hours",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(life(stage)),
    },
    Law {
        id: "auth.refresh-confusion",
        says: "a refresh token signs no request, an access token refreshes nothing, and garbage neither: 401",
        source: "facts 1.3 (documented: 401 when the refresh token is unknown)",
        needs: &[Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(confusion(stage)),
    },
    Law {
        id: "auth.refresh-rotation",
        says: "where refresh tokens rotate, each refresh brings a new one, and the new one works",
        source: "facts 1.3 (inferred option)",
        needs: &[Need::Options],
        check: |stage| Box::pin(rotation(stage)),
    },
    Law {
        id: "auth.refresh-single-use",
        says: "where refresh tokens work once, a replay is 401 and revokes the newest of the same sign-in, but no other's",
        source: "facts 1.3 (inferred option); RFC 9700, 4.14",
        needs: &[Need::Options],
        check: |stage| Box::pin(single_use(stage)),
    },
];

/// Asks for a new token.
async fn ask<'a>(
    world: &'a World<'a>,
    refresh_token: &str,
    customer: Option<&str>,
) -> Result<Got<'a>, Stop> {
    let mut body = json!({ "refreshToken": refresh_token });
    if let Some(customer) = customer {
        body["customerName"] = json!(customer);
    }
    world.call("refresh_access_token").json(body).send().await
}

async fn again<'a>(world: &'a World<'a>, session: &Session) -> Result<Got<'a>, Stop> {
    ask(world, &session.refresh_token, Some(&session.customer_name)).await
}

/// The new access token, wherever it stands.
fn access_token(answer: &Value) -> Option<&str> {
    let places = ["/tokens/accessToken", "/accessToken"];
    places
        .iter()
        .find_map(|place| answer.pointer(place)?.as_str())
}

fn refresh_token(answer: &Value) -> Option<&str> {
    let places = ["/tokens/refreshToken", "/refreshToken"];
    places
        .iter()
        .find_map(|place| answer.pointer(place)?.as_str())
}

/// Checks that an answer brought a token that works.
async fn works(world: &World<'_>, got: &Got<'_>, old: &Session) -> Result<(), Stop> {
    got.must(200)?;
    let answer = got.json();
    let new = access_token(&answer);
    got.see(
        "new access token",
        new.is_some_and(|new| new != old.access_token),
        "another than before",
        "none or the same",
    );
    let Some(new) = new else {
        return Err(Stop::Broken);
    };
    let got = world.call("list_pipelines").sign(token(new)).send().await?;
    got.at("with the refreshed token").status(200);
    Ok(())
}

async fn refresh(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let got = again(&world, &admin).await?;
    works(&world, &got, &admin).await
}

async fn forms(stage: &Stage) -> Result<(), Stop> {
    for (form, here, not_here) in [
        (RefreshAnswer::Nested, "/tokens/accessToken", "/accessToken"),
        (RefreshAnswer::Flat, "/accessToken", "/tokens"),
    ] {
        let world = stage
            .world_with(Options {
                refresh_answer: form,
                ..Options::default()
            })
            .await?;
        let admin = world.sign_in(Actor::Admin).await?;
        let got = again(&world, &admin).await?.at(&format!("{form:?}"));
        got.see(here, !got.text(here).is_empty(), "a token", "none")
            .lacks(not_here);
        works(&world, &got, &admin).await?;
    }
    Ok(())
}

async fn customer_name(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let got = ask(&world, &admin.refresh_token, None).await?;
    got.at("without the customer's name")
        .status(400)
        .is("/statusCode", 400);
    let got = ask(&world, &admin.refresh_token, Some("globex")).await?;
    got.at("with another customer's name").is_unauthorized();
    let got = again(&world, &admin).await?.at("after both refusals");
    works(&world, &got, &admin).await?;
    let lenient = Options {
        refresh_requires_customer_name: false,
        ..Options::default()
    };
    let world = stage.world_with(lenient).await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let got = ask(&world, &admin.refresh_token, None)
        .await?
        .at("where the name is not required");
    works(&world, &got, &admin).await
}

async fn life(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    world.advance(Duration::from_secs(24 * 60 * 60 - 1))?;
    let got = again(&world, &admin).await?.at("a second before 24 hours");
    works(&world, &got, &admin).await?;
    world.advance(Duration::from_secs(1))?;
    again(&world, &admin)
        .await?
        .at("at 24 hours")
        .is_unauthorized();
    Ok(())
}

async fn confusion(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let got = world
        .call("list_pipelines")
        .sign(token(&admin.refresh_token))
        .send()
        .await?;
    got.at("signed with a refresh token").is_unauthorized();
    let customer = Some(admin.customer_name.as_str());
    let got = ask(&world, &admin.access_token, customer).await?;
    got.at("refreshed with an access token").is_unauthorized();
    let got = ask(&world, "garbage-that-nobody-issued", customer).await?;
    got.at("refreshed with garbage").is_unauthorized();
    Ok(())
}

async fn rotation(stage: &Stage) -> Result<(), Stop> {
    let world = stage
        .world_with(Options {
            rotate_refresh_tokens: true,
            ..Options::default()
        })
        .await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let got = again(&world, &admin).await?;
    works(&world, &got, &admin).await?;
    let answer = got.json();
    let new = refresh_token(&answer);
    let rotated = new.is_some_and(|new| new != admin.refresh_token);
    got.see(
        "new refresh token",
        rotated,
        "another than before",
        "none or the same",
    );
    let Some(new) = new else {
        return Err(Stop::Broken);
    };
    let got = ask(&world, new, Some(&admin.customer_name)).await?;
    works(&world, &got.at("with the new refresh token"), &admin).await
}

async fn single_use(stage: &Stage) -> Result<(), Stop> {
    let options = Options {
        rotate_refresh_tokens: true,
        single_use_refresh_tokens: true,
        ..Options::default()
    };
    let world = stage.world_with(options).await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let other = world.sign_in(Actor::Admin).await?;
    let got = again(&world, &admin).await?;
    works(&world, &got, &admin).await?;
    let answer = got.json();
    let newest = refresh_token(&answer).unwrap_or_default();
    again(&world, &admin)
        .await?
        .at("a replay")
        .is_unauthorized();
    let got = ask(&world, newest, Some(&admin.customer_name)).await?;
    got.at("the newest token after a replay").is_unauthorized();
    let got = again(&world, &other)
        .await?
        .at("another sign-in after the replay");
    works(&world, &got, &other).await
}
