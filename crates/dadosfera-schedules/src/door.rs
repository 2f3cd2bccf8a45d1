//! The model checker's side of the door through which the shell gets what threads share and where tasks run.

use std::future::Future;
use std::sync::Arc;

pub(crate) use shuttle::sync::{Mutex, MutexGuard};
pub(crate) use std::sync::{PoisonError, TryLockError};

/// What readers load: each load and each store is a step of its own.
pub(crate) struct Swap<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for Swap<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Swap<T> {
    pub(crate) fn load(&self) -> Option<Arc<T>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn store(&self, value: Option<Arc<T>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

/// Runs a task of its own.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> bool {
    shuttle::future::spawn(task);
    true
}
