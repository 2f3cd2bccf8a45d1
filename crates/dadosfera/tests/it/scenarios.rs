//! The scenarios of `tests/scenarios/auth.json` against the client and an emulator.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use dadosfera::{
    Client, ClientBuilder, Clock, Error, MemoryStore, Record, SessionEvent, SessionObserver,
    SessionState, Sleep, StoreError, StoreErrorKind, StoreFuture, StoreGuard, TokenStore,
};
use dadosfera_emulator::{Emulator, Fault, FaultEffect, Options};

use crate::support::{ANA, MFA, TOTP_SECRET};

#[path = "../scenarios/script.rs"]
mod script;

use script::{Counts, Credentials, Factor, Given, Mood, Scenario, Step, Thing, scenarios};

const BOTH: [&str; 2] = ["sign_in", "refresh_access_token"];
const TURN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_client_does_what_each_scenario_says() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 40, "{}", scenarios.len());
    let mut broken = Vec::new();
    for scenario in &scenarios {
        if let Err(why) = Stage::set(scenario.given).await.play(scenario).await {
            broken.push(format!("{}: {why}", scenario.name));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The emulator's clock as a session sees it: its wall clock may be wrong, and its monotonic one stand still.
#[derive(Debug)]
struct Watch {
    emulator: dadosfera_emulator::Clock,
    start: SystemTime,
    skew: AtomicI64,
    slept: AtomicU64,
}

impl Clock for Watch {
    fn monotonic(&self) -> Duration {
        let passed = SystemTime::from(self.emulator.now()).duration_since(self.start);
        let slept = Duration::from_secs(self.slept.load(Ordering::SeqCst));
        passed.unwrap_or_default().saturating_sub(slept)
    }

    fn wall(&self) -> SystemTime {
        let skew = self.skew.load(Ordering::SeqCst);
        let now = SystemTime::from(self.emulator.now());
        let by = Duration::from_secs(skew.unsigned_abs());
        if skew < 0 { now - by } else { now + by }
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.emulator.advance(duration);
        Box::pin(tokio::task::yield_now())
    }
}

/// Counts the flights that failed.
#[derive(Debug, Default)]
struct Failures(AtomicUsize);

impl SessionObserver for Failures {
    fn event(&self, event: &SessionEvent) {
        if matches!(event, SessionEvent::Failed(_)) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// A store in memory that fails on demand.
#[derive(Debug, Clone)]
struct Fickle {
    kept: MemoryStore,
    mood: Arc<Mutex<Mood>>,
}

impl Fickle {
    fn is(&self, mood: Mood) -> bool {
        *self.mood.lock().expect("unpoisoned") == mood
    }

    fn check(&self, mood: Mood, kind: StoreErrorKind) -> Result<(), StoreError> {
        if self.is(mood) {
            return Err(StoreError::new(kind, "as the scenario says"));
        }
        Ok(())
    }
}

impl TokenStore for Fickle {
    fn place(&self) -> String {
        "a store of moods".to_owned()
    }

    fn load(&self) -> StoreFuture<'_, Option<Record>> {
        Box::pin(async {
            self.check(Mood::Gone, StoreErrorKind::Unavailable)?;
            self.check(Mood::Corrupt, StoreErrorKind::Corrupt)?;
            self.kept.load().await
        })
    }

    fn lock(&self, deadline: Duration) -> StoreFuture<'_, Box<dyn StoreGuard>> {
        Box::pin(async move {
            self.check(Mood::Gone, StoreErrorKind::Unavailable)?;
            let guard = FickleGuard {
                guard: self.kept.lock(deadline).await?,
                store: self.clone(),
            };
            Ok(Box::new(guard) as Box<dyn StoreGuard>)
        })
    }
}

struct FickleGuard {
    guard: Box<dyn StoreGuard>,
    store: Fickle,
}

impl StoreGuard for FickleGuard {
    fn load(&mut self) -> StoreFuture<'_, Option<Record>> {
        if let Err(error) = self.store.check(Mood::Corrupt, StoreErrorKind::Corrupt) {
            return Box::pin(async { Err(error) });
        }
        self.guard.load()
    }

    fn save<'a>(&'a mut self, record: &'a Record) -> StoreFuture<'a, ()> {
        if let Err(error) = self
            .store
            .check(Mood::Unwritable, StoreErrorKind::Unwritable)
        {
            return Box::pin(async { Err(error) });
        }
        self.guard.save(record)
    }

    fn clear(&mut self) -> StoreFuture<'_, ()> {
        self.guard.clear()
    }

    fn set_aside(&mut self) -> StoreFuture<'_, String> {
        *self.store.mood.lock().expect("unpoisoned") = Mood::Works;
        self.guard.set_aside()
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        self.guard.release()
    }
}

struct Stage {
    emulator: Emulator,
    watch: Arc<Watch>,
    store: Fickle,
    failures: Arc<Failures>,
    client: Client,
    other: Client,
    /// What was asked for before the scenario began.
    before: Counts,
}

