//! A target that is a URL: read only unless told otherwise, whatever a law would like to send, and cleaned up after.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use dadosfera_conformance::people::People;
use dadosfera_conformance::report;
use dadosfera_conformance::suite::{DESCRIPTION, Outcome, Report, Settings, Suite, Verdict};
use dadosfera_conformance::target::Target;
use dadosfera_emulator::{Emulator, Options, Seed};
use serde_json::json;

/// How many requests `furnish` writes with.
const FURNITURE: usize = 4;

/// An emulator that stands for a live server, with one pipeline that has run and one of everything else.
async fn server() -> Emulator {
    let seed = json!({ "pipelines": [{
        "owner": "ana@acme.example",
        "pipeline": {
            "id": "7b8b3399-b8c0-4fc5-9116-142cd9f4e7ae",
            "name": "Orders",
            "cron": "@once",
            "jobs": [{
                "input": {
                    "connector": "jdbc", "plugin": "mysql", "table_schema": "cadastros", "table_name": "pedidos",
                    "auth_parameters": {"auth_type": "connection_manager", "config_id": "1763991009206_kvpd3364_mysql-1.0.0"},
                },
                "output": {"plugin": "dadosfera_snowflake"},
            }],
        },
    }] });
    let seed = Seed::from_json(&seed.to_string()).unwrap();
    let options = Options {
        run_duration: std::time::Duration::from_secs(1),
        ..Options::default()
    };
    let server = Emulator::builder()
        .seed(seed)
        .options(options)
        .start()
        .await
        .unwrap();
    furnish(&server).await;
    server
}

/// One of everything that a seed does not have, so that all reads find something.
async fn furnish(server: &Emulator) {
    let (http, token) = (reqwest::Client::new(), token(server).await);
    let post = |path: &str| {
        let request = http.post(format!("{}{path}", server.base_url()));
        request.header("authorization", &token)
    };
    let csv = reqwest::multipart::Part::bytes(b"id,name\n1,Ana\n".to_vec()).file_name("rows.csv");
    let form = reqwest::multipart::Form::new().part("file", csv);
    let asset = json!({ "display_name": "Sales", "data_asset_type": "dashboard" });
    let connection = json!({ "name": "orders", "plugin": "postgresql", "config": {
        "endpoint": "db.example.com", "port": 5432, "network": "direct",
        "user": "reader", "password": "a-password", "database": "orders",
    }});
    let table = json!({ "name": "orders", "columns": [{ "name": "id", "type": "INTEGER" }] });
    let made = [
        post("/catalog").json(&asset),
        post("/connections").json(&connection),
        post("/storage-explorer/tables").json(&table),
        post("/storage-explorer/storage/upload/batch?folderPath=/raw").multipart(form),
    ];
    assert_eq!(made.len(), FURNITURE);
    for request in made {
        assert_eq!(request.send().await.unwrap().status(), 201);
    }
}

fn people() -> People {
    People::of_the_environment(|name| {
        let value = match name {
            "CONFORMANCE_USERNAME" => "mfa@acme.example",
            "CONFORMANCE_PASSWORD" => "acme-mfa-password",
            "CONFORMANCE_TOTP_SECRET" => "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            "CONFORMANCE_OTHER_USERNAME" => "bob@globex.example",
            "CONFORMANCE_OTHER_PASSWORD" => "globex-bob-password",
            "CONFORMANCE_LIMITED_USERNAME" => "carla@acme.example",
            "CONFORMANCE_LIMITED_PASSWORD" => "acme-carla-password",
            _ => return None,
        };
        Some(value.to_owned())
    })
}

async fn run(server: &Emulator, write: bool, people: People, filter: Option<&str>) -> Report {
    let target = Target::parse(server.base_url(), write, people).unwrap();
    let settings = Settings {
        target,
        seed: 11,
        filter: filter.map(str::to_owned),
    };
    Suite::new(DESCRIPTION, settings).unwrap().run().await
}

fn writes(server: &Emulator) -> Vec<String> {
    let harmless = [Some("sign_in"), Some("refresh_access_token")];
    server
        .requests()
        .iter()
        .filter(|request| request.method != "GET" && !harmless.contains(&request.operation))
        .skip(FURNITURE)
        .map(|request| format!("{} {}", request.method, request.path))
        .collect()
}

#[tokio::test]
async fn without_write_nothing_is_written_and_what_was_not_tried_is_not_kept() {
    let server = server().await;
    let report = run(&server, false, people(), None).await;
    assert_eq!(writes(&server), [] as [String; 0]);
    assert_eq!(
        report.outcome(),
        Outcome::Clean,
        "{}",
        report::to_text(&report).unwrap()
    );
    // One sign-in a person, and one to furnish: a second one with the same code would be refused.
    assert_eq!(server.count("sign_in"), 3);
    let verdict = |id| {
        report
            .laws
            .iter()
            .find(|row| row.law.id == id)
            .map(|row| row.verdict.clone())
            .unwrap()
    };
    assert!(
        matches!(verdict("auth.token-life"), Verdict::NotApplicable(why) if why.contains("clock"))
    );
    assert!(
        matches!(verdict("pipelines.create"), Verdict::NotApplicable(why) if why.contains("--write"))
    );
    assert_eq!(verdict("auth.bare-token"), Verdict::Kept);
    assert_eq!(verdict("auth.refresh"), Verdict::Kept);
    let text = report::to_text(&report).unwrap();
    assert!(text.contains("never called: it writes"), "{text}");
}

