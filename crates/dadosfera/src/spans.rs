//! Spans of calls and attempts with the names of OpenTelemetry's HTTP client conventions; nothing without the feature
//! `tracing`.
//!
//! A call is a span `dadosfera.call` at level INFO with a child `dadosfera.attempt` (DEBUG, `otel.kind = "client"`) for
//! each attempt. Rule: neither holds a URL, a header, a body or a message.

#[cfg(not(feature = "tracing"))]
pub(crate) use off::Span;
#[cfg(feature = "tracing")]
pub(crate) use on::Span;

#[cfg(feature = "tracing")]
mod on {
    use std::future::Future;

    use dadosfera_raw::Op;
    use tracing::field::Empty;
    use tracing::{Instrument as _, debug_span, info_span};

    use crate::config::BaseUrl;
    use crate::error::ErrorKind;

    /// A span.
    #[derive(Debug, Clone)]
    pub(crate) struct Span(tracing::Span);

    impl Span {
        pub(crate) fn of_call(op: &Op, server: &BaseUrl) -> Self {
            Self(info_span!(
                "dadosfera.call",
                otel.name = op.id,
                dadosfera.operation = op.id,
                http.request.method = op.method,
                url.template = Empty,
                server.address = server.host(),
                server.port = server.port(),
                http.response.status_code = Empty,
                "error.type" = Empty,
                http.request.resend_count = Empty,
            ))
            .with_template(op)
        }

        pub(crate) fn of_attempt(&self, op: &Op, server: &BaseUrl, resends: u32) -> Self {
            Self(debug_span!(
                parent: &self.0,
                "dadosfera.attempt",
                otel.kind = "client",
                otel.name = %format_args!("{} {}", op.method, op.path),
                dadosfera.operation = op.id,
                http.request.method = op.method,
                url.template = Empty,
                server.address = server.host(),
                server.port = server.port(),
                http.response.status_code = Empty,
                "error.type" = Empty,
                http.request.resend_count = resends,
            ))
            .with_template(op)
        }

        pub(crate) fn run<F: Future>(&self, future: F) -> tracing::instrument::Instrumented<F> {
            future.instrument(self.0.clone())
        }

        pub(crate) fn ended(
            &self,
            status: Option<u16>,
            error: Option<ErrorKind>,
            resends: Option<u32>,
        ) {
            if let Some(status) = status {
                self.0.record("http.response.status_code", status);
            }
            if let Some(error) = error {
                self.0.record("error.type", error.name());
            }
            if let Some(resends) = resends {
                self.0.record("http.request.resend_count", resends);
            }
        }

        fn with_template(self, op: &Op) -> Self {
            if !op.path.is_empty() {
                self.0.record("url.template", op.path);
            }
            self
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use std::future::Future;

    use dadosfera_raw::Op;

    use crate::config::BaseUrl;
    use crate::error::ErrorKind;

    /// No span.
    #[derive(Debug, Clone)]
    pub(crate) struct Span;

    impl Span {
        pub(crate) const fn of_call(_op: &Op, _server: &BaseUrl) -> Self {
            Self
        }

        #[expect(
            clippy::unused_self,
            reason = "with the feature it is the parent of what it makes"
        )]
        pub(crate) const fn of_attempt(&self, _op: &Op, _server: &BaseUrl, _resends: u32) -> Self {
            Self
        }

        pub(crate) const fn run<F: Future>(&self, future: F) -> F {
            future
        }

        pub(crate) const fn ended(
            &self,
            _status: Option<u16>,
            _error: Option<ErrorKind>,
            _resends: Option<u32>,
        ) {
        }
    }
}
