//! What a world starts with: customers, users, pipelines, failing tables, options, and the seed of all chance.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::options::Options;
use crate::routes::pipelines::new_pipeline;
use crate::seed_asset::SeedAsset;
use crate::state::chance::Chance;
use crate::state::customers::Customer;
use crate::state::permissions::Group;
use crate::state::pipeline::{Owner, RunRules};
use crate::state::pipelines::Refused;
use crate::state::users::{PasswordHash, User};
use crate::state::world::World;

/// What a world starts with.
///
/// The default is a small world of two customers, the same in every test and every page of documentation.
///
/// ```
/// use dadosfera_emulator::Seed;
///
/// let seed = Seed::from_json(r#"{
///     "customers": [{"name": "initech"}],
///     "users": [{"username": "peter@initech.example", "password": "a-password", "group": "Viewer", "customer": "initech"}],
///     "failing_tables": {"tps_reports": "Connection timeout to source database"}
/// }"#)?;
/// assert_eq!(seed.users[0].customer, "initech");
///
/// let error = Seed::from_json(r#"{"users": [{"username": "x", "password": 1}]}"#).unwrap_err();
/// assert!(error.to_string().contains("users[0].password"));
/// # Ok::<(), dadosfera_emulator::SeedError>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// Decides every id, key and signature.
    pub seed: u64,
    /// Where the clock starts; the real time unless given.
    pub starts_at: Option<DateTime<Utc>>,
    /// The tenants.
    pub customers: Vec<SeedCustomer>,
    /// Who can sign in.
    pub users: Vec<SeedUser>,
    /// Pipelines that are there from the start.
    pub pipelines: Vec<SeedPipeline>,
    /// Catalog assets that are there from the start.
    pub assets: Vec<SeedAsset>,
    /// Source tables (`table_name`) whose extraction fails, with the trace that the run then shows.
    pub failing_tables: BTreeMap<String, String>,
    /// How the emulator behaves.
    pub options: Options,
}

/// A tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedCustomer {
    /// What refresh and delete pipeline call the customer.
    pub name: String,
    /// What pipelines call the customer; the name unless given.
    #[serde(default)]
    pub id: Option<String>,
    /// Shown by a sign-in.
    #[serde(default = "standard_tier")]
    pub tier: String,
    /// Shown by a sign-in.
    #[serde(default = "hourly")]
    pub schedule_limit: String,
    /// Shown by a sign-in.
    #[serde(default = "all_modules")]
    pub modules: Vec<String>,
    /// The names of the VPNs that connections can go through.
    #[serde(default)]
    pub vpns: Vec<String>,
}

/// A person who can sign in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// The e-mail address.
    pub username: String,
    /// In clear here, hashed in the world.
    pub password: String,
    /// A managed group: Super Admin, Data Admin, Data Assets Manager, Viewer, User Admin or Contact Support.
    pub group: String,
    /// The name of a customer.
    pub customer: String,
    /// The user name unless given.
    #[serde(default)]
    pub name: Option<String>,
    /// Base32; with it, MFA is on.
    #[serde(default)]
    pub totp_secret: Option<String>,
    /// Whether the account is disabled.
    #[serde(default)]
    pub disabled: bool,
    /// Whether this person administers the platform, and so sees and changes every customer.
    #[serde(default)]
    pub platform_admin: bool,
}

/// A pipeline that is there from the start.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedPipeline {
    /// The user name of who made it.
    pub owner: String,
    /// The body of `POST /platform/pipeline`.
    pub pipeline: Map<String, Value>,
}

/// What is wrong with a seed, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SeedError {
    field: String,
    problem: String,
}

impl fmt::Debug for SeedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeedUser")
            .field("username", &self.username)
            .field("group", &self.group)
            .field("customer", &self.customer)
            .field("mfa", &self.totp_secret.is_some())
            .field("disabled", &self.disabled)
            .field("platform_admin", &self.platform_admin)
            .finish_non_exhaustive()
    }
}

impl SeedCustomer {
    /// A customer with this name.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            id: None,
            tier: standard_tier(),
            schedule_limit: hourly(),
            modules: all_modules(),
            vpns: Vec::new(),
        }
    }
}

