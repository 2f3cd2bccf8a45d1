//! The builder of a client: what code, environment and profile say, in this order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use dadosfera_raw::Secret;

use crate::auth::codes::CodeCallback;
use crate::auth::events::SessionObserver;
use crate::client::{Client, Extras};
use crate::clock::{Clock, SystemClock};
use crate::config::{
    Config, DEFAULT_PROFILE, Environment, Files, Flags, Settings, Source, one_time_code,
};
use crate::error::Error;
use crate::limits::Limits;
use crate::observe::Metrics;
use crate::store::TokenStore;

/// Builds a [`Client`].
///
/// What is set here goes before the environment ([`from_env`](Self::from_env)), and that before a profile
/// ([`profile`](Self::profile)).
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let config = folder.path().join("config.toml");
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use dadosfera::{Client, Environment, Metrics, MemoryStore, SessionEvent, SessionObserver, SystemClock};
///
/// #[derive(Debug)]
/// struct Silent;
/// impl Metrics for Silent {}
/// impl SessionObserver for Silent {
///     fn event(&self, _: &SessionEvent) {}
/// }
///
/// let patient = Client::builder()
///     .password("ana@acme.example", "her password")
///     .totp_secret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
///     .language("en-us")
///     .timeout(Duration::from_secs(600))
///     .attempt_timeout(Duration::from_secs(60))
///     .connect_timeout(Duration::from_secs(5))
///     .idle_timeout(Duration::from_secs(20))
///     .upload_timeout(Duration::from_secs(3600))
///     .attempts(6)
///     .token_store(Arc::new(MemoryStore::new()))
///     .session_observer(Arc::new(Silent))
///     .metrics(Arc::new(Silent))
///     .clock(Arc::new(SystemClock::default()))
///     .build()?;
///
/// // A profile names what may be shared; secrets stand in a file beside it, or in the environment.
/// std::fs::write(&config, "[profile.nightly]\nbase_url = \"https://maestro.stg.dadosfera.ai\"\n")?;
/// let environment = Environment::fixed([
///     ("DADOSFERA_CONFIG_FILE", config.to_str().ok_or("not UTF-8")?),
///     ("DADOSFERA_API_KEY", "ddf_example"),
/// ]);
/// let nightly = Client::builder().profile("nightly").environment(environment).build()?;
/// assert_eq!(nightly.base_url(), "https://maestro.stg.dadosfera.ai");
///
/// // Other credentials than a password that is used again and again.
/// let with_key = Client::builder().api_key("ddf_example").customer_name("acme").build()?;
/// let with_code = Client::builder().password("ana@acme.example", "her password").totp_code("123456").build()?;
/// let resumed = Client::builder().refresh_token("of an earlier sign-in", "acme").build()?;
/// let nobody = Client::builder().base_url("http://10.0.0.7:8080").allow_insecure_http().anonymous().build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct ClientBuilder {
    settings: Settings,
    environment: Option<Environment>,
    profile: Option<String>,
    flags: Flags,
    clock: Option<Arc<dyn Clock>>,
    extras: Extras,
}

impl Client {
    /// Starts a client. Nothing is read but what the builder is told to, and nothing is sent before the first call.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client from the environment variables `DADOSFERA_*` and the profile that they name.
    ///
    /// ```
    /// use dadosfera::{Client, Environment};
    ///
    /// match Client::from_env() {
    ///     Ok(client) => println!("{}", client.credentials_report()),
    ///     Err(error) => println!("{error}"),
    /// }
    /// // The same, with a word of one's own: what the code says goes before the environment.
    /// let builder = Client::builder().from_env().language("en-us");
    /// let builder = Client::builder().environment(Environment::process()).language("en-us");
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), as of [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().from_env().build()
    }
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
