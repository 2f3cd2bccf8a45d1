//! The catalog: list, get, create, update, delete, then documentation and certification.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Content};
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::fields::{self, Fields};
use crate::routes::{query, times};
use crate::state::catalog_index::{Filter, Listing, SortKey};
use crate::state::data_asset::{AssetUser, DataAsset, DataAssetChanges, NewDataAsset, Viewer};

const DEFAULT_SIZE: usize = 10;
const ASSET_TYPES_WITH_DOCS: [&str; 2] = ["dataset", "dataapp"];
const APPROVED: &str = "approved";

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let mut wrong = Vec::new();
    let page = query::positive(call, "page", 1, &mut wrong);
    let size = query::positive(call, "size", DEFAULT_SIZE, &mut wrong);
    let order = query::one_of(call, "order", ["asc", "desc"], "desc", &mut wrong);
    let keys = ["display_name", "created_at"];
    let sort = query::one_of(call, "sort_by", keys, "display_name", &mut wrong);
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    let skipped = size.saturating_mul(page - 1);
    let has = |mutation| api.options.has(mutation);
    let listing = Listing {
        filter: Filter {
            search: given(call, "search"),
            data_asset_type: given(call, "data_asset_type"),
            pipeline_id: given(call, "pipeline_id"),
        },
        sort: if sort == "created_at" {
            SortKey::CreatedAt
        } else {
            SortKey::DisplayName
        },
        descending: order == "desc" && !has(Mutation::OrderIsIgnored)
            || sort == "created_at" && has(Mutation::WalkSeesANewPage),
        skip: if has(Mutation::EveryPageIsTheFirst) {
            0
        } else if has(Mutation::PagesRepeat) {
            skipped.saturating_sub(1)
        } else if has(Mutation::PagesDrop) {
            skipped.saturating_add(page - 1)
        } else {
            skipped
        },
        // Whoever sends `limit` is shown nothing, whatever its value.
        take: if call.query("limit").is_some() && !has(Mutation::LimitIsHonoured) {
            0
        } else {
            size
        },
    };
    let page = api.world.catalogs.list(viewer(call), listing);
    let assets: Vec<Value> = page.assets.into_iter().map(item).collect();
    let total = if has(Mutation::TotalOfThePage) {
        assets.len()
    } else {
        page.total
    };
    let total = total as u64 + u64::from(api.options.total_overcounts);
    let total = if api.options.total_as_string {
        json!(total.to_string())
    } else {
        json!(total)
    };
    Answer::ok(json!({ "data_assets": assets, "total": total }))
}

pub(crate) fn get(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    match api.world.catalogs.get(viewer(call), id) {
        Ok(_) if api.options.has(Mutation::HtmlForJson) => {
            Answer::new(StatusCode::OK, Content::Html("<p>an asset</p>".into()))
        }
        Ok(asset) => wrapped(asset),
        Err(_) => not_found(id),
    }
}

pub(crate) fn create(api: &mut Api, call: &Call) -> Answer {
    let mut new = match new_data_asset(&call.body) {
        Ok(new) => new,
        Err(wrong) => return Answer::invalid(wrong),
    };
    if api.options.created_tags_are_lost {
        new.tags.clear();
    }
    if api.options.has(Mutation::SameAssetIsMerged) {
        let of_name = all(Some(&new.display_name));
        let known = api.world.catalogs.list(viewer(call), of_name);
        if let Some(asset) = known.assets.first() {
            return Answer::created(json!({ "data_asset": { "id": asset.id } }));
        }
    }
    let maker = AssetUser {
        id: call.caller.user_id.clone(),
        email: call.caller.username.clone(),
    };
    let world = &mut api.world;
    let customer_id = &call.caller.customer_id;
    let asset = world
        .catalogs
        .create(customer_id, maker, new, call.now, &mut world.chance);
    Answer::created(json!({ "data_asset": { "id": asset.id } }))
}

