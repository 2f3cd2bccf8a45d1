//! What a column holds: how many values, nulls and different values, and the smallest and largest.
//!
//! Different values are counted exactly up to a bound (10,000 a column, 1,000,000 a table); more than that show as the bound.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::rows::column::{Column, ColumnType};

const MAX_DISTINCT: usize = 10_000;
const MAX_DISTINCT_OF_TABLE: usize = 1_000_000;
/// How many values are shown as samples.
const SAMPLES: usize = 5;

/// The statistics of one column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnStats {
    pub(crate) count: u64,
    pub(crate) nulls: u64,
    pub(crate) distinct: u64,
    pub(crate) min: Option<Value>,
    pub(crate) max: Option<Value>,
    /// The first different values.
    pub(crate) samples: Vec<Value>,
}

/// Counts one column.
pub(crate) struct Counter {
    kind: ColumnType,
    stats: ColumnStats,
    different: HashSet<u64>,
    bound: usize,
}

impl Counter {
    pub(crate) fn for_columns(columns: &[Column]) -> Vec<Self> {
        let share = MAX_DISTINCT_OF_TABLE / columns.len().max(1);
        let counter = |column: &Column| Self {
            kind: column.kind,
            stats: ColumnStats {
                count: 0,
                nulls: 0,
                distinct: 0,
                min: None,
                max: None,
                samples: Vec::new(),
            },
            different: HashSet::new(),
            bound: share.clamp(1, MAX_DISTINCT),
        };
        columns.iter().map(counter).collect()
    }

    pub(crate) fn add(&mut self, value: Value) {
        let stats = &mut self.stats;
        stats.count += 1;
        if value.is_null() {
            stats.nulls += 1;
            return;
        }
        if self.different.len() < self.bound {
            let is_new = self.different.insert(hash(&value));
            if is_new && stats.samples.len() < SAMPLES {
                stats.samples.push(value.clone());
            }
        }
        if !self.kind.is_ordered() {
            return;
        }
        let kind = self.kind;
        let beyond = |known: &Option<Value>, wanted: std::cmp::Ordering| {
            known
                .as_ref()
                .is_none_or(|known| kind.compare(&value, known) == wanted)
        };
        if beyond(&stats.min, std::cmp::Ordering::Less) {
            stats.min = Some(value.clone());
        }
        if beyond(&stats.max, std::cmp::Ordering::Greater) {
            stats.max = Some(value);
        }
    }

    pub(crate) fn finish(self) -> ColumnStats {
        let mut stats = self.stats;
        stats.distinct = self.different.len() as u64;
        stats
    }
}

/// Two values that look the same are the same.
fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counted(kind: ColumnType, values: Vec<Value>) -> ColumnStats {
        let column = Column {
            name: "c".into(),
            kind,
            description: None,
        };
        let mut counter = Counter::for_columns(&[column]).remove(0);
        values.into_iter().for_each(|value| counter.add(value));
        counter.finish()
    }

    #[test]
    fn a_column_is_counted_as_its_type_orders_it() {
        let values = vec![json!(10), json!(9), json!(null), json!(10)];
        assert_eq!(
            counted(ColumnType::Integer, values),
            ColumnStats {
                count: 4,
                nulls: 1,
                distinct: 2,
                min: Some(json!(9)),
                max: Some(json!(10)),
                samples: vec![json!(10), json!(9)],
            }
        );
        let nested = counted(ColumnType::Variant, vec![json!([1]), json!({})]);
        assert_eq!((nested.min, nested.max, nested.distinct), (None, None, 2));
    }

    #[test]
    fn different_values_are_counted_up_to_the_bound() {
        let values = |count: u32| (0..count).map(|number| json!(number)).collect();
        assert_eq!(counted(ColumnType::Integer, values(9_999)).distinct, 9_999);
        assert_eq!(
            counted(ColumnType::Integer, values(20_000)).distinct,
            10_000
        );
    }
}
