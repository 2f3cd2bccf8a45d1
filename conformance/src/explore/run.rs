//! One exploration: the actors sign in, the plan is performed, and what is found is repeated, shortened and told apart from what is known.

use std::time::Duration;

use super::actors::Actors;
use super::api::{Api, Speaker};
use super::checks::check;
use super::coverage::Coverage;
use super::ending::{Ending, ExploreError};
use super::found::{Found, Shown, Verdict, shorten};
use super::guard::Keeping;
use super::known::{Expected, reason};
use super::perform::{Performance, perform};
use super::plan::{Effort, Planner, plan};
use super::resources::{Resource, resources};
use super::scenario::Scenario;
use super::shrink::{Shortest, Wanted, shortest};
use super::sign_in::{SignInError, signed_in};
use super::sweep::{Swept, sweep};
use super::wire::{Find, Halt, Limits, Wire};
use crate::engine::{Call, Contract, Document, Severity, Taint, curl};

/// What to explore, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The document's text.
    pub document: String,
    /// Where the host is.
    pub base_url: String,
    /// Who speaks; nobody signs in where there are none.
    pub actors: Actors,
    /// How much is tried.
    pub effort: Effort,
    /// What it may cost.
    pub limits: Limits,
    /// How many performances may be spent on shortening one finding; 0 for none.
    pub shrink: usize,
    /// Only this scenario: the second half of what `--replay` takes.
    pub only: Option<String>,
    /// Stop as soon as a finding of this rule is confirmed.
    pub until: Option<String>,
    /// Failures that are known.
    pub expected: Vec<Expected>,
    /// What keeps a host that others use safe; nothing where it is ours alone.
    pub keeping: Option<Keeping>,
}

impl Settings {
    /// For a host that is ours alone: nothing is kept back, and two minutes and 20,000 requests are enough.
    #[must_use]
    pub fn alone(document: &str, base_url: &str, actors: Actors, effort: Effort) -> Self {
        Self {
            document: document.to_owned(),
            base_url: base_url.to_owned(),
            actors,
            effort,
            limits: Limits {
                requests: 20_000,
                time: Duration::from_secs(120),
                timeout: Duration::from_secs(10),
                per_second: None,
                writes: true,
            },
            shrink: 16,
            only: None,
            until: None,
            expected: Vec::new(),
            keeping: None,
        }
    }
}

/// What came of an exploration. It holds no secret.
#[derive(Debug)]
pub struct Exploration {
    /// The document.
    pub document: Document,
    /// What was inferred of it.
    pub resources: Vec<Resource>,
    /// Where the host is.
    pub base_url: String,
    /// The names of the actors.
    pub actors: Vec<String>,
    /// What decided every random value.
    pub seed: u64,
    /// The options of the effort, as the command takes them.
    pub options: String,
    /// How it ended.
    pub ending: Ending,
    /// Why it ended so, and what it proves less than it was asked to.
    pub gaps: Vec<String>,
    /// What was found, in the order in which it was.
    pub found: Vec<Found>,
    /// Entries of the expected failures that matched nothing.
    pub no_longer: Vec<String>,
    /// What was exercised.
    pub coverage: Coverage,
    /// How many scenarios were performed, and how many there are.
    pub scenarios: (usize, usize),
    /// How many requests were sent.
    pub requests: usize,
    /// How long it took.
    pub took: Duration,
    taint: Taint,
}

impl Exploration {
    /// The last door before a report is written: whatever the writer did, no known secret leaves.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        self.taint.redact(text)
    }
}

/// Explores a host.
///
/// # Errors
/// Where it cannot begin. Once it has begun, whatever happens is in what it answers.
pub async fn explore(
    settings: &Settings,
    environment: &(dyn Fn(&str) -> Option<String> + Sync),
) -> Result<Exploration, ExploreError> {
    let mut run = Run::begin(settings)?;
    run.sign_in(environment).await?;
    if run.ending.is_none() {
        run.look().await;
    }
    if run.ending.is_none() {
        run.perform_all().await?;
        run.sweep().await;
    }
    Ok(run.end())
}

/// Removes what a ledger says that earlier runs left, and tells what it could not.
///
/// # Errors
/// As of [`explore`].
pub async fn clean(
    settings: &Settings,
    environment: &(dyn Fn(&str) -> Option<String> + Sync),
) -> Result<Swept, ExploreError> {
    let mut run = Run::begin(settings)?;
    run.sign_in(environment).await?;
    if run.ending.is_none() {
        return Ok(sweep(&run.api, &run.wire).await);
    }
    Ok(Swept {
        removed: 0,
        left: run.gaps,
    })
}

