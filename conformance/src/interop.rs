//! x
/// Runs.
///
/// # Errors
/// none
pub async fn run() -> Result<u8, std::io::Error> {
    Ok(0)
}
