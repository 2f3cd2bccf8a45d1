//! A table from a file in one call: uploaded, read for its columns, made, and filled.

use dadosfera_raw::types;

use super::storage_upload::{Upload, Uploaded};
use super::tables::Tables;
use crate::error::{Error, ErrorKind};
use crate::input;

/// A table to make from a file.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = dadosfera_emulator::Emulator::start().await?;
/// # let client = dadosfera::Client::builder()
/// #     .base_url(emulator.base_url()).password("ana@acme.example", "acme-ana-password").build()?;
/// use dadosfera::{TableFromFile, Upload};
///
/// let orders = Upload::bytes("orders.csv", "id,total\n1,9.50\n2,12.00\n");
/// let table = client.tables().from_file(TableFromFile::new("ORDERS", "/raw/shop", orders)).await?;
/// assert_eq!((table.name.as_str(), table.rows, table.columns.len()), ("ORDERS", 2, 2));
///
/// // With words and columns of one's own.
/// use dadosfera::types::{ColumnType, TableColumn};
///
/// let id = TableColumn { name: "id".into(), type_: ColumnType::Varchar, description: None };
/// let wanted = TableFromFile::new("CUSTOMERS", "/raw/shop", Upload::bytes("customers.csv", "id\n007\n"))
///     .schema("SHOP")
///     .description("who bought")
///     .columns(vec![id]);
/// assert_eq!(client.tables().from_file(wanted).await?.schema, "SHOP");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TableFromFile {
    name: String,
    folder: String,
    upload: Upload,
    schema: Option<String>,
    description: Option<String>,
    columns: Option<Vec<types::TableColumn>>,
}

impl TableFromFile {
    /// A table of this name, from a file that is stored in this folder. Its columns are those of the file.
    #[must_use]
    pub fn new(name: impl Into<String>, folder: impl Into<String>, upload: Upload) -> Self {
        Self {
            name: name.into(),
            folder: folder.into(),
            upload,
            schema: None,
            description: None,
            columns: None,
        }
    }

    /// In this schema, and not in the server's own choice.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// A text for people.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// These columns, and not those that the file seems to have.
    #[must_use]
    pub fn columns(mut self, columns: Vec<types::TableColumn>) -> Self {
        self.columns = Some(columns);
        self
    }
}

impl Tables<'_> {
    /// Uploads a file, makes a table with its columns, and fills it. Where the rows do not fit, the new table is deleted
    /// again; the file stays in any case.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where the name is taken; those of [`upload`](crate::Storage::upload); and
    /// [`ErrorKind::UnexpectedAnswer`] where the platform made no dataset of the file, as of one that is no table.
    pub async fn from_file(&self, wanted: TableFromFile) -> Result<types::Table, Error> {
        const OPERATION: &str = "create_table";
        input::name("name", &wanted.name).map_err(|error| error.of_if_unknown(OPERATION))?;
        if let Some(columns) = &wanted.columns {
            super::tables::check_columns(columns).map_err(|error| error.of(OPERATION))?;
        }
        let client = self.client();
        let uploaded = client
            .storage()
            .upload(&wanted.folder, wanted.upload)
            .await?;
        let dataset_id = match uploaded {
            Uploaded::Stored(file) => file.dataset_id,
            Uploaded::WasThere(file) => file.dataset_id,
        };
        let Some(dataset_id) = dataset_id else {
            return Err(Error::new(
                ErrorKind::UnexpectedAnswer,
                "the file was stored, and is no dataset",
            )
            .of(OPERATION)
            .next("upload CSV, JSON lines or Parquet"));
        };
        let columns = match wanted.columns {
            Some(columns) => columns,
            None => client.datasets().get(dataset_id.as_str()).await?.columns,
        };
        let request = types::CreateTableRequest {
            columns,
            description: wanted.description,
            name: wanted.name,
            schema: wanted.schema,
        };
        let table = self.create(&request).await?;
        match self.add_dataset(table.id.as_str(), dataset_id).await {
            Ok(Some(filled)) => Ok(filled),
            Ok(None) => self.get(table.id.as_str()).await,
            Err(error) => {
                // An empty table would stand in the way of the next attempt. The first error is the one to tell.
                if error.status().is_some_and(|status| status < 500) {
                    let _ = self.delete(table.id.as_str()).await;
                }
                Err(error)
            }
        }
    }
}
