//! Storage: files come back as they went in, whole and in part; rows become datasets, and datasets go into tables.

use serde_json::json;

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::law::{Law, Need};
use super::things;

const WRITES: &[Need] = &[Need::Writes, Need::Somebody(Actor::Admin)];

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "storage.bytes",
        says: "a download is the upload byte for byte, a range of it is 206 with Content-Range, and one beyond its end 416",
        source: "inferred: an upload that cannot be read back is no storage; ranges as in RFC 9110, 14",
        needs: WRITES,
        check: |stage| Box::pin(bytes(stage)),
    },
    Law {
        id: "storage.csv-dataset",
        says: "an uploaded CSV is a dataset with its columns' names, their true types and its number of rows",
        source: "reported: an upload answers a datasetId; the dataset's shape is inferred",
        needs: WRITES,
        check: |stage| Box::pin(csv_dataset(stage)),
    },
    Law {
        id: "storage.tables",
        says: "adding a dataset to a table appends its rows, each time; a dataset that does not fit is refused and adds none",
        source: "reported: the table's routes; rows and refusal are inferred",
        needs: WRITES,
        check: |stage| Box::pin(tables(stage)),
    },
];

async fn bytes(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    // Every byte there is, line ends and the boundary's own dashes among them.
    let content: Vec<u8> = (0..=255_u8)
        .cycle()
        .take(5000)
        .chain(*b"\r\n--\r\n")
        .collect();
    let length = content.len();
    let path = format!("/conformance/{}/all.bin", stage.uuid());
    things::upload(&world, &admin, &path, &content).await?;
    let download = |range: Option<String>| {
        let mut making = world.call("download_file").query("path", &path);
        if let Some(range) = range {
            making = making.header("range", &range);
        }
        making.by(&admin).send()
    };
    let whole = download(None).await?;
    let same = whole.answer.body == content;
    whole
        .status(200)
        .see("bytes", same, "those uploaded", "others");
    for (range, start, end) in [
        ("0-0".to_owned(), 0, 1),
        ("10-299".to_owned(), 10, 300),
        (format!("{}-", length - 7), length - 7, length),
        ("-5".to_owned(), length - 5, length),
    ] {
        let part = download(Some(format!("bytes={range}"))).await?;
        let part = part.at(&format!("bytes {range}"));
        let expected = format!("bytes {start}-{}/{length}", end - 1);
        let told = part.answer.header("content-range").unwrap_or("none");
        let same = part.answer.body == content[start..end];
        part.status(206)
            .see("Content-Range", told == expected, &expected, told)
            .see("bytes", same, "those of the range", "others");
    }
    let beyond = download(Some(format!("bytes={length}-"))).await?;
    beyond.at("a range beyond the end").status(416);
    Ok(())
}

async fn csv_dataset(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let path = format!("/conformance/{}/rows.csv", stage.uuid());
    let id = things::upload(&world, &admin, &path, things::ROWS.as_bytes()).await?;
    stage.check(
        !id.is_empty(),
        "datasetId of a CSV",
        &"an id",
        &"none",
        None,
    );
    let dataset = world.call("get_dataset").path("datasetId", &id);
    let dataset = dataset.by(&admin).send().await?;
    dataset
        .must(200)?
        .is("/format", "csv")
        .is("/path", path.as_str())
        .is("/rows", 3)
        .lacks(&format!("/columns/{}", things::COLUMNS.len()));
    for (index, (name, kind)) in things::COLUMNS.iter().enumerate() {
        dataset
            .is(&format!("/columns/{index}/name"), *name)
            .is(&format!("/columns/{index}/type"), *kind);
    }
    let other = format!("/conformance/{}/picture.png", stage.uuid());
    let none = things::upload(&world, &admin, &other, b"\x89PNG\r\n").await?;
    stage.check(
        none.is_empty(),
        "datasetId of a picture",
        &"none",
        &none,
        None,
    );
    Ok(())
}

async fn tables(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let name = format!("conformance_{}", stage.uuid().replace('-', "_"));
    let made = world.call("create_table").json(things::table(&name));
    let made = made.by(&admin).send().await?;
    made.must(201)?.is("/rows", 0);
    let id = made.text("/id");
    let folder = format!("/conformance/{}", stage.uuid());
    let upload = |name: &str, content: &'static str| {
        let path = format!("{folder}/{name}");
        let (world, admin) = (&world, &admin);
        async move { things::upload(world, admin, &path, content.as_bytes()).await }
    };
    let fits = upload("rows.csv", things::ROWS).await?;
    let other = upload("other.csv", "other\nx\n").await?;
    for (dataset, accepted, rows) in [(&fits, true, 3), (&fits, true, 6), (&other, false, 6)] {
        let added = world.call("add_table_dataset").path("tableId", &id);
        let added = added.json(json!({ "datasetId": dataset }));
        let added = added.by(&admin).send().await?;
        let status = added.answer.status;
        let expected = if accepted { "200, 201 or 204" } else { "400" };
        let as_expected = match status {
            200 | 201 | 204 => accepted,
            400 => !accepted,
            _ => false,
        };
        added.see("status", as_expected, expected, status);
        let table = world.call("get_table").path("tableId", &id);
        table.by(&admin).send().await?.status(200).is("/rows", rows);
    }
    Ok(())
}
