//! How long tokens live, and how they are shown.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use crate::engine::Sign;
use crate::people::Actor;
use crate::session::{api_key, part, token};
use crate::stage::{Stage, Stop};

use super::actions::{Names, authenticated, call};
use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "auth.token-form",
        says: "access and refresh tokens are JWTs signed with ES512, with iat and exp",
        source: "facts 1.2 (observed): tokens are JWTs signed with ES512, the life is in exp",
        needs: &[Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(token_form(stage)),
    },
    Law {
        id: "auth.token-life",
        says: "an access token works until the second before its exp, which is 30 minutes away, and not from then on",
        source: "facts 1.2 (documented): 30 minutes; exp as in RFC 7519, 4.1.4",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(token_life(stage)),
    },
    Law {
        id: "auth.no-credentials",
        says: "without credentials, or with ones that are none, every operation that needs them answers 401",
        source: "facts 1.5 and 2 (observed, reported): AUTH.UNAUTHORIZED",
        needs: &[],
        check: |stage| Box::pin(no_credentials(stage)),
    },
    Law {
        id: "auth.bare-token",
        says: "the token stands bare in Authorization: with `Bearer ` before it every operation answers 401",
        source: "facts 1.1 (documented, observed)",
        needs: &[Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(bare_token(stage)),
    },
    Law {
        id: "auth.forged-token",
        says: "a token whose signature or claims were changed is a 401, and so is one that claims to need no signature",
        source: "facts 1.2 (observed): tokens are signed; refusal as in RFC 7515, 5.2",
        needs: &[Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(forged_token(stage)),
    },
    Law {
        id: "auth.one-credential",
        says: "a token and an API key together are refused with 401, though each works alone",
        source: "facts 1.1 (observed: the vendor's support)",
        needs: &[Need::Somebody(Actor::Admin), Need::Writes],
        check: |stage| Box::pin(one_credential(stage)),
    },
];

async fn token_form(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    for (name, jwt) in [
        ("access", &admin.access_token),
        ("refresh", &admin.refresh_token),
    ] {
        let (header, claims) = (part(jwt, 0), part(jwt, 1));
        stage.check(
            header["alg"] == "ES512",
            &format!("alg of the {name} token"),
            &"ES512",
            &header["alg"],
            None,
        );
        let (issued, expires) = (claims["iat"].as_i64(), claims["exp"].as_i64());
        let in_order = issued.is_some() && issued < expires;
        let got = format!("iat {issued:?}, exp {expires:?}");
        stage.check(
            in_order,
            &format!("life of the {name} token"),
            &"iat before exp",
            &got,
            None,
        );
    }
    Ok(())
}

async fn token_life(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let expires = admin.claims()["exp"].as_i64().unwrap_or_default();
    let life = expires - world.now();
    stage.check(
        life == 1800,
        "life of an access token in seconds",
        &1800,
        &life,
        None,
    );
    let until_the_last_second = u64::try_from(life - 1).map_err(|_| Stop::Broken)?;
    world.advance(Duration::from_secs(until_the_last_second))?;
    let got = world.call("list_pipelines").by(&admin).send().await?;
    got.at("one second before exp").status(200);
    world.advance(Duration::from_secs(1))?;
    let got = world.call("list_pipelines").by(&admin).send().await?;
    got.at("at exp").is_unauthorized();
    world.advance(Duration::from_secs(1))?;
    let got = world.call("list_pipelines").by(&admin).send().await?;
    got.at("after exp").is_unauthorized();
    Ok(())
}

async fn no_credentials(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let names = Names::absent(&world, "nobody");
    let strangers = [
        ("without credentials", Sign::none()),
        ("with a token that is none", token("not-a-token-of-anybody")),
        (
            "with an API key that is none",
            api_key("ddf_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ),
    ];
    for operation in authenticated(&world) {
        for (situation, sign) in &strangers {
            let got = call(&world, operation, &names, sign.clone()).await?;
            got.at(situation).is_unauthorized();
        }
    }
    Ok(())
}

async fn bare_token(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let names = Names::absent(&world, &admin.customer_name);
    let got = world.call("list_pipelines").by(&admin).send().await?;
    got.at("with the bare token").must(200)?;
    let bearer = Sign::none().with_prefix("authorization", "Bearer ", &admin.access_token, "TOKEN");
    for operation in authenticated(&world) {
        let got = call(&world, operation, &names, bearer.clone()).await?;
        got.at("with `Bearer ` before the token").is_unauthorized();
    }
    Ok(())
}

async fn forged_token(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let read = |jwt: &str| world.call("list_pipelines").sign(token(jwt)).send();
    read(&admin.access_token).await?.must(200)?;
    let [header, claims, signature] = parts(&admin.access_token)?;
    // The middle of a signature, since the last character of base64 may hold bits that count for nothing.
    let middle = signature.len() / 2;
    let other = if signature[middle..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    let signed_otherwise = format!(
        "{}{other}{}",
        &signature[..middle],
        &signature[middle + 1..]
    );
    let mut later = admin.claims();
    later["exp"] = json!(later["exp"].as_i64().unwrap_or_default() + 3600);
    let later = BASE64URL_NOPAD.encode(later.to_string().as_bytes());
    let none = BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
    for (situation, jwt) in [
        (
            "with a character of the signature changed",
            [header, claims, &signed_otherwise].join("."),
        ),
        ("with a later exp", [header, &later, signature].join(".")),
        (
            "with alg none and no signature",
            [&none, claims, ""].join("."),
        ),
        ("without its signature", [header, claims, ""].join(".")),
    ] {
        read(&jwt).await?.at(situation).is_unauthorized();
    }
    Ok(())
}

fn parts(jwt: &str) -> Result<[&str; 3], Stop> {
    let parts: Vec<&str> = jwt.split('.').collect();
    parts
        .try_into()
        .map_err(|_| Stop::NotApplicable("tokens are no JWTs here".to_owned()))
}

async fn one_credential(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let got = world
        .call("create_api_key")
        .json(json!({ "permissions": [1] }))
        .by(&admin)
        .send()
        .await?;
    got.must(201)?;
    let key = api_key(&got.text("/key"));
    let alone = world
        .call("list_pipelines")
        .sign(key.clone())
        .send()
        .await?;
    alone.at("with the key alone").must(200)?;
    let names = Names::absent(&world, &admin.customer_name);
    for operation in authenticated(&world) {
        let got = call(&world, operation, &names, admin.sign().and(&key)).await?;
        got.at("with token and key").is_unauthorized();
    }
    Ok(())
}