impl SeedUser {
    /// A user without MFA.
    pub fn new(username: &str, password: &str, group: &str, customer: &str) -> Self {
        Self {
            username: username.into(),
            password: password.into(),
            group: group.into(),
            customer: customer.into(),
            name: None,
            totp_secret: None,
            disabled: false,
            platform_admin: false,
        }
    }
}

impl Default for Seed {
    fn default() -> Self {
        let acme = SeedCustomer {
            vpns: vec!["acme-vpn".into()],
            ..SeedCustomer::new("acme_corp")
        };
        let timeout = "Connection timeout to source database";
        Self {
            seed: 0,
            starts_at: None,
            customers: vec![
                acme,
                SeedCustomer::new("globex"),
                SeedCustomer::new("dadosfera"),
            ],
            users: default_users(),
            pipelines: Vec::new(),
            assets: Vec::new(),
            failing_tables: ["__fail__", "orders_broken"]
                .map(|table| (table.to_owned(), timeout.to_owned()))
                .into(),
            options: Options::default(),
        }
    }
}

impl Seed {
    /// Reads a seed from JSON; what is left out is as in the default seed.
    ///
    /// # Errors
    /// When it is no JSON, has a field that no seed has, or makes no world; the error names the field at fault.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let seed: Self = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| SeedError::at(error.path().to_string(), error.inner()))?;
        json.end().map_err(|error| SeedError::at(".", error))?;
        seed.build(DateTime::UNIX_EPOCH)?;
        Ok(seed)
    }

    /// Makes the world.
    pub(crate) fn build(&self, now: DateTime<Utc>) -> Result<World, SeedError> {
        let rules = RunRules {
            duration: TimeDelta::from_std(self.options.run_duration)
                .map_err(|error| SeedError::at("options.run_duration", error))?,
            failing_tables: self.failing_tables.clone(),
            mutations: self.options.mutations(),
        };
        if self
            .starts_at
            .is_some_and(|at| !(1970..9999).contains(&at.year()))
        {
            let problem = "must lie in the years 1970 to 9998";
            return Err(SeedError::at("starts_at", problem));
        }
        let mut world = World::new(Chance::from_seed(self.seed), rules, now);
        let customers = self.customers()?;
        for seeded in &self.customers {
            if let Some(customer) = customers.get(seeded.name.as_str()) {
                let vpns = seeded.vpns.clone();
                world.connections.register_vpns(&customer.id, vpns);
            }
        }
        for (index, user) in self.users.iter().enumerate() {
            let field = |name: &str| format!("users[{index}].{name}");
            let customer = customers
                .get(user.customer.as_str())
                .ok_or_else(|| SeedError::at(field("customer"), "no customer has this name"))?;
            let group = Group::named(&user.group).ok_or_else(|| {
                let known = Group::ALL.map(Group::name).join(", ");
                SeedError::at(field("group"), format!("must be one of {known}"))
            })?;
            if world.users.get(&user.username).is_some() {
                return Err(SeedError::at(field("username"), "is there twice"));
            }
            let totp_secret =
                match &user.totp_secret {
                    None => None,
                    Some(text) => Some(base32(text).ok_or_else(|| {
                        SeedError::at(field("totp_secret"), "must be base32 text")
                    })?),
                };
            let id = world.chance.uuid().to_string();
            let password = PasswordHash::new(world.chance.bytes(), &user.password);
            world.users.add(User {
                id,
                name: user.name.clone().unwrap_or_else(|| user.username.clone()),
                username: user.username.clone(),
                customer_id: customer.id.clone(),
                group,
                platform_admin: user.platform_admin,
                disabled: user.disabled,
                created_at: now,
                last_login: None,
                password: Some(password),
                totp_secret,
                last_totp_step: None,
            });
        }
        for customer in customers.into_values() {
            world.customers.add(customer);
        }
        self.add_pipelines(&mut world, now)?;
        for (index, asset) in self.assets.iter().enumerate() {
            asset.add(&mut world, now).map_err(|(field, problem)| {
                SeedError::at(format!("assets[{index}].{field}"), problem)
            })?;
        }
        Ok(world)
    }

    /// What two seeds have in common only if they are the same.
    pub(crate) fn fingerprint(&self) -> String {
        // What cannot be written down is no seed that could be read; a fixed text does not match it.
        let text = serde_json::to_string(self).unwrap_or_default();
        HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
    }

    fn customers(&self) -> Result<BTreeMap<&str, Customer>, SeedError> {
        let mut customers: BTreeMap<&str, Customer> = BTreeMap::new();
        for (index, seeded) in self.customers.iter().enumerate() {
            let id = seeded.id.clone().unwrap_or_else(|| seeded.name.clone());
            let twice = customers.contains_key(seeded.name.as_str())
                || customers.values().any(|known| known.id == id);
            if twice {
                return Err(SeedError::at(
                    format!("customers[{index}]"),
                    "name or id is there twice",
                ));
            }
            let customer = Customer {
                id,
                name: seeded.name.clone(),
                tier: seeded.tier.clone(),
                schedule_limit: seeded.schedule_limit.clone(),
                modules: seeded.modules.clone(),
            };
            customers.insert(&seeded.name, customer);
        }
        Ok(customers)
    }

    fn add_pipelines(&self, world: &mut World, now: DateTime<Utc>) -> Result<(), SeedError> {
        for (index, seeded) in self.pipelines.iter().enumerate() {
            let field = |name: &str| format!("pipelines[{index}].{name}");
            let user = world
                .users
                .get(&seeded.owner)
                .ok_or_else(|| SeedError::at(field("owner"), "no user has this name"))?;
            let owner = Owner {
                customer_id: &user.customer_id,
                username: &user.username,
            };
            let new = new_pipeline(&seeded.pipeline)
                .map_err(|why| SeedError::at(field("pipeline"), why))?;
            world
                .pipelines
                .create(owner, new, now, &mut world.chance)
                .map_err(|why| match why {
                    Refused::Invalid(why) | Refused::Taken(why) => {
                        SeedError::at(field("pipeline"), why)
                    }
                    _ => SeedError::at(field("pipeline"), "is refused"),
                })?;
        }
        Ok(())
    }
}

