//! The amount of memory in a body, which pipelines and jobs read alike.

use http::StatusCode;
use serde_json::Value;

use crate::answer::Answer;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::options::Options;
use crate::state::pipelines::MAX_MEMORY_MB;

/// MB, from 1 to the maximum.
pub(crate) fn amount(options: &Options, call: &Call) -> Result<i64, Answer> {
    let refused = |why: &str| Err(Answer::detail(StatusCode::BAD_REQUEST, why));
    let number = match call.body.get("amount") {
        None | Some(Value::Null) => return refused("amount is required"),
        Some(Value::Number(number)) => number,
        Some(_) => return refused("amount must be an integer"),
    };
    // A number beyond 64 bits is still a number that is too large.
    if number
        .as_f64()
        .is_some_and(|amount| amount > MAX_MEMORY_MB as f64)
        && !options.has(Mutation::MemoryWithoutLimit)
    {
        return Err(Answer::status_message(
            StatusCode::BAD_REQUEST,
            "Memory limit exceeded. Maximum allowed: 12000MB (12GB)",
        ));
    }
    match number.as_i64() {
        Some(amount) if amount >= 1 => Ok(amount),
        Some(_) => refused("amount must be at least 1"),
        None => refused("amount must be an integer"),
    }
}
