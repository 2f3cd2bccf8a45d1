//! Faults on demand: what goes wrong, for which operation, how often.
//!
//! Rule: the first pending fault that fits a request is used up by it; one request meets one fault at most.
//! Faults never touch the admin interface.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;

use crate::answer::{Answer, Content};
use crate::lang::{Language, Told};

/// Something that goes wrong.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dadosfera_emulator::{Emulator, Fault, FaultEffect};
///
/// let emulator = Emulator::start().await?;
/// emulator.inject(Fault {
///     operation: Some("get_health"),
///     times: 1,
///     effect: FaultEffect::Status(503),
/// });
/// let url = format!("{}/health", emulator.base_url());
/// assert_eq!(reqwest::get(&url).await?.status(), 503);
/// assert_eq!(reqwest::get(&url).await?.status(), 200);
/// assert_eq!(emulator.pending_faults(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The id of an operation; without it any request of the API, one that names no operation too.
    pub operation: Option<&'static str>,
    /// How many requests it befalls.
    pub times: u32,
    /// What goes wrong.
    pub effect: FaultEffect,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultEffect {
    /// An error of the API with this status; the operation has no effect.
    Status(u16),
    /// A page of HTML with this status, as from a proxy; the operation has no effect.
    Html(u16),
    /// The connection closes without an answer; the operation has no effect.
    DropBefore,
    /// The connection closes without an answer, after the operation took effect.
    DropAfter,
    /// The connection closes in the middle of the body, after the operation took effect.
    Truncate,
    /// The answer comes this much real time later.
    Delay(Duration),
    /// 429 with `Retry-After` in seconds; the operation has no effect.
    RetryAfter(u64),
}

impl FaultEffect {
    /// Whether the operation takes effect all the same.
    pub(crate) fn lets_happen(&self) -> bool {
        matches!(self, Self::DropAfter | Self::Truncate | Self::Delay(_))
    }
}

/// The faults that have not happened yet.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pending: Mutex<Vec<Fault>>,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        if fault.times > 0 {
            self.pending().push(fault);
        }
    }

    pub(crate) fn clear(&self) {
        self.pending().clear();
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.pending().clone()
    }

    /// Takes what befalls a request for this operation.
    pub(crate) fn take(&self, operation: Option<&str>) -> Option<FaultEffect> {
        let mut pending = self.pending();
        let index = pending
            .iter()
            .position(|fault| fault.operation.is_none() || fault.operation == operation)?;
        let fault = pending.get_mut(index)?;
        let effect = fault.effect.clone();
        fault.times -= 1;
        if fault.times == 0 {
            pending.remove(index);
        }
        Some(effect)
    }

    fn pending(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error with this status: the documented body where the operation documents one, else the gateway's envelope.
pub(crate) fn error_answer(operation: Option<&str>, status: u16, language: Language) -> Answer {
    let code = final_status(status);
    match (operation, status) {
        (Some("delete_pipeline"), 500) => {
            Answer::detail(code, "Unable to complete transaction due to database error")
        }
        (Some("list_pipeline_runs"), 500) => Answer::msg(code, "Internal Server Error"),
        (Some("get_health"), 503) => {
            let down = serde_json::json!({ "database": { "status": "down" } });
            let body = serde_json::json!({ "status": "error", "info": {}, "error": down, "details": down });
            Answer::json(code, body)
        }
        (_, 401) => Answer::told(Told::Unauthorized, language),
        (_, 403) => Answer::told(Told::Forbidden, language),
        (_, 204 | 304) => Answer::new(code, Content::Empty),
        _ => Answer::framework(code, code.canonical_reason().unwrap_or("Error")),
    }
}

/// What a proxy in front says.
pub(crate) fn html_answer(status: u16) -> Answer {
    let code = final_status(status);
    let title = format!(
        "{} {}",
        code.as_u16(),
        code.canonical_reason().unwrap_or("Error")
    );
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    Answer::new(code, Content::Html(page))
}

/// 429 with its header.
pub(crate) fn retry_after_answer(seconds: u64) -> Answer {
    Answer::framework(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests").with_retry_after(seconds)
}

/// Statuses that are no final answer would leave the client waiting.
fn final_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status)
        .ok()
        .filter(|code| !code.is_informational())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(operation: Option<&'static str>, times: u32, status: u16) -> Fault {
        Fault {
            operation,
            times,
            effect: FaultEffect::Status(status),
        }
    }

    #[test]
    fn faults_befall_their_operation_in_order_and_are_used_up() {
        let faults = Faults::default();
        faults.add(fault(Some("sign_in"), 2, 500));
        faults.add(fault(None, 1, 502));
        faults.add(fault(None, 0, 599));
        assert_eq!(
            faults.take(Some("get_health")),
            Some(FaultEffect::Status(502))
        );
        assert_eq!(faults.take(Some("get_health")), None);
        assert_eq!(faults.take(Some("sign_in")), Some(FaultEffect::Status(500)));
        assert_eq!(faults.take(Some("sign_in")), Some(FaultEffect::Status(500)));
        assert_eq!(faults.take(Some("sign_in")), None);
        assert!(faults.list().is_empty());
    }
}
