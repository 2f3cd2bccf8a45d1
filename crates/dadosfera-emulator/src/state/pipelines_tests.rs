//! The life of pipelines on a virtual clock, without HTTP.

use chrono::TimeDelta;
use serde_json::json;

use super::*;
use crate::state::catalog::Catalogs;
use crate::state::storage::Storage;
use crate::state::users::Users;

const ID: &str = "1b33ad2f-33d3-4837-9eeb-83c82c8b909d";
const ANA: Owner<'_> = Owner {
    customer_id: "acme",
    username: "ana",
};

struct World {
    pipelines: Pipelines,
    chance: Chance,
}

fn at(second: i64) -> DateTime<Utc> {
    // 2024-01-01T00:00:00Z
    DateTime::from_timestamp(1_704_067_200 + second, 0).unwrap()
}

fn job(connector: &str, table: &str) -> NewJob {
    let fields = |value: serde_json::Value| value.as_object().unwrap().clone();
    NewJob {
        input: fields(json!({
            "connector": connector, "plugin": "mysql", "table_schema": "s", "table_name": table,
        })),
        transformations: Vec::new(),
        output: fields(json!({"plugin": "dadosfera_snowflake"})),
    }
}

fn new(id: &str, name: &str, cron: Option<&str>) -> NewPipeline {
    NewPipeline {
        id: id.into(),
        name: name.into(),
        description: None,
        cron: cron.map(Into::into),
        jobs: vec![job("jdbc", "orders")],
    }
}

impl World {
    fn empty() -> Self {
        Self {
            pipelines: Pipelines::new(RunRules {
                duration: TimeDelta::seconds(30),
                failing_tables: BTreeMap::from([("broken".into(), "Connection timeout".into())]),
                mutations: crate::mutations::Mutations::default(),
            }),
            chance: Chance::from_seed(1),
        }
    }

    fn with(cron: Option<&str>) -> Self {
        let mut world = Self::empty();
        world.create(new(ID, "Orders", cron)).unwrap();
        world
    }

    fn create(&mut self, new: NewPipeline) -> Result<(), Refused> {
        self.pipelines
            .create(ANA, new, at(0), &mut self.chance)
            .map(|_| ())
    }

    fn go_to(&mut self, second: i64) {
        let mut warehouse = Warehouse {
            storage: &mut Storage::default(),
            catalogs: &mut Catalogs::default(),
            users: &Users::default(),
        };
        self.pipelines
            .catch_up(at(second), &mut self.chance, &mut warehouse);
    }

    fn execute(&mut self, second: i64) -> Result<(), Refused> {
        self.go_to(second);
        self.pipelines
            .execute("acme", ID, at(second), &mut self.chance)
            .map(|_| ())
    }

    /// Of each run, newest first: its status, and the seconds at which it was created and updated.
    fn runs(&self) -> Vec<(&'static str, i64, i64)> {
        let pipeline = self.pipelines.get("acme", ID).unwrap();
        let second = |time: DateTime<Utc>| (time - at(0)).num_seconds();
        pipeline
            .runs
            .newest_first()
            .map(|run| {
                (
                    run.status.as_str(),
                    second(run.created_at),
                    second(run.updated_at),
                )
            })
            .collect()
    }
}

#[test]
fn a_run_moves_from_running_to_success_to_the_second() {
    let mut world = World::with(None);
    assert_eq!(
        world.pipelines.get("acme", ID).unwrap().last_status(),
        "CREATED"
    );
    world.execute(10).unwrap();
    assert_eq!(world.runs(), [("RUNNING", 10, 10)]);
    world.go_to(39);
    assert_eq!(world.runs(), [("RUNNING", 10, 10)]);
    world.go_to(40);
    assert_eq!(world.runs(), [("SUCCESS", 10, 40)]);
}

#[test]
fn executions_wait_their_turn_and_start_when_the_one_before_ends() {
    let mut world = World::with(None);
    for second in [0, 1, 2] {
        world.execute(second).unwrap();
    }
    assert_eq!(world.runs(), [("RUNNING", 0, 0)]);
    world.go_to(45);
    assert_eq!(world.runs(), [("RUNNING", 30, 30), ("SUCCESS", 0, 30)]);
    world.go_to(1000);
    assert_eq!(
        world.runs(),
        [("SUCCESS", 60, 90), ("SUCCESS", 30, 60), ("SUCCESS", 0, 30)]
    );
}

#[test]
fn a_paused_pipeline_finishes_its_run_and_starts_nothing_until_unpaused() {
    let mut world = World::with(Some("*/5 * * * *"));
    world.execute(0).unwrap();
    world.execute(1).unwrap();
    world.pipelines.pause("acme", ID, at(1)).unwrap();
    assert_eq!(world.execute(2), Err(Refused::Paused));
    world.go_to(3000);
    assert_eq!(world.runs(), [("SUCCESS", 0, 30)]);
    world
        .pipelines
        .unpause("acme", ID, at(3000), &mut world.chance)
        .unwrap();
    assert_eq!(world.runs()[0], ("RUNNING", 3000, 3000));
    world.go_to(3299);
    assert_eq!(world.runs().len(), 2);
    world.go_to(3300);
    assert_eq!(world.runs()[0], ("RUNNING", 3300, 3300));
}

