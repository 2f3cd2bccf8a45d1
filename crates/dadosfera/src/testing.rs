//! The platform in your own tests: an emulator in a line, a client that is signed in, a clock that stands still, and faults.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use dadosfera::testing::{Fault, FaultEffect, Platform};
//! use dadosfera::{NewFileJob, NewPipeline, Upload};
//!
//! // What a team would test: its own function, which takes a client.
//! async fn load_orders(client: &dadosfera::Client) -> Result<u64, dadosfera::Error> {
//!     let job = NewFileJob::new("storage", "/raw/orders.csv", "shop", "orders").full_table();
//!     let pipeline = client.pipelines().create(NewPipeline::new("Orders").job(job)).await?;
//!     client.pipeline(&pipeline).execute().await?.wait().await?;
//!     let tables = client.tables().list().await?;
//!     Ok(tables.iter().map(|table| u64::try_from(table.rows).unwrap_or(0)).sum())
//! }
//!
//! let platform = Platform::start().await?;
//! let client = platform.client()?;
//! client.storage().upload("/raw", Upload::bytes("orders.csv", "id\n1\n2\n")).await?;
//!
//! // A run takes its time on the emulator's clock, and none of yours: waiting moves the clock.
//! platform.inject(Fault::on("list_pipeline_runs", FaultEffect::Status(503)).times(2))?;
//! assert_eq!(load_orders(&client).await?, 2);
//! assert_eq!(platform.emulator().pending_faults(), 0);
//!
//! // Tokens live for half an hour; this is past it, and the client refreshes by itself.
//! platform.advance(Duration::from_secs(31 * 60));
//! client.pipelines().list().await?;
//! assert_eq!(platform.emulator().count("refresh_access_token"), 1);
//! # Ok(())
//! # }
//! ```
//!
//! A world of your own is a [`Seed`]; how the emulator behaves where sources disagree is [`Options`]. With the feature
//! `testing` the SDK builds the emulator; it belongs under `[dev-dependencies]`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use dadosfera_emulator::{
    Emulator, Fault, FaultEffect, FaultError, Options, Seed, SeedAsset, SeedCustomer, SeedError,
    SeedPipeline, SeedUser, StartError,
};

use crate::client::Client;
use crate::client_builder::ClientBuilder;
use crate::clock::{Clock, Sleep};
use crate::error::Error;

/// The user of the default seed who may do everything.
const ANA: (&str, &str) = ("ana@acme.example", "acme-ana-password");

/// An emulator whose clock stands still, with clients on the same clock. It stops when it is dropped.
pub struct Platform {
    emulator: Emulator,
    clock: HeldClock,
    user: (String, String),
}

/// The emulator's clock as a client's: what a client would wait for, it moves the clock by, so that nothing is waited for.
/// Limits on the network stay real time.
#[derive(Debug, Clone)]
pub struct HeldClock {
    clock: dadosfera_emulator::Clock,
    start: SystemTime,
}

impl Platform {
    /// Starts one with the emulator's default world.
    ///
    /// # Errors
    /// Where no port can be listened on.
    pub async fn start() -> Result<Self, StartError> {
        Self::with_seed(Seed::default()).await
    }

