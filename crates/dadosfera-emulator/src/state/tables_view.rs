//! What the catalog shows of a table: its columns, and a few of its rows. Whoever keeps tables fills it.

use serde_json::Value;

/// One look at a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TableView {
    pub(crate) columns: Vec<ColumnView>,
    /// The rows that were asked for; a row has a cell for each column, in their order.
    pub(crate) rows: Vec<Vec<Value>>,
    /// How many rows the whole table has.
    pub(crate) total: u64,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnView {
    pub(crate) name: String,
    /// VARCHAR, INTEGER, FLOAT, BOOLEAN, TIMESTAMP or VARIANT.
    pub(crate) column_type: String,
    pub(crate) description: Option<String>,
    pub(crate) nullable: bool,
    pub(crate) stats: ColumnStats,
    /// A few of its values.
    pub(crate) samples: Vec<Value>,
}

/// What is known of a column's values.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ColumnStats {
    pub(crate) count: u64,
    pub(crate) nulls: u64,
    pub(crate) distinct: u64,
    pub(crate) min: Option<Value>,
    pub(crate) max: Option<Value>,
}

/// Which rows a look takes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowsWanted {
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

impl RowsWanted {
    /// Columns only.
    pub(crate) const NONE: Self = Self {
        offset: 0,
        limit: 0,
    };
}
