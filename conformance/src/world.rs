//! A world that laws act in: people sign in and call operations.
//!
//! On the emulator each world is new and its clock is held. A live server is one world, entered by one sign-in a person,
//! and what a law makes there is removed after it.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use dadosfera_emulator::{Emulator, Options, Seed};
use serde_json::json;

use crate::engine::{Client, Guard, Operation};
use crate::front::{Front, Tap};
use crate::live::{Housekeeper, Swept, sweep};
use crate::making::Making;
use crate::people::{Actor, People, Person};
use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::target::Target;

/// What a read-only run may send beside reads: neither changes what a user of the API sees.
pub(crate) const HARMLESS: [&str; 2] = ["sign_in", "refresh_access_token"];
/// The address that curl lines name for the emulator, which is gone when they are read.
pub const SHOWN_EMULATOR: &str = "http://127.0.0.1:7654";

/// A world that laws act in.
pub struct World<'a> {
    stage: &'a Stage,
    client: Client,
    emulator: Option<Emulator>,
    people: People,
}

impl Stage {
    /// A world to act in.
    ///
    /// # Errors
    /// Where none can be had.
    pub async fn world(&self) -> Result<World<'_>, Stop> {
        match &self.target {
            Target::Emulator { .. } => self.world_with(Options::default()).await,
            Target::Live {
                base_url,
                write,
                people,
                keeper,
                pace,
            } => {
                let guard = if *write {
                    Guard::Kept(Arc::<Housekeeper>::clone(keeper))
                } else {
                    Guard::ReadOnly(HARMLESS.to_vec())
                };
                let client = self.client(base_url, base_url, guard)?;
                let client = client.paced(Arc::clone(pace));
                Ok(World::new(self, client, None, people.clone()))
            }
        }
    }

    /// A world that behaves otherwise, which only an emulator can.
    ///
    /// # Errors
    /// On a live server, or where no emulator starts.
    pub async fn world_with(&self, options: Options) -> Result<World<'_>, Stop> {
        let Target::Emulator { mutation } = &self.target else {
            return Err(Stop::NotApplicable(
                "only an emulator can be told to behave so".to_owned(),
            ));
        };
        let incomplete =
            |why: &dyn Display| Stop::Incomplete(format!("the emulator did not start: {why}"));
        let seed = Seed {
            seed: self.seed,
            ..Seed::default()
        };
        let emulator = Emulator::builder()
            .seed(seed)
            .options(Options {
                mutation: *mutation,
                ..options
            })
            .hold_clock()
            .start()
            .await
            .map_err(|error| incomplete(&error))?;
        let client = self.client(emulator.base_url(), SHOWN_EMULATOR, Guard::Open)?;
        let people = People::of_the_emulator();
        Ok(World::new(self, client, Some(emulator), people))
    }

    /// A front of a world, for a client that we do not drive; all that it sends is checked and noted.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn tap(&self, world: &World<'_>) -> Result<Front, Stop> {
        Front::start(Arc::new(Tap(world.client().clone())))
            .await
            .map_err(|error| Stop::Incomplete(format!("no port for the tap: {error}")))
    }

    fn client(&self, base_url: &str, shown: &str, guard: Guard) -> Result<Client, Stop> {
        Client::new(
            base_url,
            shown,
            guard,
            self.law,
            Arc::clone(&self.shared),
            Arc::clone(&self.taint),
        )
        .map_err(|error| Stop::Incomplete(error.to_string()))
    }
}

impl<'a> World<'a> {
    fn new(stage: &'a Stage, client: Client, emulator: Option<Emulator>, people: People) -> Self {
        for actor in [
            Actor::Admin,
            Actor::WithMfa,
            Actor::Viewer,
            Actor::UserAdmin,
            Actor::Powerless,
            Actor::Disabled,
            Actor::Stranger,
        ] {
            if let Some(person) = people.get(actor) {
                client.taint().learn(&person.password, "PASSWORD");
                if let Some(secret) = &person.totp_secret {
                    client.taint().learn(secret, "TOTP_SECRET");
                }
            }
        }
        Self {
            stage,
            client,
            emulator,
            people,
        }
    }

