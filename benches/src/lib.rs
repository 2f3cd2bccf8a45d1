//! Where every claim about speed has its measurement: see the files under `benches/`.
//!
//! `cargo bench -p dadosfera-benches` times them, each beside a named peer in the same run; `cargo xtask ci` only proves
//! that they run.
