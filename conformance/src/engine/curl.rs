//! The line that repeats a call in a shell.

use super::call::Call;
use super::taint::Taint;

/// A curl line that runs as printed once the variables for its secrets are set.
#[must_use]
pub fn curl(call: &Call, base_url: &str, taint: &Taint) -> String {
    let mut line = String::from("curl -sS");
    if call.method != "GET" {
        line.push_str(&format!(" -X {}", call.method));
    }
    let signing = call
        .sign
        .headers
        .iter()
        .map(|header| (header.name.as_str(), header.value()));
    let plain = call
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    for (name, value) in plain.chain(signing) {
        line.push_str(&format!(" -H {}", taint.shell(&format!("{name}: {value}"))));
    }
    if let Some(body) = &call.body {
        let body = String::from_utf8_lossy(body);
        line.push_str(&format!(" --data {}", taint.shell(&body)));
    }
    let url = call
        .url(base_url)
        .map_or_else(|| call.path.clone(), String::from);
    line.push_str(&format!(" {}", taint.shell(&url)));
    line
}
