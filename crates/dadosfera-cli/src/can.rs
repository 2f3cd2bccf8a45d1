//! `dadosfera can`: whether a plan is allowed, before its first step.

use dadosfera::Client;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;

pub(crate) async fn run(
    client: &Client,
    output: Output,
    operations: &[String],
) -> Result<(), Failure> {
    let check = client.check_plan(operations).await?;
    let missing: Vec<Value> = check
        .missing
        .iter()
        .map(|it| json!({ "operation": it.operation, "permission": it.permission }))
        .collect();
    let told = json!({ "allowed": check.is_allowed(), "missing": missing });
    output.value(&told, || match check.missing.as_slice() {
        [] => "all of it is allowed\n".to_owned(),
        missing => missing
            .iter()
            .map(|it| format!("{} needs {}\n", it.operation, it.permission))
            .collect(),
    })?;
    Ok(check.allowed()?)
}