    /// Everything that this world sends goes through it.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The stage.
    #[must_use]
    pub fn stage(&self) -> &'a Stage {
        self.stage
    }

    /// Every operation of the document.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        self.client.contract().document().operations()
    }

    /// Whether an operation may be sent here.
    #[must_use]
    pub fn may(&self, operation: &Operation) -> bool {
        self.client.may(&operation.method, Some(&operation.id))
    }

    /// How somebody signs in.
    ///
    /// # Errors
    /// Where this target knows no such person.
    pub fn person(&self, actor: Actor) -> Result<&Person, Stop> {
        self.people.get(actor).ok_or_else(|| {
            Stop::NotApplicable(match actor.variables() {
                Some(prefix) => format!("{prefix}_USERNAME and {prefix}_PASSWORD are not set"),
                None => format!("a live target has no {actor:?}"),
            })
        })
    }

    /// Moves the clock of the emulator.
    ///
    /// # Errors
    /// On a live server.
    pub fn advance(&self, by: Duration) -> Result<(), Stop> {
        let emulator = self.emulator.as_ref().ok_or_else(|| {
            Stop::NotApplicable("only the emulator has a clock that can be moved".to_owned())
        })?;
        emulator.clock().advance(by);
        Ok(())
    }

    /// The time in this world, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        let now = self
            .emulator
            .as_ref()
            .map_or_else(chrono::Utc::now, |emulator| emulator.clock().now());
        now.timestamp()
    }

    /// The one-time code of a person now.
    ///
    /// # Errors
    /// Where the person has no second factor, or a secret that is none.
    pub fn totp(&self, person: &Person) -> Result<String, Stop> {
        let secret = person.totp_secret.as_deref();
        let code = secret.and_then(|secret| totp_at(secret, self.now()));
        code.ok_or_else(|| Stop::NotApplicable("there is no secret of a second factor".to_owned()))
    }

    /// Lets the time of the person's one-time code pass: on a live server by waiting, up to 30 seconds.
    ///
    /// # Errors
    /// None that a world as it is made could give.
    pub async fn next_code(&self, person: &Person) -> Result<(), Stop> {
        if person.totp_secret.is_none() {
            return Ok(());
        }
        let left = u64::try_from(30 - self.now().rem_euclid(30)).unwrap_or(30);
        if self.emulator.is_some() {
            return self.advance(Duration::from_secs(left));
        }
        tokio::time::sleep(Duration::from_secs(left)).await;
        Ok(())
    }

    /// Signs somebody in. On a live server each signs in once a run.
    ///
    /// # Errors
    /// Where there is no such person, or the sign-in gives no token.
    pub async fn sign_in(&self, actor: Actor) -> Result<Session, Stop> {
        let person = self.person(actor)?;
        if self.emulator.is_some() {
            return self.sign_in_anew(person).await;
        }
        let mut sessions = self.stage.sessions.lock().await;
        if let Some(known) = sessions.get(&actor) {
            return Ok(known.clone());
        }
        let session = self.sign_in_anew(person).await?;
        sessions.insert(actor, session.clone());
        Ok(session)
    }

    /// Signs a person in.
    ///
    /// # Errors
    /// Where the sign-in gives no token.
    pub async fn sign_in_anew(&self, person: &Person) -> Result<Session, Stop> {
        let mut body = json!({ "username": person.username, "password": person.password });
        if person.totp_secret.is_some() {
            body["totp"] = json!(self.totp(person)?);
        }
        let got = self.call("sign_in").json(body).send().await?;
        got.must(200)?;
        let session = Session::of(&got.json());
        got.see(
            "tokens of the sign-in",
            session.is_some(),
            "tokens.accessToken",
            "none",
        );
        session.ok_or(Stop::Broken)
    }

    /// Begins a call of an operation.
    #[must_use]
    pub fn call(&self, operation: &str) -> Making<'_> {
        Making::of_operation(self.stage, &self.client, operation)
    }

    /// Begins a call of a route that the document does not describe.
    #[must_use]
    pub fn call_undescribed(&self, method: &str, path: &str) -> Making<'_> {
        Making::undescribed(self.stage, &self.client, method, path)
    }

    /// Removes what the ledger of a live server says is left, newest first; a spent budget does not hold it back.
    ///
    /// # Errors
    /// Where it cannot be tried to its end.
    pub async fn clean_up(mut self) -> Result<Swept, Stop> {
        let Target::Live { keeper, .. } = &self.stage.target else {
            return Ok(Swept::default());
        };
        self.client = self.client.for_cleaning();
        sweep(&self, keeper).await
    }
}

/// The code of a base32 secret at a second (RFC 6238, SHA-1, 30 s, six digits).
fn totp_at(secret: &str, second: i64) -> Option<String> {
    let plain = secret.replace([' ', '='], "").to_ascii_uppercase();
    let bytes = data_encoding::BASE32_NOPAD.decode(plain.as_bytes()).ok()?;
    let totp = totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::new(bytes.into()))
        .build_noncompliant();
    Some(totp.generate(u64::try_from(second).ok()?).to_string())
}
