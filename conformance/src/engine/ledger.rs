//! The ledger: what a run is about to make, what it made, and what of that is gone, one JSON object a line.
//!
//! A line is on the disk before the request that it speaks of leaves, so a crash leaves at most an intent whose outcome is
//! not known; such a one is looked up by its name.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

/// Everything that the runs of a host made, and what is left of it.
#[derive(Debug, Default)]
pub struct Ledger {
    file: Option<(File, PathBuf)>,
    host: String,
    run: String,
    intents: BTreeMap<u64, Intent>,
    things: Vec<Thing>,
}

/// A create, before its outcome is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The operation that makes.
    pub operation: String,
    /// The names by which what it makes is found; of an API key there are none.
    pub names: Vec<String>,
    /// Whether its outcome is in the ledger.
    pub settled: bool,
}

/// Something that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// The operation that removes it.
    pub remove: String,
    /// Its id; a file's is its path.
    pub id: String,
    /// Whether it was removed.
    pub gone: bool,
}

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// It cannot be read or written.
    #[error("the ledger {0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// It is none.
    #[error("the ledger {0}, line {1}: {2}")]
    Line(PathBuf, usize, String),
    /// It belongs to another host.
    #[error("the ledger {file} belongs to {theirs}, not to {ours}: name another --ledger")]
    OtherHost {
        /// Where it lies.
        file: PathBuf,
        /// Whose it is.
        theirs: String,
        /// Which host is meant.
        ours: String,
    },
    /// Others can change it, so it does not prove what we made.
    #[error(
        "the ledger {0} can be read or changed by others: run chmod 600, if you trust what is in it"
    )]
    Shared(PathBuf),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// A run begins.
    Run {
        version: u32,
        host: String,
        run: String,
    },
    /// A create is about to be sent.
    Intent {
        number: u64,
        operation: String,
        names: Vec<String>,
    },
    /// It made this.
    Made {
        number: u64,
        remove: String,
        id: String,
    },
    /// Its outcome is known.
    Settled { number: u64 },
    /// This is no more.
    Gone { remove: String, id: String },
}