pub(crate) fn update(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    // The asset comes first, so that another customer's looks like none whatever the body.
    if api.world.catalogs.get(viewer(call), id).is_err() {
        return not_found(id);
    }
    if let Some(Value::Array(tags)) = call.body.get("tags")
        && !tags.iter().all(Value::is_string)
    {
        if api.options.has(Mutation::BadTagsCount) {
            let mut wrong = Vec::new();
            let changes = read(&call.body, &mut wrong);
            let catalogs = &mut api.world.catalogs;
            // The asset is there, as was seen above.
            let _ = catalogs.update(viewer(call), id, changes, call.now);
        }
        return Answer::unknown("Invalid tags: each tag must be a string");
    }
    let mut changes = match changes(&call.body) {
        Ok(changes) => changes,
        Err(wrong) => return Answer::invalid(wrong),
    };
    if api.options.has(Mutation::PutForgets) {
        changes.tags.get_or_insert_default();
    }
    if api.options.has(Mutation::ChangeIsOnlyEchoed)
        && let Ok(asset) = api.world.catalogs.get(viewer(call), id)
    {
        let mut echoed = asset.clone();
        echoed.change(changes, call.now);
        return wrapped(&echoed);
    }
    match api
        .world
        .catalogs
        .update(viewer(call), id, changes, call.now)
    {
        Ok(asset) => wrapped(asset),
        Err(_) => not_found(id),
    }
}

pub(crate) fn delete(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    match api.world.catalogs.delete(viewer(call), id) {
        Ok(()) if api.options.has(Mutation::BodyWithADeletion) => {
            Answer::ok(json!({ "status": "deleted" }))
        }
        Ok(()) => Answer::new(StatusCode::OK, Content::Empty),
        Err(_) if api.options.has(Mutation::AssetIsDeletedTwice) => {
            Answer::new(StatusCode::OK, Content::Empty)
        }
        Err(_) => not_found(id),
    }
}

/// The asset that a docs route names: the vendor's library writes docs under the `nimbus_id` (L).
fn named(api: &Api, call: &Call) -> String {
    let text = call.param(0);
    let catalogs = &api.world.catalogs;
    let id = catalogs.id_of(&call.caller.customer_id, text);
    id.unwrap_or(text).to_owned()
}

pub(crate) fn get_docs(api: &Api, call: &Call) -> Answer {
    let id = &*named(api, call);
    match api.world.catalogs.get(viewer(call), id) {
        Ok(asset) if api.options.has(Mutation::DocsLoseTheirMarkup) => {
            let plain = asset.docs.replace("<strong>", "");
            Answer::ok(json!({ "docs": plain.replace("</strong>", "") }))
        }
        Ok(asset) => Answer::ok(json!({ "docs": asset.docs })),
        Err(_) => not_found(id),
    }
}

pub(crate) fn set_docs(api: &mut Api, call: &Call) -> Answer {
    let id = &*named(api, call);
    if api.world.catalogs.get(viewer(call), id).is_err() {
        return not_found(id);
    }
    let mut wrong = Vec::new();
    let types = ASSET_TYPES_WITH_DOCS;
    query::one_of(call, "asset_type", types, types[0], &mut wrong);
    let docs = fields::string(&call.body, "docs").unwrap_or_else(|why| {
        wrong.push(why);
        ""
    });
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    if api.options.has(Mutation::DocsAreShared) {
        let known = api.world.catalogs.list(viewer(call), all(None)).assets;
        let ids: Vec<String> = known.iter().map(|asset| asset.id.clone()).collect();
        for other in ids {
            // Each is there, as was just seen.
            let catalogs = &mut api.world.catalogs;
            let _ = catalogs.set_docs(viewer(call), &other, docs, call.now);
        }
    }
    match api
        .world
        .catalogs
        .set_docs(viewer(call), id, docs, call.now)
    {
        Ok(asset) => Answer::ok(json!({
            "id": asset.id,
            "updated_at": times::millis(asset.updated_at),
        })),
        Err(_) => not_found(id),
    }
}

pub(crate) fn set_certification(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    if api.world.catalogs.get(viewer(call), id).is_err() {
        return not_found(id);
    }
    let status = match call.body.get("certification_status") {
        Some(Value::Null) if api.options.has(Mutation::CertificationSticks) => Some(APPROVED),
        Some(Value::Null) => None,
        Some(Value::String(status)) if status == APPROVED => Some(APPROVED),
        Some(Value::String(status)) if api.options.has(Mutation::AnyCertification) => {
            Some(status.as_str())
        }
        _ => {
            let why = format!("certification_status must be {APPROVED} or null");
            return Answer::invalid(vec![why]);
        }
    };
    match api
        .world
        .catalogs
        .set_certification(viewer(call), id, status, call.now)
    {
        Ok(asset) => wrapped(asset),
        Err(_) => not_found(id),
    }
}

/// Every asset that its viewer may see, or those of a name: for mutations only.
fn all(search: Option<&str>) -> Listing<'_> {
    Listing {
        filter: Filter {
            search,
            ..Filter::default()
        },
        sort: SortKey::CreatedAt,
        descending: false,
        skip: 0,
        take: usize::MAX,
    }
}

