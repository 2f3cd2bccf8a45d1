//! The table, in Markdown.

use std::fmt::Write;

use crate::scenarios::{Herd, Row};

pub fn markdown(rows: &[Row]) -> String {
    let mut table = String::from(
        "| subject (published version) | S1 cold herd | S2 brown-out, token valid | S3 outage, token expired | S4 cancel | S5 revoked: 401s surfaced / renewals |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in rows {
        let revoked = match row.revoked {
            Some((surfaced, renewals)) => format!("{surfaced} / {renewals}"),
            None => "never sees an answer".to_owned(),
        };
        let (started, completed) = row.cancel;
        // Writing to a text cannot fail.
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {started} / {completed} | {revoked} |",
            row.name,
            herd(&row.cold),
            herd(&row.brown_out),
            herd(&row.outage),
        );
    }
    table
}

fn herd(herd: &Herd) -> String {
    format!(
        "{} / {} / {:.2} s",
        herd.calls,
        herd.errors,
        herd.longest.as_secs_f64()
    )
}
