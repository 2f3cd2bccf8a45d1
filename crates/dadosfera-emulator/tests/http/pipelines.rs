//! Pipelines: every documented answer, in the documentation's own words.

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{ORDERS, World, orders};

const CANONICAL: &str = "1b33ad2f_33d3_4837_9eeb_83c82c8b909d";

fn path(id: &str) -> String {
    format!("/platform/pipeline/{id}")
}

fn not_found(id: &str) -> (u16, Value) {
    (
        404,
        json!({"detail": {
            "status": false, "exception_type": "PipelineNotFound",
            "traceback": format!("Pipeline with id {id} not found"), "data": null,
        }}),
    )
}

fn exception(kind: &str, text: &str) -> (u16, Value) {
    (
        400,
        json!({"detail": {"status": false, "exception_type": kind, "traceback": text, "data": null}}),
    )
}

#[tokio::test]
async fn a_pipeline_is_created_listed_and_read_as_documented() {
    let world = World::ana().await;
    let now = world
        .emulator
        .clock()
        .now()
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    assert_eq!(
        world
            .post(
                "/platform/pipeline",
                orders(ORDERS, "Orders", json!("0 6 * * *"))
            )
            .await,
        (
            201,
            json!({"status": true, "data": {"message": "Pipeline created successfully", "pipeline_id": CANONICAL}})
        )
    );
    assert_eq!(
        world.get("/platform/pipelines").await,
        (
            200,
            json!([{
                "id": 1,
                "pipeline_id": CANONICAL,
                "customer_id": "acme_corp",
                "user_id": "ana@acme.example",
                "name": "Orders",
                "description": "Pipeline to sync orders from PostgreSQL",
                "cron": "0 6 * * *",
                "last_status": "CREATED",
                "jobs": [{
                    "id": 1,
                    "job_id": format!("{CANONICAL}_0"),
                    "job_status": "PENDING",
                    "input": {"connector": "jdbc", "plugin": "postgresql", "table_name": "orders"},
                    "output": {
                        "plugin": "dadosfera_snowflake",
                        "raw": {"table_name": "tb__dc344m__public__orders", "table_schema": "PUBLIC"},
                    },
                }],
            }])
        )
    );
    for spelling in [ORDERS, CANONICAL, &ORDERS.to_uppercase()] {
        assert_eq!(
            world.get(&path(spelling)).await,
            (
                200,
                json!({"status": true, "data": {
                    "id": CANONICAL,
                    "name": "Orders",
                    "description": "Pipeline to sync orders from PostgreSQL",
                    "cron": "0 6 * * *",
                    "customer_id": "acme_corp",
                    "status": "active",
                    "created_at": now,
                    "updated_at": now,
                    "jobs": [{
                        "job_id": format!("{CANONICAL}_0"),
                        "job_name": "orders_extraction",
                        "input": {
                            "connector": "jdbc",
                            "plugin": "postgresql",
                            "table_schema": "public",
                            "table_name": "orders",
                            "column_include_list": ["id", "customer_id"],
                            "load_type": "incremental",
                            "incremental_column_name": "updated_at",
                            "incremental_column_type": "timestamp with time zone",
                            "auth_parameters": {
                                "auth_type": "connection_manager",
                                "config_id": "1701234567890_abc123_postgresql-1.0.0",
                            },
                        },
                        "output": {"plugin": "dadosfera_snowflake", "table_name": "tb__dc344m__public__orders"},
                    }],
                }})
            )
        );
    }
}

#[tokio::test]
async fn what_is_no_pipeline_is_refused_with_a_reason_and_leaves_no_trace() {
    let world = World::ana().await;
    let good = orders(ORDERS, "Orders", Value::Null);
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (body, detail) in [
        (json!({}), "jobs is required"),
        (json!([]), "body must be a JSON object"),
        (with("/id", json!(7)), "id must be a string"),
        (with("/id", Value::Null), "id is required"),
        (with("/name", json!(" ")), "name must not be empty"),
        (
            with("/cron", json!("every day")),
            "Invalid cron expression: every day",
        ),
        (with("/cron", json!(5)), "cron must be a string or null"),
        (with("/jobs", json!([])), "jobs must not be empty"),
        (with("/jobs/0", json!(1)), "jobs[0] must be an object"),
        (
            with("/jobs/0/output", json!({})),
            "jobs[0].output.plugin is required",
        ),
        (
            with("/jobs/0/input/plugin", json!("db2")),
            "jobs[0].input: plugin of jdbc must be one of mysql, postgresql, oracle, sqlserver",
        ),
        (
            with("/jobs/0/input/load_type", json!("x")),
            "jobs[0].input: load_type must be one of full_load, incremental, incremental_with_qualify",
        ),
        (
            with("/jobs/0/input/incremental_column_name", Value::Null),
            "jobs[0].input: incremental_column_name is required for incremental",
        ),
    ] {
        assert_eq!(
            world.post("/platform/pipeline", body.clone()).await,
            (400, json!({ "detail": detail })),
            "{body}"
        );
    }
    let mut mixed = good.clone();
    let singer = json!({
        "input": {"connector": "singer", "plugin": "hubspot", "table_name": "contacts"},
        "output": {"plugin": "dadosfera_snowflake"},
    });
    mixed["jobs"].as_array_mut().unwrap().push(singer);
    assert_eq!(
        world.post("/platform/pipeline", mixed).await,
        (
            400,
            json!({"detail": "All jobs of a pipeline must use the same connector"})
        )
    );
    assert_eq!(world.get("/platform/pipelines").await.1, json!([]));
}

