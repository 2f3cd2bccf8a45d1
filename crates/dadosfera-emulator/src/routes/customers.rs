//! Customers: list, get, update.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::options::Options;
use crate::routes::fields::{self, Fields};
use crate::state::customers::{Customer, CustomerChanges, Refused};

const CHANGEABLE: [&str; 4] = ["name", "tier", "scheduleLimit", "modules"];

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let customers = api.world.customers.list();
    let seen = customers.filter(|customer| may_see(&api.options, call, &customer.id));
    let seen: Vec<Value> = seen.map(shown).collect();
    Answer::ok(json!({ "customers": seen }))
}

pub(crate) fn current(api: &Api, call: &Call) -> Answer {
    one(api, call, &call.caller.customer_id)
}

pub(crate) fn get(api: &Api, call: &Call) -> Answer {
    one(api, call, call.param(0))
}

pub(crate) fn update(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    if !may_see(&api.options, call, id) || api.world.customers.get(id).is_none() {
        return not_found(id);
    }
    let changes = match changes(&call.body) {
        Ok(changes) => changes,
        Err(wrong) => return Answer::invalid(wrong),
    };
    match api.world.customers.update(id, changes) {
        Ok(customer) => Answer::ok(shown(customer)),
        Err(Refused::NotFound) => not_found(id),
        Err(Refused::NameTaken) => Answer::invalid(vec!["name is taken".into()]),
    }
}

/// A customer, as a sign-in shows it too.
pub(crate) fn shown(customer: &Customer) -> Value {
    json!({
        "id": customer.id,
        "name": customer.name,
        "tier": customer.tier,
        "scheduleLimit": customer.schedule_limit,
        "modules": customer.modules,
        "links": [{}],
    })
}

fn one(api: &Api, call: &Call, id: &str) -> Answer {
    match api.world.customers.get(id) {
        Some(customer) if may_see(&api.options, call, id) => Answer::ok(shown(customer)),
        _ => not_found(id),
    }
}

fn may_see(options: &Options, call: &Call, id: &str) -> bool {
    options.has(Mutation::CustomersSeeAll)
        || call.caller.platform_admin
        || call.caller.customer_id == id
}

fn not_found(id: &str) -> Answer {
    let message = format!("Customer with id {id} not found");
    Answer::framework(StatusCode::NOT_FOUND, message)
}

fn changes(body: &Fields) -> Result<CustomerChanges, Vec<String>> {
    let unknown = body
        .keys()
        .filter(|name| !CHANGEABLE.contains(&name.as_str()));
    let mut wrong: Vec<String> = unknown
        .map(|name| format!("property {name} should not exist"))
        .collect();
    let mut text = |name| fields::optional(body, name, &mut wrong);
    let (name, tier, schedule_limit) = (text("name"), text("tier"), text("scheduleLimit"));
    if name.as_deref() == Some("") {
        wrong.push("name should not be empty".into());
    }
    let modules = match body.get("modules") {
        None => None,
        Some(value) => {
            let modules = fields::strings(value);
            if modules.is_none() {
                wrong.push("each value in modules must be a string".into());
            }
            modules
        }
    };
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(CustomerChanges {
        name,
        tier,
        schedule_limit,
        modules,
    })
}
