//! Faults on demand: what goes wrong, for which operation, how often.
//!
//! Rule: the pending faults are asked in the order in which they came, and the first that befalls a request is the only
//! one. Chance is drawn once for each request that a fault fits, from a generator of that fault alone, so the same
//! requests meet the same faults. Faults never touch the admin interface.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::operations;
use crate::state::chance::Chance;

/// Something that goes wrong: once, for any request of the API, unless told otherwise.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dadosfera_emulator::{Emulator, Fault, FaultEffect};
///
/// let emulator = Emulator::start().await?;
/// emulator.inject(Fault::on("get_health", FaultEffect::Status(503)).times(2))?;
/// let url = format!("{}/health", emulator.base_url());
/// assert_eq!(reqwest::get(&url).await?.status(), 503);
/// assert_eq!(reqwest::get(&url).await?.status(), 503);
/// assert_eq!(reqwest::get(&url).await?.status(), 200);
/// assert_eq!(emulator.pending_faults(), 0);
///
/// let unknown = Fault::on("get_heath", FaultEffect::DropBefore);
/// let refused = emulator.inject(unknown).map_err(|error| error.to_string());
/// assert_eq!(refused, Err("there is no operation `get_heath`; did you mean `get_health`?".into()));
/// # Ok(())
/// # }
/// ```
///
/// As JSON, which the admin interface takes: `{"operation": "get_health", "times": 2, "effect": {"status": 503}}`, with
/// `after`, `probability` and `seed` where they are wanted; `"times": null` is [`Fault::always`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    operation: Option<String>,
    #[serde(default = "once")]
    times: Option<u32>,
    #[serde(default)]
    after: u32,
    #[serde(default = "certain")]
    probability: f64,
    #[serde(default)]
    seed: u64,
    effect: FaultEffect,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultEffect {
    /// An error of the API with this status; the operation has no effect.
    Status(u16),
    /// A page of HTML with this status, 200 among them, as from a proxy; the operation has no effect.
    Html(u16),
    /// 429 with `Retry-After` in seconds; the operation has no effect.
    RetryAfter(u64),
    /// 429 with `Retry-After` as the HTTP date that is this many seconds after the virtual now; the operation has no effect.
    RetryAfterDate(u64),
    /// The connection closes without an answer; the operation has no effect.
    DropBefore,
    /// The connection closes without an answer, after the operation took effect.
    DropAfter,
    /// The connection is reset (RST) without an answer; the operation has no effect.
    ResetBefore,
    /// The connection is reset (RST) without an answer, after the operation took effect.
    ResetAfter,
    /// Half a status line, then the connection closes; after the operation took effect.
    TornHead,
    /// The connection closes in the middle of the body, after the operation took effect.
    Truncate,
    /// The answer comes this much real time later.
    #[serde(rename = "delay_ms", with = "millis")]
    Delay(Duration),
    /// The head and half of the body come at once, the rest of it this much real time later.
    #[serde(rename = "slow_body_ms", with = "millis")]
    SlowBody(Duration),
    /// The operation takes effect, and its answer lacks the tokens: of a sign-in or a refresh.
    WithoutTokens,
    /// The access tokens of this answer, a sign-in's or a refresh's, live this long only, and say so in their `exp`.
    #[serde(rename = "token_life_seconds", with = "seconds")]
    TokenLife(Duration),
    /// The token that the request brings dies before its time: an access token by itself, a refresh token with all that
    /// came of its sign-in. The request is then answered as any with a dead token is.
    ExpireToken,
}

/// Why a fault is not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// No operation has this id.
    #[error("there is no operation `{name}`{}", suggestion(.nearest.as_deref()))]
    UnknownOperation {
        /// What was asked for.
        name: String,
        /// An operation whose id is much like it.
        nearest: Option<String>,
    },
    /// No answer can have this status.
    #[error("status {0} is none of a final answer; take one from 200 to 599")]
    Status(u16),
    /// A probability lies above 0, and is 1 at most.
    #[error("probability {0} must be above 0 and at most 1")]
    Probability(f64),
    /// It would never happen.
    #[error("times must be 1 or more; null means always")]
    Never,
}