#[tokio::test]
async fn with_write_the_laws_that_can_be_tried_are_kept_and_leave_nothing_behind() {
    let server = server().await;
    // Without a second factor, so that the SDK's own sign-in need not wait for the next code.
    let ana = People::of_the_environment(|name| match name {
        "CONFORMANCE_USERNAME" => Some("ana@acme.example".to_owned()),
        "CONFORMANCE_PASSWORD" => Some("acme-ana-password".to_owned()),
        "CONFORMANCE_OTHER_USERNAME" => Some("bob@globex.example".to_owned()),
        "CONFORMANCE_OTHER_PASSWORD" => Some("globex-bob-password".to_owned()),
        _ => None,
    });
    // The seed's pipeline runs for a second; what it changes is not what the laws leave behind.
    while !listed(&server, LISTS[0])
        .await
        .to_string()
        .contains("SUCCESS")
    {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let mut before = Vec::new();
    for path in LISTS {
        before.push(listed(&server, path).await);
    }
    let report = run(&server, true, ana, None).await;
    assert_eq!(
        report.outcome(),
        Outcome::Clean,
        "{}",
        report::to_text(&report).unwrap()
    );
    assert!(!writes(&server).is_empty());
    for (before, path) in before.iter().zip(LISTS) {
        let after = listed(&server, path).await;
        assert_eq!(&after, before, "{path}");
    }
}

const LISTS: [&str; 8] = [
    "/platform/pipelines",
    "/api-key",
    "/connections",
    "/catalog?size=100",
    "/storage-explorer/storage?folderPath=/raw",
    "/storage-explorer/tables",
    "/storage-explorer/datasets",
    "/customers/current",
];

async fn token(server: &Emulator) -> String {
    let body = json!({ "username": "ana@acme.example", "password": "acme-ana-password" });
    let answer = reqwest::Client::new()
        .post(format!("{}/auth/sign-in", server.base_url()))
        .json(&body)
        .send()
        .await
        .unwrap();
    let answer: serde_json::Value = answer.json().await.unwrap();
    answer["tokens"]["accessToken"].as_str().unwrap().to_owned()
}

async fn listed(server: &Emulator, path: &str) -> serde_json::Value {
    let request = reqwest::Client::new()
        .get(format!("{}{path}", server.base_url()))
        .header("authorization", token(server).await);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn without_credentials_a_run_is_incomplete_and_says_which_variables_it_misses() {
    let server = server().await;
    let report = run(&server, false, People::default(), None).await;
    assert_eq!(report.outcome(), Outcome::Incomplete);
    let text = report::to_text(&report).unwrap();
    assert!(
        text.contains("CONFORMANCE_USERNAME and CONFORMANCE_PASSWORD are not set"),
        "{text}"
    );
    assert!(
        text.contains("gap: list_pipelines was never called with success"),
        "{text}"
    );
}

#[tokio::test]
async fn a_run_in_which_nothing_was_executed_is_incomplete() {
    let server = server().await;
    let report = run(&server, false, people(), Some("auth.token-life")).await;
    assert_eq!(
        (report.requests, report.outcome()),
        (0, Outcome::Incomplete)
    );
    assert!(report.gaps().contains(&"nothing was executed".to_owned()));
}

#[tokio::test]
async fn a_server_that_is_not_there_proves_nothing() {
    let server = server().await;
    let target = Target::parse(server.base_url(), false, people()).unwrap();
    server.stop().await;
    let settings = Settings {
        target,
        seed: 11,
        filter: Some("api.health".to_owned()),
    };
    let report = Suite::new(DESCRIPTION, settings).unwrap().run().await;
    assert_eq!(report.outcome(), Outcome::Incomplete);
    assert_eq!(report.findings[0].code.name(), "answer.none");
}

#[tokio::test]
async fn reports_hold_no_secret_and_the_json_is_of_the_documented_schema() {
    let server = server().await;
    // A description that knows less, so that there is much to report.
    let description = DESCRIPTION.replace(
        "        '200':\n          description: The pipelines.",
        "        '299':\n          description: The pipelines.",
    );
    let target = Target::parse(server.base_url(), true, people()).unwrap();
    let settings = Settings {
        target,
        seed: 11,
        filter: Some("keys.".to_owned()),
    };
    let report = Suite::new(&description, settings).unwrap().run().await;
    assert_eq!(report.outcome(), Outcome::Found);
    let json = report::to_json(&report);
    let both = format!("{}{json}", report::to_text(&report).unwrap());
    for secret in ["acme-mfa-password", "JBSWY3DP", "eyJ"] {
        assert!(!both.contains(secret), "{secret} is in the report");
    }
    // A mask shows five characters of a key, a key more.
    let keys = both
        .split("ddf_")
        .skip(1)
        .filter(|rest| rest.chars().take(8).all(|c| c.is_ascii_alphanumeric()));
    assert_eq!(keys.count(), 0);
    assert!(both.contains("\"$API_KEY\""), "{both}");
    for field in [
        "version",
        "target",
        "seed",
        "filter",
        "requests",
        "exit_code",
        "gaps",
        "operations",
        "laws",
        "findings",
    ] {
        assert!(json.get(field).is_some(), "{field}");
    }
    assert_eq!(json["exit_code"], 1);
}
