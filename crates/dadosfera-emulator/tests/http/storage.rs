//! Storage: files up and down, datasets, tables.

use dadosfera_emulator::{Emulator, Options};
use reqwest::Method;
use reqwest::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, RANGE};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::caller::World;

const UPLOAD: &str = "/storage-explorer/storage/upload/batch?folderPath=";
const DOWNLOAD: &str = "/storage-explorer/storage/download?path=";
const FOLDER: &str = "/storage-explorer/storage?folderPath=";

async fn upload(world: &World, folder: &str, files: &[(&str, &[u8])]) -> (u16, Value) {
    let form = files.iter().fold(Form::new(), |form, (name, bytes)| {
        let part = Part::bytes(bytes.to_vec()).file_name((*name).to_owned());
        form.part("file", part)
    });
    send(world, folder, form).await
}

async fn send(world: &World, folder: &str, form: Form) -> (u16, Value) {
    let request = world
        .http
        .post(world.url(&format!("{UPLOAD}{folder}")))
        .header("authorization", &world.token)
        .multipart(form);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn download(world: &World, path: &str, range: Option<&str>) -> reqwest::Response {
    let mut request = world
        .http
        .get(world.url(&format!("{DOWNLOAD}{path}")))
        .header("authorization", &world.token);
    if let Some(range) = range {
        request = request.header(RANGE, range);
    }
    request.send().await.unwrap()
}

async fn list(world: &World, folder: &str) -> Value {
    let (status, body) = world.get(&format!("{FOLDER}{folder}")).await;
    assert_eq!(status, 200);
    body
}

#[tokio::test]
async fn a_file_comes_back_byte_for_byte_whole_and_in_parts() {
    let world = World::ana().await;
    let bytes: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
    assert_eq!(
        upload(&world, "/raw/x", &[("data.bin", &bytes)]).await,
        (
            201,
            json!({"fileName": "data.bin", "folderPath": "/raw/x", "status": "uploaded", "size": 1_000_003})
        )
    );
    let whole = download(&world, "/raw/x/data.bin", None).await;
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.content_length(), Some(1_000_003));
    assert_eq!(whole.headers()[ACCEPT_RANGES], "bytes");
    assert_eq!(whole.headers()["content-type"], "application/octet-stream");
    let tag = whole.headers()[ETAG].clone();
    assert_eq!(whole.bytes().await.unwrap(), bytes);
    for (range, start, end) in [
        ("bytes=0-0", 0, 1),
        ("bytes=70000-200000", 70_000, 200_001),
        ("bytes=1000000-", 1_000_000, 1_000_003),
        ("bytes=-5", 999_998, 1_000_003),
    ] {
        let part = download(&world, "/raw/x/data.bin", Some(range)).await;
        assert_eq!(part.status(), 206, "{range}");
        let expected = format!("bytes {start}-{}/1000003", end - 1);
        assert_eq!(part.headers()[CONTENT_RANGE], expected);
        assert_eq!(part.headers()[ETAG], tag);
        assert_eq!(part.bytes().await.unwrap(), bytes[start..end]);
    }
    let beyond = download(&world, "/raw/x/data.bin", Some("bytes=1000003-")).await;
    assert_eq!(beyond.status(), 416);
    assert_eq!(beyond.headers()[CONTENT_RANGE], "bytes */1000003");
    assert_eq!(
        beyond.json::<Value>().await.unwrap(),
        json!({
            "statusCode": 416, "message": "The file has 1000003 bytes and not this range",
            "error": "Range Not Satisfiable",
        })
    );
}