impl Fault {
    /// Befalls requests for this operation.
    #[must_use]
    pub fn on(operation: impl Into<String>, effect: FaultEffect) -> Self {
        Self {
            operation: Some(operation.into()),
            ..Self::anywhere(effect)
        }
    }

    /// Befalls any request of the API, one that names no operation too.
    #[must_use]
    pub fn anywhere(effect: FaultEffect) -> Self {
        Self {
            operation: None,
            times: Some(1),
            after: 0,
            probability: 1.0,
            seed: 0,
            effect,
        }
    }

    /// How many requests it befalls; 1 unless given.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Befalls every request until the faults are cleared.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Lets this many requests that fit pass first.
    #[must_use]
    pub fn after(mut self, requests: u32) -> Self {
        self.after = requests;
        self
    }

    /// Befalls a request that fits with this probability, above 0 and at most 1; the seed decides which.
    #[must_use]
    pub fn probability(mut self, probability: f64, seed: u64) -> Self {
        self.probability = probability;
        self.seed = seed;
        self
    }
}

impl FaultEffect {
    /// Whether the operation takes effect all the same.
    pub(crate) fn lets_happen(&self) -> bool {
        match self {
            Self::Status(_)
            | Self::Html(_)
            | Self::RetryAfter(_)
            | Self::RetryAfterDate(_)
            | Self::DropBefore
            | Self::ResetBefore => false,
            Self::DropAfter
            | Self::ResetAfter
            | Self::TornHead
            | Self::Truncate
            | Self::Delay(_)
            | Self::SlowBody(_)
            | Self::WithoutTokens
            | Self::TokenLife(_)
            | Self::ExpireToken => true,
        }
    }
}

/// The faults that can still happen.
#[derive(Default)]
pub(crate) struct Faults {
    pending: Mutex<Vec<Pending>>,
}

struct Pending {
    fault: Fault,
    chance: Chance,
    happened: bool,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) -> Result<(), FaultError> {
        check(&fault)?;
        self.pending().push(Pending {
            chance: Chance::from_seed(fault.seed),
            happened: false,
            fault,
        });
        Ok(())
    }

    pub(crate) fn clear(&self) {
        self.pending().clear();
    }

    /// What is left of each fault.
    pub(crate) fn list(&self) -> Vec<Fault> {
        let pending = self.pending();
        pending.iter().map(|one| one.fault.clone()).collect()
    }

    /// How often faults are still to happen; one without an end counts once until it happened.
    pub(crate) fn outstanding(&self) -> usize {
        let pending = self.pending();
        pending
            .iter()
            .map(|one| match one.fault.times {
                Some(times) => times as usize,
                None => usize::from(!one.happened),
            })
            .sum()
    }

    /// Takes what befalls a request for this operation.
    pub(crate) fn take(&self, operation: Option<&str>) -> Option<FaultEffect> {
        let mut pending = self.pending();
        let index = pending.iter_mut().position(|one| one.befalls(operation))?;
        let one = pending.get_mut(index)?;
        one.happened = true;
        let effect = one.fault.effect.clone();
        if let Some(times) = &mut one.fault.times {
            *times -= 1;
            if *times == 0 {
                pending.remove(index);
            }
        }
        Some(effect)
    }

    fn pending(&self) -> MutexGuard<'_, Vec<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn befalls(&mut self, operation: Option<&str>) -> bool {
        let named = self.fault.operation.as_deref();
        if named.is_some() && named != operation {
            return false;
        }
        if self.fault.after > 0 {
            self.fault.after -= 1;
            return false;
        }
        self.fault.probability >= 1.0 || self.chance.fraction() < self.fault.probability
    }
}

