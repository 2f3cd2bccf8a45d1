//! The one thread that writes changes down and then makes them.
//!
//! What waits when it comes round is written with one sync, so that many callers do not wait for many. All of it happens
//! at one time, which the entries tell. A change of the clock ends a round: what comes after it happens later.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::answer::Answer;
use crate::api::Api;
use crate::changes::{self, Change};
use crate::clock::{self, Clock, JournalOfClock};
use crate::journal::entry::Entry;
use crate::journal::folder::Folder;
use crate::journal::store::Store;

/// How many changes are written with one sync.
const MAX_ROUND: usize = 256;

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Journal {
    sender: Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What is done with the answer to a change.
type Reply = Box<dyn FnOnce(Answer) + Send>;

enum Message {
    Change(Change, Reply),
    Clock(clock::Change, Sender<Result<(), String>>),
    Close,
}

/// What the thread has.
struct Writer {
    receiver: Receiver<Message>,
    store: Store,
    api: Arc<RwLock<Api>>,
    clock: Clock,
    /// Ours until the thread ends.
    _folder: Folder,
}

/// What is written together.
#[derive(Default)]
struct Round {
    changes: Vec<(Change, Reply)>,
    clock: Option<(clock::Change, Sender<Result<(), String>>)>,
    is_last: bool,
}

impl Journal {
    /// Starts the thread; from then on, changes of this clock go through it.
    pub(crate) fn start(
        store: Store,
        folder: Folder,
        api: Arc<RwLock<Api>>,
        clock: &Clock,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let writer = Writer {
            receiver,
            store,
            api,
            clock: clock.clone(),
            _folder: folder,
        };
        let thread = thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || writer.work())?;
        let to_thread = sender.clone();
        clock.journal(JournalOfClock(Box::new(move |change| {
            let (reply, answer) = mpsc::channel();
            let closed = || "the journal is closed".to_owned();
            to_thread
                .send(Message::Clock(change, reply))
                .map_err(|_| closed())?;
            answer.recv().unwrap_or_else(|_| Err(closed()))
        })));
        Ok(Self {
            sender,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Writes a change down, then makes it, and tells what came of it.
    pub(crate) async fn change(&self, change: Change) -> Answer {
        let (sender, answer) = oneshot::channel();
        self.ask(change, |answer| {
            // Whoever asked may be gone; what they asked for has happened all the same.
            let _ = sender.send(answer);
        });
        answer.await.unwrap_or_else(|_| closed())
    }

    /// The same for who cannot be woken: it blocks the thread.
    pub(crate) fn change_now(&self, change: Change) -> Answer {
        let (sender, answer) = mpsc::channel();
        self.ask(change, move |answer| {
            let _ = sender.send(answer);
        });
        answer.recv().unwrap_or_else(|_| closed())
    }

    /// Where the thread has ended, the reply is dropped, which tells as much.
    fn ask(&self, change: Change, reply: impl FnOnce(Answer) + Send + 'static) {
        let _ = self.sender.send(Message::Change(change, Box::new(reply)));
    }

    /// Ends the thread after what it has begun; nothing is written when this returns, and the directory is free.
    pub(crate) fn close(&self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // Whether it ended by itself or now, it ended.
            let _ = self.sender.send(Message::Close);
            let _ = thread.join();
        }
    }
}

fn closed() -> Answer {
    Answer::not_journaled("it is closed")
}

impl Writer {
    fn work(mut self) {
        while let Ok(first) = self.receiver.recv() {
            let round = self.round(first);
            let is_last = round.is_last;
            self.make(round);
            if is_last {
                return;
            }
        }
    }

    fn round(&self, first: Message) -> Round {
        let mut round = Round::default();
        let waiting = std::iter::once(first).chain(self.receiver.try_iter());
        for message in waiting {
            match message {
                Message::Change(change, reply) => round.changes.push((change, reply)),
                Message::Clock(change, reply) => round.clock = Some((change, reply)),
                Message::Close => round.is_last = true,
            }
            if round.changes.len() >= MAX_ROUND || round.clock.is_some() || round.is_last {
                break;
            }
        }
        round
    }

    fn make(&mut self, round: Round) {
        let at = {
            let api = self.api.read().unwrap_or_else(PoisonError::into_inner);
            api.world.at(self.clock.now())
        };
        let changes = round.changes.iter();
        let mut entries: Vec<Entry> = changes
            .map(|(change, _)| Entry::of_change(at, change))
            .collect();
        let mode = round
            .clock
            .as_ref()
            .map(|(change, _)| self.clock.after(*change));
        entries.extend(mode.map(|mode| Entry::of_clock(at, mode)));
        let written = if entries.is_empty() {
            Ok(())
        } else {
            self.store.append(&entries)
        };
        for (change, reply) in round.changes {
            let answer = match &written {
                Ok(()) => {
                    let mut api = self.api.write().unwrap_or_else(PoisonError::into_inner);
                    changes::apply(&mut api, change, at)
                }
                Err(why) => Answer::not_journaled(why),
            };
            reply(answer);
        }
        if let Some((_, reply)) = round.clock {
            if let (Ok(()), Some(mode)) = (&written, mode) {
                self.clock.set_mode(mode);
            }
            let _ = reply.send(written);
        }
    }
}
