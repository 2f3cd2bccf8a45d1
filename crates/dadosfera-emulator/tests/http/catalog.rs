//! The catalog: paging with its trap, filters, one asset's life, who sees what.

use dadosfera_emulator::{Emulator, Options, Seed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::World;

const ABSENT: &str = "/catalog/data-asset/00000000-0000-4000-8000-000000000001";

async fn create(world: &World, name: &str) -> String {
    let body = json!({
        "name": name, "display_name": name, "description": format!("About {name}"),
        "data_asset_type": "dataset", "tags": ["sales"],
    });
    let (status, answer) = world.post("/catalog", body).await;
    assert_eq!(status, 201);
    answer["data_asset"]["id"].as_str().unwrap().to_owned()
}

async fn names(world: &World, query: &str) -> Vec<String> {
    let (status, answer) = world.get(&format!("/catalog{query}")).await;
    assert_eq!(status, 200, "{query}: {answer}");
    let assets = answer["data_assets"].as_array().unwrap().iter();
    let names = assets.map(|asset| asset["display_name"].as_str().unwrap().to_owned());
    names.collect()
}

async fn with_assets() -> World {
    let world = World::ana().await;
    for number in 0..12 {
        create(&world, &format!("Asset {number:02}")).await;
        world.advance(1);
    }
    world
}

#[tokio::test]
async fn a_page_is_of_ten_names_descending_unless_asked_otherwise() {
    let world = with_assets().await;
    assert_eq!(names(&world, "").await[..2], ["Asset 11", "Asset 10"]);
    assert_eq!(names(&world, "").await.len(), 10);
    assert_eq!(names(&world, "?page=2").await, ["Asset 01", "Asset 00"]);
    assert_eq!(names(&world, "?page=3").await.len(), 0);
    assert_eq!(
        names(&world, "?sort_by=created_at&order=asc&size=2").await,
        ["Asset 00", "Asset 01"]
    );
    let huge = "99999999999999999999999";
    assert_eq!(names(&world, &format!("?size={huge}")).await.len(), 12);
    assert_eq!(names(&world, &format!("?page={huge}")).await.len(), 0);
    assert_eq!(world.get("/catalog?size=1").await.1["total"], 12);
}

#[tokio::test]
async fn a_limit_shows_nothing_of_all_there_is() {
    let world = with_assets().await;
    for query in ["?limit=5", "?limit=", "?limit=x&size=3"] {
        assert_eq!(
            world.get(&format!("/catalog{query}")).await,
            (200, json!({"data_assets": [], "total": 12}))
        );
    }
}

#[tokio::test]
async fn a_page_or_size_that_is_no_positive_integer_is_refused() {
    let world = World::ana().await;
    for query in ["page=0", "page=-1", "page=x", "page=1.5", "page="] {
        assert_eq!(
            world.get(&format!("/catalog?{query}")).await,
            (
                400,
                json!({"statusCode": 400, "message": ["page must be a positive integer"], "error": "Bad Request"})
            )
        );
    }
    let (status, answer) = world
        .get("/catalog?size=-5&page=0&order=up&sort_by=name")
        .await;
    assert_eq!(status, 400);
    assert_eq!(
        answer["message"],
        json!([
            "page must be a positive integer",
            "size must be a positive integer",
            "order must be one of asc, desc",
            "sort_by must be one of display_name, created_at",
        ])
    );
}

#[tokio::test]
async fn a_search_reads_names_and_descriptions_in_any_case_and_counts_all_it_finds() {
    let world = with_assets().await;
    assert_eq!(names(&world, "?search=aSSET+05").await, ["Asset 05"]);
    assert_eq!(names(&world, "?search=about+asset+0&size=3").await.len(), 3);
    let (_, answer) = world.get("/catalog?search=ABOUT+ASSET+0&size=3").await;
    assert_eq!(answer["total"], 10);
    assert_eq!(names(&world, "?data_asset_type=table").await.len(), 0);
    assert_eq!(names(&world, "?pipeline_id=x").await.len(), 0);
    assert_eq!(names(&world, "?search=%F0%9F%9A%80").await.len(), 0);
}

#[tokio::test]
async fn an_asset_is_shown_with_the_fields_that_were_captured() {
    let seed = Seed::from_json(r#"{"starts_at": "2026-08-22T19:23:27Z"}"#).unwrap();
    let world = World::start(Emulator::builder().seed(seed).hold_clock()).await;
    let (_, signed_in) = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await;
    let ana = &signed_in["user"]["id"];
    let body = json!({
        "name": "produtos", "display_name": "produtos", "description": "…", "data_asset_type": "dashboard",
        "tags": ["sales"], "location": "/a", "external_url": "https://example.com/sales",
        "embed": {"url": "https://example.com/sales/embed"},
    });
    let (status, created) = world.post("/catalog", body).await;
    assert_eq!(status, 201);
    let id = &created["data_asset"]["id"];
    let mut item = json!({
        "id": id, "user_id": ana,
        "created_at": "2026-08-22T19:23:27.000Z", "createdAt": "2026-08-22T19:23:27.000Z",
        "users": [{"id": ana, "email": "ana@acme.example"}], "owner": "ana@acme.example",
        "tags": ["sales"], "roles": [], "comments": [], "manually": 1, "is_renamed": false,
        "display_name": "produtos", "description": "…", "data_asset_type": "dashboard", "dashboard_id": "1",
    });
    let (_, list) = world.get("/catalog").await;
    assert_eq!(list, json!({"data_assets": [item], "total": 1}));
    for (name, value) in [
        ("nimbus_id", json!("1")),
        ("location", json!("/a")),
        ("external_url", json!("https://example.com/sales")),
        ("embed", json!({"url": "https://example.com/sales/embed"})),
        ("comment", Value::Null),
        ("certification_status", Value::Null),
    ] {
        item[name] = value;
    }
    let path = format!("/catalog/data-asset/{}", id.as_str().unwrap());
    assert_eq!(
        world.get(&path).await,
        (200, json!({ "data_asset": item.clone() }))
    );
}

#[tokio::test]
async fn the_same_name_twice_makes_two_assets() {
    let world = World::ana().await;
    let (one, two) = (create(&world, "x").await, create(&world, "x").await);
    assert_ne!(one, two);
    assert_eq!(names(&world, "").await, ["x", "x"]);
}

#[tokio::test]
async fn a_put_changes_what_it_names_and_nothing_else() {
    let world = World::ana().await;
    let path = format!("/catalog/data-asset/{}", create(&world, "Sales").await);
    let changes = json!({"display_name": "Sales, renamed", "comment": "checked", "who_knows": 1});
    let (status, answer) = world.put(&path, changes).await;
    let asset = &answer["data_asset"];
    assert_eq!(status, 200);
    assert_eq!(
        (
            &asset["display_name"],
            &asset["comment"],
            &asset["tags"],
            &asset["is_renamed"]
        ),
        (
            &json!("Sales, renamed"),
            &json!("checked"),
            &json!(["sales"]),
            &json!(true)
        )
    );
    assert_eq!(world.put(&path, json!({})).await, (200, answer));
}

#[tokio::test]
async fn tags_that_are_objects_are_the_apis_own_500_and_change_nothing() {
    let world = World::ana().await;
    let path = format!("/catalog/data-asset/{}", create(&world, "Sales").await);
    let (status, answer) = world
        .put(
            &path,
            json!({"display_name": "y", "tags": [{"name": "gold"}]}),
        )
        .await;
    assert_eq!(status, 500);
    assert_eq!(
        (&answer["statusCode"], &answer["code"]),
        (&json!(500), &json!("UNKNOWN"))
    );
    let (_, after) = world.get(&path).await;
    assert_eq!(after["data_asset"]["display_name"], "Sales");
    let (status, _) = world.put(&path, json!({"tags": "gold"})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_told_what_is_wrong() {
    let world = World::ana().await;
    let (status, answer) = world
        .post(
            "/catalog",
            json!({"data_asset_type": 1, "tags": [1], "embed": {}}),
        )
        .await;
    assert_eq!(status, 400);
    assert_eq!(
        answer["message"],
        json!([
            "display_name must be a string",
            "tags must be an array of strings",
            "embed must be an object with a url",
            "data_asset_type must be a string",
        ])
    );
    let path = format!("/catalog/data-asset/{}", create(&world, "x").await);
    for body in [
        json!({"display_name": ""}),
        json!({"description": null}),
        json!({"comment": 1}),
        json!({"embed": "x"}),
    ] {
        assert_eq!(world.put(&path, body.clone()).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn documentation_is_kept_as_it_was_written() {
    let world = World::ana().await;
    let path = format!("/catalog/data-asset/{}/docs", create(&world, "x").await);
    assert_eq!(world.get(&path).await, (200, json!({"docs": ""})));
    let html = json!({"docs": "<p>O que foi vendido 🚀</p><script>x</script>"});
    let (status, answer) = world
        .post(&format!("{path}?asset_type=dataapp"), html.clone())
        .await;
    assert_eq!(status, 200);
    assert!(answer["id"].is_string() && answer["updated_at"].is_string());
    assert_eq!(world.get(&path).await, (200, html.clone()));
    let wrong_type = format!("{path}?asset_type=pipeline");
    assert_eq!(world.post(&wrong_type, html).await.0, 400);
    assert_eq!(world.post(&path, json!({"docs": 1})).await.0, 400);
}

#[tokio::test]
async fn a_certification_is_approved_or_taken_back() {
    let world = World::ana().await;
    let path = format!("/catalog/data-asset/{}", create(&world, "x").await);
    let certify = format!("{path}/certification-status");
    for status in [json!("approved"), Value::Null] {
        let (code, answer) = world
            .put(&certify, json!({"certification_status": status}))
            .await;
        assert_eq!(
            (code, &answer["data_asset"]["certification_status"]),
            (200, &status)
        );
    }
    for body in [
        json!({"certification_status": "rejected"}),
        json!({"certification_status": 1}),
        json!({}),
    ] {
        assert_eq!(world.put(&certify, body).await.0, 400);
    }
}

#[tokio::test]
async fn an_asset_without_a_table_has_no_columns_and_no_rows() {
    let world = World::ana().await;
    let path = format!("/catalog/data-asset/{}", create(&world, "x").await);
    let columns = format!("{path}/columns-metadata?include_stats=True&include_samples=true");
    assert_eq!(world.get(&columns).await, (200, json!({"columns": []})));
    let preview = format!("{path}/preview?limit=5&offset=0&columns=a,b");
    assert_eq!(
        world.get(&preview).await,
        (200, json!({"columns": [], "rows": [], "total": 0}))
    );
    for query in [
        "columns-metadata?include_stats=yes",
        "preview?limit=0",
        "preview?limit=x",
        "preview?offset=-1",
    ] {
        assert_eq!(
            world.get(&format!("{path}/{query}")).await.0,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_deleted_asset_an_absent_one_and_another_customers_look_the_same() {
    let world = World::ana().await;
    let path = format!("/catalog/data-asset/{}", create(&world, "x").await);
    let bob = world
        .token_of("bob@globex.example", "globex-bob-password")
        .await;
    let id_of = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let expected = |path: &str| {
        let message = format!("Data asset with id {} not found", id_of(path));
        (
            404,
            json!({"statusCode": 404, "message": message, "error": "Not Found"}),
        )
    };
    assert_eq!(world.get_as(&bob, &path).await, expected(&path));
    assert_eq!(
        world.get_as(&bob, "/catalog").await.1,
        json!({"data_assets": [], "total": 0})
    );
    assert_eq!(world.delete(&path).await, (200, Value::String("".into())));
    assert_eq!(world.delete(&path).await, expected(&path));
    for (method, tail) in [
        (Method::GET, ""),
        (Method::PUT, ""),
        (Method::GET, "/docs"),
        (Method::POST, "/docs"),
        (Method::PUT, "/certification-status"),
        (Method::GET, "/columns-metadata"),
        (Method::GET, "/preview"),
    ] {
        let headers = [("authorization", world.token.as_str())];
        let answer = world
            .call(
                method,
                &format!("{ABSENT}{tail}"),
                &headers,
                Some(json!({"tags": [{}]})),
            )
            .await;
        assert_eq!(answer, expected(ABSENT), "{tail}");
    }
}

#[tokio::test]
async fn a_viewer_sees_what_names_them_and_what_pipelines_made_and_changes_nothing() {
    let dataset =
        |name: &str| json!({"display_name": name, "data_asset_type": "dataset", "tags": []});
    let seed = json!({"assets": [
        {"owner": "ana@acme.example", "asset": dataset("private")},
        {"owner": "ana@acme.example", "asset": dataset("shared"), "users": ["vera@acme.example"]},
        {"owner": "ana@acme.example", "asset": dataset("landed"), "table": {
            "pipeline_id": "p-1", "table_schema": "PUBLIC", "table_name": "tb__9c6hqs__public__orders",
        }},
    ]});
    let seed = Seed::from_json(&seed.to_string()).unwrap();
    let mut world = World::start(Emulator::builder().seed(seed)).await;
    assert_eq!(names(&world, "").await, ["shared", "private", "landed"]);
    world.token = world
        .token_of("vera@acme.example", "acme-vera-password")
        .await;
    assert_eq!(names(&world, "").await, ["shared", "landed"]);
    assert_eq!(world.get("/catalog?size=1").await.1["total"], 2);
    assert_eq!(names(&world, "?pipeline_id=p_1").await, ["landed"]);
    let (_, list) = world.get("/catalog?search=landed").await;
    let landed = &list["data_assets"][0];
    assert_eq!(
        (
            &landed["manually"],
            &landed["table_schema"],
            &landed["table_name"]
        ),
        (
            &json!(0),
            &json!("PUBLIC"),
            &json!("tb__9c6hqs__public__orders")
        )
    );
    let (status, answer) = world.delete(ABSENT).await;
    assert_eq!((status, &answer["code"]), (403, &json!("AUTH.FORBIDDEN")));
    assert_eq!(world.post("/catalog", dataset("x")).await.0, 403);
}

#[tokio::test]
async fn the_total_can_be_text_and_too_many_and_new_tags_can_be_lost() {
    let options = Options {
        total_as_string: true,
        total_overcounts: 3,
        created_tags_are_lost: true,
        ..Options::default()
    };
    let world = World::start(Emulator::builder().options(options)).await;
    let id = create(&world, "x").await;
    assert_eq!(world.get("/catalog").await.1["total"], "4");
    let (_, answer) = world.get(&format!("/catalog/data-asset/{id}")).await;
    assert_eq!(answer["data_asset"]["tags"], json!([]));
}
