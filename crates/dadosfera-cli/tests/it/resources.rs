//! Files, tables, the catalog, connections, users and jobs, as a shell drives them.

use serde_json::Value;

use crate::{as_ana, emulator, said};

const MANIFEST: &str = "version = 1\n\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\n\
                        tags = [\"gold\"]\ndocs = \"# Orders\"\n";

#[tokio::test]
async fn a_catalog_is_planned_applied_and_planned_again() {
    let emulator = emulator().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.toml");
    std::fs::write(&file, MANIFEST).unwrap();
    let file = file.to_str().unwrap();
    let backups = folder.path().join("backups");
    let backups = backups.to_str().unwrap();

    let (code, diff, _) = said(&as_ana(&emulator, &["catalog", "plan", file]).await);
    assert_eq!(code, Some(0));
    assert!(diff.starts_with("+ dataset `Orders` ("), "{diff}");
    assert!(
        diff.contains("tags: gold\n") && diff.contains("+ <h1>Orders</h1>\n"),
        "{diff}"
    );
    assert!(
        diff.ends_with("1 to create, 0 to change, 0 as they are\n"),
        "{diff}"
    );
    let detailed = ["catalog", "plan", file, "--detailed-exitcode"];
    let (code, _, err) = said(&as_ana(&emulator, &detailed).await);
    assert_eq!((code, err.as_str()), (Some(5), ""));
    let dry = ["catalog", "apply", file, "--dry-run", "--detailed-exitcode"];
    assert_eq!(said(&as_ana(&emulator, &dry).await).0, Some(5));
    assert_eq!(emulator.count("create_data_asset"), 0);

    let apply = ["catalog", "apply", file, "--backup", backups];
    let (code, out, err) = said(&as_ana(&emulator, &apply).await);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "1 created, 0 changed, 0 as they were, 0 backups\n")
    );
    assert!(err.contains("1/1 created Orders ("), "{err}");
    assert_eq!(said(&as_ana(&emulator, &detailed).await).0, Some(0));

    std::fs::write(file, MANIFEST.replace("gold", "silver")).unwrap();
    let (_, out, _) = said(&as_ana(&emulator, &apply).await);
    assert_eq!(out, "0 created, 1 changed, 0 as they were, 1 backups\n");
    let backup = std::fs::read_dir(backups)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let restore = ["catalog", "restore", backup.to_str().unwrap()];
    let (code, out, _) = said(&as_ana(&emulator, &restore).await);
    assert!(code == Some(0) && out.ends_with(" restored\n"), "{out}");

    let search = ["catalog", "search", "orders", "--output", "json"];
    let (_, found, _) = said(&as_ana(&emulator, &search).await);
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found[0]["tags"], serde_json::json!(["gold"]));
    let id = found[0]["id"].as_str().unwrap();
    let (_, docs, _) = said(&as_ana(&emulator, &["catalog", "docs", id]).await);
    assert_eq!(docs, "<h1>Orders</h1>\n");

    std::fs::write(file, "version = 1\n[[asset]]\nname = \"Orders\"\n").unwrap();
    let (code, _, err) = said(&as_ana(&emulator, &["catalog", "plan", file]).await);
    assert_eq!(code, Some(2));
    assert!(err.contains(":2: asset[0].type is missing"), "{err}");
}

#[tokio::test]
async fn files_go_up_and_come_down_and_one_becomes_a_table() {
    let emulator = emulator().await;
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("shop/2026");
    std::fs::create_dir_all(&below).unwrap();
    let orders = below.join("orders.csv");
    std::fs::write(&orders, "id,total\n1,9.50\n").unwrap();
    let shop = folder.path().join("shop");
    let upload = [
        "storage",
        "upload",
        shop.to_str().unwrap(),
        "--to",
        "/raw",
        "--skip-if-there",
    ];
    let (code, out, err) = said(&as_ana(&emulator, &upload).await);
    assert_eq!(
        (code, err.as_str()),
        (Some(0), ""),
        "a log is not filled with percents"
    );
    assert!(
        out.starts_with("stored    ") && out.ends_with("orders.csv\n"),
        "{out}"
    );
    let (_, again, _) = said(&as_ana(&emulator, &upload).await);
    assert!(again.starts_with("was there "), "{again}");

    let (_, listed, _) = said(&as_ana(&emulator, &["storage", "ls", "/raw/shop"]).await);
    assert!(listed.contains("/raw/shop/2026/"), "{listed}");
    let target = folder.path().to_str().unwrap();
    let download = ["storage", "download", "/raw/shop/2026/orders.csv", target];
    let (code, out, _) = said(&as_ana(&emulator, &download).await);
    assert!(
        code == Some(0) && out.ends_with("orders.csv 16 bytes\n"),
        "{out}"
    );
    assert_eq!(
        std::fs::read_to_string(folder.path().join("orders.csv")).unwrap(),
        "id,total\n1,9.50\n"
    );

    let create = [
        "tables",
        "create",
        "ORDERS",
        "--from",
        orders.to_str().unwrap(),
    ];
    let (code, out, err) = said(&as_ana(&emulator, &create).await);
    assert!(
        code == Some(0) && out.contains("ORDERS with 1 rows"),
        "{out}{err}"
    );
    let (_, tables, _) = said(&as_ana(&emulator, &["tables", "list"]).await);
    assert_eq!(tables.lines().count(), 2, "{tables}");
    let (_, datasets, _) = said(&as_ana(&emulator, &["datasets"]).await);
    assert_eq!(datasets.lines().count(), 3, "{datasets}");

    let none = folder.path().join("none.csv");
    let missing = ["storage", "upload", none.to_str().unwrap(), "--to", "/raw"];
    let (code, _, err) = said(&as_ana(&emulator, &missing).await);
    assert!(code == Some(2) && err.contains("cannot be read"), "{err}");
    let (code, _, err) = said(&as_ana(&emulator, &["storage", "ls", "raw"]).await);
    assert!(
        code == Some(2) && err.contains("folderPath does not begin with `/`"),
        "{err}"
    );
    let (code, out, _) =
        said(&as_ana(&emulator, &["storage", "rm", "/raw/shop/2026/orders.csv"]).await);
    assert!(code == Some(0) && out.ends_with("deleted\n"), "{out}");
}

