//! A job that lands files: CSV, JSON or Parquet under a prefix of a bucket. The fields are reported by third parties.

use dadosfera_raw::types::{Connector, ReplicationMethod};
use dadosfera_raw::{Maybe, types};

use super::new_pipeline::{blank, into_warehouse};

/// A job that lands the files under a prefix of a bucket. Only new files each time, unless told otherwise.
///
/// ```
/// use dadosfera::{NewFileJob, NewPipeline};
///
/// let orders = NewFileJob::new("storage", "/raw/shop/orders.csv", "shop", "orders").full_table();
/// let pipeline = NewPipeline::new("Orders").job(orders);
/// ```
#[derive(Debug, Clone)]
pub struct NewFileJob {
    bucket: String,
    prefix: String,
    schema: String,
    table: String,
    method: ReplicationMethod,
}

impl NewFileJob {
    /// A job that reads what lies under `prefix` in `bucket`; `schema` and `table` name what it lands in. In the emulator
    /// the bucket `storage` is its own storage.
    #[must_use]
    pub fn new(
        bucket: impl Into<String>,
        prefix: impl Into<String>,
        schema: impl Into<String>,
        table: impl Into<String>,
    ) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: prefix.into(),
            schema: schema.into(),
            table: table.into(),
            method: ReplicationMethod::Incremental,
        }
    }

    /// Replaces the whole table each time.
    #[must_use]
    pub fn full_table(mut self) -> Self {
        self.method = ReplicationMethod::FullTable;
        self
    }
}

impl From<NewFileJob> for types::NewJob {
    fn from(job: NewFileJob) -> Self {
        into_warehouse(types::JobInput {
            table_schema: Maybe::Value(job.schema),
            table_name: Some(job.table),
            replication_method: Some(job.method),
            source_bucket: Some(job.bucket),
            source_prefix: Some(job.prefix),
            ..blank(Connector::S3, "s3".to_owned())
        })
    }
}