struct Run<'a> {
    api: Api,
    wire: Wire,
    settings: &'a Settings,
    found: Vec<Found>,
    ending: Option<Ending>,
    gaps: Vec<String>,
    scenarios: (usize, usize),
    /// For each expected failure whether it happened.
    happened: Vec<bool>,
}

impl<'a> Run<'a> {
    fn begin(settings: &'a Settings) -> Result<Self, ExploreError> {
        let document = Document::parse(&settings.document)?;
        let contract = Contract::new(document.clone());
        contract.compile_all()?;
        let is_url = reqwest::Url::parse(&settings.base_url).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.host().is_some()
                && url.query().is_none()
        });
        if !is_url {
            return Err(ExploreError::BaseUrl(settings.base_url.clone()));
        }
        let wire = Wire::new(
            &settings.base_url,
            settings.limits.clone(),
            settings.keeping.clone(),
            contract,
        )?;
        let found = resources(&document);
        Ok(Run {
            api: Api::new(document, found, &wire.contract),
            wire,
            settings,
            found: Vec::new(),
            ending: None,
            gaps: Vec::new(),
            scenarios: (0, 0),
            happened: vec![false; settings.expected.len()],
        })
    }

    fn stop(&mut self, ending: Ending, why: &str) {
        self.gaps.push(self.wire.taint.redact(why));
        self.ending = Some(ending);
    }

    async fn sign_in(
        &mut self,
        environment: &(dyn Fn(&str) -> Option<String> + Sync),
    ) -> Result<(), ExploreError> {
        for (index, actor) in self.settings.actors.actors.iter().enumerate() {
            match signed_in(actor, index, &self.wire, environment).await {
                Ok(speaker) => self.api.speakers.push(speaker),
                Err(SignInError::Actors(error)) => return Err(error.into()),
                Err(SignInError::Refused(why)) => self.stop(Ending::Credentials, &why),
                Err(SignInError::Host(why)) => self.stop(Ending::Host, &why),
            }
        }
        if self.api.speakers.is_empty() {
            self.api.speakers.push(Speaker {
                name: "anyone".to_owned(),
                tenant: String::new(),
                scopes: None,
                scheme: super::actors::Scheme::Bearer,
                token: String::new(),
                variable: "TOKEN".to_owned(),
            });
        }
        Ok(())
    }

    /// One look at the host with each actor: whether it answers, as an API, and takes the credentials.
    async fn look(&mut self) {
        let readable = |authenticated: bool| {
            self.api.document.operations().iter().find(|operation| {
                operation.method == "GET"
                    && operation.path_parameters.is_empty()
                    && operation.authenticated == authenticated
            })
        };
        let Some(operation) = readable(true).or_else(|| readable(false)).cloned() else {
            return;
        };
        for speaker in self.api.speakers.clone() {
            let mut call = self.api.call(&operation, &[], None);
            call.sign = speaker.sign();
            let exchange = match self.wire.send(&self.api, call).await {
                Ok(exchange) => exchange,
                Err(halt) => return self.halted(&halt),
            };
            let asked = format!(
                "{} {}{}",
                operation.method,
                self.wire.base_url(),
                operation.path
            );
            match exchange.answer {
                Err(why) => {
                    return self.stop(Ending::Host, &format!("no answer to {asked}: {why}"));
                }
                Ok(answer)
                    if answer.media_type().as_deref() == Some("text/html")
                        && says_json(&operation) =>
                {
                    let why = format!(
                        "{asked} was answered {} with HTML, where the document says JSON: is this the base URL of the API?",
                        answer.status
                    );
                    return self.stop(Ending::Host, &why);
                }
                Ok(answer)
                    if answer.status == 401
                        && operation.authenticated
                        && !speaker.token.is_empty() =>
                {
                    let why = format!(
                        "the credentials of {} are refused: {asked} was answered 401: {}",
                        speaker.name,
                        answer.text()
                    );
                    return self.stop(Ending::Credentials, &why);
                }
                Ok(answer) if answer.status == 401 && operation.authenticated => {
                    let why =
                        format!("{asked} asks for credentials; give them with --sign or --actors");
                    return self.stop(Ending::Credentials, &format!("{why}: {}", answer.text()));
                }
                Ok(_) => {}
            }
        }
    }

    async fn perform_all(&mut self) -> Result<(), ExploreError> {
        let planner = Planner {
            api: &self.api,
            contract: &self.wire.contract,
            effort: &self.settings.effort,
        };
        let mut scenarios = plan(&planner);
        if let Some(only) = &self.settings.only {
            scenarios.retain(|scenario| scenario.name == *only);
            if scenarios.is_empty() {
                return Err(ExploreError::Replay(only.clone()));
            }
        }
        self.scenarios.1 = scenarios.len();
        for scenario in &scenarios {
            let performance = perform(&self.api, &self.wire, scenario).await;
            self.scenarios.0 += 1;
            let halt = performance.halt.clone();
            self.take_in(scenario, performance).await;
            if let Some(halt) = halt {
                self.halted(&halt);
            }
            if self.ending.is_some() || self.reached() {
                break;
            }
        }
        Ok(())
    }

    /// At the end nothing of ours is left on a host that others use.
    async fn sweep(&mut self) {
        if self.wire.guard().is_none() {
            return;
        }
        for (why, count) in self.wire.kept() {
            self.gaps.push(format!("{count} writes kept back: {why}"));
        }
        let swept = sweep(&self.api, &self.wire).await;
        if !swept.left.is_empty() {
            let left = format!("something is left: {}", swept.left.join("; "));
            if self.ending.is_none() {
                self.stop(Ending::Incomplete, &left);
            } else {
                self.gaps.push(self.wire.taint.redact(&left));
            }
        }
    }

    /// Whether the rule that is waited for has its finding.
    fn reached(&self) -> bool {
        let Some(until) = &self.settings.until else {
            return false;
        };
        self.found
            .iter()
            .any(|found| found.check.code == until && found.verdict == Verdict::Confirmed)
    }

    fn halted(&mut self, halt: &Halt) {
        match halt {
            Halt::ReadOnly | Halt::KeptBack(_) => {}
            Halt::Budget(why) => self.stop(Ending::Incomplete, why),
            Halt::Host(why) => self.stop(Ending::Host, why),
            Halt::Throttled(why) => self.stop(Ending::Throttled, why),
        }
    }

    /// What is new is repeated and shortened; what is known is counted.
    async fn take_in(&mut self, scenario: &Scenario, performance: Performance) {
        let mut new: Vec<(usize, Find, Option<String>)> = Vec::new();
        for (step, find) in &performance.finds {
            for (entry, seen) in self.settings.expected.iter().zip(&mut self.happened) {
                *seen |= entry.matches(find);
            }
            let reason = reason(&self.settings.expected, find);
            let known = self.found.iter_mut().find(|known| {
                (
                    known.check.code,
                    known.operation.as_str(),
                    known.place.as_str(),
                ) == find.fingerprint()
                    // What is expected must not hide what is not.
                    && known.expected_because == reason
            });
            match known {
                Some(known) => known.count += 1,
                None if new.iter().any(|(_, other, because)| {
                    other.fingerprint() == find.fingerprint() && *because == reason
                }) => {}
                None => new.push((*step, find.clone(), reason)),
            }
        }
        if new.is_empty() {
            return;
        }
        let stopped = performance.halt.is_some();
        let again = if stopped {
            None
        } else {
            Some(perform(&self.api, &self.wire, scenario).await)
        };
        for (step, find, because) in new {
            let Some(check) = check(find.code) else {
                continue;
            };
            let wanted = Wanted {
                code: find.code,
                operation: &find.operation,
                place: &find.place,
                reason: because.clone(),
                expected: &self.settings.expected,
            };
            let first = |performance: &Performance, step: usize, find: Find| Shortest {
                scenario: scenario.clone(),
                performance: Performance {
                    finds: Vec::new(),
                    exchanges: performance.exchanges.clone(),
                    halt: None,
                },
                step,
                find,
            };
            let repeated = again
                .as_ref()
                .and_then(|again| wanted.in_performance(again));
            let (verdict, mut shown) = match (&again, repeated) {
                (Some(again), Some((step, find))) => (Verdict::Confirmed, first(again, step, find)),
                (Some(_), None) => {
                    let third = perform(&self.api, &self.wire, scenario).await;
                    let seen = 1 + usize::from(wanted.in_performance(&third).is_some());
                    (
                        Verdict::Flaky { seen, of: 3 },
                        first(&performance, step, find.clone()),
                    )
                }
                (None, _) => (Verdict::Once, first(&performance, step, find.clone())),
            };
            if verdict == Verdict::Confirmed && self.settings.shrink > 0 {
                let most = if check.severity == Severity::Error {
                    self.settings.shrink
                } else {
                    2
                };
                shown = shortest(&self.api, &self.wire, shown, &wanted, most).await;
            }
            let found = self.told(check, scenario, shown, verdict, because);
            self.found.push(found);
        }
    }

    fn told(
        &self,
        check: &'static super::checks::Check,
        scenario: &Scenario,
        shown: Shortest,
        verdict: Verdict,
        expected_because: Option<String>,
    ) -> Found {
        let taint = &self.wire.taint;
        let names: Vec<String> = self
            .api
            .speakers
            .iter()
            .map(|speaker| speaker.name.clone())
            .collect();
        let collections: Vec<String> = self
            .api
            .resources
            .iter()
            .map(|resource| resource.collection.clone())
            .collect();
        let steps: Vec<_> = shown
            .scenario
            .steps
            .iter()
            .take(shown.step + 1)
            .cloned()
            .collect();
        let words = steps
            .iter()
            .map(|step| shorten(&taint.redact(&step.words(&names, &collections))))
            .collect();
        let base_url = self.wire.base_url();
        let exchanges = shown
            .performance
            .exchanges
            .iter()
            .filter(|(step, _)| *step <= shown.step)
            .map(|(step, exchange)| Shown::of(*step, exchange, base_url, taint))
            .collect();
        let line = |call: &Call| curl(call, base_url, taint);
        Found {
            check,
            operation: shown.find.operation,
            place: shown.find.place,
            expected: shorten(&taint.redact(&shown.find.expected)),
            got: shorten(&taint.redact(&shown.find.got)),
            verdict,
            scenario: scenario.name.clone(),
            steps,
            words,
            exchanges,
            curl: shown.find.call.as_ref().map(line).unwrap_or_default(),
            count: 1,
            expected_because,
        }
    }

    fn end(mut self) -> Exploration {
        let coverage = self.wire.coverage().clone();
        for id in self.wire.busy() {
            let gap = format!(
                "{id} answered 429 for longer than it is waited for; the rest of its requests was not tried"
            );
            self.gaps.push(gap);
        }
        let succeeded = coverage
            .answers
            .keys()
            .any(|(_, status)| (200..300).contains(status));
        if !succeeded && self.ending.is_none() {
            self.stop(
                Ending::Incomplete,
                "no request succeeded, so nothing is proven",
            );
        }
        for operation in self.api.document.operations() {
            let reached = coverage
                .answers
                .keys()
                .any(|(id, status)| *id == operation.id && (200..300).contains(status));
            if !reached && self.settings.only.is_none() && succeeded {
                self.gaps
                    .push(format!("{} was never answered with success", operation.id));
            }
        }
        let unmatched = self
            .settings
            .expected
            .iter()
            .zip(&self.happened)
            .filter_map(|(known, happened)| (!happened).then_some(known));
        let whole = self.settings.only.is_none() && self.ending.is_none() && !self.reached();
        let no_longer: Vec<String> = if whole {
            unmatched.map(Expected::shown).collect()
        } else {
            Vec::new()
        };
        let failing = self.found.iter().any(Found::fails) || !no_longer.is_empty();
        let ending = match self.ending {
            Some(Ending::Incomplete) | None if failing => Ending::Found,
            Some(ending) => ending,
            None => Ending::Clean,
        };
        Exploration {
            resources: self.api.resources,
            document: self.api.document,
            base_url: self.wire.base_url().to_owned(),
            actors: self
                .api
                .speakers
                .into_iter()
                .map(|speaker| speaker.name)
                .collect(),
            seed: self.settings.effort.seed,
            options: self.settings.effort.options(),
            ending,
            gaps: self.gaps,
            found: self.found,
            no_longer,
            coverage,
            scenarios: self.scenarios,
            requests: self.wire.requests(),
            took: self.wire.elapsed(),
            taint: self.wire.taint,
        }
    }
}

fn says_json(operation: &crate::engine::Operation) -> bool {
    super::resources::success_schema(operation).is_some()
}
