//! One running emulator, in this process.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::changes::Change;
use crate::clock::{self, Clock};
use crate::disk::Disk;
use crate::faults::{Fault, FaultError};
use crate::journal::{self, DataDirError, Journal, NotRestored, Restored};
use crate::options::Options;
use crate::seed::{Seed, SeedError};
use crate::server;
use crate::shared::{RecordedRequest, Shared};
use crate::tokens::Tokens;

/// A running emulator. It listens on this machine only, and stops when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dadosfera_emulator::Emulator;
/// use serde_json::{Value, json};
///
/// let emulator = Emulator::start().await?;
/// let signed_in: Value = reqwest::Client::new()
///     .post(format!("{}/auth/sign-in", emulator.base_url()))
///     .json(&json!({"username": "ana@acme.example", "password": "acme-ana-password"}))
///     .send()
///     .await?
///     .json()
///     .await?;
/// assert_eq!(signed_in["customer"]["name"], "acme_corp");
/// assert_eq!(emulator.count("sign_in"), 1);
/// # Ok(())
/// # }
/// ```
pub struct Emulator {
    shared: Arc<Shared>,
    base_url: String,
    server: JoinHandle<()>,
}

/// An emulator that is yet to start.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    port: u16,
    seed: Seed,
    hold_clock: bool,
    options: Option<Options>,
    data_dir: Option<PathBuf>,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on this port.
    #[error("port {0} is taken")]
    PortTaken(u16),
    /// The port cannot be listened on.
    #[error("cannot listen on port {port}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A mutation is asked for, and a data directory: what a broken rule did would outlive it.
    #[error("an emulator with a mutation keeps nothing in a data directory")]
    MutationOnDisk,
    /// The seed makes no world.
    #[error("the seed is wrong at {0}")]
    Seed(#[from] SeedError),
    /// The data directory is not taken.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
}

impl Emulator {
    /// Starts one with the default seed, on a free port, with a clock that follows real time.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Starts one that differs.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Its clock; clones share it.
    pub fn clock(&self) -> Clock {
        self.shared.clock.clone()
    }

    /// The requests that it met, in the order in which they arrived; the first 100,000 of them.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.requests()
    }

    /// How many requests named this operation, whatever became of them.
    pub fn count(&self, operation: &str) -> usize {
        self.shared.count(operation)
    }

    /// Makes something go wrong.
    ///
    /// # Errors
    /// When it could never happen: the operation is unknown, the status none of an answer, the count 0.
    pub fn inject(&self, fault: Fault) -> Result<(), FaultError> {
        self.shared.faults.add(fault)
    }

    /// How often faults are still to happen: more than 0 at the end of a test means that it did not test them. A fault
    /// without an end counts once until it happened.
    pub fn pending_faults(&self) -> usize {
        self.shared.faults.outstanding()
    }

    /// Forgets the faults that have not happened yet.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// How it behaves now.
    pub fn options(&self) -> Options {
        self.shared.api().options.clone()
    }

    /// Makes it behave otherwise from now on; tokens that are out keep the life that they have. Where a data directory
    /// cannot be written, all stays as it is; and so does the mutation, since the state was made with it.
    pub fn set_options(&self, options: Options) {
        self.shared.change_now(Change::Options(Box::new(options)));
    }

    /// The one-time code of a user with MFA that is valid on the virtual clock.
    pub fn totp_now(&self, username: &str) -> Option<String> {
        let now = self.shared.clock.now();
        self.shared.api().world.users.totp_now(username, now)
    }

    /// Stops it: when this returns, its port is free and its connections are closed.
    pub async fn stop(mut self) {
        self.server.abort();
        // It was told to end, so that it did not end by itself is no news.
        let _ = (&mut self.server).await;
        self.shared.close();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
        self.shared.close();
    }
}

impl Builder {
    /// The port; 0, which means any free one, unless given.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// What the world starts with.
    #[must_use]
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Holds the clock from the start: at the seed's `starts_at`, else at the real time, cut to a whole second.
    #[must_use]
    pub fn hold_clock(mut self) -> Self {
        self.hold_clock = true;
        self
    }

    /// How it behaves; instead of the seed's options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = Some(options);
        self
    }

    /// Keeps everything in this directory, so that a process that is killed at any moment loses nothing that it had
    /// acknowledged; without it all is in memory. A directory that is not there is made, for its owner only.
    ///
    /// A start with the same seed and options goes on where the last one was, clock and tokens included.
    #[must_use]
    pub fn data_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(directory.into());
        self
    }

    /// Starts it, on the runtime that this is called from.
    ///
    /// # Errors
    /// When the port cannot be listened on, the seed makes no world, or the data directory is not taken.
    pub async fn start(self) -> Result<Emulator, StartError> {
        let Self {
            port,
            mut seed,
            hold_clock,
            options,
            data_dir,
        } = self;
        if let Some(options) = options {
            seed.options = options;
        }
        if seed.options.mutation.is_some() && data_dir.is_some() {
            return Err(StartError::MutationOnDisk);
        }
        let (listener, address) = listen(port).await?;
        let shared = match data_dir {
            None => in_memory(&seed, hold_clock)?,
            Some(directory) => {
                let restoring =
                    tokio::task::spawn_blocking(move || on_disk(&directory, &seed, hold_clock));
                restoring.await.map_err(|error| StartError::Listen {
                    port,
                    source: io::Error::other(error),
                })??
            }
        };
        let shared = Arc::new(shared);
        Ok(Emulator {
            server: tokio::spawn(server::serve(listener, Arc::clone(&shared))),
            base_url: format!("http://{address}"),
            shared,
        })
    }
}

fn in_memory(seed: &Seed, hold: bool) -> Result<Shared, StartError> {
    let clock = Clock::starting(seed.starts_at);
    if hold {
        clock.hold();
    }
    let mut world = seed.build(clock.now())?;
    world.note_due();
    let uploads = Disk::default();
    world.storage.disk = uploads.clone();
    let mut tokens = Tokens::from_seed(seed.seed);
    tokens.mutations = seed.options.mutations();
    let api = Api {
        world,
        tokens,
        options: seed.options.clone(),
    };
    Ok(Shared::new(
        Arc::new(RwLock::new(api)),
        clock,
        uploads,
        None,
    ))
}

fn on_disk(directory: &Path, seed: &Seed, hold: bool) -> Result<Shared, StartError> {
    let Restored {
        api,
        clock,
        uploads,
        store,
        folder,
    } = journal::restore(directory, seed, hold).map_err(|why| match why {
        NotRestored::Refused(why) => StartError::DataDir(why),
        NotRestored::Seed(why) => StartError::Seed(why),
    })?;
    let api = Arc::new(RwLock::new(api));
    let journal = Journal::start(store, folder, Arc::clone(&api), &clock)
        .map_err(DataDirError::io(directory))?;
    let shared = Shared::new(api, clock, uploads, Some(journal));
    if hold && !shared.clock.is_held() {
        let held = shared.clock.change(clock::Change::Hold);
        held.map_err(io::Error::other)
            .map_err(DataDirError::io(directory))?;
    }
    Ok(shared)
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(port),
        _ => StartError::Listen { port, source },
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}
