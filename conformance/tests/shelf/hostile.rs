//! Hosts and documents that are not as they should be: each ends with its message, its exit code, and what was found so far.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use dadosfera_conformance::explore::{Actors, Effort, Ending, Exploration, Settings, explore};
use libtest_mimic::Failed;

const THINGS: &str = "
openapi: 3.0.3
info: {title: Things, version: '1'}
security: [{key: []}]
paths:
  /things:
    get:
      operationId: list_things
      responses:
        '200': {description: all, content: {application/json: {schema: {type: array, items: {type: string}}}}}
        '401': {description: no}
";

/// What a host does with a connection, by how many came before.
type Manner = fn(usize, TcpStream);

/// A host that answers in one manner, for as long as the test lives.
fn host(manner: impl Fn(usize, TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().flatten().enumerate() {
            manner(count, stream);
        }
    });
    base_url
}

fn say(mut stream: TcpStream, status: &str, media_type: &str, body: &str) {
    let mut request = [0_u8; 8192];
    // What was asked does not matter here.
    let _ = stream.read(&mut request);
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\nretry-after: 0\r\nconnection: close\r\n\r\n{body}"
    );
}

fn settings(base_url: &str) -> Settings {
    let actors = "[[actor]]\nname = \"a\"\ntoken = \"${TOKEN}\"\n";
    let effort = Effort {
        seed: 1,
        examples: 1,
        sequences: 1,
        steps: 4,
        oversize: 0,
    };
    let actors = Actors::parse(actors, true).unwrap();
    let mut settings = Settings::alone(THINGS, base_url, actors, effort);
    settings.limits.timeout = Duration::from_millis(300);
    settings
}

fn environment(name: &str) -> Option<String> {
    (name == "TOKEN").then(|| "a-token-that-is-secret".to_owned())
}

fn run(settings: &Settings) -> Result<Exploration, dadosfera_conformance::explore::ExploreError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(explore(settings, &environment))
}

fn ends(base_url: &str, ending: Ending, code: u8, word: &str) -> Result<Exploration, Failed> {
    let exploration = run(&settings(base_url)).unwrap();
    let told = exploration.gaps.join("; ");
    if exploration.ending == ending && ending.code() == code && told.contains(word) {
        Ok(exploration)
    } else {
        Err(format!("{:?}: {told}", exploration.ending).into())
    }
}

pub(crate) fn html() -> Result<(), Failed> {
    let base_url = host(|_, stream| say(stream, "200 OK", "text/html", "<p>welcome</p>"));
    ends(&base_url, Ending::Host, 5, "is this the base URL").map(drop)
}

pub(crate) fn nobody() -> Result<(), Failed> {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    ends(&format!("http://{free}"), Ending::Host, 5, "no answer").map(drop)
}

/// It answers wrongly at first, then so: the finding is kept.
fn keeps(then: Manner, ending: Ending, code: u8, word: &str) -> Result<(), Failed> {
    const WRONG: usize = 3;
    let base_url = host(move |count, stream| {
        if count < WRONG {
            let body = "{\"not\": \"a list\"}";
            say(stream, "200 OK", "application/json", body);
        } else {
            then(count - WRONG, stream);
        }
    });
    let exploration = ends(&base_url, ending, code, word)?;
    let mut found = exploration.found.iter();
    if found.any(|found| found.check.code == "answer.body-mismatch") {
        Ok(())
    } else {
        Err("what was found so far is lost".into())
    }
}

pub(crate) fn hangs() -> Result<(), Failed> {
    // The connection is kept open and nothing is said.
    let silence: Manner = |_, stream| {
        drop(std::thread::spawn(move || {
            (std::thread::sleep(Duration::from_secs(20)), stream)
        }));
    };
    ends(&host(silence), Ending::Host, 5, "no answer")?;
    keeps(silence, Ending::Host, 5, "no answer")
}

pub(crate) fn resets() -> Result<(), Failed> {
    keeps(|_, stream| drop(stream), Ending::Host, 5, "got no answer")
}

pub(crate) fn throttles() -> Result<(), Failed> {
    let storm: Manner = |_, stream| say(stream, "429 Too Many Requests", "text/plain", "slow down");
    keeps(storm, Ending::Throttled, 7, "429")
}

pub(crate) fn refuses() -> Result<(), Failed> {
    let base_url = host(|_, stream| {
        say(
            stream,
            "401 Unauthorized",
            "application/json",
            "\"a-token-that-is-secret\"",
        )
    });
    let exploration = ends(
        &base_url,
        Ending::Credentials,
        6,
        "credentials of a are refused",
    )?;
    let told = exploration.gaps.join("; ");
    if told.contains("a-token-that-is-secret") {
        Err(told.into())
    } else {
        Ok(())
    }
}

/// Everything is refused, so nothing was checked: that is no success.
pub(crate) fn checks_nothing() -> Result<(), Failed> {
    let base_url = host(|_, stream| say(stream, "404 Not Found", "application/json", "{}"));
    let mut settings = settings(&base_url);
    settings.document = THINGS
        .replace("'401'", "'404': {description: no}\n        '401'")
        .replace(
            "{description: no}\n        '401'",
            "{description: no, content: {application/json: {}}}\n        '401'",
        );
    settings.document = settings
        .document
        .replace("application/json: {}}", "application/json: {schema: {}}}");
    let exploration = run(&settings).unwrap();
    let told = exploration.gaps.join("; ");
    if exploration.ending != Ending::Clean && told.contains("nothing is proven") {
        Ok(())
    } else {
        Err(format!("{:?}: {told}", exploration.ending).into())
    }
}

pub(crate) fn documents() -> Result<(), Failed> {
    for (document, word) in [
        (THINGS.replace("3.0.3", "3.1.0"), "only 3.0"),
        ("a: [".to_owned(), "no YAML"),
        ("openapi: 3.0.3\npaths: {}".to_owned(), "no operation"),
        (
            THINGS.replace("items: {type: string}", "$ref: '#/no'"),
            "/no",
        ),
        (
            THINGS.replace("type: array", "type: nonsense"),
            "list_things",
        ),
    ] {
        let mut settings = settings("http://127.0.0.1:1");
        settings.document = document;
        let error = run(&settings).unwrap_err();
        if error.code() != 4 || !error.to_string().contains(word) {
            return Err(format!("{} without {word}: {error}", error.code()).into());
        }
    }
    Ok(())
}

pub(crate) fn usage() -> Result<(), Failed> {
    let mut no_url = settings("example.com/api");
    no_url.base_url = "example.com/api".to_owned();
    let mut no_variable = settings("http://127.0.0.1:1");
    no_variable.actors =
        Actors::parse("[[actor]]\nname = \"a\"\ntoken = \"${UNSET}\"\n", true).unwrap();
    for (settings, word) in [(no_url, "base URL"), (no_variable, "${UNSET}")] {
        let error = run(&settings).unwrap_err();
        if error.code() != 2 || !error.to_string().contains(word) {
            return Err(format!("{} without {word}: {error}", error.code()).into());
        }
    }
    Ok(())
}
