//! JSON: an object a line (or one after another), or one list of objects. Columns appear in the order of the file.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::BufRead;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::rows::column::Seen;
use crate::rows::ingest::{MAX_COLUMNS, Rejected, Sink};
use crate::rows::text;

/// Reads it into rows; a field that a row lacks is null.
pub(crate) fn read(file: File, sink: &mut Sink) -> Result<(), Rejected> {
    let mut text = text::open(file)?;
    let first = skip_spaces(&mut text)?;
    let mut rows = Rows {
        sink,
        places: HashMap::new(),
        row: Vec::new(),
        rejected: None,
    };
    let mut json = serde_json::Deserializer::from_reader(&mut text);
    let read = match first {
        Some(b'[') => List(&mut rows)
            .deserialize(&mut json)
            .and_then(|()| json.end()),
        _ => objects(&mut json, &mut rows),
    };
    match (rows.rejected, read) {
        (Some(rejected), _) => Err(rejected),
        (None, Err(error)) if error.is_io() => Err(std::io::Error::from(error).into()),
        (None, Err(error)) => Err(Rejected::File(format!(
            "is no JSON of rows at line {}, column {}",
            error.line(),
            error.column()
        ))),
        (None, Ok(())) => Ok(()),
    }
}

fn skip_spaces(text: &mut impl BufRead) -> Result<Option<u8>, Rejected> {
    loop {
        let buffer = text.fill_buf()?;
        let spaces = buffer
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        if let Some(byte) = buffer.get(spaces) {
            return Ok(Some(*byte));
        }
        if buffer.is_empty() {
            return Ok(None);
        }
        text.consume(spaces);
    }
}

fn objects<R: serde_json::de::Read<'static>>(
    json: &mut serde_json::Deserializer<R>,
    rows: &mut Rows<'_>,
) -> serde_json::Result<()> {
    // `end` succeeds where only spaces are left.
    while json.end().is_err() {
        Object(&mut *rows).deserialize(&mut *json)?;
    }
    Ok(())
}

/// The rows as they come.
struct Rows<'a> {
    sink: &'a mut Sink,
    places: HashMap<String, usize>,
    row: Vec<Value>,
    rejected: Option<Rejected>,
}

impl Rows<'_> {
    fn add_field(&mut self, name: String, value: Value) -> Result<(), Rejected> {
        let place = match self.places.get(&name) {
            Some(place) => *place,
            None if self.sink.columns.len() == MAX_COLUMNS => {
                return Err(Rejected::too_many_columns());
            }
            None => {
                self.sink.columns.push(name.clone());
                self.sink.seen.push(Seen::default());
                let place = self.places.len();
                self.places.insert(name, place);
                place
            }
        };
        if let Some(seen) = self.sink.seen.get_mut(place) {
            seen.add_json(&value);
        }
        if self.row.len() <= place {
            self.row.resize(place + 1, Value::Null);
        }
        self.row[place] = value;
        Ok(())
    }
}

/// One object, as a row.
struct Object<'a, 'b>(&'a mut Rows<'b>);

impl<'de> DeserializeSeed<'de> for Object<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let rows = self.0;
        rows.row.clear();
        let mut result = Ok(());
        while let Some((name, value)) = map.next_entry()? {
            result = rows.add_field(name, value);
            if result.is_err() {
                break;
            }
        }
        let result = result.and_then(|()| Ok(rows.sink.writer.push(&rows.row)?));
        result.map_err(|rejected| {
            rows.rejected = Some(rejected);
            de::Error::custom("a row is rejected")
        })
    }
}

/// A list of objects.
struct List<'a, 'b>(&'a mut Rows<'b>);

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Object(&mut *self.0))?.is_some() {}
        Ok(())
    }
}