impl SeedError {
    /// The field at fault, such as `users[2].group`.
    pub fn field(&self) -> &str {
        &self.field
    }

    fn at(field: impl Into<String>, problem: impl fmt::Display) -> Self {
        let field: String = field.into();
        // How a path is shown that leads nowhere.
        let whole = field == "." || field == "?";
        Self {
            field: if whole { "the document".into() } else { field },
            problem: problem.to_string(),
        }
    }
}

fn base32(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '='))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let bytes = BASE32_NOPAD.decode(plain.as_bytes()).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

#[rustfmt::skip]
fn default_users() -> Vec<SeedUser> {
    let user = SeedUser::new;
    vec![
        user("ana@acme.example", "acme-ana-password", "Super Admin", "acme_corp"),
        SeedUser {
            totp_secret: Some("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into()),
            ..user("mfa@acme.example", "acme-mfa-password", "Super Admin", "acme_corp")
        },
        user("vera@acme.example", "acme-vera-password", "Viewer", "acme_corp"),
        user("carla@acme.example", "acme-carla-password", "Contact Support", "acme_corp"),
        user("rita@acme.example", "acme-rita-password", "User Admin", "acme_corp"),
        SeedUser {
            disabled: true,
            ..user("disabled@acme.example", "acme-disabled-password", "Viewer", "acme_corp")
        },
        user("bob@globex.example", "globex-bob-password", "Super Admin", "globex"),
        SeedUser {
            platform_admin: true,
            ..user("root@platform.example", "platform-root-password", "Super Admin", "dadosfera")
        },
    ]
}

fn standard_tier() -> String {
    "STANDARD".into()
}

fn hourly() -> String {
    "hourly".into()
}

fn all_modules() -> Vec<String> {
    ["catalog", "pipelines"].map(Into::into).into()
}

#[cfg(test)]
#[path = "seed_tests.rs"]
mod tests;
