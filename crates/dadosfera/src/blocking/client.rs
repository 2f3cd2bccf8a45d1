//! Making a blocking client, and what of it is passed a call.

use super::engine::Engine;
use super::generated::Client;
use crate::{Answer, ClientBuilder, Error};

impl ClientBuilder {
    /// The client for programs that are not asynchronous. Files may be read, but nothing is sent.
    ///
    /// # Errors
    /// As of [`build`](Self::build), and where no thread can be started.
    pub fn build_blocking(self) -> Result<Client, Error> {
        Ok(Client {
            inner: self.build()?,
            engine: Engine::start()?,
        })
    }
}

impl Client {
    /// Starts a client: [`ClientBuilder::build_blocking`] makes it.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        crate::Client::builder()
    }

    /// A client from the environment variables `DADOSFERA_*` and the profile that they name.
    ///
    /// ```
    /// match dadosfera::blocking::Client::from_env() {
    ///     Ok(client) => println!("{}", client.credentials_report()),
    ///     Err(error) => println!("{error}"),
    /// }
    /// let anonymous = dadosfera::blocking::Client::builder().anonymous().build_blocking()?;
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`ClientBuilder::build_blocking`].
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().from_env().build_blocking()
    }

    /// Does a call and keeps what the server answered beside its value: status, headers, body and request id.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let runtime = tokio::runtime::Runtime::new()?;
    /// # let platform = runtime.block_on(dadosfera::testing::Platform::start())?;
    /// # let client = platform.builder().password("ana@acme.example", "acme-ana-password").build_blocking()?;
    /// let answer = client.with_answer(|client| client.pipelines().list())?;
    /// println!("{:?} {}", answer.status(), answer.value.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of the call.
    pub fn with_answer<T>(
        &self,
        call: impl FnOnce(Self) -> Result<T, Error>,
    ) -> Result<Answer<T>, Error> {
        let (inner, recorder) = self.inner.recorded();
        let value = call(Self {
            inner,
            engine: self.engine.clone(),
        })?;
        Ok(Answer::new(value, recorder.take()))
    }
}