/// Whose eyes a call looks with; an API key sees what its maker sees.
pub(crate) fn viewer(call: &Call) -> Viewer<'_> {
    Viewer {
        customer_id: &call.caller.customer_id,
        user_id: &call.caller.user_id,
        group: call.caller.group,
    }
}

pub(crate) fn not_found(id: &str) -> Answer {
    let message = format!("Data asset with id {id} not found");
    Answer::framework(StatusCode::NOT_FOUND, message)
}

/// Reads an asset out of a body.
pub(crate) fn new_data_asset(body: &Fields) -> Result<NewDataAsset, Vec<String>> {
    let mut wrong = Vec::new();
    for name in ["display_name", "data_asset_type"] {
        if !body.contains_key(name) {
            wrong.push(format!("{name} must be a string"));
        }
    }
    fields::optional(body, "name", &mut wrong);
    let changes = read(body, &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(NewDataAsset {
        display_name: changes.display_name.unwrap_or_default(),
        description: changes.description,
        data_asset_type: changes.data_asset_type.unwrap_or_default(),
        tags: changes.tags.unwrap_or_default(),
        location: changes.location,
        external_url: changes.external_url,
        embed_url: changes.embed_url,
        ..NewDataAsset::default()
    })
}

fn changes(body: &Fields) -> Result<DataAssetChanges, Vec<String>> {
    let mut wrong = Vec::new();
    let comment = fields::optional(body, "comment", &mut wrong);
    let changes = DataAssetChanges {
        comment,
        ..read(body, &mut wrong)
    };
    if wrong.is_empty() {
        Ok(changes)
    } else {
        Err(wrong)
    }
}

/// The fields that creating and changing have in common.
fn read(body: &Fields, wrong: &mut Vec<String>) -> DataAssetChanges {
    let display_name = fields::optional(body, "display_name", wrong);
    if display_name.as_deref() == Some("") {
        wrong.push("display_name should not be empty".into());
    }
    let tags = body.get("tags").and_then(|tags| {
        let tags = fields::strings(tags);
        if tags.is_none() {
            wrong.push("tags must be an array of strings".into());
        }
        tags
    });
    let embed_url = body.get("embed").and_then(|embed| {
        let url = embed.get("url").and_then(Value::as_str);
        if url.is_none() {
            wrong.push("embed must be an object with a url".into());
        }
        url.map(ToOwned::to_owned)
    });
    let mut text = |name| fields::optional(body, name, wrong);
    DataAssetChanges {
        display_name,
        description: text("description"),
        data_asset_type: text("data_asset_type"),
        tags,
        location: text("location"),
        external_url: text("external_url"),
        embed_url,
        comment: None,
    }
}

/// A filter; an empty one, as forms send it, is none.
fn given<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.query(name).filter(|text| !text.is_empty())
}

fn wrapped(asset: &DataAsset) -> Answer {
    Answer::ok(json!({ "data_asset": detail(asset) }))
}

/// An asset as the list shows it.
fn item(asset: &DataAsset) -> Value {
    let users: Vec<Value> = asset
        .users
        .iter()
        .map(|user| json!({ "id": user.id, "email": user.email }))
        .collect();
    let created_at = times::millis(asset.created_at);
    let mut shown = json!({
        "id": asset.id,
        "user_id": asset.maker.id,
        "created_at": created_at,
        "createdAt": created_at,
        "users": users,
        "owner": asset.maker.email,
        "tags": asset.tags,
        "roles": [],
        "comments": [],
        "manually": i32::from(asset.table.is_none()),
        "is_renamed": asset.is_renamed,
        "display_name": asset.display_name,
        "description": asset.description,
        "data_asset_type": asset.data_asset_type,
    });
    if let Some(table) = &asset.table {
        shown["table_schema"] = json!(table.table_schema);
        shown["table_name"] = json!(table.table_name);
    }
    if asset.data_asset_type == "dashboard" {
        shown["dashboard_id"] = json!(asset.number.to_string());
    }
    shown
}

fn detail(asset: &DataAsset) -> Value {
    let mut shown = item(asset);
    shown["nimbus_id"] = json!(asset.number.to_string());
    shown["location"] = json!(asset.location);
    shown["external_url"] = json!(asset.external_url);
    if let Some(url) = &asset.embed_url {
        shown["embed"] = json!({ "url": url });
    }
    shown["comment"] = json!(asset.comment);
    shown["certification_status"] = json!(asset.certification_status);
    shown
}