impl Stage {
    async fn set(given: Given) -> Self {
        let options = Options {
            rotate_refresh_tokens: given.rotates,
            single_use_refresh_tokens: given.rotates,
            ..Options::default()
        };
        let emulator = Emulator::builder()
            .hold_clock()
            .options(options)
            .start()
            .await
            .expect("an emulator");
        align(&emulator);
        let watch = Arc::new(Watch {
            start: emulator.clock().now().into(),
            emulator: emulator.clock(),
            skew: AtomicI64::new(0),
            slept: AtomicU64::new(0),
        });
        let store = Fickle {
            kept: MemoryStore::new(),
            mood: Arc::new(Mutex::new(Mood::Works)),
        };
        let failures = Arc::<Failures>::default();
        let base = || {
            let mut builder = Client::builder()
                .base_url(emulator.base_url())
                .clock(Arc::clone(&watch) as Arc<dyn Clock>);
            if given.store {
                builder = builder.token_store(Arc::new(store.clone()));
            }
            builder
        };
        let refresh_token = refresh_token(&emulator).await;
        let with = |builder: ClientBuilder| {
            credentials(builder, given, &emulator, &refresh_token)
                .build()
                .expect("a client")
        };
        let client =
            with(base().session_observer(Arc::clone(&failures) as Arc<dyn SessionObserver>));
        let other = with(base());
        let before = counts(&emulator);
        Self {
            client,
            other,
            before,
            emulator,
            watch,
            store,
            failures,
        }
    }

    async fn play(self, scenario: &Scenario) -> Result<(), String> {
        for (number, step) in scenario.steps.iter().enumerate() {
            self.step(step)
                .await
                .map_err(|why| format!("step {} ({step:?}): {why}", number + 1))?;
        }
        let asked = self.asked();
        if asked != scenario.expect {
            return Err(format!(
                "the provider was asked {asked:?}, not {:?}",
                scenario.expect
            ));
        }
        Ok(())
    }