#[tokio::test]
async fn folders_are_listed_and_the_same_name_replaces() {
    let world = World::start(
        Emulator::builder()
            .seed(
                dadosfera_emulator::Seed::from_json(r#"{"starts_at": "2025-06-01T12:00:00Z"}"#)
                    .unwrap(),
            )
            .hold_clock(),
    )
    .await;
    let (status, both) = upload(&world, "/raw/", &[("ação 🚀.txt", b"1"), ("b.txt", b"22")]).await;
    assert_eq!((status, both.as_array().unwrap().len()), (201, 2));
    upload(&world, "/raw/x", &[("c.txt", b"333")]).await;
    upload(&world, "/raw", &[("b.txt", b"4444")]).await;
    let listed = list(&world, "/raw").await;
    assert_eq!(listed["folderPath"], "/raw");
    assert_eq!(listed["folders"], json!(["/raw/x"]));
    let mut files = listed["files"].as_array().unwrap().clone();
    files.sort_by_key(|file| file["size"].as_i64());
    assert_eq!(files.len(), 2);
    assert_eq!(files[0]["fileName"], "ação 🚀.txt");
    assert_eq!(
        files[1],
        json!({
            "path": "/raw/b.txt", "fileName": "b.txt", "folderPath": "/raw", "size": 4,
            "sha256": "79f06f8fde333461739f220090a23cb2a79f6d714bee100d0e4b4af249294619",
            "updated_at": "2025-06-01T12:00:00.000Z",
        })
    );
    assert_eq!(list(&world, "/").await["folders"], json!(["/raw"]));
    let odd = download(&world, "/raw/a%C3%A7%C3%A3o%20%F0%9F%9A%80.txt", None).await;
    assert_eq!(odd.text().await.unwrap(), "1");
    let path = "/storage-explorer/storage?path=/raw/b.txt";
    assert_eq!(world.delete(path).await.0, 204);
    assert_eq!(
        world.delete(path).await,
        (
            404,
            json!({"statusCode": 404, "message": "File with path /raw/b.txt not found", "error": "Not Found"})
        )
    );
}

#[tokio::test]
async fn a_csv_becomes_a_dataset_and_fills_a_table() {
    let world = World::ana().await;
    let csv = b"id,name,price\n1,Zo\xc3\xab,9.5\n2,,10\n";
    let (status, file) = upload(&world, "/raw", &[("orders.csv", csv)]).await;
    assert_eq!(status, 201);
    let dataset_id = file["datasetId"].as_str().unwrap();
    let (_, dataset) = world
        .get(&format!("/storage-explorer/datasets/{dataset_id}"))
        .await;
    let columns = json!([
        {"name": "id", "type": "INTEGER"}, {"name": "name", "type": "VARCHAR"},
        {"name": "price", "type": "FLOAT"},
    ]);
    for (name, expected) in [
        ("id", json!(dataset_id)),
        ("name", json!("orders.csv")),
        ("path", json!("/raw/orders.csv")),
        ("format", json!("csv")),
        ("columns", columns.clone()),
        ("rows", json!(2)),
    ] {
        assert_eq!(dataset[name], expected, "{name}");
    }
    let body = json!({"name": "orders", "description": "What was ordered", "columns": columns});
    let (status, table) = world.post("/storage-explorer/tables", body.clone()).await;
    assert_eq!(
        (status, &table["schema"], &table["rows"], &table["columns"]),
        (201, &json!("PUBLIC"), &json!(0), &columns)
    );
    assert_eq!(
        world.post("/storage-explorer/tables", body).await,
        (
            409,
            json!({"statusCode": 409, "message": "Table with name orders already exists", "error": "Conflict"})
        )
    );
    let path = format!("/storage-explorer/tables/{}", table["id"].as_str().unwrap());
    let adding = format!("{path}/datasets");
    let dataset = json!({"datasetId": dataset_id});
    assert_eq!(world.post(&adding, dataset.clone()).await.1["rows"], 2);
    assert_eq!(world.post(&adding, dataset.clone()).await.1["rows"], 4);
    let (_, other) = upload(&world, "/raw", &[("x.csv", b"id,name,price\nx,y,1\n")]).await;
    assert_eq!(
        world
            .post(&adding, json!({"datasetId": other["datasetId"]}))
            .await,
        (
            400,
            json!({
                "statusCode": 400, "message": ["the column id is INTEGER and takes no VARCHAR"],
                "error": "Bad Request",
            })
        )
    );
    assert_eq!(world.post(&adding, json!({})).await.0, 400);
    assert_eq!(
        world.post(&adding, json!({"datasetId": "nope"})).await.0,
        404
    );
    // Deleting the dataset leaves file and table.
    let one = format!("/storage-explorer/datasets/{dataset_id}");
    assert_eq!(world.delete(&one).await.0, 204);
    assert_eq!(world.get(&one).await.0, 404);
    assert_eq!(world.get(&path).await.1["rows"], 4);
    assert_eq!(
        download(&world, "/raw/orders.csv", None).await.status(),
        200
    );
    assert_eq!(world.delete(&path).await.0, 204);
    assert_eq!(world.get(&path).await.0, 404);
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_told_and_leaves_nothing() {
    let world = World::ana().await;
    let part = |name: &str, bytes: &[u8]| Part::bytes(bytes.to_vec()).file_name(name.to_owned());
    for (folder, form, message) in [
        ("/a", Form::new(), "the form is broken"),
        (
            "/a",
            Form::new().text("other", "x"),
            "property other should not exist",
        ),
        (
            "/a",
            Form::new().text("file", "x"),
            "file must have a file name",
        ),
        (
            "/a",
            Form::new().part("file", part("a/b", b"")),
            "the file name must not hold a slash",
        ),
        (
            "/a",
            Form::new().part("file", part("..", b"")),
            "the file name must not hold the segment ..",
        ),
        (
            "/a/../b",
            Form::new().part("file", part("a", b"")),
            "folderPath must not hold the segment ..",
        ),
        (
            "raw",
            Form::new().part("file", part("a", b"")),
            "folderPath must begin with /",
        ),
        (
            "/a",
            Form::new()
                .part("file", part("ok.csv", b"a\n1\n"))
                .part("file", part("bad.csv", b"a\n1,2\n")),
            "bad.csv: line 2 has 2 fields, and the header 1",
        ),
        (
            "/a",
            Form::new().part("file", part("bad.parquet", b"PAR1 nothing PAR1")),
            "bad.parquet: is no Parquet that can be read",
        ),
    ] {
        assert_eq!(
            send(&world, folder, form).await,
            (
                400,
                json!({"statusCode": 400, "message": [message], "error": "Bad Request"})
            )
        );
    }
    for (content_type, status, message) in [
        (
            "application/json",
            415,
            json!("Content-Type must be multipart/form-data"),
        ),
        (
            "multipart/form-data",
            400,
            json!(["the form has no boundary"]),
        ),
        (
            "multipart/form-data; boundary=x",
            400,
            json!(["the form is broken"]),
        ),
    ] {
        let request = world
            .http
            .post(world.url(&format!("{UPLOAD}/a")))
            .header("authorization", &world.token)
            .header("content-type", content_type)
            .body("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nab");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.json::<Value>().await.unwrap()["message"], message);
    }
    let empty = world
        .http
        .post(world.url(&format!("{UPLOAD}/a")))
        .header("authorization", &world.token)
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x--\r\n");
    let answer: Value = empty.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["message"], json!(["file is required"]));
    let (_, folder) = world.get(&format!("{FOLDER}/")).await;
    assert_eq!(
        (&folder["files"], &folder["folders"]),
        (&json!([]), &json!([]))
    );
    let (_, datasets) = world.get("/storage-explorer/datasets").await;
    assert_eq!(datasets, json!({"datasets": []}));
}