#[test]
fn pausing_twice_and_unpausing_what_runs_are_refused() {
    let mut world = World::with(None);
    let unpaused = world
        .pipelines
        .unpause("acme", ID, at(0), &mut world.chance);
    assert_eq!(unpaused.map(|_| ()), Err(Refused::NotPaused));
    world.pipelines.pause("acme", ID, at(0)).unwrap();
    let paused = world.pipelines.pause("acme", ID, at(0));
    assert_eq!(paused.map(|_| ()), Err(Refused::AlreadyPaused));
}

#[test]
fn a_schedule_fires_as_the_clock_moves_and_a_long_run_makes_it_wait_once() {
    let mut world = World::with(Some("* * * * *"));
    world.go_to(150);
    assert_eq!(world.runs(), [("SUCCESS", 120, 150), ("SUCCESS", 60, 90)]);
    let mut slow = World::with(Some("* * * * *"));
    slow.pipelines.rules.duration = TimeDelta::seconds(200);
    slow.go_to(300);
    assert_eq!(slow.runs(), [("RUNNING", 260, 260), ("SUCCESS", 60, 260)]);
}

#[test]
fn once_runs_right_after_it_is_set_and_never_again() {
    let mut world = World::with(Some("@once"));
    assert_eq!(world.runs(), [("RUNNING", 0, 0)]);
    world.go_to(1_000_000);
    assert_eq!(world.runs(), [("SUCCESS", 0, 30)]);
}

#[test]
fn a_failing_table_fails_the_run_with_its_trace() {
    let mut world = World::empty();
    let mut broken = new(ID, "Broken", Some("@once"));
    broken.jobs.push(job("jdbc", "broken"));
    world.create(broken).unwrap();
    world.go_to(30);
    let pipeline = world.pipelines.get("acme", ID).unwrap();
    assert_eq!(
        (pipeline.last_status(), pipeline.state()),
        ("FAILED", "error")
    );
    let trace = pipeline.runs.latest().unwrap().trace.as_deref();
    assert_eq!(trace, Some("Connection timeout"));
    let statuses: Vec<_> = pipeline
        .jobs
        .iter()
        .map(|job| job.status.as_str())
        .collect();
    assert_eq!(statuses, ["SUCCESS", "FAILED"]);
}

#[test]
fn runs_are_numbered_in_the_order_of_time_across_pipelines() {
    let mut world = World::empty();
    world.create(new("b", "Late", Some("2 0 * * *"))).unwrap();
    world.create(new("a", "Early", Some("3 0 * * *"))).unwrap();
    world.go_to(600);
    let number = |id| {
        world
            .pipelines
            .get("acme", id)
            .unwrap()
            .runs
            .latest()
            .unwrap()
            .number
    };
    assert_eq!((number("b"), number("a")), (1, 2));
}

#[test]
fn ids_and_names_are_unique_per_customer_in_any_spelling() {
    let mut world = World::with(None);
    let taken = |result| matches!(result, Err(Refused::Taken(_)));
    assert!(taken(world.create(new(
        &ID.replace('-', "_"),
        "Other",
        None
    ))));
    assert!(taken(world.create(new("other", "Orders", None))));
    let bob = Owner {
        customer_id: "globex",
        username: "bob",
    };
    let created = world
        .pipelines
        .create(bob, new(ID, "Orders", None), at(0), &mut world.chance);
    assert_eq!(created.unwrap().number, 1);
    world.pipelines.delete("globex", ID).unwrap();
    assert!(world.pipelines.get("acme", ID).is_ok());
}

#[test]
fn mixed_connectors_and_no_jobs_are_refused() {
    let mut world = World::empty();
    let mut mixed = new(ID, "Mixed", None);
    mixed.jobs.push(job("singer", "contacts"));
    assert_eq!(
        world.create(mixed),
        Err(Refused::Invalid(
            "All jobs of a pipeline must use the same connector".into()
        ))
    );
    let mut none = new(ID, "None", None);
    none.jobs.clear();
    assert_eq!(
        world.create(none),
        Err(Refused::Invalid("jobs must not be empty".into()))
    );
}

#[test]
fn a_name_that_is_taken_leaves_the_whole_change_undone() {
    let mut world = World::with(None);
    world.create(new("other", "Other", None)).unwrap();
    let changes = PipelineChanges {
        name: Some("Other".into()),
        description: Some(Some("changed".into())),
        cron: None,
    };
    let result = world
        .pipelines
        .update("acme", ID, changes, at(5), &mut world.chance);
    assert!(matches!(result, Err(Refused::Taken(_))));
    let pipeline = world.pipelines.get("acme", ID).unwrap();
    assert_eq!(
        (pipeline.description.as_deref(), pipeline.updated_at),
        (None, at(0))
    );
}

#[test]
fn years_of_minutes_pass_quickly_and_end() {
    let mut world = World::with(Some("* * * * *"));
    world.go_to(10 * 365 * 24 * 3600);
    assert_eq!(world.runs().len(), 1000);
}
