//! `dadosfera catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use dadosfera::manifest::{ApplyOptions, CatalogPlan, Manifest, PlannedAction};
use dadosfera::{CatalogQuery, Client, DataAssetId, Error, ErrorKind, Maybe, types};
use serde_json::json;

use crate::ensure::{self, EnsureAsset};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::say;

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogVerb {
    /// List the assets that hold these words; without words, all
    Search {
        words: Vec<String>,
        /// Only of this type: dataset, dataapp, dashboard or table
        #[arg(long = "type", value_name = "TYPE")]
        data_asset_type: Option<String>,
        /// How many at most
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Show one asset
    Get { id: String },
    /// Print an asset's documentation, as HTML
    Docs { id: String },
    /// Make sure that there is an asset as a file describes it: created, changed where it differs, or left alone
    Ensure(EnsureAsset),
    /// Show what of a manifest is not so yet, as a diff; nothing is changed
    Plan(PlanArguments),
    /// Make the catalog as a manifest says; run it again to go on after an interruption
    Apply(ApplyArguments),
    /// Make an asset what a backup of apply says it was
    Restore { backup: PathBuf },
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// The manifest, a TOML file
    file: PathBuf,
    /// End with 5 where something differs
    #[arg(long)]
    detailed_exitcode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// Only show what would be done, as `plan` does
    #[arg(long)]
    dry_run: bool,
    /// Keep each asset that is changed as it was, as a file in this folder
    #[arg(long, value_name = "FOLDER")]
    backup: Option<PathBuf>,
}

pub(crate) async fn run(
    client: &Client,
    output: Output,
    verb: &CatalogVerb,
) -> Result<(), Failure> {
    match verb {
        CatalogVerb::Search {
            words,
            data_asset_type,
            limit,
        } => {
            let query = CatalogQuery {
                search: (!words.is_empty()).then(|| words.join(" ")),
                data_asset_type: data_asset_type.as_deref().map(types::DataAssetType::from),
                ..CatalogQuery::default()
            };
            search(client, output, query, *limit).await
        }
        CatalogVerb::Get { id } => {
            let asset = client.catalog().get(id.as_str()).await?;
            let link = client
                .web_links()
                .and_then(|links| Some(links.data_asset(&DataAssetId::new(&asset.id).ok()?)));
            output.value(&asset, || described(&asset, link.as_deref()))
        }
        CatalogVerb::Docs { id } => {
            let docs = client.catalog().docs(id.as_str()).await?;
            output.value(&json!({ "docs": docs }), || format!("{docs}\n"))
        }
        CatalogVerb::Ensure(arguments) => ensure::asset(client, output, arguments).await,
        CatalogVerb::Plan(arguments) => {
            let plan = planned(client, arguments).await?;
            match may(client, &plan).await {
                Err(error) if error.kind() == ErrorKind::Forbidden => say(&format!("{error}\n")),
                checked => checked?,
            }
            show(output, &plan, arguments.detailed_exitcode)
        }
        CatalogVerb::Apply(arguments) => {
            let plan = planned(client, &arguments.plan).await?;
            if arguments.dry_run {
                return show(output, &plan, arguments.plan.detailed_exitcode);
            }
            may(client, &plan).await?;
            apply(client, output, arguments, &plan).await
        }
        CatalogVerb::Restore { backup } => {
            let id = client.catalog().restore(backup).await?;
            output.value(&json!({ "id": id.as_str(), "done": "restored" }), || {
                format!("{id} restored\n")
            })
        }
    }
}

async fn search(
    client: &Client,
    output: Output,
    query: CatalogQuery,
    limit: usize,
) -> Result<(), Failure> {
    use futures::{StreamExt as _, TryStreamExt as _};

    let assets: Vec<_> = client
        .catalog()
        .stream(query)
        .take(limit)
        .try_collect()
        .await?;
    output.rows(&assets, ["ASSET", "TYPE", "NAME", "TAGS"], |asset| {
        [
            asset.id.clone(),
            asset.data_asset_type.to_string(),
            asset.display_name.clone(),
            asset.tags.as_deref().unwrap_or_default().join(", "),
        ]
    })
}

async fn planned(client: &Client, arguments: &PlanArguments) -> Result<CatalogPlan, Failure> {
    let manifest = Manifest::read(&arguments.file)?;
    Ok(client.catalog().plan(&manifest).await?)
}

/// Whether the user may do all of a plan, before the first of it is done. Of an API key or a refresh token alone that is not
/// known, and left to the API.
async fn may(client: &Client, plan: &CatalogPlan) -> Result<(), Error> {
    match client.check_plan(plan.operations()).await {
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        checked => checked?.allowed(),
    }
}

fn show(output: Output, plan: &CatalogPlan, is_detailed: bool) -> Result<(), Failure> {
    output.value(plan, || plan.to_string())?;
    if is_detailed && !plan.is_empty() {
        return Err(Failure::differs());
    }
    Ok(())
}

async fn apply(
    client: &Client,
    output: Output,
    arguments: &ApplyArguments,
    plan: &CatalogPlan,
) -> Result<(), Failure> {
    say(&plan.to_string());
    let mut options = ApplyOptions::new().with_progress(|step| {
        let what = match step.action {
            PlannedAction::Create => "created",
            _ => "changed",
        };
        say(&format!(
            "{}/{} {what} {} ({})\n",
            step.done, step.total, step.name, step.id
        ));
    });
    if let Some(folder) = &arguments.backup {
        options = options.backup(folder);
    }
    let applied = client.catalog().apply(plan, &options).await?;
    let backups: Vec<String> = applied
        .backups
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let told = json!({
        "created": applied.created,
        "changed": applied.changed,
        "unchanged": plan.count(PlannedAction::Nothing),
        "backups": backups,
    });
    output.value(&told, || {
        format!(
            "{} created, {} changed, {} as they were, {} backups\n",
            applied.created,
            applied.changed,
            plan.count(PlannedAction::Nothing),
            backups.len()
        )
    })
}

fn described(asset: &types::DataAsset, link: Option<&str>) -> String {
    let text = |value: &Maybe<String>| match value {
        Maybe::Value(text) => text.clone(),
        _ => "-".to_owned(),
    };
    let mut shown = format!(
        "id             {}\nname           {}\ntype           {}\ndescription    {}\ntags           {}\ncertification  {}\nlocation       {}\nexternal url   {}\n",
        asset.id,
        asset.display_name,
        asset.data_asset_type,
        text(&asset.description),
        asset.tags.as_deref().unwrap_or_default().join(", "),
        text(&asset.certification_status),
        text(&asset.location),
        text(&asset.external_url),
    );
    if let Some(link) = link {
        shown.push_str(&format!("page           {link}\n"));
    }
    shown
}
