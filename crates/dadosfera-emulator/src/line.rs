//! One connection, with a switch for the faults that no HTTP server offers: to be cut while it is written, and to be reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// No limit to what may still be written.
const WHOLE: usize = usize::MAX;

/// The switch of one connection; clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Switch(Arc<State>);

#[derive(Debug)]
struct State {
    writable: AtomicUsize,
    reset: AtomicBool,
}

/// A connection under its switch.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    switch: Switch,
}

impl Switch {
    pub(crate) fn new() -> Self {
        Self(Arc::new(State {
            writable: AtomicUsize::new(WHOLE),
            reset: AtomicBool::new(false),
        }))
    }

    /// Only so many more bytes are written; then the connection breaks.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.0.writable.store(bytes, Ordering::Relaxed);
    }

    /// When the connection closes, it is by a reset.
    pub(crate) fn reset(&self) {
        self.0.reset.store(true, Ordering::Relaxed);
    }

    fn writable(&self) -> usize {
        self.0.writable.load(Ordering::Relaxed)
    }

    fn is_reset(&self) -> bool {
        self.0.reset.load(Ordering::Relaxed)
    }
}

impl Line {
    pub(crate) fn new(stream: TcpStream, switch: Switch) -> Self {
        Self { stream, switch }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.switch.is_reset() {
            // Closing a socket that does not linger is what sends the reset; where that fails, it closes as usual.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let writable = self.switch.writable();
        if writable == WHOLE {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        if writable == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let some = bytes.get(..writable).unwrap_or(bytes);
        let written = Pin::new(&mut self.stream).poll_write(context, some);
        if let Poll::Ready(Ok(count)) = written {
            self.switch.cut_after(writable.saturating_sub(count));
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.switch.writable() == WHOLE {
            return Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        }
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_write(context, first.map_or(&[], |slice| slice))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.switch.is_reset() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
