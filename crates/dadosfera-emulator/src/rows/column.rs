//! Columns and the types of their values.
//!
//! A segment keeps values as the file had them; a column's type decides how they are shown, compared and counted. The
//! type is inferred over all rows: INTEGER and FLOAT together are FLOAT, anything beside an object or a list is VARIANT,
//! other mixtures are VARCHAR, and a column without any value is VARCHAR.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::rows::times;

/// A column of a file or table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
    pub(crate) description: Option<String>,
}

/// The types there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ColumnType {
    Varchar,
    Integer,
    Float,
    Boolean,
    Timestamp,
    Variant,
}

/// What the values of a column were until now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen(Option<ColumnType>);

impl ColumnType {
    pub(crate) const ALL: [Self; 6] = [
        Self::Varchar,
        Self::Integer,
        Self::Float,
        Self::Boolean,
        Self::Timestamp,
        Self::Variant,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Varchar => "VARCHAR",
            Self::Integer => "INTEGER",
            Self::Float => "FLOAT",
            Self::Boolean => "BOOLEAN",
            Self::Timestamp => "TIMESTAMP",
            Self::Variant => "VARIANT",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The type that holds the values of both.
    pub(crate) fn with(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            (Self::Variant, _) | (_, Self::Variant) => Self::Variant,
            (Self::Integer, Self::Float) | (Self::Float, Self::Integer) => Self::Float,
            _ => Self::Varchar,
        }
    }

    /// Whether values of the other type fit into a column of this one.
    pub(crate) fn takes(self, other: Self) -> bool {
        self.with(other) == self
    }

    /// A value as this type shows it; what does not fit stays as it is.
    pub(crate) fn show(self, value: Value) -> Value {
        match (self, value) {
            (_, Value::Null) => Value::Null,
            (Self::Integer, Value::String(text)) => match text.trim().parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => Value::String(text),
            },
            (Self::Float, value) => match number(&value).and_then(Number::from_f64) {
                Some(number) => Value::Number(number),
                None => value,
            },
            (Self::Boolean, Value::String(text)) => match boolean(&text) {
                Some(truth) => truth.into(),
                None => Value::String(text),
            },
            (Self::Timestamp, Value::String(text)) => match times::parse(text.trim()) {
                Some(time) => times::write(time).into(),
                None => Value::String(text),
            },
            (Self::Varchar, value @ (Value::Number(_) | Value::Bool(_))) => {
                value.to_string().into()
            }
            (_, value) => value,
        }
    }

    /// Which of two values that this type shows comes first; null comes before all else.
    pub(crate) fn compare(self, one: &Value, other: &Value) -> Ordering {
        match (one, other) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Less,
            (_, Value::Null) => Ordering::Greater,
            (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
            (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => {
                    let both = a.as_f64().zip(b.as_f64());
                    both.map_or(Ordering::Equal, |(a, b)| a.total_cmp(&b))
                }
            },
            (Value::String(a), Value::String(b)) => {
                let times = (self == Self::Timestamp)
                    .then(|| times::parse(a).zip(times::parse(b)))
                    .flatten();
                times.map_or_else(|| a.cmp(b), |(a, b)| a.cmp(&b))
            }
            _ => one.to_string().cmp(&other.to_string()),
        }
    }

    /// Whether its values have a smallest and a largest.
    pub(crate) fn is_ordered(self) -> bool {
        self != Self::Variant
    }
}

impl Seen {
    pub(crate) fn of(kind: ColumnType) -> Self {
        Self(Some(kind))
    }

    pub(crate) fn add(&mut self, kind: ColumnType) {
        self.0 = Some(self.0.map_or(kind, |seen| seen.with(kind)));
    }

    /// Takes a field of a file of text.
    pub(crate) fn add_text(&mut self, text: &str) {
        match self.0 {
            // Nothing changes these any more: no text is a VARIANT.
            Some(ColumnType::Varchar | ColumnType::Variant) => {}
            _ => self.add(type_of_text(text)),
        }
    }

    /// Takes a value of JSON, where only times hide in strings.
    pub(crate) fn add_json(&mut self, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(_) => self.add(ColumnType::Boolean),
            Value::Number(number) if number.is_i64() => self.add(ColumnType::Integer),
            Value::Number(_) => self.add(ColumnType::Float),
            Value::String(text) if times::parse(text).is_some() => self.add(ColumnType::Timestamp),
            Value::String(_) => self.add(ColumnType::Varchar),
            Value::Array(_) | Value::Object(_) => self.add(ColumnType::Variant),
        }
    }

    pub(crate) fn kind(self) -> ColumnType {
        self.0.unwrap_or(ColumnType::Varchar)
    }
}

