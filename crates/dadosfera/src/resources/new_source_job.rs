//! Jobs that read a service through Singer, or a MongoDB collection.

use dadosfera_raw::types::{self, Connector, ReplicationMethod};
use dadosfera_raw::{Maybe, types::NewJob};

use super::new_file_job::over;
use super::new_pipeline::{blank, into_warehouse};

/// A job that reads one stream of a service through a Singer tap. Only what is new each time, unless told otherwise.
///
/// ```
/// use dadosfera::{NewPipeline, NewSingerJob};
///
/// let contacts = NewSingerJob::new("hubspot", "contacts", "1763991009206_kvpd3364_hubspot-1.0.0");
/// let pipeline = NewPipeline::new("Contacts").job(contacts);
///
/// let anew = NewSingerJob::new("hubspot", "owners", "1763991009206_kvpd3364_hubspot-1.0.0").full_table();
/// ```
#[derive(Debug, Clone)]
pub struct NewSingerJob {
    plugin: String,
    stream: String,
    connection_id: String,
    method: ReplicationMethod,
}

/// A job that reads one collection of a MongoDB database, whole each time: the connector has no other way, so there is
/// nothing to choose.
///
/// ```compile_fail
/// let carts = dadosfera::NewMongoJob::new("shop", "carts", "1763991009206_kvpd3364_mongodb-1.0.0");
/// carts.incremental("updated_at", "timestamp");
/// ```
///
/// ```
/// use dadosfera::{NewMongoJob, NewPipeline};
///
/// let carts = NewMongoJob::new("shop", "carts", "1763991009206_kvpd3364_mongodb-1.0.0");
/// let pipeline = NewPipeline::new("Carts").job(carts);
/// ```
#[derive(Debug, Clone)]
pub struct NewMongoJob {
    database: String,
    collection: String,
    connection_id: String,
}

impl NewSingerJob {
    /// A job that reads `stream` of the service that `plugin` names, such as `hubspot`, over a connection.
    #[must_use]
    pub fn new(
        plugin: impl Into<String>,
        stream: impl Into<String>,
        connection_id: impl Into<String>,
    ) -> Self {
        Self {
            plugin: plugin.into(),
            stream: stream.into(),
            connection_id: connection_id.into(),
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

impl NewMongoJob {
    /// A job that reads `collection` of `database` over a connection. The database goes as the job's `table_schema`, which
    /// is inferred.
    #[must_use]
    pub fn new(
        database: impl Into<String>,
        collection: impl Into<String>,
        connection_id: impl Into<String>,
    ) -> Self {
        Self {
            database: database.into(),
            collection: collection.into(),
            connection_id: connection_id.into(),
        }
    }
}

impl From<NewSingerJob> for NewJob {
    fn from(job: NewSingerJob) -> Self {
        into_warehouse(types::JobInput {
            table_name: Some(job.stream),
            replication_method: Some(job.method),
            auth_parameters: Some(over(job.connection_id)),
            ..blank(Connector::Singer, job.plugin)
        })
    }
}

impl From<NewMongoJob> for NewJob {
    fn from(job: NewMongoJob) -> Self {
        into_warehouse(types::JobInput {
            table_schema: Maybe::Value(job.database),
            table_name: Some(job.collection),
            replication_method: Some(ReplicationMethod::FullTable),
            auth_parameters: Some(over(job.connection_id)),
            ..blank(Connector::Mongodb, "mongodb".to_owned())
        })
    }
}
