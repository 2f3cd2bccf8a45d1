//! `dadosfera storage`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use dadosfera::{Client, DownloadOptions, UploadMany, Uploaded, UploadedOne};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::progress::{Progress, say};

#[derive(Debug, Subcommand)]
pub(crate) enum StorageVerb {
    /// List the folders and files right below a folder
    Ls {
        #[arg(default_value = "/")]
        folder: String,
    },
    /// Upload files and folders; run it again with --skip-if-there to go on after an interruption
    Upload(UploadArguments),
    /// Download a file; run it again to go on after an interruption
    Download {
        /// The file in storage, such as /raw/orders.csv
        path: String,
        /// Where it goes: a file, or a folder in which it keeps its name
        #[arg(default_value = ".")]
        target: PathBuf,
    },
    /// Delete a file
    Rm { path: String },
}

#[derive(Debug, Args)]
pub(crate) struct UploadArguments {
    /// Files, and folders with all that is below them
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The folder in storage
    #[arg(long, value_name = "FOLDER")]
    to: String,
    /// Send nothing where a file of this name, size and checksum is there
    #[arg(long)]
    skip_if_there: bool,
    /// How many go up at the same time
    #[arg(long, default_value_t = 4, value_name = "COUNT")]
    at_once: usize,
    /// The largest file that is sent, in MB
    #[arg(long, default_value_t = 250, value_name = "MB")]
    largest: u64,
}

pub(crate) async fn run(
    client: &Client,
    output: Output,
    verb: &StorageVerb,
) -> Result<(), Failure> {
    match verb {
        StorageVerb::Ls { folder } => ls(client, output, folder).await,
        StorageVerb::Upload(arguments) => upload(client, output, arguments).await,
        StorageVerb::Download { path, target } => download(client, output, path, target).await,
        StorageVerb::Rm { path } => {
            client.storage().delete(path).await?;
            output.value(&json!({ "path": path, "done": "deleted" }), || {
                format!("{path} deleted\n")
            })
        }
    }
}

async fn ls(client: &Client, output: Output, folder: &str) -> Result<(), Failure> {
    let listed = client.storage().list(folder).await?;
    if output.is_json() {
        return output.value(&listed, String::new);
    }
    let folders = listed.folders.iter().map(|path| {
        let none = String::new();
        [format!("{path}/"), none.clone(), none.clone(), none]
    });
    let files = listed.files.iter().map(|file| {
        [
            file.path.clone(),
            file.size.to_string(),
            file.updated_at.to_string(),
            file.dataset_id.clone().unwrap_or_default(),
        ]
    });
    let rows: Vec<[String; 4]> = folders.chain(files).collect();
    output.rows(&rows, ["PATH", "BYTES", "UPDATED", "DATASET"], Clone::clone)
}

async fn upload(
    client: &Client,
    output: Output,
    arguments: &UploadArguments,
) -> Result<(), Failure> {
    let mut options = UploadMany::new()
        .at_once(arguments.at_once)
        .largest(arguments.largest.saturating_mul(1_000_000));
    if arguments.skip_if_there {
        options = options.skip_if_there();
    }
    if let Some(progress) = Progress::start() {
        options = options.with_progress(move |path, it| {
            progress.show(&path.display().to_string(), it.done, it.total)
        });
    }
    let (folders, files): (Vec<_>, Vec<_>) = arguments.paths.iter().partition(|path| path.is_dir());
    let storage = client.storage();
    let mut uploaded = storage.upload_many(&arguments.to, files, &options).await?;
    for folder in folders {
        let name = folder.canonicalize().ok();
        let name = name
            .as_deref()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str());
        let to = match name {
            Some(name) => format!("{}/{name}", arguments.to.trim_end_matches('/')),
            None => arguments.to.clone(),
        };
        uploaded.extend(storage.upload_folder(&to, folder, &options).await?);
    }
    told(output, &uploaded)
}

fn told(output: Output, uploaded: &[UploadedOne]) -> Result<(), Failure> {
    let rows: Vec<(String, &str, Value)> = uploaded
        .iter()
        .map(|one| {
            let path = one.path.display().to_string();
            match &one.outcome {
                Ok(Uploaded::Stored(file)) => (path, "stored", json!(file)),
                Ok(Uploaded::WasThere(file)) => (path, "was there", json!(file)),
                Ok(_) => (path, "done", Value::Null),
                Err(error) => (path, "failed", json!({ "error": error.to_string() })),
            }
        })
        .collect();
    let shown: Vec<Value> = rows
        .iter()
        .map(|(path, outcome, about)| json!({ "path": path, "outcome": outcome, "about": about }))
        .collect();
    output.value(&shown, || {
        let lines = rows.iter().map(|(path, outcome, about)| {
            let why = about
                .get("error")
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!("{outcome:<10}{path} {why}").trim_end().to_owned() + "\n"
        });
        lines.collect()
    })?;
    let failed = rows
        .iter()
        .filter(|(_, outcome, _)| *outcome == "failed")
        .count();
    if failed > 0 {
        return Err(Failure::refused(format!(
            "{failed} of {} files were not uploaded; run it again with --skip-if-there",
            rows.len()
        )));
    }
    Ok(())
}

async fn download(
    client: &Client,
    output: Output,
    path: &str,
    target: &Path,
) -> Result<(), Failure> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let target = if target.is_dir() {
        target.join(name)
    } else {
        target.to_owned()
    };
    let mut options = DownloadOptions::new();
    if let Some(progress) = Progress::start() {
        let shown = path.to_owned();
        options = options.with_progress(move |it| progress.show(&shown, it.done, it.total));
    }
    let got = client
        .storage()
        .download_to(path, &target, &options)
        .await?;
    if got.resumed_from > 0 {
        say(&format!("went on from byte {}\n", got.resumed_from));
    }
    let told = json!({
        "path": got.path.display().to_string(),
        "size": got.size,
        "sha256": got.sha256,
        "resumed_from": got.resumed_from,
    });
    output.value(&told, || {
        format!("{} {} bytes\n", got.path.display(), got.size)
    })
}
