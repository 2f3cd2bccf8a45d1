//! Sign-in and refresh.

use std::time::Duration;

use chrono::DateTime;
use http::header::SET_COOKIE;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::lang::Told;
use crate::mutations::Mutation;
use crate::options::RefreshAnswer;
use crate::routes::{customers, fields, times};
use crate::state::customers::Customer;
use crate::state::users::{SignIn, User};
use crate::tokens::{Claims, Use};

pub(crate) fn sign_in(api: &mut Api, call: &Call) -> Answer {
    let mut wrong = Vec::new();
    let mut text = |name| fields::string(&call.body, name).map_err(|why| wrong.push(why));
    let by_email = api.options.has(Mutation::EmailForUsername) && call.body.contains_key("email");
    let username = text(if by_email { "email" } else { "username" });
    let password = text("password");
    let code = match call.body.get("totp") {
        None | Some(Value::Null) => None,
        Some(Value::String(code)) => Some(code.as_str()),
        Some(_) => {
            wrong.push("totp must be a string".into());
            None
        }
    };
    let (Ok(username), Ok(password)) = (username, password) else {
        return Answer::invalid(wrong);
    };
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    let world = &mut api.world;
    let known =
        match world.users.sign_in(username, password, code, call.now) {
            SignIn::WrongPassword => {
                let answer = Answer::told(Told::WrongPassword, call.language);
                return if api.options.has(Mutation::PasswordIsEchoed) {
                    answer.with_details(password)
                } else {
                    answer
                };
            }
            SignIn::Disabled => return Answer::told(Told::UserDisabled, call.language),
            SignIn::TooManyAttempts { retry_after } => {
                let short = api.options.has(Mutation::RetryAfterTooShort);
                return Answer::told(Told::TooManyAttempts, call.language)
                    .with_retry_after(if short { 1 } else { retry_after });
            }
            SignIn::CodeRequired(user) => world.customers.get(&user.customer_id).map(|customer| {
                let mut body = json!({
                    "permissions": user.permissions(),
                    "mfaStatus": "required",
                    "customer": customers::shown(customer),
                });
                if api.options.has(Mutation::UserBeforeTheCode) {
                    body["user"] = welcome(user, customer)["user"].clone();
                }
                (body, None)
            }),
            SignIn::Welcome(user) => world
                .customers
                .get(&user.customer_id)
                .map(|customer| (welcome(user, customer), Some(Holder::of(user, customer)))),
        };
    // Every user has a customer; one without would be nobody's.
    let Some((mut body, holder)) = known else {
        return Answer::told(Told::Unauthorized, call.language);
    };
    let Some(holder) = holder else {
        return Answer::ok(body);
    };
    if api.options.has(Mutation::MfaStatusAlwaysRequired) {
        body["mfaStatus"] = json!("required");
    }
    let family = api.world.chance.uuid().to_string();
    let access = issue(api, call, &holder, Use::Access, &family);
    let refresh = issue(api, call, &holder, Use::Refresh, &family);
    let cookies = [
        ("ddf-access-token", access.as_str()),
        ("ddf-refresh-token", refresh.as_str()),
    ]
    .map(|(name, value)| format!("{name}={value}; Path=/; HttpOnly; Secure; SameSite=Lax"));
    body["tokens"] = json!({ "idToken": "", "accessToken": access, "refreshToken": refresh });
    cookies.iter().fold(Answer::ok(body), |answer, cookie| {
        answer.with_header(SET_COOKIE, cookie)
    })
}

