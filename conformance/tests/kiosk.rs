//! The kiosk: a document that a framework wrote, mended by regen's repairs, describes the server that it is of.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use dadosfera_conformance::explore::{Actors, Effort, Ending, Exploration, Settings, explore};

const MENDED: &str = include_str!("../../xtask/kiosk/openapi.json");
const AS_IT_CAME: &str = include_str!("../../xtask/kiosk/kiosk.json");
const ACTORS: &str = include_str!("../../xtask/kiosk/actors.toml");

/// The server as a child process, ended with the test.
struct Kiosk(Child);

impl Drop for Kiosk {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn run(document: &str, seed: u64) -> Exploration {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../xtask/kiosk/server.py");
    let mut kiosk = Kiosk(
        Command::new("python3")
            .args([script, "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut port = String::new();
    BufReader::new(kiosk.0.stdout.take().unwrap())
        .read_line(&mut port)
        .unwrap();
    let base_url = format!("http://127.0.0.1:{}", port.trim());
    let actors = Actors::parse(ACTORS, true).unwrap();
    let effort = Effort {
        seed,
        examples: 4,
        sequences: 8,
        steps: 14,
        oversize: 2 << 20,
    };
    let settings = Settings::alone(document, &base_url, actors, effort);
    let secrets = |name: &str| match name {
        "KIOSK_ADA_PASSWORD" => Some("ada-has-a-long-password".to_owned()),
        "KIOSK_BOB_PASSWORD" => Some("bob-has-a-long-password".to_owned()),
        _ => None,
    };
    explore(&settings, &secrets).await.unwrap()
}

#[tokio::test]
async fn the_mended_document_says_what_its_server_does() {
    for seed in [0, 1] {
        let exploration = run(MENDED, seed).await;
        let found: Vec<String> = exploration.found.iter().map(|it| it.name()).collect();
        assert_eq!(found, [] as [String; 0], "seed {seed}");
        assert_eq!(exploration.ending, Ending::Clean, "seed {seed}");
        // A form of several parts is not made, and whose item an order is for is not guessed.
        let mut gaps = exploration.gaps.clone();
        gaps.sort();
        assert_eq!(
            gaps,
            [
                "ItemsController_upload was never answered with success",
                "OrdersController_create was never answered with success",
                "OrdersController_findOne was never answered with success",
            ],
            "seed {seed}"
        );
    }
}

#[tokio::test]
async fn the_document_as_it_came_is_found_to_be_wrong() {
    // Its id is there twice, and a schema is not there at all: both have to be mended before anything can be asked.
    let readable = AS_IT_CAME
        .replacen(
            "\"ReportsController_get\"",
            "\"ReportsController_summary\"",
            1,
        )
        .replace(
            "#/components/schemas/ChangedEvent",
            "#/components/schemas/CreatedEvent",
        );
    let exploration = run(&readable, 0).await;
    assert_eq!(exploration.ending, Ending::Found);
    let codes: Vec<&str> = exploration.found.iter().map(|it| it.check.code).collect();
    for code in ["answer.body-mismatch", "answer.body-unexpected"] {
        assert!(codes.contains(&code), "no {code} among {codes:?}");
    }
}
