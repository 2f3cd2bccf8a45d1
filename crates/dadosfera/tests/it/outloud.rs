//! Prints what the SDK and the crates below it log, and every error that a test expects: ci looks for secrets in all of it.

use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// From now on this process prints its log, from every thread and at every level.
pub(crate) fn on() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::subscriber::set_global_default(Spans::default()).expect("the only one");
        log::set_logger(&Lines).expect("the only one");
        log::set_max_level(log::LevelFilter::Trace);
    });
}

/// What a test expects to fail.
pub(crate) trait Fails<E> {
    /// The error, after it was printed in all its forms.
    fn fails(self, why: &str) -> E;
}

impl<T, E: Error> Fails<E> for Result<T, E> {
    fn fails(self, why: &str) -> E {
        let Err(error) = self else {
            panic!("it does not fail: {why}");
        };
        println!("error: {error}\n{error:?}\n{error:#?}");
        let mut source = error.source();
        while let Some(inner) = source {
            println!("source: {inner}\n{inner:?}");
            source = inner.source();
        }
        error
    }
}

/// The spans and events of `tracing`, with their fields.
#[derive(Debug, Default)]
struct Spans(AtomicU64);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Spans {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text(span.metadata().name().to_owned());
        span.record(&mut text);
        println!("span: {}", text.0);
        Id::from_u64(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut text = Text(format!("{span:?}"));
        values.record(&mut text);
        println!("span: {}", text.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(event.metadata().target().to_owned());
        event.record(&mut text);
        println!("event: {}", text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The lines of `log`, which the HTTP client, its TLS and the driver of Redis write.
#[derive(Debug)]
struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        println!("log: {} {}", record.target(), record.args());
    }

    fn flush(&self) {}
}