impl Ledger {
    /// One that is not on the disk, for a run that only reads and for tests.
    #[must_use]
    pub fn in_memory(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            ..Self::default()
        }
    }

    /// Opens the ledger of a host, or begins one, for a run.
    ///
    /// # Errors
    /// Where it is no ledger, or that of another host.
    pub fn begin(path: &Path, host: &str, run: &str) -> Result<Self, LedgerError> {
        let mut ledger = if path.exists() {
            Self::open(path, Some(host))?
        } else {
            let mut options = OpenOptions::new();
            options.append(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options
                .open(path)
                .map_err(|error| LedgerError::Io(path.to_owned(), error))?;
            Self {
                file: Some((file, path.to_owned())),
                host: host.to_owned(),
                ..Self::default()
            }
        };
        ledger.write(&Line::Run {
            version: VERSION,
            host: host.to_owned(),
            run: run.to_owned(),
        })?;
        Ok(ledger)
    }

    /// Opens a ledger that is there; `host` must be its host where it is given.
    ///
    /// # Errors
    /// Where it is no ledger, or that of another host.
    pub fn open(path: &Path, host: Option<&str>) -> Result<Self, LedgerError> {
        let io = |error| LedgerError::Io(path.to_owned(), error);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(path)
            .map_err(io)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
                return Err(LedgerError::Shared(path.to_owned()));
            }
        }
        let text = io::read_to_string(&file).map_err(io)?;
        let mut ledger = Self::default();
        let whole = text.ends_with('\n') || text.is_empty();
        let count = text.lines().count();
        for (index, line) in text.lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(line) => ledger
                    .take(line)
                    .map_err(|why| LedgerError::Line(path.to_owned(), index + 1, why))?,
                // The line that a crash cut short was not followed by its request.
                Err(_) if !whole && index + 1 == count => {}
                Err(error) => {
                    return Err(LedgerError::Line(
                        path.to_owned(),
                        index + 1,
                        error.to_string(),
                    ));
                }
            }
        }
        if let Some(ours) = host
            && ours != ledger.host
        {
            return Err(LedgerError::OtherHost {
                file: path.to_owned(),
                theirs: ledger.host,
                ours: ours.to_owned(),
            });
        }
        ledger.file = Some((file, path.to_owned()));
        if !whole {
            ledger.end_line()?;
        }
        Ok(ledger)
    }

    /// Whose it is.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What its last run called itself.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Whether a run left something, or may have.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.left().is_empty() && self.unsettled().is_empty()
    }

    /// Notes that something is about to be made; the number of the intent.
    ///
    /// # Errors
    /// Where it does not get to the disk; then nothing may be sent.
    pub fn intend(&mut self, operation: &str, names: &[String]) -> Result<u64, LedgerError> {
        let number = self.intents.keys().last().map_or(1, |last| last + 1);
        self.write(&Line::Intent {
            number,
            operation: operation.to_owned(),
            names: names.to_vec(),
        })?;
        Ok(number)
    }

    /// Notes what an intent made.
    ///
    /// # Errors
    /// Where it does not get to the disk.
    pub fn made(&mut self, number: u64, remove: &str, id: &str) -> Result<(), LedgerError> {
        self.write(&Line::Made {
            number,
            remove: remove.to_owned(),
            id: id.to_owned(),
        })
    }

    /// Notes that the outcome of an intent is known.
    ///
    /// # Errors
    /// Where it does not get to the disk.
    pub fn settle(&mut self, number: u64) -> Result<(), LedgerError> {
        self.write(&Line::Settled { number })
    }

    /// Notes that something is no more.
    ///
    /// # Errors
    /// Where it does not get to the disk.
    pub fn gone(&mut self, remove: &str, id: &str) -> Result<(), LedgerError> {
        self.write(&Line::Gone {
            remove: remove.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The intents whose outcome is not known.
    #[must_use]
    pub fn unsettled(&self) -> Vec<(u64, Intent)> {
        let open = self.intents.iter().filter(|(_, intent)| !intent.settled);
        open.map(|(number, intent)| (*number, intent.clone()))
            .collect()
    }

    /// What was made and is not gone, newest first.
    #[must_use]
    pub fn left(&self) -> Vec<Thing> {
        let left = self.things.iter().rev().filter(|thing| !thing.gone);
        left.cloned().collect()
    }

    /// Everything that was ever made.
    #[must_use]
    pub fn things(&self) -> &[Thing] {
        &self.things
    }

    fn write(&mut self, line: &Line) -> Result<(), LedgerError> {
        let text = serde_json::to_string(line).unwrap_or_default() + "\n";
        if let Some((file, path)) = &mut self.file {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(|error| LedgerError::Io(path.clone(), error))?;
        }
        // What we write ourselves is of our version and host.
        let _ = serde_json::from_str(&text).map(|line| self.take(line));
        Ok(())
    }

    /// Ends a line that a crash cut short, so that the next one stands alone.
    fn end_line(&mut self) -> Result<(), LedgerError> {
        if let Some((file, path)) = &mut self.file {
            let io = |error| LedgerError::Io(path.clone(), error);
            let text = std::fs::read_to_string(&*path).map_err(io)?;
            let kept = text.rfind('\n').map_or(0, |at| at + 1);
            file.set_len(kept as u64).map_err(io)?;
        }
        Ok(())
    }

    fn take(&mut self, line: Line) -> Result<(), String> {
        match line {
            Line::Run { version, host, run } => {
                if version != VERSION {
                    return Err(format!("it is of version {version}, not {VERSION}"));
                }
                if !self.host.is_empty() && self.host != host {
                    return Err("it is of two hosts".to_owned());
                }
                self.host = host;
                self.run = run;
            }
            _ if self.host.is_empty() => {
                return Err("it does not begin with a run".to_owned());
            }
            Line::Intent {
                number,
                operation,
                names,
            } => {
                let intent = Intent {
                    operation,
                    names,
                    settled: false,
                };
                self.intents.insert(number, intent);
            }
            Line::Made { remove, id, .. } => self.things.push(Thing {
                remove,
                id,
                gone: false,
            }),
            Line::Settled { number } => {
                if let Some(intent) = self.intents.get_mut(&number) {
                    intent.settled = true;
                }
            }
            Line::Gone { remove, id } => {
                let same = |thing: &&mut Thing| thing.remove == remove && thing.id == id;
                for thing in self.things.iter_mut().filter(same) {
                    thing.gone = true;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        (folder, path)
    }

    #[test]
    fn what_is_not_gone_and_what_is_not_known_is_there_after_a_crash() {
        let (_folder, path) = place("ledger");
        let mut ledger = Ledger::begin(&path, "http://h", "1").unwrap();
        let first = ledger
            .intend("create_connection", &["conformance-a".into()])
            .unwrap();
        ledger.made(first, "delete_connection", "c1").unwrap();
        ledger.settle(first).unwrap();
        let second = ledger
            .intend("create_table", &["conformance_b".into()])
            .unwrap();
        ledger.made(second, "delete_table", "t1").unwrap();
        ledger.settle(second).unwrap();
        ledger.gone("delete_connection", "c1").unwrap();
        ledger
            .intend("create_table", &["conformance_c".into()])
            .unwrap();
        drop(ledger);
        // A crash in the middle of a line.
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"line\":\"int").unwrap();
        for _ in 0..2 {
            let ledger = Ledger::begin(&path, "http://h", "2").unwrap();
            let ids: Vec<String> = ledger.left().into_iter().map(|thing| thing.id).collect();
            assert_eq!(ids, ["t1"]);
            let names: Vec<_> = ledger
                .unsettled()
                .into_iter()
                .map(|(_, it)| it.names)
                .collect();
            assert_eq!(names, [["conformance_c"]]);
        }
    }

    #[test]
    fn a_ledger_of_another_host_and_what_is_no_ledger_are_refused() {
        let (_folder, path) = place("ledger");
        drop(Ledger::begin(&path, "http://one", "1").unwrap());
        let error = Ledger::begin(&path, "http://two", "2").unwrap_err();
        assert!(matches!(error, LedgerError::OtherHost { .. }), "{error}");
        assert_eq!(Ledger::open(&path, None).unwrap().host(), "http://one");
        std::fs::write(&path, "{\"line\":\"gone\",\"remove\":\"x\",\"id\":\"y\"}\n").unwrap();
        let error = Ledger::open(&path, None).unwrap_err().to_string();
        assert!(
            error.contains("line 1: it does not begin with a run"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, path) = place("ledger");
        drop(Ledger::begin(&path, "http://one", "1").unwrap());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o664)).unwrap();
        let error = Ledger::open(&path, None).unwrap_err();
        assert!(matches!(error, LedgerError::Shared(_)), "{error}");
    }
}