    async fn step(&self, step: &Step) -> Result<(), String> {
        let clock = self.emulator.clock();
        match step {
            Step::Acquire(outcome) => expect(&acquire(self.client.clone()).await, outcome),
            Step::Call(outcome) => expect(&call(&self.client).await, outcome),
            Step::Other(outcome) => expect(&acquire(self.other.clone()).await, outcome),
            Step::OtherCall(outcome) => expect(&call(&self.other).await, outcome),
            Step::Herd { callers, outcome } => {
                let tasks: Vec<_> = (0..*callers)
                    .map(|_| tokio::spawn(acquire(self.client.clone())))
                    .collect();
                for task in tasks {
                    expect(&task.await.map_err(|error| error.to_string())?, outcome)?;
                }
                Ok(())
            }
            Step::Pass(seconds) => {
                clock.advance(Duration::from_secs(*seconds));
                Ok(())
            }
            Step::Suspend(seconds) => {
                clock.advance(Duration::from_secs(*seconds));
                self.watch.slept.fetch_add(*seconds, Ordering::SeqCst);
                Ok(())
            }
            Step::Skew(seconds) => {
                self.watch.skew.store(*seconds, Ordering::SeqCst);
                Ok(())
            }
            Step::Idp(mood) => self.idp(*mood),
            Step::Api(mood) => match mood {
                Mood::Unauthorized => {
                    self.inject(Fault::on("list_pipelines", FaultEffect::Status(401)).always())
                }
                other => Err(format!("the API has no mood {other:?}")),
            },
            Step::Revoke(token) => {
                let operation = match token {
                    Thing::Access => "list_pipelines",
                    Thing::Refresh => "refresh_access_token",
                    other => return Err(format!("{other:?} cannot be revoked")),
                };
                self.inject(Fault::on(operation, FaultEffect::ExpireToken))
            }
            Step::Store(mood) => self.set_store(*mood).await,
            Step::Supply(what) => self.supply(*what),
            Step::LogOut(_) => self
                .client
                .session()
                .log_out()
                .await
                .map_err(|error| error.to_string()),
            Step::State(name) => {
                let state = self
                    .client
                    .session()
                    .status()
                    .map_err(|error| error.to_string())?
                    .state;
                let is = state_name(state);
                if is == name {
                    Ok(())
                } else {
                    Err(format!("it is {is}"))
                }
            }
            Step::Settle(settled) => {
                for _ in 0..500 {
                    let status = self
                        .client
                        .session()
                        .status()
                        .map_err(|error| error.to_string())?;
                    let is = (
                        self.asked(),
                        status.generation,
                        self.failures.0.load(Ordering::SeqCst),
                    );
                    let counts = Counts {
                        sign_ins: settled.sign_ins,
                        refreshes: settled.refreshes,
                    };
                    if is == (counts, settled.generation, settled.failures) {
                        return Ok(());
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(format!(
                    "it never did; the provider was asked {:?}",
                    self.asked()
                ))
            }
        }
    }

    fn idp(&self, mood: Mood) -> Result<(), String> {
        self.emulator.clear_faults();
        let effect = match mood {
            Mood::Up => return Ok(()),
            Mood::Down => FaultEffect::Status(503),
            Mood::Drops => FaultEffect::DropAfter,
            Mood::Html => FaultEffect::Html(200),
            Mood::WithoutTokens => FaultEffect::WithoutTokens,
            Mood::ThrottledOnce => {
                for operation in BOTH {
                    self.inject(Fault::on(operation, FaultEffect::RetryAfter(5)))?;
                }
                return Ok(());
            }
            Mood::Disabled => {
                return self.inject(Fault::on("sign_in", FaultEffect::Status(403)).always());
            }
            other => return Err(format!("the provider has no mood {other:?}")),
        };
        for operation in BOTH {
            self.inject(Fault::on(operation, effect.clone()).always())?;
        }
        Ok(())
    }

    fn inject(&self, fault: Fault) -> Result<(), String> {
        self.emulator
            .inject(fault)
            .map_err(|error| error.to_string())
    }

    async fn set_store(&self, mood: Mood) -> Result<(), String> {
        let kept = if mood == Mood::Foreign {
            let mut guard = self
                .store
                .kept
                .lock(TURN)
                .await
                .map_err(|error| error.to_string())?;
            let record = Record::new("https://elsewhere.example");
            guard
                .save(&record)
                .await
                .map_err(|error| error.to_string())?;
            Mood::Works
        } else {
            mood
        };
        *self.store.mood.lock().expect("unpoisoned") = kept;
        Ok(())
    }

    fn supply(&self, what: Thing) -> Result<(), String> {
        let session = self.client.session();
        match what {
            Thing::Code => session.supply_code(code(&self.emulator)),
            Thing::Password => session.supply_password(ANA.1),
            other => return Err(format!("{other:?} cannot be supplied")),
        }
        .map_err(|error| error.to_string())
    }

    fn asked(&self) -> Counts {
        let now = counts(&self.emulator);
        Counts {
            sign_ins: now.sign_ins - self.before.sign_ins,
            refreshes: now.refreshes - self.before.refreshes,
        }
    }
}

/// One-time codes turn over at whole half minutes: each scenario begins with a new one.
fn align(emulator: &Emulator) {
    let now = u64::try_from(emulator.clock().now().timestamp()).expect("after 1970");
    let turn = TURN.as_secs();
    emulator
        .clock()
        .advance(Duration::from_secs((turn - now % turn) % turn));
}

fn code(emulator: &Emulator) -> String {
    emulator.totp_now(MFA.0).expect("an account with MFA")
}

fn counts(emulator: &Emulator) -> Counts {
    Counts {
        sign_ins: emulator.count(BOTH[0]),
        refreshes: emulator.count(BOTH[1]),
    }
}

fn credentials(
    builder: ClientBuilder,
    given: Given,
    emulator: &Emulator,
    refresh_token: &str,
) -> ClientBuilder {
    let (username, password) = match (given.credentials, given.factor) {
        (Credentials::RefreshToken, _) => {
            return builder.refresh_token(refresh_token, "acme_corp");
        }
        (Credentials::WrongPassword, _) => (ANA.0, "not hers"),
        (Credentials::Password, Factor::None) => ANA,
        (Credentials::Password, _) => MFA,
    };
    let builder = builder.password(username, password);
    match given.factor {
        Factor::None | Factor::Missing => builder,
        Factor::Code => builder.totp_code(code(emulator)),
        Factor::Secret => builder.totp_secret(TOTP_SECRET),
        Factor::Callback => {
            let code = code(emulator);
            builder.totp_callback(move || {
                let code = code.clone();
                async move { Some(code.into()) }
            })
        }
    }
}

async fn refresh_token(emulator: &Emulator) -> String {
    let body = serde_json::json!({"username": ANA.0, "password": ANA.1});
    let answer: serde_json::Value = reqwest::Client::new()
        .post(format!("{}/auth/sign-in", emulator.base_url()))
        .json(&body)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    answer["tokens"]["refreshToken"]
        .as_str()
        .expect("a refresh token")
        .to_owned()
}

async fn acquire(client: Client) -> Result<(), Error> {
    client.session().access_token().await.map(|_| ())
}

async fn call(client: &Client) -> Result<(), Error> {
    client.pipelines().list().await.map(|_| ())
}

fn expect(is: &Result<(), Error>, should: &str) -> Result<(), String> {
    let name = match is {
        Ok(()) => "ok",
        Err(error) => error.kind().name(),
    };
    if name == should {
        Ok(())
    } else {
        Err(format!("it was {name}: {is:?}"))
    }
}

const fn state_name(state: SessionState) -> &'static str {
    match state {
        SessionState::Empty => "empty",
        SessionState::Fresh => "fresh",
        SessionState::Stale => "stale",
        SessionState::Dead => "dead",
        SessionState::NeedsInput(_) => "needs_input",
        SessionState::Closed => "closed",
        _ => "unknown",
    }
}