    /// Starts one with a world of its own. Its first user is whom [`client`](Self::client) signs in.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dadosfera::testing::{
    ///     Fault, FaultEffect, FaultError, HeldClock, Options, Platform, Seed, SeedAsset, SeedCustomer, SeedError, SeedPipeline,
    ///     SeedUser, StartError,
    /// };
    /// use dadosfera::{CatalogQuery, Clock};
    ///
    /// let text = r#"{"owner": "eva@initech.example", "pipeline": {"id": "nightly", "name": "Nightly", "jobs": [{
    ///     "input": {"connector": "singer", "plugin": "hubspot", "table_name": "contacts"},
    ///     "output": {"plugin": "dadosfera_snowflake"}}]}}"#;
    /// let nightly: SeedPipeline = serde_json::from_str(text)?;
    /// let contacts: SeedAsset = serde_json::from_str(
    ///     r#"{"owner": "eva@initech.example", "asset": {"display_name": "Contacts", "data_asset_type": "dataset"}}"#,
    /// )?;
    /// let seed = Seed {
    ///     customers: vec![SeedCustomer::new("initech")],
    ///     users: vec![SeedUser::new("eva@initech.example", "eva-password", "Data Admin", "initech")],
    ///     pipelines: vec![nightly],
    ///     assets: vec![contacts],
    ///     options: Options { total_as_string: true, ..Options::default() },
    ///     ..Seed::default()
    /// };
    /// let platform = Platform::with_seed(seed).await?;
    /// let eva = platform.client()?;
    /// assert_eq!(eva.pipelines().list().await?.len(), 1);
    /// assert_eq!(eva.catalog().stream(CatalogQuery::default()).collect_all().await?.len(), 1);
    ///
    /// let again = platform.client_of("eva@initech.example", "eva-password")?;
    /// let patient = platform.builder().password("eva@initech.example", "eva-password").attempts(9).build()?;
    /// let clock: HeldClock = platform.clock();
    /// println!("it is {:?} in the emulator", clock.wall());
    ///
    /// // What could never happen is refused, and so is a world that cannot be.
    /// let misspelt: FaultError = platform.inject(Fault::on("list_pipelins", FaultEffect::Status(503))).unwrap_err();
    /// println!("{misspelt}");
    /// let wrong: SeedError = Seed::from_json("{\"users\": 1}").unwrap_err();
    /// println!("{wrong}");
    /// let nobody = Seed { users: vec![SeedUser::new("x@y.example", "secret", "Kings", "initech")], ..Seed::default() };
    /// let refused: StartError = Platform::with_seed(nobody).await.unwrap_err();
    /// println!("{refused}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Where no port can be listened on, or the seed makes no world; the error names its field.
    pub async fn with_seed(seed: Seed) -> Result<Self, StartError> {
        let user = seed.users.first().map_or_else(
            || (ANA.0.to_owned(), ANA.1.to_owned()),
            |user| (user.username.clone(), user.password.clone()),
        );
        let emulator = Emulator::builder().seed(seed).hold_clock().start().await?;
        let clock = HeldClock {
            start: emulator.clock().now().into(),
            clock: emulator.clock(),
        };
        Ok(Self {
            emulator,
            clock,
            user,
        })
    }

    /// A client that signs in as the seed's first user with its first call; with the default seed that is Ana, who may do
    /// everything.
    ///
    /// # Errors
    /// Where the client cannot be built.
    pub fn client(&self) -> Result<Client, Error> {
        self.client_of(&self.user.0, &self.user.1)
    }

    /// A client that signs in as somebody else.
    ///
    /// # Errors
    /// Where the client cannot be built.
    pub fn client_of(&self, username: &str, password: &str) -> Result<Client, Error> {
        self.builder().password(username, password).build()
    }

    /// A builder of clients for this emulator, on its clock.
    #[must_use]
    pub fn builder(&self) -> ClientBuilder {
        Client::builder()
            .base_url(self.emulator.base_url())
            .clock(Arc::new(self.clock.clone()))
    }

    /// Moves the clock: tokens expire, schedules fire, runs end.
    pub fn advance(&self, by: Duration) {
        self.clock.clock.advance(by);
    }

    /// Makes something go wrong.
    ///
    /// # Errors
    /// For a fault that could never happen, such as one of an operation that is not there.
    pub fn inject(&self, fault: Fault) -> Result<(), FaultError> {
        self.emulator.inject(fault)
    }

    /// The emulator itself: what it was asked for, which faults are still to come, one-time codes.
    #[must_use]
    pub const fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// The clock that the emulator and its clients share.
    #[must_use]
    pub fn clock(&self) -> HeldClock {
        self.clock.clone()
    }
}

impl Clock for HeldClock {
    fn monotonic(&self) -> Duration {
        self.wall().duration_since(self.start).unwrap_or_default()
    }

    fn wall(&self) -> SystemTime {
        self.clock.now().into()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let this = self.clone();
        Box::pin(async move {
            this.clock.advance(duration);
            tokio::task::yield_now().await;
        })
    }
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform")
            .field("base_url", &self.emulator.base_url())
            .field("user", &self.user.0)
            .finish_non_exhaustive()
    }
}
