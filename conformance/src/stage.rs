//! Where a law is tried: what it shares with the run, chance of its own, and the tally of what was checked.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use crate::engine::{Answer, ClientError, Code, Finding, Shared, Taint, curl};
use crate::people::Actor;
use crate::session::Session;
use crate::target::Target;

/// Why a law ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// It cannot be tried here; the reason.
    NotApplicable(String),
    /// What follows makes no sense after the finding that was made.
    Broken,
    /// It could not be tried to its end, through no fault of the server's rules; the reason.
    Incomplete(String),
}

/// One law's place in a run.
#[derive(Debug)]
pub struct Stage {
    pub(crate) shared: Arc<Shared>,
    pub(crate) taint: Arc<Taint>,
    pub(crate) target: Target,
    pub(crate) sessions: Arc<tokio::sync::Mutex<BTreeMap<Actor, Session>>>,
    pub(crate) law: &'static str,
    pub(crate) seed: u64,
    chance: Mutex<ChaCha8Rng>,
    checks: AtomicUsize,
    breaches: AtomicUsize,
}

impl From<ClientError> for Stop {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::ReadOnly(_) => Self::NotApplicable(format!("{error}; --write allows it")),
            ClientError::Refused { .. } => Self::NotApplicable(error.to_string()),
            other => Self::Incomplete(other.to_string()),
        }
    }
}

impl Stage {
    pub(crate) fn new(
        shared: Arc<Shared>,
        taint: Arc<Taint>,
        target: Target,
        sessions: Arc<tokio::sync::Mutex<BTreeMap<Actor, Session>>>,
        law: &'static str,
        seed: u64,
    ) -> Self {
        // Each law has chance of its own, so that a law alone does what it does among others.
        let own = law
            .bytes()
            .fold(seed, |hash, byte| hash.rotate_left(5) ^ u64::from(byte));
        Self {
            shared,
            taint,
            target,
            sessions,
            law,
            seed,
            chance: Mutex::new(ChaCha8Rng::seed_from_u64(own)),
            checks: AtomicUsize::new(0),
            breaches: AtomicUsize::new(0),
        }
    }

    /// A UUID with hyphens, which the seed and the law decide.
    pub fn uuid(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.chance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = data_encoding::HEXLOWER.encode(&bytes);
        self.made_up(format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        ))
    }

    /// A name for something to make: whose it is stands in it.
    pub fn name(&self) -> String {
        format!("conformance-{}", self.uuid())
    }

    /// An id that the run makes up, so that nothing of others can have it.
    pub fn made_up(&self, id: String) -> String {
        self.target.own(&id);
        id
    }

    /// Checks one thing; `place` says which.
    pub fn check(
        &self,
        holds: bool,
        place: &str,
        expected: &dyn Display,
        got: &dyn Display,
        answer: Option<&Answer>,
    ) {
        self.checks.fetch_add(1, Ordering::Relaxed);
        if holds {
            return;
        }
        self.breaches.fetch_add(1, Ordering::Relaxed);
        let operation = answer.and_then(|answer| answer.operation.as_deref());
        let code = Code::Law(self.law.to_owned());
        let mut finding = Finding::new(
            code,
            operation,
            place,
            expected.to_string(),
            got.to_string(),
        );
        self.law.clone_into(&mut finding.law);
        if let Some(answer) = answer {
            finding.curl = curl(&answer.call, &answer.shown_base_url, &self.taint);
        }
        self.shared.recorder.found(finding, &self.taint);
    }

    /// How much was checked, and how much of it did not hold.
    pub(crate) fn tally(&self) -> (usize, usize) {
        (
            self.checks.load(Ordering::Relaxed),
            self.breaches.load(Ordering::Relaxed),
        )
    }
}