#[tokio::test]
async fn a_name_or_an_id_that_is_taken_is_a_conflict() {
    let world = World::ana().await;
    world.create_orders(Value::Null).await;
    assert_eq!(
        world
            .post(
                "/platform/pipeline",
                orders(CANONICAL, "Other", Value::Null)
            )
            .await,
        (
            409,
            json!({"detail": format!("Pipeline with id {CANONICAL} already exists")})
        )
    );
    assert_eq!(
        world
            .post(
                "/platform/pipeline",
                orders("test_pipeline_12345", "Orders", Value::Null)
            )
            .await,
        (
            409,
            json!({"detail": "Pipeline with name Orders already exists"})
        )
    );
    let body = orders("test_pipeline_12345", "Other", Value::Null);
    assert_eq!(world.post("/platform/pipeline", body).await.0, 201);
    let changed = world
        .patch(&path("test-pipeline-12345"), json!({"name": "Orders"}))
        .await;
    assert_eq!(changed.0, 409);
}

#[tokio::test]
async fn a_patch_changes_what_was_sent_and_nothing_else() {
    let world = World::ana().await;
    world.create_orders(json!("0 6 * * *")).await;
    world.advance(60);
    let (_, before) = world.get(&path(ORDERS)).await;
    assert_eq!(
        world
            .patch(&path(ORDERS), json!({"description": null, "cron": null}))
            .await,
        (
            200,
            json!({"detail": format!("successfully patched the item of the pipeline_id: {CANONICAL}")})
        )
    );
    let (_, after) = world.get(&path(ORDERS)).await;
    let mut expected = before.clone();
    expected["data"]["description"] = Value::Null;
    expected["data"]["cron"] = Value::Null;
    expected["data"]["updated_at"] = after["data"]["updated_at"].clone();
    assert_eq!(after, expected);
    assert_ne!(after["data"]["updated_at"], before["data"]["updated_at"]);
    for (body, detail) in [
        (
            json!({"pipeline_id": "x"}),
            "Property pipeline_id is read only",
        ),
        (json!({"name": null}), "name is required"),
        (json!({"cron": "x"}), "Invalid cron expression: x"),
    ] {
        assert_eq!(
            world.patch(&path(ORDERS), body).await,
            (400, json!({ "detail": detail }))
        );
    }
    assert_eq!(world.get(&path(ORDERS)).await.1, after);
    assert_eq!(
        world.patch(&path("invalid_pipeline_id"), json!({})).await,
        (
            404,
            json!({"detail": "pipeline_id invalid_pipeline_id not found"})
        )
    );
}

#[tokio::test]
async fn a_delete_needs_the_customers_name_and_removes_all() {
    let world = World::ana().await;
    world.create_orders(json!("@once")).await;
    for name in [None, Some("globex")] {
        let mut headers = vec![("authorization", world.token.as_str())];
        headers.extend(name.map(|name| ("customer_name", name)));
        assert_eq!(
            world
                .call(Method::DELETE, &path(ORDERS), &headers, None)
                .await,
            (401, json!({"msg": "Unauthorized"}))
        );
    }
    assert_eq!(
        world.delete(&path(ORDERS)).await,
        (
            200,
            json!({"pipeline_id": CANONICAL, "status": "PIPELINE_DELETED"})
        )
    );
    assert_eq!(
        world.delete(&path("invalid_pipeline_id")).await,
        (
            404,
            json!({"detail": "pipeline_id invalid_pipeline_id not found!!"})
        )
    );
    assert_eq!(world.get(&path(ORDERS)).await, not_found(CANONICAL));
    let job = format!("/platform/jobs/jdbc/{ORDERS}-0");
    assert_eq!(world.get(&job).await.0, 404);
    world.create_orders(Value::Null).await;
    assert_eq!(
        world.get(&format!("{}/pipeline_run", path(ORDERS))).await.1,
        json!([])
    );
}

