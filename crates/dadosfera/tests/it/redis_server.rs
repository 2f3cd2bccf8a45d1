//! A real `redis-server` in a folder of its own, which can be stopped and started.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dadosfera::RedisStore;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub(crate) const KEY: [u8; 32] = [7; 32];

/// A server that writes each change to its disk before it confirms it.
pub(crate) struct RedisServer {
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        // Somebody else may take a free port between our look and the server's.
        (0..5)
            .find_map(|_| Self::try_start())
            .expect("redis-server starts on a free port")
    }

    fn try_start() -> Option<Self> {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("bound").port();
        drop(free);
        let mut server = Self {
            port,
            folder: tempfile::tempdir().expect("a folder"),
            child: None,
        };
        server.try_resume().then_some(server)
    }

    /// Kills it, as a power cut would.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }

    /// Starts it again, with what it had.
    pub(crate) fn resume(&mut self) {
        assert!(self.try_resume(), "redis-server does not start again");
    }

    /// Lets it stand still: connections stay open, and nothing is answered.
    pub(crate) fn stand_still(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends that; what was asked meanwhile is answered now.
    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        kill_process(Pid::from_child(child), signal).expect("signalled");
    }

    fn try_resume(&mut self) -> bool {
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
            .args(["--appendfsync", "always", "--dir"])
            .arg(self.folder.path())
            .args(["--port", &self.port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.expect(
            "redis-server can be started: these tests need it, so run `apt-get install redis-server`",
        );
        for _ in 0..500 {
            if self.answers() {
                self.child = Some(child);
                return true;
            }
            if child.try_wait().expect("watched").is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }

    fn answers(&self) -> bool {
        self.try_ask("PING")
            .is_ok_and(|answer| answer.starts_with("+PONG"))
    }

    /// What it answers to a command in one line.
    pub(crate) fn ask(&self, command: &str) -> String {
        self.try_ask(command).expect("an answer")
    }

    fn try_ask(&self, command: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::new(&self.address(), "fleet", &KEY).expect("a store")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}
