//! The page of the built-in authorisation server: somebody consents, or does not, and goes back to where they came from.
//!
//! It stands for the vendor's own sign-in page, so it asks nobody who they are. What it shows is escaped, it runs no
//! script and loads nothing. `?state=…&approve=1` consents at once, for tests and for curl.

use http::{Method, StatusCode, header};

use crate::answer::{Answer, Content};
use crate::changes::Change;
use crate::dispatch::{self, Request};
use crate::shared::Shared;
use crate::state::oauth::{Authorization, CONSENT_PATH};

/// Where it is.
pub(crate) const PATH: &str = CONSENT_PATH;

/// Answers a request for [`PATH`].
pub(crate) async fn handle(shared: &Shared, request: &Request) -> Answer {
    if request.method != Method::GET {
        return dispatch::not_found(request);
    }
    let query = dispatch::parse_query(request.query.as_deref().unwrap_or_default());
    let parameter = |name: &str| {
        let mut values = query.iter().rev();
        values
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    };
    let state = parameter("state");
    let approved = match parameter("approve") {
        "1" => true,
        "0" => false,
        _ => return ask(shared, state),
    };
    let change = Change::Consent {
        state: state.to_owned(),
        approved,
    };
    match shared.change(change).await {
        answer if answer.status == StatusCode::NOT_FOUND => unknown(),
        answer => answer,
    }
}

fn ask(shared: &Shared, state: &str) -> Answer {
    let api = shared.api();
    let now = api.world.at(shared.clock.now());
    match api.world.authorizations.pending(state, now) {
        Some(pending) => page(StatusCode::OK, &question(state, pending)),
        None => unknown(),
    }
}

fn unknown() -> Answer {
    let text =
        "<p>This authorisation is unknown, was used, or is older than 10 minutes. Begin again.</p>";
    page(StatusCode::BAD_REQUEST, text)
}

fn question(state: &str, pending: &Authorization) -> String {
    format!(
        "<p>Allow {user} to make a <b>{plugin}</b> connection?</p>\n\
         <p>You go back to <code>{redirect_uri}</code>.</p>\n\
         <form method=\"get\" action=\"{PATH}\">\n\
         <input type=\"hidden\" name=\"state\" value=\"{state}\">\n\
         <button name=\"approve\" value=\"1\">Allow</button>\n\
         <button name=\"approve\" value=\"0\">Deny</button>\n\
         </form>",
        user = escaped(&pending.username),
        plugin = escaped(pending.plugin.name),
        redirect_uri = escaped(&pending.redirect_uri),
        state = escaped(state),
    )
}

fn page(status: StatusCode, content: &str) -> Answer {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Authorisation server of the emulator</title></head>\n\
         <body>\n<h1>Authorisation server of the emulator</h1>\n{content}\n</body>\n</html>\n"
    );
    Answer::new(status, Content::Html(html))
        .with_header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        )
        .with_header(header::CACHE_CONTROL, "no-store")
        .with_header(header::REFERRER_POLICY, "no-referrer")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place_on_the_page() {
        assert_eq!(
            escaped("\"><script>'&amp;"),
            "&quot;&gt;&lt;script&gt;&#39;&amp;amp;"
        );
    }
}
