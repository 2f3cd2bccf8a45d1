//! Uploads: how large they may be, and what becomes of what was there.

use dadosfera_emulator::Options;

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::law::{Law, Need};
use super::things;

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "storage.limit",
        says: "a file of the largest size is stored, and one of a byte more is a 413 and leaves nothing",
        source: "facts 6 (reported: an import is limited to 250 MB; here the limit is set low)",
        needs: &[Need::Options],
        check: |stage| Box::pin(limit(stage)),
    },
    Law {
        id: "storage.replace",
        says: "a file that is uploaded again is the new one, in bytes, size and dataset, and there is one of it",
        source: "facts 6 (inferred: a path names one file)",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(replace(stage)),
    },
];

async fn limit(stage: &Stage) -> Result<(), Stop> {
    const LIMIT: usize = 10_000;
    let world = stage
        .world_with(Options {
            max_upload_bytes: LIMIT as u64,
            ..Options::default()
        })
        .await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let folder = format!("/conformance/{}", stage.uuid());
    for (name, size, status) in [("fits.bin", LIMIT, 201), ("large.bin", LIMIT + 1, 413)] {
        let call = world.call("upload_files").query("folderPath", &folder);
        let call = things::with_file(call, name, &vec![7; size]);
        let got = call.by(&admin).send().await?;
        let got = got.at(&format!("{size} bytes where {LIMIT} is the most"));
        got.status(status);
        if status == 413 {
            got.is("/statusCode", 413);
        }
    }
    let list = world.call("list_files").query("folderPath", &folder);
    list.by(&admin)
        .send()
        .await?
        .must(200)?
        .is("/files/0/fileName", "fits.bin")
        .is("/files/0/size", LIMIT)
        .lacks("/files/1");
    Ok(())
}

async fn replace(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let path = format!("/conformance/{}/rows.csv", stage.uuid());
    let first = things::upload(&world, &admin, &path, things::ROWS.as_bytes()).await?;
    let content = b"id,name\n9,Zoe\n";
    let second = things::upload(&world, &admin, &path, content).await?;
    let got = world.call("download_file").query("path", &path);
    let got = got.by(&admin).send().await?;
    let same = got.answer.body == content;
    got.status(200)
        .see("bytes", same, "those of the second upload", "others");
    let list = world
        .call("list_files")
        .query("folderPath", things::folder(&path));
    let list = list.by(&admin).send().await?;
    list.must(200)?
        .is("/files/0/path", path.as_str())
        .is("/files/0/size", content.len())
        .is("/files/0/datasetId", second.as_str())
        .lacks("/files/1");
    let dataset = world.call("get_dataset").path("datasetId", &second);
    dataset.by(&admin).send().await?.status(200).is("/rows", 1);
    let old = world.call("get_dataset").path("datasetId", &first);
    let old = old.by(&admin).send().await?;
    old.at("the dataset of the replaced file").status(404);
    Ok(())
}
