//! What may be done with connections.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::*;
use crate::state::jobs::NewJob;
use crate::state::pipeline::{NewPipeline, Owner, RunRules};
use crate::state::plugins;

const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn fields(value: &Value) -> Fields {
    value.as_object().unwrap().clone()
}

fn hubspot() -> Fields {
    fields(&json!({"access_token": "pat-na1-secret"}))
}

fn named<'a>(name: &'a str, plugin: &str, config: &'a Fields) -> NewConnection<'a> {
    NewConnection {
        name,
        plugin: plugins::named(plugin).unwrap(),
        config,
    }
}

struct World {
    connections: Connections,
    chance: Chance,
}

impl World {
    fn new() -> Self {
        Self {
            connections: Connections::default(),
            chance: Chance::from_seed(7),
        }
    }

    fn create(&mut self, customer_id: &str, name: &str) -> Result<String, Refused> {
        let config = hubspot();
        let new = named(name, "hubspot", &config);
        self.connections
            .create(customer_id, &new, START, &mut self.chance)
            .map(|connection| connection.id.clone())
    }
}

fn pipelines_using(connection_id: &str) -> Pipelines {
    let mut pipelines = Pipelines::new(RunRules {
        duration: TimeDelta::seconds(30),
        failing_tables: BTreeMap::new(),
        mutations: Mutations::default(),
    });
    let owner = Owner {
        customer_id: "acme",
        username: "ana",
    };
    let input = json!({
        "connector": "singer", "plugin": "hubspot", "table_name": "contacts",
        "auth_parameters": {"auth_type": "connection_manager", "config_id": connection_id},
    });
    let new = NewPipeline {
        id: "p-1".into(),
        name: "Contacts".into(),
        description: None,
        cron: None,
        jobs: vec![NewJob {
            input: fields(&input),
            transformations: Vec::new(),
            output: fields(&json!({"plugin": "dadosfera_snowflake"})),
        }],
    };
    let mut chance = Chance::from_seed(0);
    pipelines.create(owner, new, START, &mut chance).unwrap();
    pipelines
}

#[test]
fn an_id_tells_time_and_plugin() {
    let mut world = World::new();
    let id = world.create("acme", "crm").unwrap();
    let parts: Vec<&str> = id.split('_').collect();
    assert_eq!((parts[0], parts[2]), ("0", "hubspot-1.0.0"));
    assert_eq!(parts[1].len(), 8);
    assert!(
        parts[1]
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    );
}

#[test]
fn a_name_is_unique_for_its_customer() {
    let mut world = World::new();
    let id = world.create("acme", "crm").unwrap();
    let taken = Refused::Taken("Connection with name crm already exists".into());
    assert_eq!(world.create("acme", "crm"), Err(taken.clone()));
    assert!(world.create("globex", "crm").is_ok());
    let other = world.create("acme", "other").unwrap();
    let rename = ConnectionChanges {
        name: Some("crm"),
        ..ConnectionChanges::default()
    };
    let connections = &mut world.connections;
    let refused = connections.update("acme", &other, &rename, START);
    assert_eq!(refused.err(), Some(taken));
    assert!(connections.update("acme", &id, &rename, START).is_ok());
}

#[test]
fn the_same_change_again_is_no_change() {
    let mut world = World::new();
    let id = world.create("acme", "crm").unwrap();
    let off = ConnectionChanges {
        active: Some(false),
        ..ConnectionChanges::default()
    };
    for minutes in [1, 2] {
        let now = START + TimeDelta::minutes(minutes);
        let changed = world.connections.update("acme", &id, &off, now).unwrap();
        assert!(!changed.active);
        assert_eq!(changed.updated_at, START + TimeDelta::minutes(1));
    }
}

#[test]
fn a_refused_change_changes_nothing() {
    let mut world = World::new();
    let id = world.create("acme", "crm").unwrap();
    world.create("acme", "taken").unwrap();
    let config = fields(&json!({"access_token": "pat-na1-other"}));
    let before = world.connections.get("acme", &id).unwrap().clone();
    let refused = ConnectionChanges {
        name: Some("taken"),
        active: Some(false),
        config: Some(&config),
    };
    assert!(
        world
            .connections
            .update("acme", &id, &refused, START)
            .is_err()
    );
    let after = world.connections.get("acme", &id).unwrap();
    assert!(after.active && after.config == before.config && after.name == "crm");
}

#[test]
fn what_a_job_names_is_not_deleted() {
    let mut world = World::new();
    let (used, free) = (
        world.create("acme", "crm").unwrap(),
        world.create("acme", "free").unwrap(),
    );
    let pipelines = pipelines_using(&used);
    let connections = &mut world.connections;
    let in_use = Refused::InUse("Used by the pipelines Contacts (p_1)".into());
    assert_eq!(connections.delete("acme", &used, &pipelines), Err(in_use));
    assert!(connections.get("acme", &used).is_ok());
    assert_eq!(connections.delete("acme", &free, &pipelines), Ok(()));
    assert_eq!(
        connections.delete("acme", &free, &pipelines),
        Err(Refused::NotFound)
    );
}

#[test]
fn another_customers_connection_is_none() {
    let mut world = World::new();
    let id = world.create("acme", "crm").unwrap();
    let pipelines = pipelines_using("none");
    let connections = &mut world.connections;
    assert_eq!(connections.list("globex", Filter::default()).count(), 0);
    assert!(connections.get("globex", &id).is_err());
    assert!(connections.test("globex", &id).is_err());
    let changes = ConnectionChanges::default();
    assert!(connections.update("globex", &id, &changes, START).is_err());
    assert!(connections.delete("globex", &id, &pipelines).is_err());
}

#[test]
fn consent_makes_connections_with_names_of_their_own() {
    let mut world = World::new();
    let plugin = plugins::named("google-sheets").unwrap();
    for name in ["google-sheets", "google-sheets 2", "google-sheets 3"] {
        let made =
            world
                .connections
                .create_consented("acme", plugin, "ana", START, &mut world.chance);
        assert_eq!(made.name, name);
        assert_eq!(
            Value::Object(made.config.shown().clone()),
            json!({"account": "ana"})
        );
    }
    let empty = Fields::new();
    let new = named("sheets", "google-sheets", &empty);
    let refused = world
        .connections
        .create("acme", &new, START, &mut world.chance);
    assert!(matches!(refused, Err(Refused::Invalid(_))));
}
