//! Where reports go: `--report html=FILE` and its siblings.

use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::har::to_har;
use super::html::to_html;
use super::junit::to_junit;
use super::sarif::to_sarif;
use super::summary::to_summary;
use super::view::View;

/// One report that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    kind: Kind,
    file: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Json,
    Junit,
    Sarif,
    Har,
    Summary,
}

/// What the writers need beside the view.
#[derive(Debug, Clone)]
pub struct Written<'a> {
    /// The document's text, in which operations have their lines.
    pub document: &'a str,
    /// Its name.
    pub file: &'a str,
    /// When the run began.
    pub began: DateTime<Utc>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, file) = text
            .split_once('=')
            .ok_or("say KIND=FILE, such as html=report.html")?;
        let kind = match kind {
            "html" => Kind::Html,
            "json" => Kind::Json,
            "junit" => Kind::Junit,
            "sarif" => Kind::Sarif,
            "har" => Kind::Har,
            "summary" => Kind::Summary,
            _ => {
                return Err(format!(
                    "{kind:?} is no report: html, json, junit, sarif, har or summary"
                ));
            }
        };
        if file.is_empty() {
            return Err("the name of the file is missing".to_owned());
        }
        Ok(Self {
            kind,
            file: PathBuf::from(file),
        })
    }
}

impl Output {
    /// Writes the report; `hide` is the last look for secrets.
    ///
    /// # Errors
    /// Where the file cannot be written; with what to do.
    pub fn write(
        &self,
        view: &View,
        with: &Written<'_>,
        hide: &dyn Fn(&str) -> String,
    ) -> Result<(), String> {
        let text = match self.kind {
            Kind::Html => to_html(view),
            Kind::Json => format!(
                "{:#}\n",
                serde_json::to_value(view).map_err(|error| error.to_string())?
            ),
            Kind::Junit => to_junit(view)?,
            Kind::Sarif => format!("{:#}\n", to_sarif(view, with.document, with.file)),
            Kind::Har => format!("{:#}\n", to_har(view, with.began)),
            Kind::Summary => to_summary(view),
        };
        let text = hide(&text);
        let written = if self.kind == Kind::Summary {
            // The file of a CI step holds the summaries of all its commands.
            append(&self.file, &text)
        } else {
            std::fs::write(&self.file, text)
        };
        written.map_err(|error| format!("cannot write {}: {error}", self.file.display()))
    }
}

fn append(file: &PathBuf, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)?
        .write_all(text.as_bytes())
}
