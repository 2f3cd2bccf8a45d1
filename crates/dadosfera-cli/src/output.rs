//! What the command prints: a table for people, JSON for programs.

use std::io::Write as _;

use serde::Serialize;

use crate::failure::Failure;

/// Where and how to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Prints a text as it is, whatever the format.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        print(text)
    }

    /// Prints values as rows under a heading, or as JSON.
    pub(crate) fn rows<T: Serialize, const N: usize>(
        self,
        values: &[T],
        heading: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> Result<(), Failure> {
        if self.json {
            return self.value(&values, String::new);
        }
        let mut rows = vec![heading.map(str::to_owned)];
        rows.extend(values.iter().map(row));
        print(&aligned(&rows))
    }

    /// Prints one value as text, or as JSON.
    pub(crate) fn value<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json {
            print(&(serde_json::to_string_pretty(value)? + "\n"))
        } else {
            print(&text())
        }
    }
}

fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        // The reader has seen enough, as `head` does.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// Columns as wide as their widest cell, two spaces apart.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            line.push_str(cell);
            let padding = width(column) - cell.chars().count() + 2;
            line.extend(std::iter::repeat_n(' ', padding));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_without_spaces() {
        let rows = [["id", "name"], ["1", "Órders"], ["22", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), "id  name\n1   Órders\n22\n");
    }
}