fn type_of_text(text: &str) -> ColumnType {
    let text = text.trim();
    if boolean(text).is_some() {
        return ColumnType::Boolean;
    }
    let digits = text.trim_start_matches(['-', '+']);
    // `007` is a code, not a number, and what is longer than an integer would lose digits as a float.
    let is_code = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole {
        return match text.parse::<i64>() {
            Ok(_) if !is_code => ColumnType::Integer,
            _ => ColumnType::Varchar,
        };
    }
    if !is_code && float(text).is_some() {
        return ColumnType::Float;
    }
    match times::parse(text) {
        Some(_) => ColumnType::Timestamp,
        None => ColumnType::Varchar,
    }
}

/// A number in digits; `NaN` and `inf` are words.
fn float(text: &str) -> Option<f64> {
    let spelled = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let number = if spelled { text.parse().ok() } else { None };
    number.filter(|number: &f64| number.is_finite())
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => float(text.trim()),
        _ => None,
    }
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(fields: &[&str]) -> &'static str {
        let mut seen = Seen::default();
        fields.iter().for_each(|field| seen.add_text(field));
        seen.kind().as_str()
    }

    #[test]
    fn types_come_from_all_rows() {
        for (fields, expected) in [
            (&["1", "-2", "0"][..], "INTEGER"),
            (&["1", "2.5"], "FLOAT"),
            (&["1e3", "-.5"], "FLOAT"),
            (&["true", "FALSE"], "BOOLEAN"),
            (&["2024-01-01", "2024-01-01T10:00:00Z"], "TIMESTAMP"),
            (&["1", "x"], "VARCHAR"),
            (&["1", "true"], "VARCHAR"),
            (&["007"], "VARCHAR"),
            (&["00.5"], "VARCHAR"),
            (&["99999999999999999999"], "VARCHAR"),
            (&["NaN"], "VARCHAR"),
            (&["1e999"], "VARCHAR"),
            (&[], "VARCHAR"),
        ] {
            assert_eq!(kind(fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn strings_of_json_stay_strings_and_what_is_nested_is_a_variant() {
        let kind = |values: &[Value]| {
            let mut seen = Seen::default();
            values.iter().for_each(|value| seen.add_json(value));
            seen.kind().as_str()
        };
        assert_eq!(kind(&[json!("12")]), "VARCHAR");
        assert_eq!(kind(&[json!(1), json!(null), json!(1.5)]), "FLOAT");
        assert_eq!(kind(&[json!(18_446_744_073_709_551_615_u64)]), "FLOAT");
        assert_eq!(kind(&[json!("x"), json!([1])]), "VARIANT");
    }

    #[test]
    fn a_type_decides_how_a_value_is_shown_and_compared() {
        assert_eq!(ColumnType::Integer.show(json!("12")), json!(12));
        assert_eq!(ColumnType::Float.show(json!(12)), json!(12.0));
        assert_eq!(ColumnType::Boolean.show(json!("TRUE")), json!(true));
        assert_eq!(ColumnType::Varchar.show(json!(12)), json!("12"));
        assert_eq!(
            ColumnType::Timestamp.show(json!("2024-01-01 00:00:00")),
            json!("2024-01-01T00:00:00Z")
        );
        let timestamp = ColumnType::Timestamp;
        let (short, long) = (
            json!("2024-01-01T00:00:00Z"),
            json!("2024-01-01T00:00:00.5Z"),
        );
        assert_eq!(timestamp.compare(&short, &long), Ordering::Less);
        assert_eq!(
            ColumnType::Integer.compare(&json!(9), &json!(10)),
            Ordering::Less
        );
    }

    #[test]
    fn a_column_takes_what_loses_nothing() {
        assert!(ColumnType::Float.takes(ColumnType::Integer));
        assert!(ColumnType::Varchar.takes(ColumnType::Boolean));
        assert!(ColumnType::Variant.takes(ColumnType::Float));
        assert!(!ColumnType::Integer.takes(ColumnType::Float));
        assert!(!ColumnType::Varchar.takes(ColumnType::Variant));
    }
}
