//! The five scenarios of the table.
//!
//! S1: 1000 callers and no token; the provider takes 100 ms. S2: the token lives, but is inside the window in which the
//! subject renews it; the provider answers 503 after 250 ms; 40 callers. S3: the same with a token that is past its end.
//! S4: the caller that started the renewal goes away half-way, another one waits. S5: the API takes the token no more
//! though it is not past its end; 200 callers within 80 ms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::idp::{Idp, Mood};
use crate::subjects::{Failure, Keeper, Subject};

const LONG_LIFE: Duration = Duration::from_secs(3600);
/// What came late is not missed: background renewals land within this.
const AFTERMATH: Duration = Duration::from_millis(400);

/// What 40 or 1000 callers saw.
#[derive(Debug)]
pub struct Herd {
    pub calls: u64,
    pub errors: usize,
    pub longest: Duration,
}

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub cold: Herd,
    pub brown_out: Herd,
    pub outage: Herd,
    /// Renewals that were started and completed.
    pub cancel: (u64, u64),
    /// 401s that callers saw, and renewals; nothing where the subject never sees an answer.
    pub revoked: Option<(usize, u64)>,
}

pub async fn run(subject: &dyn Subject) -> Result<Row, Failure> {
    Ok(Row {
        name: subject.name(),
        cold: cold(subject).await?,
        brown_out: failing(subject, false).await?,
        outage: failing(subject, true).await?,
        cancel: cancel(subject).await?,
        revoked: revoked(subject).await?,
    })
}

async fn cold(subject: &dyn Subject) -> Result<Herd, Failure> {
    let idp = Idp::start(mood(100, false, LONG_LIFE)).await?;
    let keeper = subject.keeper(&idp).await?;
    let herd = stampede(&idp, &keeper, 1000).await;
    idp.stop();
    Ok(herd)
}

async fn failing(subject: &dyn Subject, is_dead: bool) -> Result<Herd, Failure> {
    let (life, wait) = if is_dead {
        subject.dead()
    } else {
        subject.renewing()
    };
    let idp = Idp::start(mood(0, false, life)).await?;
    let keeper = subject.keeper(&idp).await?;
    keeper.token().await?;
    keeper.wait(wait).await;
    idp.set(mood(250, true, life));
    idp.take_counts();
    let herd = stampede(&idp, &keeper, 40).await;
    idp.stop();
    Ok(herd)
}

async fn cancel(subject: &dyn Subject) -> Result<(u64, u64), Failure> {
    let idp = Idp::start(mood(300, false, LONG_LIFE)).await?;
    let keeper = subject.keeper(&idp).await?;
    let leader = call(&keeper);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let follower = call(&keeper);
    tokio::time::sleep(Duration::from_millis(100)).await;
    leader.abort();
    // Whether it got its token is not the question here; how often the provider was asked is.
    let _ = follower.await?;
    tokio::time::sleep(AFTERMATH).await;
    let counts = idp.take_counts();
    idp.stop();
    Ok(counts)
}

async fn revoked(subject: &dyn Subject) -> Result<Option<(usize, u64)>, Failure> {
    let idp = Idp::start(mood(20, false, LONG_LIFE)).await?;
    let keeper = subject.keeper(&idp).await?;
    keeper.token().await?;
    if keeper.call().await.is_none() {
        idp.stop();
        return Ok(None);
    }
    // Long enough that no subject takes the 401 for one of a token that has not arrived everywhere yet.
    keeper.wait(Duration::from_secs(11)).await;
    idp.revoke();
    idp.take_counts();
    let calls = (0..200u32).map(|number| {
        let keeper = Arc::clone(&keeper);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_micros(400) * number).await;
            keeper.call().await
        })
    });
    let answers = join_all(calls).await;
    let surfaced = answers
        .into_iter()
        .filter(|answer| matches!(answer, Ok(Some(false)) | Err(_)))
        .count();
    tokio::time::sleep(AFTERMATH).await;
    let (started, _) = idp.take_counts();
    idp.stop();
    Ok(Some((surfaced, started)))
}

async fn stampede(idp: &Idp, keeper: &Arc<dyn Keeper>, callers: usize) -> Herd {
    let tasks: Vec<_> = (0..callers).map(|_| call(keeper)).collect();
    let (mut errors, mut longest) = (0, Duration::ZERO);
    for task in tasks {
        match task.await {
            Ok((waited, succeeded)) => {
                longest = longest.max(waited);
                errors += usize::from(!succeeded);
            }
            Err(_) => errors += 1,
        }
    }
    tokio::time::sleep(AFTERMATH).await;
    let (calls, _) = idp.take_counts();
    Herd {
        calls,
        errors,
        longest,
    }
}

fn call(keeper: &Arc<dyn Keeper>) -> tokio::task::JoinHandle<(Duration, bool)> {
    let keeper = Arc::clone(keeper);
    tokio::spawn(async move {
        let started = Instant::now();
        let succeeded = keeper.token().await.is_ok();
        (started.elapsed(), succeeded)
    })
}

fn mood(milliseconds: u64, is_down: bool, life: Duration) -> Mood {
    Mood {
        latency: Duration::from_millis(milliseconds),
        is_down,
        life,
    }
}
