//! Signing in: what it takes, what it gives, and the second factor.

use std::time::Duration;

use serde_json::json;

use crate::people::Actor;
use crate::session::Session;
use crate::stage::{Stage, Stop};

use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "auth.sign-in",
        says: "username and password give 200 with tokens, user, customer and mfaStatus none; `email` for `username` gives 400",
        source: "facts 1.2 (documented, library, observed)",
        needs: &[Need::Provocation],
        check: |stage| Box::pin(sign_in(stage)),
    },
    Law {
        id: "auth.sign-in-refused",
        says: "a wrong password gives 401, a disabled account 403, the eleventh attempt 429 with Retry-After that suffices",
        source: "facts 1.2 (reported; the codes and the numbers inferred)",
        needs: &[Need::Provocation, Need::HeldClock],
        check: |stage| Box::pin(refused(stage)),
    },
    Law {
        id: "auth.mfa",
        says: "with MFA on, a sign-in without a valid code is a 200 without tokens and user; a code gives tokens, once",
        source: "facts 1.2 (observed); a code only once: RFC 6238, 5.2",
        needs: &[Need::HeldClock, Need::Somebody(Actor::WithMfa)],
        check: |stage| Box::pin(mfa(stage)),
    },
];

async fn sign_in(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let person = world.person(Actor::Admin)?;
    let right = json!({ "username": person.username, "password": person.password });
    let got = world.call("sign_in").json(right.clone()).send().await?;
    got.must(200)?
        .is("/mfaStatus", "none")
        .is("/user/username", person.username.as_str())
        .is("/tokens/idToken", "");
    let session = Session::of(&got.json());
    got.see("session", session.is_some(), "an access token", "none");
    let mut with_null = right.clone();
    with_null["totp"] = json!(null);
    let got = world.call("sign_in").json(with_null).send().await?;
    got.at("with totp null").status(200);
    let wrong = json!({ "email": person.username, "password": person.password });
    let got = world.call("sign_in").json(wrong).send().await?;
    got.at("with email for username")
        .status(400)
        .is("/statusCode", 400)
        .lacks("/tokens");
    Ok(())
}

async fn refused(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let disabled = world.person(Actor::Disabled)?;
    let body = json!({ "username": disabled.username, "password": disabled.password });
    let got = world.call("sign_in").json(body).send().await?;
    got.at("a disabled account")
        .status(403)
        .is("/code", "AUTH.USER_DISABLED")
        .lacks("/tokens");
    let person = world.person(Actor::Admin)?;
    let wrong = json!({ "username": person.username, "password": "a-wrong-password" });
    for _ in 0..10 {
        let got = world.call("sign_in").json(wrong.clone()).send().await?;
        got.at("a wrong password")
            .is_unauthorized()
            .lacks("/tokens");
    }
    let right = json!({ "username": person.username, "password": person.password });
    let got = world.call("sign_in").json(right.clone()).send().await?;
    let got = got.at("the eleventh attempt");
    got.status(429).is("/code", "AUTH.TOO_MANY_ATTEMPTS");
    let wait = got
        .answer
        .header("retry-after")
        .and_then(|text| text.parse::<u64>().ok());
    got.see(
        "Retry-After",
        wait.is_some_and(|wait| wait > 0),
        "a number of seconds",
        format!("{wait:?}"),
    );
    let Some(wait) = wait else {
        return Err(Stop::Broken);
    };
    world.advance(Duration::from_secs(wait))?;
    let got = world.call("sign_in").json(right).send().await?;
    got.at("after as long as Retry-After says").status(200);
    Ok(())
}

async fn mfa(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let person = world.person(Actor::WithMfa)?;
    let with = |code: Option<&str>| {
        let mut body = json!({ "username": person.username, "password": person.password });
        if let Some(code) = code {
            body["totp"] = json!(code);
        }
        world.call("sign_in").json(body)
    };
    let demand = |got: crate::got::Got<'_>, situation: &str| {
        let got = got.at(situation);
        got.status(200).lacks("/tokens").lacks("/user");
        let status = got.text("/mfaStatus");
        got.see(
            "mfaStatus",
            !status.is_empty() && status != "none",
            "another value than none",
            &status,
        );
    };
    demand(with(None).send().await?, "without a code");
    let code = world.totp(person)?;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    demand(with(Some(wrong)).send().await?, "with a wrong code");
    let got = with(Some(&code)).send().await?;
    got.at("with the code").must(200)?;
    demand(with(Some(&code)).send().await?, "with the same code again");
    world.advance(Duration::from_secs(30))?;
    let next = world.totp(person)?;
    let got = with(Some(&next)).send().await?;
    let got = got.at("with the next code");
    let session = Session::of(&got.json());
    got.see("tokens", session.is_some(), "tokens", "none");
    let Some(session) = session else {
        return Err(Stop::Broken);
    };
    let got = world.call("list_pipelines").by(&session).send().await?;
    got.at("with the token of a sign-in with a code")
        .status(200);
    Ok(())
}
