//! The connection to Redis: made when it is needed, shared, and made again once it breaks.

use std::fmt;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError};
use tokio::sync::Mutex;

use crate::store::{StoreError, StoreErrorKind};

/// How long connecting and one answer may take. Redis answers in milliseconds or not at all.
const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(2);

pub(super) struct Link {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    place: String,
}

impl Link {
    pub(super) fn new(client: Client, place: String) -> Self {
        Self {
            client,
            connection: Mutex::default(),
            place,
        }
    }

    /// Where it leads, without the password.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Asks Redis. A connection that was made earlier may have broken since, so the question is asked again on a new one:
    /// every question here may be asked twice.
    pub(super) async fn ask<T: FromRedisValue>(&self, question: &Cmd) -> Result<T, StoreError> {
        for may_be_old in [true, false] {
            let (mut connection, is_old) = self.connection(may_be_old).await?;
            match question.query_async(&mut connection).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.is_unrecoverable_error() || error.is_timeout() => {
                    *self.connection.lock().await = None;
                    if !is_old || error.is_timeout() {
                        return Err(self.told(&error));
                    }
                }
                Err(error) => return Err(self.told(&error)),
            }
        }
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            format!("{} closes every connection", self.place),
        ))
    }

    /// A connection, and whether it was made earlier.
    async fn connection(
        &self,
        may_be_old: bool,
    ) -> Result<(MultiplexedConnection, bool), StoreError> {
        let mut held = self.connection.lock().await;
        if let Some(connection) = held.as_ref().filter(|_| may_be_old) {
            return Ok((connection.clone(), true));
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| self.told(&error))?;
        *held = Some(made.clone());
        Ok((made, false))
    }

    /// The driver's own words may hold the address with its password, so they are not repeated.
    fn told(&self, error: &RedisError) -> StoreError {
        let (kind, next) = match error.code() {
            Some("READONLY" | "OOM" | "MISCONF" | "NOREPLICAS") => (
                StoreErrorKind::Unwritable,
                "name the primary server, and make room on it",
            ),
            Some("WRONGTYPE") => (
                StoreErrorKind::Corrupt,
                "another program uses the same key; give the store another name",
            ),
            Some("NOAUTH" | "WRONGPASS" | "NOPERM") => (
                StoreErrorKind::Unavailable,
                "check the user and the password in its address",
            ),
            _ if error.kind() == ErrorKind::AuthenticationFailed => (
                StoreErrorKind::Unavailable,
                "check the user and the password in its address",
            ),
            _ => (
                StoreErrorKind::Unavailable,
                "look whether the server runs and can be reached",
            ),
        };
        let why = error.code().unwrap_or_else(|| error.category());
        StoreError::new(kind, format!("{}: {why}; {next}", self.place))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}
