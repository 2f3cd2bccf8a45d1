//! The one door to time: what the SDK reads and what it sleeps on.
//!
//! Rule: a delay that we choose (backoff, polling, the next TOTP step) and the age of a token go through [`Clock`], so
//! that a test moves through them without waiting. A limit on the network (connect, one attempt) is real time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

pub(crate) use crate::moment::Moment;

/// The future of [`Clock::sleep`].
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time comes from. [`SystemClock`] is the usual one; a test can bring its own.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Duration, SystemTime};
///
/// use dadosfera::{Client, Clock, Sleep, SystemClock};
///
/// /// A clock on which nothing is waited for.
/// #[derive(Debug, Default)]
/// struct Hasty(SystemClock);
///
/// impl Clock for Hasty {
///     fn monotonic(&self) -> Duration {
///         self.0.monotonic()
///     }
///
///     fn wall(&self) -> SystemTime {
///         self.0.wall()
///     }
///
///     fn sleep(&self, _: Duration) -> Sleep {
///         self.0.sleep(Duration::ZERO)
///     }
/// }
///
/// let client = Client::builder().anonymous().clock(Arc::new(Hasty::default())).build()?;
/// # Ok::<(), dadosfera::Error>(())
/// ```
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time since some fixed point, never going back.
    fn monotonic(&self) -> Duration;

    /// The time of day, which may jump.
    fn wall(&self) -> SystemTime;

    /// Completes once `duration` has passed.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// The machine's clocks.
#[derive(Debug, Clone)]
pub struct SystemClock {
    origin: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

impl Moment {
    /// What a clock says.
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self::at(clock.monotonic(), clock.wall())
    }
}
