//! The client and its builder: the one place where a configuration becomes something that sends.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use dadosfera_raw::{self as raw, Op, Secret};
use reqwest::header::HeaderValue;

use crate::answer::{Answer, Recorder};
use crate::auth::codes::CodeCallback;
use crate::auth::endpoint::Endpoint;
use crate::auth::events::SessionObserver;
use crate::auth::keeper::{Keeper, Owner};
use crate::auth::session::Session;
use crate::budget::Budget;
use crate::call::{Call, Caller};
use crate::call_options::CallOptions;
use crate::claims::RunClaims;
use crate::clock::{Clock, SystemClock};
use crate::config::{
    BaseUrl, Config, Credentials, CredentialsReport, DEFAULT_PROFILE, Environment, Files, Flags,
    Settings, Source, one_time_code,
};
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
/// ```no_run
/// # async fn run() -> Result<(), dadosfera::Error> {
/// use dadosfera::Client;
///
/// let client = Client::builder().password("ana@acme.example", "her password").build()?;
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
    /// Starts a client. Nothing is read but what the builder is told to, and nothing is sent before the first call.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client from the environment variables `DADOSFERA_*` and the profile that they name.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), as of [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().from_env().build()
    }

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

    fn new(config: Config, clock: Arc<dyn Clock>, extras: Extras) -> Result<Self, Error> {
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

/// Builds a [`Client`].
///
/// What is set here goes before the environment ([`from_env`](Self::from_env)), and that before a profile
/// ([`profile`](Self::profile)).
#[derive(Debug, Default)]
pub struct ClientBuilder {
    settings: Settings,
    environment: Option<Environment>,
    profile: Option<String>,
    flags: Flags,
    clock: Option<Arc<dyn Clock>>,
    extras: Extras,
}

/// What only code can say.
#[derive(Debug, Default)]
struct Extras {
    limits: Option<Limits>,
    metrics: Option<Arc<dyn Metrics>>,
    store: Option<Arc<dyn TokenStore>>,
    session_observer: Option<Arc<dyn SessionObserver>>,
}

impl ClientBuilder {
    /// The server: production unless set. Paths hang directly off the host, so it is a scheme and a host, no path.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.settings.base_url = Some(url.into());
        self
    }

    /// Signs in with a user name, which is an e-mail address, and a password.
    #[must_use]
    pub fn password(mut self, username: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.settings.username = Some(username.into());
        self.settings.password = Some(password.into());
        self
    }

    /// The code that the authenticator shows now. It is good for one sign-in; a client that lives for longer than the
    /// refresh token does wants [`totp_secret`](Self::totp_secret), or another code by `session().supply_code(..)`.
    #[must_use]
    pub fn totp_code(mut self, code: impl Into<Secret>) -> Self {
        self.settings.totp_code = Some(code.into());
        self
    }

    /// The secret of the second factor in base32, from which codes are made whenever one is needed.
    #[must_use]
    pub fn totp_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.settings.totp_secret = Some(secret.into());
        self
    }

    /// Starts from the refresh token of an earlier sign-in and the customer's name that it answered. With a password
    /// beside it, that is used once the refresh token is no longer accepted.
    #[must_use]
    pub fn refresh_token(
        mut self,
        token: impl Into<Secret>,
        customer_name: impl Into<String>,
    ) -> Self {
        self.settings.refresh_token = Some(token.into());
        self.settings.customer_name = Some(customer_name.into());
        self
    }

    /// Uses an API key instead of a user. It reaches what its permissions name.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.settings.api_key = Some(key.into());
        self
    }

    /// The customer's name, which deleting a pipeline needs. Only an API key has to be told; a sign-in answers it.
    #[must_use]
    pub fn customer_name(mut self, name: impl Into<String>) -> Self {
        self.settings.customer_name = Some(name.into());
        self
    }

    /// Uses no credentials: only the health of the API can be asked.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.flags.anonymous = true;
        self
    }

    /// The language of the API's messages: `pt-br` or `en-us`. Without it they are Portuguese.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.settings.language = Some(language.into());
        self
    }

    /// How long one call may take with its retries: two minutes unless set. A body that is streamed has limits of its own.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// How long one attempt of a call may take: 30 seconds unless set. Of a download that is up to its head.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.limits().attempt = timeout;
        self
    }

    /// How long the body of an answer may pause, and how long a server may take nothing of a body that goes up: a minute
    /// unless set. A download takes as long as it takes, while it goes on.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits().idle = timeout;
        self
    }

    /// How long an upload may take: six hours unless set.
    #[must_use]
    pub fn upload_timeout(mut self, timeout: Duration) -> Self {
        self.limits().upload = timeout;
        self
    }

    /// How often a call is tried in all, where it may be repeated: four times unless set, and once at least.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.limits().attempts = attempts.max(1);
        self
    }

    /// Tells somebody of every attempt and every call. Without it nothing is measured.
    #[must_use]
    pub fn metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.extras.metrics = Some(metrics);
        self
    }

    /// How long making a connection may take: ten seconds unless set.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = Some(timeout);
        self
    }

    /// Takes what is not set here from a profile of `config.toml` and `secrets.toml`, in `$XDG_CONFIG_HOME/dadosfera` or
    /// `~/.config/dadosfera`.
    #[must_use]
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// Takes what is not set here from the process's environment variables, then from the profile that
    /// `DADOSFERA_PROFILE` names, then from the profile `default` where there is one.
    ///
    /// The variables are `DADOSFERA_` with `BASE_URL`, `USERNAME`, `PASSWORD`, `TOTP`, `TOTP_SECRET`, `REFRESH_TOKEN`,
    /// `CUSTOMER_NAME`, `API_KEY`, `TOKEN_STORE`, `LANG`, `PROFILE`, `CONFIG_FILE` and `SECRETS_FILE`.
    #[must_use]
    pub fn from_env(self) -> Self {
        self.environment(Environment::process())
    }

    /// Like [`from_env`](Self::from_env), from another environment than the process's: for tests and tools.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Allows `http://` to another machine than this one. Passwords and tokens can then be read on the way.
    #[must_use]
    pub fn allow_insecure_http(mut self) -> Self {
        self.flags.allow_insecure_http = true;
        self
    }

    /// Asks this for a one-time code whenever a sign-in needs one; nothing means that there is none. It may take as long as
    /// it takes: callers that have less time give up alone. A code that was sent already is not sent again.
    ///
    /// ```
    /// use dadosfera::{Client, Secret};
    ///
    /// async fn read_code() -> Option<Secret> { Some(Secret::from("123456")) }
    /// let client = Client::builder()
    ///     .password("ana@acme.example", "her password")
    ///     .totp_callback(read_code)
    ///     .build()?;
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    #[must_use]
    pub fn totp_callback<F>(mut self, callback: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<Secret>> + Send + 'static,
    {
        self.settings.totp_callback = Some(CodeCallback::new(callback));
        self
    }

    /// Keeps the tokens in a store, so that the next run and other processes go on with them: a [`FileStore`](crate::FileStore)
    /// for one machine. Without credentials the client resumes what the store keeps.
    #[must_use]
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.extras.store = Some(store);
        self
    }

    /// Tells somebody what happens in the session.
    #[must_use]
    pub fn session_observer(mut self, observer: Arc<dyn SessionObserver>) -> Self {
        self.extras.session_observer = Some(observer);
        self
    }

    /// Brings another clock: a test moves through token lives, backoffs and polls without waiting for them.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The client. Files may be read, but nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a base URL, a profile, a file or credentials that cannot be
    /// used; the error says what to write instead.
    pub fn build(self) -> Result<Client, Error> {
        self.client()
            .map_err(|error| error.of_if_unknown("build_client"))
    }

    fn limits(&mut self) -> &mut Limits {
        self.extras.limits.get_or_insert_default()
    }

    fn client(self) -> Result<Client, Error> {
        let mut flags = self.flags;
        flags.has_store = self.extras.store.is_some();
        let config = Config::resolve(&self.sources()?, flags)?;
        let clock = self
            .clock
            .unwrap_or_else(|| Arc::new(SystemClock::default()));
        Client::new(config, clock, self.extras)
    }

    fn sources(&self) -> Result<Vec<(Source, Settings)>, Error> {
        let mut settings = self.settings.clone();
        if let Some(code) = &settings.totp_code {
            settings.totp_code = Some(one_time_code(code)?);
        }
        let mut sources = vec![(Source::Code, settings)];
        let mut named = self.profile.clone();
        if let Some(environment) = &self.environment {
            sources.push((
                Source::Environment,
                Settings::from_environment(environment)?,
            ));
            if named.is_none() {
                named = environment.variable("DADOSFERA_PROFILE")?;
            }
        }
        let process = Environment::process();
        let environment = self.environment.as_ref().unwrap_or(&process);
        let (name, must_exist) = match named {
            Some(name) => (name, true),
            None if self.environment.is_some() => (DEFAULT_PROFILE.to_owned(), false),
            None => return Ok(sources),
        };
        if let Some(settings) = Files::locate(environment)?.profile(&name, must_exist)? {
            sources.push((Source::Profile(name), settings));
        }
        Ok(sources)
    }
}
