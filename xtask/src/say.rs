//! The one door through which chores speak.

#[expect(clippy::print_stdout, reason = "chores talk to a person")]
pub(crate) fn say(message: &str) {
    println!("{message}");
}

#[expect(clippy::print_stderr, reason = "chores talk to a person")]
pub(crate) fn complain(message: &str) {
    eprintln!("{message}");
}
