//! Where waiters learn how a flight ended: told once, heard by all, also by those who come late.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::sync::{Mutex, PoisonError};

/// Told once. Whoever polls before is woken.
pub(crate) struct Arrival<T>(Mutex<Waiting<T>>);

struct Waiting<T> {
    told: Option<T>,
    wakers: Vec<Waker>,
}

impl<T: Clone> Arrival<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Waiting {
            told: None,
            wakers: Vec::new(),
        })))
    }

    /// Tells all; only the first word counts.
    pub(crate) fn tell(&self, word: T) {
        let wakers = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.told.is_none() {
                waiting.told = Some(word);
            }
            std::mem::take(&mut waiting.wakers)
        };
        for waker in wakers {
            waker.wake();
        }
    }

    /// Completes with what was told.
    pub(crate) fn wait(self: &Arc<Self>) -> Wait<T> {
        Wait {
            arrival: Arc::clone(self),
            seat: None,
        }
    }
}

/// The future of [`Arrival::wait`].
pub(crate) struct Wait<T> {
    arrival: Arc<Arrival<T>>,
    /// Which of the wakers is ours.
    seat: Option<usize>,
}

impl<T: Clone> Future for Wait<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let this = &mut *self;
        let mut waiting = this
            .arrival
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(word) = &waiting.told {
            return Poll::Ready(word.clone());
        }
        match this.seat.and_then(|seat| waiting.wakers.get_mut(seat)) {
            Some(waker) => waker.clone_from(context.waker()),
            None => {
                this.seat = Some(waiting.wakers.len());
                waiting.wakers.push(context.waker().clone());
            }
        }
        Poll::Pending
    }
}
