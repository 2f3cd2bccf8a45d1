//! Tables, and the datasets that uploads become. Creating a table and adding a dataset are reported by third parties, the
//! rest is inferred.

use dadosfera_raw::types;

use crate::client::Client;
use crate::error::Error;
use crate::id::{DatasetId, TableId};
use crate::input;
use crate::pages::Items;

/// The customer's tables; from [`Client::tables`].
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    client: &'a Client,
}

/// The customer's datasets; from [`Client::datasets`].
///
/// ```
/// # dadosfera::__example!(client, dataset: orders => {
/// let datasets = client.datasets();
/// for dataset in datasets.list().await? {
///     println!("{} {} {} rows", dataset.id, dataset.path, dataset.rows);
/// }
/// assert_eq!(datasets.stream().collect_all().await?.len(), 1);
/// let columns = datasets.get(&orders).await?.columns;
/// println!("{}", columns.len());
/// datasets.delete(&orders).await?;
/// # });
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Datasets<'a> {
    client: &'a Client,
}

impl Client {
    /// The customer's tables.
    #[must_use]
    pub const fn tables(&self) -> Tables<'_> {
        Tables { client: self }
    }

    /// The customer's datasets.
    #[must_use]
    pub const fn datasets(&self) -> Datasets<'_> {
        Datasets { client: self }
    }
}

impl<'a> Tables<'a> {
    pub(crate) const fn client(&self) -> &'a Client {
        self.client
    }

    /// Every table.
    ///
    /// ```
    /// # dadosfera::__example!(client, table: orders => {
    /// for table in client.tables().list().await? {
    ///     println!("{}.{}: {} rows", table.schema, table.name, table.rows);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `import-file:view`.
    pub async fn list(&self) -> Result<Vec<types::Table>, Error> {
        let call = self.client.call("list_tables");
        let answer = call.raw().list_tables().await;
        Ok(call.finish(answer).await?.tables)
    }

    /// Every table as a stream; the API has no pages here.
    ///
    /// ```
    /// # dadosfera::__example!(client, table: orders => {
    /// println!("{} tables", client.tables().stream().collect_all().await?.len());
    /// # });
    /// ```
    pub fn stream(&self) -> Items<types::Table> {
        let client = self.client.clone();
        Items::whole(
            "list_tables",
            |it| it.id.as_str(),
            move || {
                let client = client.clone();
                async move { client.tables().list().await }
            },
        )
    }

    /// One table.
    ///
    /// ```
    /// # dadosfera::__example!(client, table: orders => {
    /// assert_eq!(client.tables().get(&orders).await?.name, "orders");
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn get(
        &self,
        id: impl TryInto<TableId, Error: Into<Error>>,
    ) -> Result<types::Table, Error> {
        let call = self.client.call("get_table");
        let id: TableId = call.id(id)?;
        let answer = call.raw().get_table(id.as_str()).await;
        call.finish(answer).await
    }

    /// Creates an empty table.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::types::{ColumnType, CreateTableRequest, TableColumn};
    ///
    /// let id = TableColumn { name: "id".into(), type_: ColumnType::Integer, description: None };
    /// let table = client
    ///     .tables()
    ///     .create(&CreateTableRequest { name: "orders".into(), schema: Some("shop".into()), description: None, columns: vec![id] })
    ///     .await?;
    /// println!("{}", table.id);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where its name is taken in its schema;
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a table without a name or columns, or columns
    /// without a name or a type; nothing is sent then.
    pub async fn create(&self, table: &types::CreateTableRequest) -> Result<types::Table, Error> {
        let call = self.client.call("create_table");
        check(table).map_err(|error| call.failed(error))?;
        let answer = call.raw().create_table(table).await;
        call.finish(answer).await
    }

    /// Deletes a table with its rows.
    ///
    /// ```
    /// # dadosfera::__example!(client, table: orders => {
    /// client.tables().delete(&orders).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn delete(&self, id: impl TryInto<TableId, Error: Into<Error>>) -> Result<(), Error> {
        let call = self.client.call("delete_table");
        let id: TableId = call.id(id)?;
        let answer = call.raw().delete_table(id.as_str()).await;
        call.finish_empty(answer)
    }

    /// Appends a dataset's rows; answers the table where the API does.
    ///
    /// ```
    /// # dadosfera::__example!(client, table: orders => {
    /// let stored = client.storage().upload_bytes("/raw/shop", "orders.csv", "id\n1\n2\n").await?;
    /// if let Some(dataset) = stored.dataset_id {
    ///     client.tables().add_dataset(&orders, dataset).await?;
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) where the rows do not fit the columns.
    pub async fn add_dataset(
        &self,
        id: impl TryInto<TableId, Error: Into<Error>>,
        dataset: impl TryInto<DatasetId, Error: Into<Error>>,
    ) -> Result<Option<types::Table>, Error> {
        let call = self.client.call("add_table_dataset");
        let id: TableId = call.id(id)?;
        let dataset: DatasetId = call.id(dataset)?;
        let body = types::AddTableDatasetRequest {
            dataset_id: dataset.as_str().to_owned(),
        };
        let answer = call.raw().add_table_dataset(id.as_str(), &body).await;
        call.finish(answer).await
    }
}

impl Datasets<'_> {
    /// Every dataset.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `import-file:view`.
    pub async fn list(&self) -> Result<Vec<types::Dataset>, Error> {
        let call = self.client.call("list_datasets");
        let answer = call.raw().list_datasets().await;
        Ok(call.finish(answer).await?.datasets)
    }

    /// Every dataset as a stream; the API has no pages here.
    pub fn stream(&self) -> Items<types::Dataset> {
        let client = self.client.clone();
        Items::whole(
            "list_datasets",
            |it| it.id.as_str(),
            move || {
                let client = client.clone();
                async move { client.datasets().list().await }
            },
        )
    }

    /// One dataset.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn get(
        &self,
        id: impl TryInto<DatasetId, Error: Into<Error>>,
    ) -> Result<types::Dataset, Error> {
        let call = self.client.call("get_dataset");
        let id: DatasetId = call.id(id)?;
        let answer = call.raw().get_dataset(id.as_str()).await;
        call.finish(answer).await
    }

    /// Deletes a dataset. Its file and the tables that it was added to stay.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn delete(
        &self,
        id: impl TryInto<DatasetId, Error: Into<Error>>,
    ) -> Result<(), Error> {
        let call = self.client.call("delete_dataset");
        let id: DatasetId = call.id(id)?;
        let answer = call.raw().delete_dataset(id.as_str()).await;
        call.finish_empty(answer)
    }
}

fn check(table: &types::CreateTableRequest) -> Result<(), Error> {
    input::name("name", &table.name)?;
    if let Some(schema) = &table.schema {
        input::name("schema", schema)?;
    }
    check_columns(&table.columns)
}

/// Columns have names of their own, and types.
pub(crate) fn check_columns(columns: &[types::TableColumn]) -> Result<(), Error> {
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    input::names("columns", &names, "give the table at least one column")?;
    for (index, column) in columns.iter().enumerate() {
        if column.type_.as_str().trim().is_empty() {
            return Err(Error::invalid_field(
                format!("columns[{index}].type"),
                "is empty",
                "it is VARCHAR, INTEGER, FLOAT, BOOLEAN, TIMESTAMP or VARIANT",
            ));
        }
    }
    Ok(())
}