#[tokio::test]
async fn pause_execute_and_unpause_speak_the_documents_words() {
    let world = World::ana().await;
    world.create_orders(Value::Null).await;
    let act =
        async |what: &str, id: &str| world.post(&path(what), json!({ "pipeline_id": id })).await;
    let done = |text: &str| {
        (
            200,
            json!({"status": true, "data": {"message": text, "pipeline_id": CANONICAL}}),
        )
    };
    assert_eq!(
        act("unpause", ORDERS).await,
        exception("PipelineNotPaused", "Pipeline is not paused")
    );
    assert_eq!(
        act("pause", CANONICAL).await,
        done("Pipeline paused successfully")
    );
    assert_eq!(
        act("pause", ORDERS).await,
        exception("PipelineAlreadyPaused", "Pipeline is already paused")
    );
    assert_eq!(
        act("execute", ORDERS).await,
        exception(
            "PipelinePaused",
            "Cannot execute paused pipeline. Use /pipeline/unpause first."
        )
    );
    assert_eq!(world.get(&path(ORDERS)).await.1["data"]["status"], "paused");
    assert_eq!(
        act("unpause", ORDERS).await,
        done("Pipeline unpaused successfully")
    );
    let now = world
        .emulator
        .clock()
        .now()
        .format("%Y-%m-%dT%H:%M:%S+00:00");
    assert_eq!(
        act("execute", ORDERS).await,
        (
            200,
            json!({"status": true, "data": {
                "message": "Pipeline execution triggered successfully",
                "pipeline_id": CANONICAL,
                "run_id": format!("manual__{now}"),
            }})
        )
    );
    for what in ["execute", "pause", "unpause"] {
        assert_eq!(act(what, "no_such").await, not_found("no_such"));
        for body in [
            json!({}),
            json!({"pipeline_id": null}),
            json!({"pipeline_id": ""}),
        ] {
            assert_eq!(
                world.post(&path(what), body).await,
                (400, json!({"detail": "pipeline_id is required"}))
            );
        }
    }
}

#[tokio::test]
async fn memory_has_a_documented_limit() {
    let world = World::ana().await;
    world.create_orders(Value::Null).await;
    let memory = format!("{}/memory", path(ORDERS));
    assert_eq!(
        world.put(&memory, json!({"amount": 4096})).await,
        (
            200,
            json!({"status": true, "data": {
                "message": "Pipeline memory updated successfully", "pipeline_id": CANONICAL, "memory_mb": 4096,
            }})
        )
    );
    assert_eq!(world.put(&memory, json!({"amount": 12000})).await.0, 200);
    for amount in [json!(12001), json!(1e300), json!(u64::MAX)] {
        assert_eq!(
            world.put(&memory, json!({ "amount": amount })).await,
            (
                400,
                json!({"message": "Memory limit exceeded. Maximum allowed: 12000MB (12GB)", "statusCode": 400})
            )
        );
    }
    for body in [
        json!({}),
        json!({"amount": null}),
        json!({"amount": "1"}),
        json!({"amount": 1.5}),
        json!({"amount": 0}),
        json!({"amount": -1}),
    ] {
        assert_eq!(world.put(&memory, body.clone()).await.0, 400, "{body}");
    }
    assert_eq!(
        world
            .put("/platform/pipeline/no_such/memory", json!({"amount": 1}))
            .await,
        not_found("no_such")
    );
}

#[tokio::test]
async fn another_customers_pipeline_looks_like_none_everywhere() {
    let world = World::ana().await;
    world.create_orders(json!("@once")).await;
    let bob = world
        .token_of("bob@globex.example", "globex-bob-password")
        .await;
    let headers = [("authorization", bob.as_str()), ("customer_name", "globex")];
    let body = json!({"pipeline_id": ORDERS, "amount": 1, "target_load_type": "full_load"});
    for (method, template) in [
        (Method::GET, "/platform/pipeline/{}"),
        (Method::PATCH, "/platform/pipeline/{}"),
        (Method::DELETE, "/platform/pipeline/{}"),
        (Method::PUT, "/platform/pipeline/{}/memory"),
        (Method::GET, "/platform/pipeline/{}/pipeline_run"),
        (Method::GET, "/platform/pipeline/{}/pipeline_run/x"),
        (Method::GET, "/platform/jobs/jdbc/{}_0"),
        (Method::PUT, "/platform/jobs/jdbc/{}_0/sync-mode"),
        (Method::PATCH, "/platform/jobs/{}_0/input"),
        (Method::POST, "/platform/jobs/{}_0/reset-state"),
        (Method::PUT, "/platform/jobs/{}_0/memory"),
        (Method::GET, "/pipelinesv2/{}/status"),
        (Method::GET, "/pipelinesv2/download-logs?pipeline_id={}"),
    ] {
        let body = (method != Method::GET && method != Method::DELETE).then(|| body.clone());
        let absent = "00000000_0000_4000_8000_000000000000";
        let ask = |id: &str| {
            let path = template.replace("{}", id);
            let (world, method, body) = (&world, method.clone(), body.clone());
            async move { world.call(method, &path, &headers, body).await }
        };
        let (status, foreign) = ask(CANONICAL).await;
        assert_eq!(status, 404, "{template}");
        let foreign = foreign.to_string().replace(CANONICAL, absent);
        assert_eq!((status, foreign), {
            let (status, body) = ask(absent).await;
            (status, body.to_string())
        });
    }
    assert_eq!(world.get_as(&bob, "/platform/pipelines").await.1, json!([]));
    assert_eq!(
        world.get_as(&bob, "/pipelinesv2").await.1,
        json!({"pipelines": []})
    );
}