#[tokio::test]
async fn a_file_of_one_byte_too_many_is_refused() {
    let options = Options {
        max_upload_bytes: 100_000,
        ..Options::default()
    };
    let world = World::start(Emulator::builder().options(options)).await;
    assert_eq!(
        upload(&world, "/a", &[("a", &[b'x'; 100_000])]).await.0,
        201
    );
    assert_eq!(
        upload(&world, "/a", &[("b", &[b'x'; 10]), ("c", &[b'x'; 100_001])]).await,
        (
            413,
            json!({"statusCode": 413, "message": "request entity too large", "error": "Payload Too Large"})
        )
    );
    assert_eq!(
        list(&world, "/a").await["files"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn files_are_for_those_who_may_and_for_their_customer_only() {
    let mut world = World::ana().await;
    upload(&world, "/raw", &[("a.csv", b"a\n1\n")]).await;
    let ana = world.token.clone();
    world.token = world
        .token_of("bob@globex.example", "globex-bob-password")
        .await;
    assert_eq!(list(&world, "/").await["folders"], json!([]));
    assert_eq!(download(&world, "/raw/a.csv", None).await.status(), 404);
    assert_eq!(
        world.get("/storage-explorer/datasets").await.1,
        json!({"datasets": []})
    );
    world.token = world
        .token_of("vera@acme.example", "acme-vera-password")
        .await;
    assert_eq!(upload(&world, "/raw", &[("a.csv", b"")]).await.0, 403);
    assert_eq!(download(&world, "/raw/a.csv", None).await.status(), 403);
    world.token = "nobody".into();
    assert_eq!(upload(&world, "/raw", &[("a.csv", b"")]).await.0, 401);
    world.token = ana;
    for path in ["", "raw/a.csv", "/raw/../a", "/raw//a", "/raw/", "/raw%00"] {
        assert_eq!(download(&world, path, None).await.status(), 400, "{path}");
    }
    assert_eq!(
        world
            .call(
                Method::GET,
                "/storage-explorer/storage/download",
                &[("authorization", &world.token)],
                None
            )
            .await
            .0,
        400
    );
    assert_eq!(world.get("/storage-explorer/storage").await.0, 200);
}
