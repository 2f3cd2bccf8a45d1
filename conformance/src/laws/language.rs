//! The language of error messages.

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[Law {
    id: "errors.language",
    says: "the gateway's errors are Portuguese, English with `dadosfera-lang: en-us` in any case, and their code is the same",
    source: "facts 1.1 and 2 (observed; the English texts partly inferred)",
    needs: &[Need::Somebody(Actor::Powerless)],
    check: |stage| Box::pin(language(stage)),
}];

async fn language(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let powerless = world.sign_in(Actor::Powerless).await?;
    let portuguese = "Você não tem permissões suficientes para realizar essa operação";
    let english = "You do not have sufficient permissions to perform this operation";
    for (header, text, error) in [
        (None, portuguese, "Não autorizado"),
        (Some("pt-br"), portuguese, "Não autorizado"),
        (Some("PT-BR"), portuguese, "Não autorizado"),
        (Some("en-us"), english, "Unauthorized"),
        (Some("EN-US"), english, "Unauthorized"),
    ] {
        let mut call = world.call("list_pipelines").by(&powerless);
        if let Some(header) = header {
            call = call.header("dadosfera-lang", header);
        }
        let got = call.send().await?.at(&format!("dadosfera-lang {header:?}"));
        got.is_forbidden().is("/message", text).is("/error", error);
    }
    let said = |header: &'static str| {
        world
            .call("list_pipelines")
            .header("dadosfera-lang", header)
            .send()
    };
    let (pt, en) = (said("pt-br").await?, said("en-us").await?);
    pt.is_unauthorized();
    en.is_unauthorized();
    let (pt, said_en) = (pt.text("/message"), en.text("/message"));
    en.see(
        "message of a 401",
        pt != said_en,
        "another text than in Portuguese",
        &said_en,
    );
    Ok(())
}
