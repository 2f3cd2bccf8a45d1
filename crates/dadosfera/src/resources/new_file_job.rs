//! A job that lands files: CSV, JSON or Parquet under a prefix of a bucket. The fields are reported by third parties; the
//! names of the parameters of a format are inferred from the vendor's form, and are sent only where they are set.

use dadosfera_raw::types::{AuthParameters, AuthParametersAuthType, Connector, ReplicationMethod};
use dadosfera_raw::{Maybe, types};
use serde_json::{Map, Value, json};

use super::new_pipeline::{blank, into_warehouse};

/// A job that lands the files under a prefix of a bucket. Only new files each time, unless told otherwise.
///
/// ```
/// use dadosfera::{CsvFormat, FileEncoding, FileFormat, NewFileJob, NewPipeline};
///
/// let csv = CsvFormat::new().separator(';').encoding(FileEncoding::Iso88591).header(true);
/// let orders = NewFileJob::new("storage", "/raw/shop/orders.csv", "shop", "orders")
///     .format(FileFormat::Csv(csv))
///     .full_table();
/// let pipeline = NewPipeline::new("Orders").job(orders);
///
/// let visits = NewFileJob::new("lake", "visits/", "shop", "visits")
///     .azure()
///     .connection("1763991009206_kvpd3364_azure-1.0.0")
///     .format(FileFormat::Parquet);
/// assert_eq!(FileEncoding::Iso88591.as_str(), "ISO-8859-1");
/// ```
#[derive(Debug, Clone)]
pub struct NewFileJob {
    connector: Connector,
    plugin: &'static str,
    connection_id: Option<String>,
    bucket: String,
    prefix: String,
    schema: String,
    table: String,
    format: Option<FileFormat>,
    method: ReplicationMethod,
}

/// What the files of a job are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFormat {
    /// Comma-separated values, or separated by something else.
    Csv(CsvFormat),
    /// JSON.
    Json,
    /// Parquet.
    Parquet,
}

/// How a CSV file is written. What is not said is left to the platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvFormat {
    separator: Option<char>,
    encoding: Option<FileEncoding>,
    has_header: Option<bool>,
}

/// The encodings that the vendor's form offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileEncoding {
    /// `UTF-8`
    Utf8,
    /// `ISO-8859-1`
    Iso88591,
    /// `US-ASCII`
    UsAscii,
    /// `UTF-16BE`
    Utf16Be,
    /// `UTF-16`
    Utf16,
    /// `UTF-16LE`
    Utf16Le,
}

impl NewFileJob {
    /// A job that reads what lies under `prefix` in `bucket` of S3; `schema` and `table` name what it lands in. In the
    /// emulator the bucket `storage` is its own storage.
    #[must_use]
    pub fn new(
        bucket: impl Into<String>,
        prefix: impl Into<String>,
        schema: impl Into<String>,
        table: impl Into<String>,
    ) -> Self {
        Self {
            connector: Connector::S3,
            plugin: "s3",
            connection_id: None,
            bucket: bucket.into(),
            prefix: prefix.into(),
            schema: schema.into(),
            table: table.into(),
            format: None,
            method: ReplicationMethod::Incremental,
        }
    }

    /// Reads from Azure's storage, and not from S3.
    #[must_use]
    pub fn azure(mut self) -> Self {
        self.connector = Connector::Azure;
        self.plugin = "azure";
        self
    }

    /// Reads over this connection.
    #[must_use]
    pub fn connection(mut self, connection_id: impl Into<String>) -> Self {
        self.connection_id = Some(connection_id.into());
        self
    }

    /// What the files are; without it the platform tells from their names.
    #[must_use]
    pub fn format(mut self, format: FileFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Replaces the whole table each time.
    #[must_use]
    pub fn full_table(mut self) -> Self {
        self.method = ReplicationMethod::FullTable;
        self
    }
}

impl CsvFormat {
    /// As the platform takes it for granted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands between two cells.
    #[must_use]
    pub const fn separator(mut self, separator: char) -> Self {
        self.separator = Some(separator);
        self
    }

    /// How characters are bytes.
    #[must_use]
    pub const fn encoding(mut self, encoding: FileEncoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Whether the first row names the columns.
    #[must_use]
    pub const fn header(mut self, has_header: bool) -> Self {
        self.has_header = Some(has_header);
        self
    }
}

impl FileEncoding {
    /// The word of the vendor's form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Iso88591 => "ISO-8859-1",
            Self::UsAscii => "US-ASCII",
            Self::Utf16Be => "UTF-16BE",
            Self::Utf16 => "UTF-16",
            Self::Utf16Le => "UTF-16LE",
        }
    }
}

impl FileFormat {
    fn params(&self) -> Map<String, Value> {
        let mut params = Map::new();
        let mut put = |name: &str, value: Value| params.insert(name.to_owned(), value);
        match self {
            Self::Csv(csv) => {
                put("file_format", json!("csv"));
                if let Some(separator) = csv.separator {
                    put("separator", json!(separator));
                }
                if let Some(encoding) = csv.encoding {
                    put("encoding", json!(encoding.as_str()));
                }
                if let Some(has_header) = csv.has_header {
                    put("header", json!(has_header));
                }
            }
            Self::Json => {
                put("file_format", json!("json"));
            }
            Self::Parquet => {
                put("file_format", json!("parquet"));
            }
        }
        params
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
            file_format_params: job.format.map(|format| format.params()),
            auth_parameters: job.connection_id.map(over),
            ..blank(job.connector, job.plugin.to_owned())
        })
    }
}

/// Authentication by a connection.
pub(crate) fn over(connection_id: String) -> AuthParameters {
    AuthParameters {
        auth_type: AuthParametersAuthType::ConnectionManager,
        config_id: connection_id,
        extra: Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_are_not_set_are_not_sent() {
        let plain = FileFormat::Csv(CsvFormat::new()).params();
        assert_eq!(Value::Object(plain), json!({"file_format": "csv"}));
        let told = CsvFormat::new()
            .separator(';')
            .encoding(FileEncoding::Iso88591)
            .header(false);
        assert_eq!(
            Value::Object(FileFormat::Csv(told).params()),
            json!({"file_format": "csv", "separator": ";", "encoding": "ISO-8859-1", "header": false})
        );
    }
}
