//! A database file that is read as if it could be written: what is written stays in memory, and goes.
//!
//! The database mends itself when it opens a file that a killed process left. Here it does so without touching the file,
//! so that one which turns out to be damaged is left as it was.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

const BLOCK: u64 = 4096;

/// A file, and what would be written over it.
#[derive(Debug)]
pub(crate) struct Trial {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    /// How much of the file still shows.
    shown: u64,
    length: u64,
    written: BTreeMap<u64, Vec<u8>>,
}

impl Trial {
    pub(crate) fn of(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let state = State {
            file,
            shown: length,
            length,
            written: BTreeMap::new(),
        };
        Ok(Self {
            state: Mutex::new(state),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn block(&mut self, number: u64) -> io::Result<Vec<u8>> {
        if let Some(block) = self.written.get(&number) {
            return Ok(block.clone());
        }
        let start = number * BLOCK;
        let there = self.shown.saturating_sub(start).min(BLOCK);
        let mut block = Vec::with_capacity(usize::try_from(BLOCK).unwrap_or(0));
        if there > 0 {
            self.file.seek(SeekFrom::Start(start))?;
            (&self.file).take(there).read_to_end(&mut block)?;
        }
        block.resize(usize::try_from(BLOCK).unwrap_or(0), 0);
        Ok(block)
    }

    /// The parts of blocks that a range of bytes lies in: block, place in it, place in the range, length.
    fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize, usize)> {
        let mut done = 0_usize;
        std::iter::from_fn(move || {
            if done >= length {
                return None;
            }
            let at = offset + done as u64;
            let within = usize::try_from(at % BLOCK).unwrap_or(0);
            let room = usize::try_from(BLOCK).unwrap_or(0) - within;
            let part = (at / BLOCK, within, done, room.min(length - done));
            done += part.3;
            Some(part)
        })
    }
}

impl StorageBackend for Trial {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        if offset.saturating_add(out.len() as u64) > state.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (block, within, place, length) in State::parts(offset, out.len()) {
            let block = state.block(block)?;
            out[place..place + length].copy_from_slice(&block[within..within + length]);
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        if length < state.length {
            state.written.retain(|block, _| block * BLOCK < length);
            let last = length / BLOCK;
            if let Some(block) = state.written.get_mut(&last) {
                let kept = usize::try_from(length % BLOCK).unwrap_or(0);
                block[kept..].fill(0);
            }
        }
        state.shown = state.shown.min(length);
        state.length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        for (number, within, place, length) in State::parts(offset, data.len()) {
            let mut block = state.block(number)?;
            block[within..within + length].copy_from_slice(&data[place..place + length]);
            state.written.insert(number, block);
        }
        state.length = state.length.max(offset.saturating_add(data.len() as u64));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_written_is_read_and_the_file_stays_as_it_was() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 5000]).unwrap();
        let trial = Trial::of(file.try_clone().unwrap()).unwrap();
        let read = |offset, length| {
            let mut out = vec![0; length];
            trial.read(offset, &mut out).map(|()| out)
        };
        trial.write(4090, &[1; 10]).unwrap();
        assert_eq!(
            read(4088, 14).unwrap(),
            [7, 7, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7, 7]
        );
        trial.set_len(4095).unwrap();
        trial.set_len(9000).unwrap();
        assert_eq!(read(4093, 4).unwrap(), [1, 1, 0, 0]);
        assert_eq!(read(4999, 2).unwrap(), [0, 0]);
        assert!(read(8999, 2).is_err());
        let mut whole = Vec::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut whole).unwrap();
        assert_eq!(whole, [7; 5000]);
    }
}
