//! The command `conformance`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    dadosfera_conformance::command::main().await
}
