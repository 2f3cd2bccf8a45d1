//! The client: the one place where a configuration becomes something that sends.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use dadosfera_raw::{self as raw, Op};
use reqwest::header::HeaderValue;

use crate::answer::{Answer, Recorder};
use crate::auth::endpoint::Endpoint;
use crate::auth::events::SessionObserver;
use crate::auth::keeper::{Keeper, Owner};
use crate::auth::session::Session;
use crate::budget::Budget;
use crate::call::{Call, Caller};
use crate::call_options::CallOptions;
use crate::claims::RunClaims;
use crate::clock::Clock;
use crate::config::{BaseUrl, Config, Credentials, CredentialsReport};
use crate::error::Error;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::observe::{Metrics, Observer};
use crate::scope::Scope;
use crate::store::{FileStore, TokenStore};
use crate::transport::{Signer, Transport};

/// The limits of a sign-in or a refresh. Callers that have less time give up alone; the flight goes on.
const AUTH_ATTEMPT: Duration = Duration::from_secs(10);
const AUTH_TOTAL: Duration = Duration::from_secs(30);

/// A client of the API. Cheap to clone; clones share one session.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = dadosfera_emulator::Emulator::start().await?;
/// use dadosfera::Client;
///
/// let client = Client::builder()
/// #   .base_url(emulator.base_url())
///     .password("ana@acme.example", "acme-ana-password")
///     .build()?;
/// println!("{} with {}", client.base_url(), client.credentials_report());
/// for pipeline in client.pipelines().list().await? {
///     println!("{} {}", pipeline.pipeline_id, pipeline.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Parts>, Scope);

struct Parts {
    caller: Caller,
    base_url: BaseUrl,
    identity: Identity,
    customer_name: Option<String>,
    report: CredentialsReport,
    clock: Arc<dyn Clock>,
    run_claims: RunClaims,
    /// Held while something is ensured.
    ensuring: tokio::sync::Mutex<()>,
}

/// Whose credentials the client holds.
#[derive(Debug)]
pub(crate) enum Identity {
    Nobody,
    ApiKey,
    User(Session),
}

impl Client {
    /// Which source each value came from, and why others were passed over, without a secret.
    #[must_use]
    pub fn credentials_report(&self) -> &CredentialsReport {
        &self.0.report
    }

