//! `cargo xtask bench auth`: five scenarios, the same for every published session keeper and for ours.

mod idp;
mod scenarios;
mod subjects;
mod table;

use subjects::Failure;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let only = std::env::args().nth(1);
    let mut rows = Vec::new();
    for subject in subjects::all()? {
        let wanted = only
            .as_deref()
            .is_none_or(|part| subject.name().contains(part));
        if !wanted {
            continue;
        }
        eprintln!("{} …", subject.name());
        let row = scenarios::run(subject.as_ref()).await?;
        rows.push(row);
    }
    if rows.is_empty() {
        return Err("no subject has this in its name".into());
    }
    print!("{}", table::markdown(&rows));
    Ok(())
}
