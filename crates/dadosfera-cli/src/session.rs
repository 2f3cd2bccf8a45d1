//! `dadosfera whoami`, with and without `--explain`, and `dadosfera health`.

use dadosfera::Client;
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;

pub(crate) async fn whoami(client: &Client, output: Output) -> Result<(), Failure> {
    let who = client.session().sign_in().await?;
    let user = who.user.as_ref().map(|user| user.username.clone());
    let known = json!({
        "user": user,
        "customer": who.customer.name,
        "permissions": who.permissions,
    });
    output.value(&known, || {
        format!(
            "user         {}\ncustomer     {}\npermissions  {}\n",
            user.as_deref().unwrap_or("-"),
            who.customer.name,
            who.permissions.join(", "),
        )
    })
}

pub(crate) fn explain(client: &Client, output: Output) -> Result<(), Failure> {
    let report = client.credentials_report();
    output.value(report, || report.to_string())
}

pub(crate) async fn health(client: &Client, output: Output) -> Result<(), Failure> {
    let report = client.health().get().await?;
    output.value(&report, || format!("{}\n", report.status))
}