fn check(fault: &Fault) -> Result<(), FaultError> {
    if let Some(name) = &fault.operation
        && operations::by_id(name).is_none()
    {
        return Err(FaultError::UnknownOperation {
            name: name.clone(),
            nearest: operations::like(name).map(str::to_owned),
        });
    }
    if let FaultEffect::Status(status) | FaultEffect::Html(status) = fault.effect
        && !(200..=599).contains(&status)
    {
        return Err(FaultError::Status(status));
    }
    if !(fault.probability > 0.0 && fault.probability <= 1.0) {
        return Err(FaultError::Probability(fault.probability));
    }
    if fault.times == Some(0) {
        return Err(FaultError::Never);
    }
    Ok(())
}

fn suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => ", and none is much like it; `GET /__emulator__/` lists them".to_owned(),
    }
}

fn once() -> Option<u32> {
    Some(1)
}

fn certain() -> f64 {
    1.0
}

/// Durations as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

/// Durations as whole seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u64(value.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u32::deserialize(from).map(|seconds| Duration::from_secs(seconds.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> FaultEffect {
        FaultEffect::Status(status)
    }

    #[test]
    fn faults_befall_their_operation_in_order_and_are_used_up() {
        let faults = Faults::default();
        faults
            .add(Fault::on("sign_in", status(500)).times(2))
            .unwrap();
        faults.add(Fault::anywhere(status(502))).unwrap();
        assert_eq!(faults.outstanding(), 3);
        assert_eq!(faults.take(Some("get_health")), Some(status(502)));
        assert_eq!(faults.take(Some("get_health")), None);
        assert_eq!(faults.take(Some("sign_in")), Some(status(500)));
        assert_eq!(faults.take(Some("sign_in")), Some(status(500)));
        assert_eq!(faults.take(Some("sign_in")), None);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_fault_lets_pass_what_comes_before_it_and_one_without_an_end_goes_on() {
        let faults = Faults::default();
        let third = Fault::on("list_catalog", status(500)).after(2).always();
        faults.add(third).unwrap();
        let taken: Vec<bool> = (0..5)
            .map(|_| faults.take(Some("list_catalog")).is_some())
            .collect();
        assert_eq!(taken, [false, false, true, true, true]);
        assert_eq!((faults.outstanding(), faults.list().len()), (0, 1));
        faults.clear();
        assert_eq!(faults.take(Some("list_catalog")), None);
    }

    #[test]
    fn the_seed_decides_whom_a_fault_befalls_whatever_other_requests_there_are() {
        let befallen = |seed, between: usize| -> Vec<bool> {
            let faults = Faults::default();
            let fault = Fault::on("sign_in", status(500)).probability(0.25, seed);
            faults.add(fault.always()).unwrap();
            (0..1000)
                .map(|_| {
                    (0..between).for_each(|_| assert!(faults.take(Some("get_health")).is_none()));
                    faults.take(Some("sign_in")).is_some()
                })
                .collect()
        };
        let first = befallen(7, 0);
        assert_eq!(first, befallen(7, 3));
        assert_ne!(first, befallen(8, 0));
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((200..=300).contains(&hits), "{hits} of 1000");
    }

    #[test]
    fn a_fault_that_cannot_happen_is_refused_with_what_is_wrong() {
        let faults = Faults::default();
        for (fault, why) in [
            (
                Fault::on("sing_in", status(500)),
                "there is no operation `sing_in`; did you mean `sign_in`?",
            ),
            (
                Fault::on("", status(500)),
                "there is no operation ``, and none is much like it; `GET /__emulator__/` lists them",
            ),
            (
                Fault::anywhere(status(101)),
                "status 101 is none of a final answer; take one from 200 to 599",
            ),
            (
                Fault::anywhere(FaultEffect::Html(600)),
                "status 600 is none of a final answer; take one from 200 to 599",
            ),
            (
                Fault::anywhere(status(500)).probability(0.0, 1),
                "probability 0 must be above 0 and at most 1",
            ),
            (
                Fault::anywhere(status(500)).probability(f64::NAN, 1),
                "probability NaN must be above 0 and at most 1",
            ),
            (
                Fault::anywhere(status(500)).times(0),
                "times must be 1 or more; null means always",
            ),
        ] {
            assert_eq!(faults.add(fault).unwrap_err().to_string(), why);
        }
        assert!(faults.list().is_empty());
    }
}