    /// The server that this client speaks to.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.0.base_url.as_str()
    }

    /// The generated client, for what the SDK does not wrap. It signs, refreshes and retries like every other call, and
    /// its errors become an [`Error`] with `Error::from`.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let pipelines = client.raw().list_pipelines().await?;
    /// println!("{} {}", pipelines.status(), pipelines.len());
    /// # });
    /// ```
    #[must_use]
    pub fn raw(&self) -> raw::Client {
        self.0.caller.raw(self.1.clone())
    }

    /// The same client, whose calls do what these options say: for every operation, and for one call or for many. It
    /// shares the session, the connections and the retry budget.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use std::time::Duration;
    ///
    /// use dadosfera::CallOptions;
    ///
    /// let quick = CallOptions::new().timeout(Duration::from_secs(3)).attempts(1);
    /// let pipelines = client.with_call(quick).pipelines().list().await?;
    /// # });
    /// ```
    #[must_use]
    pub fn with_call(&self, options: CallOptions) -> Self {
        Self(Arc::clone(&self.0), self.1.with_options(options))
    }

    /// Does a call and keeps what the server answered beside its value: status, headers, body and request id. The call is
    /// given a client; what else is asked through it is kept too, such as the list of permissions for a key by names.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let answer = client.with_answer(|client| async move { client.pipelines().list().await }).await?;
    /// println!("{} pipelines, {:?}, request {:?}", answer.value.len(), answer.status(), answer.request_id());
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the call.
    pub async fn with_answer<T, F, R>(&self, call: F) -> Result<Answer<T>, Error>
    where
        F: FnOnce(Self) -> R,
        R: Future<Output = Result<T, Error>>,
    {
        let (client, recorder) = self.recorded();
        let value = call(client).await?;
        Ok(Answer::new(value, recorder.take()))
    }

    /// The same client with somebody who keeps its answers.
    pub(crate) fn recorded(&self) -> (Self, Recorder) {
        let recorder = Recorder::default();
        let scope = self.1.with_recorder(recorder.clone());
        (Self(Arc::clone(&self.0), scope), recorder)
    }

    pub(crate) fn call(&self, operation: &'static str) -> Call {
        self.0.caller.call_in(operation, self.1.clone())
    }

    /// Sends a request of no generated method.
    pub(crate) async fn send(
        &self,
        request: reqwest::Request,
        op: &'static Op,
        recorder: &Recorder,
    ) -> Result<reqwest::Response, Error> {
        let scope = self.1.with_recorder(recorder.clone());
        self.0.caller.send(request, op, &scope).await
    }

    /// A path of the client's server.
    pub(crate) fn url(&self, path: &str) -> Result<reqwest::Url, Error> {
        self.0.base_url.path(path)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn run_claims(&self) -> &RunClaims {
        &self.0.run_claims
    }

    pub(crate) fn ensuring(&self) -> &tokio::sync::Mutex<()> {
        &self.0.ensuring
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// The customer's name: from the configuration, or from the sign-in, which is done for it where need be.
    pub(crate) async fn customer_name(&self) -> Result<String, Error> {
        if let Some(name) = &self.0.customer_name {
            return Ok(name.clone());
        }
        if let Identity::User(session) = &self.0.identity {
            if session.customer_name().is_none() {
                session.acquire().await?;
            }
            if let Some(name) = session.customer_name() {
                return Ok(name);
            }
        }
        Err(Error::config(
            "the customer's name is not known, and this operation needs it",
            "give the builder customer_name(..), set DADOSFERA_CUSTOMER_NAME, or write customer_name into the profile",
        ))
    }

    pub(crate) fn new(
        config: Config,
        clock: Arc<dyn Clock>,
        extras: Extras,
    ) -> Result<Self, Error> {
        let http = http_client(&config)?;
        let language = config.language.map(HeaderValue::from_static);
        let mut limits = extras.limits.unwrap_or_default();
        limits.total = config.timeout;
        let auth_limits = Limits {
            attempt: AUTH_ATTEMPT,
            total: AUTH_TOTAL,
            ..limits
        };
        let budget = Arc::new(Budget::default());
        let observer = Observer {
            metrics: extras.metrics,
            base_url: config.base_url.clone(),
            clock: Arc::clone(&clock),
        };
        let transport = |signer, limits| Transport {
            base_url: config.base_url.clone(),
            signer,
            language: language.clone(),
            limits,
            clock: Arc::clone(&clock),
            gate: Gate::default(),
            budget: Arc::clone(&budget),
            observer: observer.clone(),
        };
        let caller =
            |transport| Caller::new(config.base_url.as_str(), http.clone(), Arc::new(transport));
        let (signer, identity) = match config.credentials {
            Credentials::None => (Signer::None, Identity::Nobody),
            Credentials::ApiKey(key) => (Signer::api_key(key)?, Identity::ApiKey),
            Credentials::User {
                refresh_token,
                password,
            } => {
                // The calls of the session itself must not wait for the session.
                let endpoint = Endpoint::new(caller(transport(Signer::None, auth_limits)));
                let customer_name = config.customer_name.clone();
                let owner = Owner {
                    host: config.base_url.as_str().to_owned(),
                    customer: customer_name.clone(),
                    user: password.as_ref().map(|it| it.username.clone()),
                };
                let file = |path| Arc::new(FileStore::new(path)) as Arc<dyn TokenStore>;
                let store = extras.store.or_else(|| config.token_store.map(file));
                let session = Session::new(
                    endpoint,
                    Arc::clone(&clock),
                    Keeper::new(store, extras.session_observer, owner),
                    password,
                    refresh_token,
                    customer_name,
                );
                (Signer::Session(session.clone()), Identity::User(session))
            }
        };
        let parts = Parts {
            caller: caller(transport(signer, limits)),
            base_url: config.base_url,
            identity,
            customer_name: config.customer_name,
            report: config.report,
            clock,
            run_claims: RunClaims::default(),
            ensuring: tokio::sync::Mutex::default(),
        };
        Ok(Self(Arc::new(parts), Scope::default()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.base_url())
            .field("identity", &self.0.identity)
            .finish_non_exhaustive()
    }
}

fn http_client(config: &Config) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("dadosfera-rs/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(config.connect_timeout)
        // A redirect would carry the credentials to wherever it points.
        .redirect(reqwest::redirect::Policy::none())
        // The attempt loop decides what is tried again.
        .retry(reqwest::retry::never());
    if config.base_url.is_loopback() {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        Error::config(
            "the HTTP client cannot be made",
            "check the TLS setup of this machine",
        )
        .with_source(error)
    })
}

/// What only code can say.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    pub(crate) limits: Option<Limits>,
    pub(crate) metrics: Option<Arc<dyn Metrics>>,
    pub(crate) store: Option<Arc<dyn TokenStore>>,
    pub(crate) session_observer: Option<Arc<dyn SessionObserver>>,
}
