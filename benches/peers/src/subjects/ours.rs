//! This SDK. Its clock is moved instead of waited for: lives under a minute are not believed.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use dadosfera::{Client, Clock, Sleep};

use super::{Failure, Keeper, Subject};
use crate::idp::Idp;

pub struct Dadosfera;

struct Ours {
    client: Client,
    clock: Arc<Moved>,
}

/// The machine's clock, and what it was moved by.
#[derive(Debug, Default)]
struct Moved {
    real: dadosfera::SystemClock,
    by: std::sync::atomic::AtomicU64,
}

impl Moved {
    fn by(&self) -> Duration {
        Duration::from_millis(self.by.load(std::sync::atomic::Ordering::SeqCst))
    }
}

impl Clock for Moved {
    fn monotonic(&self) -> Duration {
        self.real.monotonic() + self.by()
    }

    fn wall(&self) -> SystemTime {
        self.real.wall() + self.by()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.real.sleep(duration)
    }
}

#[async_trait]
impl Subject for Dadosfera {
    fn name(&self) -> &'static str {
        "**dadosfera 0.1.0**"
    }

    /// Renewed from 80 % of its life at the latest, dead 36 s before its end.
    fn renewing(&self) -> (Duration, Duration) {
        (Duration::from_secs(1800), Duration::from_secs(1500))
    }

    fn dead(&self) -> (Duration, Duration) {
        (Duration::from_secs(1800), Duration::from_secs(1801))
    }

    async fn keeper(&self, idp: &Idp) -> Result<Arc<dyn Keeper>, Failure> {
        let clock = Arc::new(Moved::default());
        let client = Client::builder()
            .base_url(idp.url())
            .clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .password("ana@acme.example", "her password")
            .build()?;
        Ok(Arc::new(Ours { client, clock }))
    }
}

#[async_trait]
impl Keeper for Ours {
    async fn token(&self) -> Result<(), Failure> {
        self.client.session().access_token().await?;
        Ok(())
    }

    async fn call(&self) -> Option<bool> {
        Some(self.client.pipelines().list().await.is_ok())
    }

    async fn wait(&self, duration: Duration) {
        // A 401 on a token of a few seconds is not taken for the token's fault.
        let milliseconds = duration.max(Duration::from_secs(60)).as_millis();
        let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        self.clock
            .by
            .fetch_add(milliseconds, std::sync::atomic::Ordering::SeqCst);
    }
}
