//! The tables of all customers: list, get, create, delete, then the rows that they take.
//!
//! Rules (ours): schema and name are unique per customer; rows come as whole segments, whose columns must be the table's
//! by name and fit by type.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::rows::column::Column;
use crate::rows::segment::Segment;
use crate::rows::view::View;
use crate::state::chance::Chance;
use crate::state::landing;

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) schema: String,
    pub(crate) description: Option<String>,
    pub(crate) view: View,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A table as one is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewTable {
    pub(crate) name: String,
    pub(crate) schema: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) columns: Vec<Column>,
}

/// A table of this name is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken;

/// All tables; a customer's are in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    by_customer: BTreeMap<String, Vec<Table>>,
}

impl Table {
    /// Adds the rows of a segment at the end, if they fit; the error is a text for the caller.
    pub(crate) fn append(
        &mut self,
        segment: Arc<Segment>,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        check_fit(&self.view.columns, &segment.columns)?;
        self.view.segments.push(segment);
        self.updated_at = now;
        Ok(())
    }
}

impl Tables {
    pub(crate) fn list(&self, customer_id: &str) -> &[Table] {
        self.by_customer.get(customer_id).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn get(&self, customer_id: &str, id: &str) -> Option<&Table> {
        self.list(customer_id).iter().find(|table| table.id == id)
    }

    pub(crate) fn get_mut(&mut self, customer_id: &str, id: &str) -> Option<&mut Table> {
        let tables = self.by_customer.get_mut(customer_id)?;
        tables.iter_mut().find(|table| table.id == id)
    }

    pub(crate) fn named(&self, customer_id: &str, schema: &str, name: &str) -> Option<&Table> {
        self.list(customer_id)
            .iter()
            .find(|table| table.schema == schema && table.name == name)
    }

    /// Makes an empty table.
    pub(crate) fn create(
        &mut self,
        customer_id: &str,
        id: String,
        new: NewTable,
        now: DateTime<Utc>,
    ) -> Result<&Table, Taken> {
        let schema = new.schema.unwrap_or_else(|| landing::RAW_SCHEMA.into());
        if self.named(customer_id, &schema, &new.name).is_some() {
            return Err(Taken);
        }
        let view = View {
            columns: new.columns,
            segments: Vec::new(),
        };
        let tables = self.by_customer.entry(customer_id.to_owned()).or_default();
        tables.push(Table {
            id,
            name: new.name,
            schema,
            description: new.description,
            view,
            created_at: now,
            updated_at: now,
        });
        tables.last().ok_or(Taken)
    }

    /// Lets rows be those of a table, which is made where it is not there.
    pub(crate) fn land(
        &mut self,
        customer_id: &str,
        schema: &str,
        name: &str,
        view: View,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) {
        let tables = self.by_customer.entry(customer_id.to_owned()).or_default();
        let known = tables
            .iter_mut()
            .find(|table| table.schema == schema && table.name == name);
        if let Some(table) = known {
            table.view = view;
            table.updated_at = now;
            return;
        }
        tables.push(Table {
            id: chance.uuid().to_string(),
            name: name.to_owned(),
            schema: schema.to_owned(),
            description: None,
            view,
            created_at: now,
            updated_at: now,
        });
    }

    pub(crate) fn delete(&mut self, customer_id: &str, id: &str) -> bool {
        let Some(tables) = self.by_customer.get_mut(customer_id) else {
            return false;
        };
        let before = tables.len();
        tables.retain(|table| table.id != id);
        tables.len() < before
    }
}

fn check_fit(ours: &[Column], theirs: &[Column]) -> Result<(), String> {
    let kinds: BTreeMap<&str, &Column> = ours
        .iter()
        .map(|column| (column.name.as_str(), column))
        .collect();
    for column in theirs {
        let name = &column.name;
        let Some(known) = kinds.get(name.as_str()) else {
            return Err(format!("the table has no column {name}"));
        };
        if !known.kind.takes(column.kind) {
            let (known, kind) = (known.kind.as_str(), column.kind.as_str());
            return Err(format!("the column {name} is {known} and takes no {kind}"));
        }
    }
    let named: BTreeSet<&str> = theirs.iter().map(|column| column.name.as_str()).collect();
    match ours
        .iter()
        .find(|column| !named.contains(column.name.as_str()))
    {
        Some(missing) => Err(format!("the dataset has no column {}", missing.name)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::column::ColumnType;

    fn columns(columns: &[(&str, ColumnType)]) -> Vec<Column> {
        let column = |(name, kind): &(&str, ColumnType)| Column {
            name: (*name).into(),
            kind: *kind,
            description: None,
        };
        columns.iter().map(column).collect()
    }

    #[test]
    fn columns_fit_by_name_in_any_order_and_by_type() {
        use ColumnType::{Float, Integer, Varchar};
        let ours = columns(&[("id", Integer), ("price", Float)]);
        let check = |theirs: &[(&str, ColumnType)]| check_fit(&ours, &columns(theirs));
        assert_eq!(check(&[("price", Integer), ("id", Integer)]), Ok(()));
        for (theirs, why) in [
            (
                &[("id", Varchar), ("price", Float)][..],
                "the column id is INTEGER and takes no VARCHAR",
            ),
            (&[("id", Integer)], "the dataset has no column price"),
            (
                &[("id", Integer), ("price", Float), ("x", Float)],
                "the table has no column x",
            ),
        ] {
            assert_eq!(check(theirs), Err(why.into()));
        }
    }

    #[test]
    fn a_name_is_taken_once_per_schema_and_customer() {
        let mut tables = Tables::default();
        let mut create = |customer: &str, schema: Option<&str>| {
            let new = NewTable {
                name: "orders".into(),
                schema: schema.map(Into::into),
                description: None,
                columns: columns(&[("id", ColumnType::Integer)]),
            };
            let made = tables.create(customer, "id".into(), new, DateTime::UNIX_EPOCH);
            made.map(|table| table.schema.clone())
        };
        assert_eq!(create("acme", None), Ok("PUBLIC".into()));
        assert_eq!(create("acme", Some("PUBLIC")), Err(Taken));
        assert_eq!(create("acme", Some("STAGED")), Ok("STAGED".into()));
        assert_eq!(create("globex", None), Ok("PUBLIC".into()));
    }
}