pub(crate) fn refresh_access_token(api: &mut Api, call: &Call) -> Answer {
    let mut wrong = Vec::new();
    let token = fields::string(&call.body, "refreshToken");
    if let Err(why) = &token {
        wrong.push(why.clone());
    }
    let needed = api.options.refresh_requires_customer_name
        && !api.options.has(Mutation::RefreshNeedsNoCustomer);
    let customer_name = match call.body.get("customerName") {
        Some(Value::String(name)) => Some(name.as_str()),
        None if !needed => None,
        _ => {
            wrong.push("customerName must be a string".into());
            None
        }
    };
    let (Ok(token), true) = (token, wrong.is_empty()) else {
        return Answer::invalid(wrong);
    };
    let Some((holder, family)) = accept_refresh(api, call, token, customer_name) else {
        return Answer::told(Told::Unauthorized, call.language);
    };
    let token_use = if api.options.has(Mutation::RefreshAnswersADeadToken) {
        Use::Refresh
    } else {
        Use::Access
    };
    let mut tokens = json!({ "accessToken": issue(api, call, &holder, token_use, &family) });
    if api.options.rotate_refresh_tokens {
        let new = issue(api, call, &holder, Use::Refresh, &family);
        let same = api.options.has(Mutation::RotationAnswersTheOldOne);
        tokens["refreshToken"] = json!(if same { token } else { &new });
    }
    let nested = api.options.refresh_answer == RefreshAnswer::Nested;
    Answer::ok(if nested != api.options.has(Mutation::RefreshFormSwapped) {
        json!({ "tokens": tokens })
    } else {
        tokens
    })
}

/// Whose token it is, and of which sign-in. A wrong customer's name does not use a token up.
fn accept_refresh(
    api: &mut Api,
    call: &Call,
    token: &str,
    customer_name: Option<&str>,
) -> Option<(Holder, String)> {
    let now = if api.options.has(Mutation::RefreshTokensNeverExpire) {
        DateTime::UNIX_EPOCH
    } else {
        call.now
    };
    let mut claims = api.tokens.verify(token, Use::Refresh, now);
    if api.options.has(Mutation::AccessTokenRefreshes) && claims.is_none() {
        claims = api.tokens.verify(token, Use::Access, now);
    }
    let claims = claims?;
    let user = api.world.users.by_id(&claims.sub)?;
    let customer = api.world.customers.get(&user.customer_id)?;
    let named = customer_name.is_none_or(|name| name == customer.name)
        || api.options.has(Mutation::RefreshOfAnyCustomer);
    if user.disabled || !named {
        return None;
    }
    let holder = Holder::of(user, customer);
    let once = api.options.single_use_refresh_tokens;
    if once
        && !api
            .world
            .refresh_families
            .use_once(&claims.sid, &claims.jti)
    {
        return None;
    }
    Some((holder, claims.sid))
}

/// Whom a token is for.
struct Holder {
    user_id: String,
    customer: String,
}

impl Holder {
    fn of(user: &User, customer: &Customer) -> Self {
        Self {
            user_id: user.id.clone(),
            customer: customer.name.clone(),
        }
    }
}

fn issue(api: &mut Api, call: &Call, holder: &Holder, token_use: Use, family: &str) -> String {
    let life = match token_use {
        Use::Access if api.options.has(Mutation::TokenLifeIsAnHour) => {
            api.options.access_token_life * 2
        }
        Use::Access => call.token_life.unwrap_or(api.options.access_token_life),
        Use::Refresh => api.options.refresh_token_life,
    };
    let iat = call.now.timestamp();
    let claims = Claims {
        sub: holder.user_id.clone(),
        customer: holder.customer.clone(),
        token_use,
        sid: family.to_owned(),
        jti: api.world.chance.uuid().to_string(),
        iat,
        exp: iat.saturating_add(whole_seconds(life)),
    };
    api.tokens.sign(&claims)
}

fn whole_seconds(life: Duration) -> i64 {
    i64::try_from(life.as_secs()).unwrap_or(i64::MAX)
}

/// All of a sign-in's answer but the tokens.
fn welcome(user: &User, customer: &Customer) -> Value {
    let signed = times::millis(user.created_at);
    json!({
        "permissions": user.permissions(),
        // The value of a sign-in that passed the second factor is not recorded; "none" is what was seen beside tokens.
        "mfaStatus": "none",
        "termsOfUse": {
            "status": "ok",
            "lastSigned": {
                "version": 1,
                "publicUrl": "https://example.com/terms",
                "enforceDate": signed,
                "createdAt": signed,
            },
        },
        "user": {
            "id": user.id,
            "name": user.name,
            "username": user.username,
            "createdAt": signed,
        },
        "customer": customers::shown(customer),
    })
}
