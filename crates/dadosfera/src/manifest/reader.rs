//! TOML with the place of everything, and what is expected where.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Error;

/// Something that is not as it has to be.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// Counted from 1.
    pub(crate) line: usize,
    /// The path of the field, such as `asset[1].tags[0]`; empty where no field is at fault.
    pub(crate) field: String,
    pub(crate) what: String,
}

/// A table of a document.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    text: &'a str,
    path: String,
    span: Range<usize>,
    fields: DeTable<'a>,
}

/// Reads a document.
pub(crate) fn parse(text: &str) -> Result<Table<'_>, Mistake> {
    match DeTable::parse(text) {
        Ok(root) => Ok(Table {
            text,
            path: String::new(),
            span: 0..0,
            fields: root.into_inner(),
        }),
        Err(error) => Err(Mistake {
            line: line(text, error.span().map_or(0, |span| span.start)),
            field: String::new(),
            what: error.message().replace('\n', ", "),
        }),
    }
}

impl<'a> Table<'a> {
    /// The line that it begins on.
    pub(crate) fn line(&self) -> usize {
        line(self.text, self.span.start)
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.value(field).is_some()
    }

    /// Tells of fields that are none of these.
    pub(crate) fn known(&self, names: &[&str], mistakes: &mut Vec<Mistake>) {
        for key in self.fields.keys() {
            let name = key.get_ref();
            if !names.contains(&name.as_ref()) {
                mistakes.push(Mistake {
                    line: line(self.text, key.span().start),
                    field: self.at(name),
                    what: format!("is no field; known are {}", names.join(", ")),
                });
            }
        }
    }

    pub(crate) fn missing(&self, field: &str, remedy: &str, mistakes: &mut Vec<Mistake>) {
        mistakes.push(Mistake {
            line: self.line(),
            field: self.at(field),
            what: format!("is missing; {remedy}"),
        });
    }

    pub(crate) fn mistake(&self, field: &str, what: &str, mistakes: &mut Vec<Mistake>) {
        let start = self
            .value(field)
            .map_or(self.span.start, |it| it.span().start);
        mistakes.push(Mistake {
            line: line(self.text, start),
            field: self.at(field),
            what: what.to_owned(),
        });
    }

    /// A value that passed, or the mistake that it is. The error names the field or an element of it.
    pub(crate) fn check<T>(
        &self,
        field: &str,
        checked: Result<T, Error>,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(error) => {
                let at = error.field().unwrap_or(field).to_owned();
                let said = error.to_string();
                let what = said.strip_prefix(&format!("{at} ")).unwrap_or(&said);
                let start = self
                    .value(field)
                    .map_or(self.span.start, |it| it.span().start);
                mistakes.push(Mistake {
                    line: line(self.text, start),
                    field: self.at(&at),
                    what: what.to_owned(),
                });
                None
            }
        }
    }

    pub(crate) fn string(&self, field: &str, mistakes: &mut Vec<Mistake>) -> Option<String> {
        match self.value(field)?.get_ref() {
            DeValue::String(text) => Some(text.clone().into_owned()),
            _ => {
                self.mistake(field, "is no text; write it between quotes", mistakes);
                None
            }
        }
    }

    pub(crate) fn strings(&self, field: &str, mistakes: &mut Vec<Mistake>) -> Option<Vec<String>> {
        let DeValue::Array(items) = self.value(field)?.get_ref() else {
            self.mistake(field, "is no list; write it as [\"a\", \"b\"]", mistakes);
            return None;
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item.get_ref() {
                DeValue::String(text) => texts.push(text.clone().into_owned()),
                _ => mistakes.push(Mistake {
                    line: line(self.text, item.span().start),
                    field: self.at(&format!("{field}[{index}]")),
                    what: "is no text; write it between quotes".to_owned(),
                }),
            }
        }
        Some(texts)
    }

    pub(crate) fn integer(&self, field: &str, mistakes: &mut Vec<Mistake>) -> Option<i64> {
        match self.value(field)?.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => {
                self.mistake(field, "is no number", mistakes);
                // It is there, so that it is not missing as well.
                Some(i64::MIN)
            }
        }
    }

    pub(crate) fn boolean(&self, field: &str, mistakes: &mut Vec<Mistake>) -> Option<bool> {
        match self.value(field)?.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.mistake(field, "is neither true nor false", mistakes);
                None
            }
        }
    }

    /// A list of tables, as `[[field]]` writes it.
    pub(crate) fn tables(&self, field: &str, mistakes: &mut Vec<Mistake>) -> Vec<Table<'a>> {
        let Some(value) = self.value(field) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            let what = format!("is no list of tables; begin each with [[{field}]]");
            self.mistake(field, &what, mistakes);
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = self.at(&format!("{field}[{index}]"));
            match item.get_ref() {
                DeValue::Table(fields) => tables.push(Table {
                    text: self.text,
                    path,
                    span: item.span(),
                    fields: fields.clone(),
                }),
                _ => mistakes.push(Mistake {
                    line: line(self.text, item.span().start),
                    field: path,
                    what: format!("is no table; begin it with [[{field}]]"),
                }),
            }
        }
        tables
    }

    fn value(&self, field: &str) -> Option<&Spanned<DeValue<'a>>> {
        self.fields.get(field)
    }

    fn at(&self, field: &str) -> String {
        if self.path.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.path)
        }
    }
}

fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
