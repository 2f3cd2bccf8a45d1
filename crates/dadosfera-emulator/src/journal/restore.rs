//! From a data directory to the world that it holds.

use std::path::Path;

use crate::api::Api;
use crate::changes;
use crate::clock::Clock;
use crate::disk::Disk;
use crate::journal::entry::Read;
use crate::journal::folder::Folder;
use crate::journal::refusal::DataDirError;
use crate::journal::store::{self, Identity, Place, Store};
use crate::seed::{Seed, SeedError};
use crate::tokens::Tokens;

/// What a data directory held.
pub(crate) struct Restored {
    pub(crate) api: Api,
    pub(crate) clock: Clock,
    pub(crate) uploads: Disk,
    pub(crate) store: Store,
    pub(crate) folder: Folder,
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRestored {
    #[error(transparent)]
    Refused(#[from] DataDirError),
    #[error(transparent)]
    Seed(#[from] SeedError),
}

/// The world so far.
struct Replay<'a> {
    root: &'a Path,
    seed: &'a Seed,
    uploads: Disk,
    begun: Option<(Api, Clock)>,
}

/// Reads a data directory, or begins one; `hold` is whether a new one's clock is held from the start.
pub(crate) fn restore(root: &Path, seed: &Seed, hold: bool) -> Result<Restored, NotRestored> {
    let folder = Folder::take(root)?;
    if folder.is_new() {
        let clock = Clock::starting(seed.starts_at);
        if hold {
            clock.hold();
        }
        let identity = Identity {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: seed.fingerprint(),
            born: clock.now(),
            clock: clock.current(),
        };
        // A seed that makes no world shall make no directory.
        seed.build(identity.born)?;
        folder.begin(|file| store::create(file, &identity))?;
    }
    let damaged = |why: String| {
        NotRestored::Refused(DataDirError::Damaged {
            path: root.to_owned(),
            why,
        })
    };
    let mut replay = Replay {
        root,
        seed,
        uploads: Disk::lasting(folder.files()),
        begun: None,
    };
    let place = replay.run(&folder, &damaged)?;
    let uploads = replay.uploads;
    let Some((mut api, clock)) = replay.begun else {
        return Err(damaged("it is empty".to_owned()));
    };
    uploads.check().map_err(&damaged)?;
    let store = Store::open(store::opener(&folder.journal()), place)
        .map_err(std::io::Error::other)
        .map_err(DataDirError::io(folder.journal()))?;
    folder.sweep().map_err(DataDirError::io(root))?;
    uploads
        .begin_to_remove()
        .map_err(DataDirError::io(folder.files()))?;
    api.tokens.set_mute(false);
    Ok(Restored {
        api,
        clock,
        uploads,
        store,
        folder,
    })
}

impl Replay<'_> {
    fn run(
        &mut self,
        folder: &Folder,
        damaged: &(impl Fn(String) -> NotRestored + Sync),
    ) -> Result<Place, NotRestored> {
        let replay = std::sync::Mutex::new(self);
        let lock = || {
            replay
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        store::read(
            &folder.journal(),
            damaged,
            |identity| lock().begin(&identity),
            |entry| {
                let mut replay = lock();
                let at = entry.at;
                let read = entry.read(&replay.uploads);
                let read = read.map_err(|error| damaged(error.to_string()))?;
                replay.make(read, at);
                Ok(())
            },
        )
    }

    fn begin(&mut self, identity: &Identity) -> Result<(), NotRestored> {
        let path = || self.root.to_owned();
        let this = env!("CARGO_PKG_VERSION");
        if identity.version != this {
            return Err(NotRestored::Refused(DataDirError::OtherVersion {
                path: path(),
                made_by: identity.version.clone(),
                this: this.to_owned(),
            }));
        }
        if identity.seed != self.seed.fingerprint() {
            return Err(NotRestored::Refused(DataDirError::OtherSeed {
                path: path(),
            }));
        }
        let mut world = self.seed.build(identity.born)?;
        world.storage.disk = Disk::temporary_in(self.root.to_owned());
        world.note_due();
        let mut api = Api {
            world,
            tokens: Tokens::from_seed(self.seed.seed),
            options: self.seed.options.clone(),
        };
        api.tokens.set_mute(true);
        self.begun = Some((api, Clock::in_mode(identity.clock)));
        Ok(())
    }

    fn make(&mut self, read: Read, at: chrono::DateTime<chrono::Utc>) {
        let Some((api, clock)) = &mut self.begun else {
            return;
        };
        match read {
            Read::Change(change) => {
                changes::apply(api, change, at);
            }
            Read::Clock(mode) => clock.set_mode(mode),
        }
    }
}