#[tokio::test]
async fn the_other_resources_can_be_looked_at() {
    let emulator = emulator().await;
    for (arguments, heading) in [
        (&["connections", "list"][..], "CONNECTION"),
        (&["connections", "plugins"], "PLUGIN"),
        (&["users", "list"], "USER"),
        (&["permissions"], "ID"),
    ] {
        let (code, out, err) = said(&as_ana(&emulator, arguments).await);
        assert_eq!(code, Some(0), "{err}");
        assert!(out.starts_with(heading), "{out}");
        let with_json = [arguments, &["--output", "json"]].concat();
        let (_, out, _) = said(&as_ana(&emulator, &with_json).await);
        assert!(
            serde_json::from_str::<Value>(&out).unwrap().is_array(),
            "{out}"
        );
    }
    let (code, _, err) = said(&as_ana(&emulator, &["users", "list", "--output", "yaml"]).await);
    assert!(code == Some(2) && err.contains("table, json"), "{err}");
}

#[tokio::test]
async fn a_change_of_the_sync_mode_says_what_becomes_of_the_state() {
    let emulator = emulator().await;
    let (_, id, _) = said(&as_ana(&emulator, &crate::CREATE).await);
    let job = format!("{}_0", id.strip_suffix(" created\n").unwrap());
    let change = [
        "jobs",
        "sync-mode",
        &job,
        "incremental",
        "--column",
        "at:timestamp",
    ];
    let dry = [&change[..], &["--dry-run"]].concat();
    let expected = "full_load to incremental: its state begins: the next run reads everything once, then only what is new\n";
    for (arguments, changes) in [(&dry[..], 0), (&change[..], 1)] {
        let (code, out, err) = said(&as_ana(&emulator, arguments).await);
        assert_eq!((code, out.as_str()), (Some(0), expected), "{err}");
        assert_eq!(emulator.count("update_job_sync_mode"), changes);
    }
    let without = [
        "jobs",
        "sync-mode",
        &job,
        "incremental-with-qualify",
        "--column",
        "at:timestamp",
    ];
    let (code, _, err) = said(&as_ana(&emulator, &without).await);
    assert!(
        code == Some(2) && err.contains("primary_keys is empty"),
        "{err}"
    );
}

#[tokio::test]
async fn a_run_is_waited_for_and_its_end_has_a_code() {
    let emulator = emulator().await;
    let broken = crate::CREATE.map(|word| match word {
        "orders" => "orders_broken",
        "Orders" => "Broken",
        word => word,
    });
    for (create, code, words) in [(crate::CREATE, 0, "SUCCESS"), (broken, 3, "FAILED")] {
        let (_, id, _) = said(&as_ana(&emulator, &create).await);
        let id = id.strip_suffix(" created\n").unwrap();
        let none = said(&as_ana(&emulator, &["runs", "wait", id]).await);
        assert!(
            none.0 == Some(1) && none.2.contains("has no run"),
            "{none:?}"
        );
        as_ana(&emulator, &["pipelines", "run", id]).await;
        let ended = said(&as_ana(&emulator, &["runs", "wait", id]).await);
        assert_eq!(ended.0, Some(code), "{ended:?}");
        assert!(ended.1.ends_with(&format!("ended: {words}\n")), "{ended:?}");
        assert!(ended.2.contains(&format!(" {words} after ")), "{ended:?}");
        assert_eq!(
            ended.2.contains("the trace says: Connection timeout"),
            code == 3,
            "{ended:?}"
        );
    }
}
