//! The one door through which the shell gets what threads share and where tasks run.
//!
//! `crates/dadosfera-schedules` runs the very same shell with another door, whose every step a model checker decides.

use std::future::Future;

pub(super) use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use tokio::runtime::Handle;

/// What readers load without a lock.
pub(super) type Swap<T> = arc_swap::ArcSwapOption<T>;

/// Runs a task of its own on the runtime of the caller; false where there is none.
pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> bool {
    match Handle::try_current() {
        Ok(runtime) => {
            runtime.spawn(task);
            true
        }
        Err(_) => false,
    }
}
