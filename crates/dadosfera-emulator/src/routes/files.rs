//! Files: list, upload, download, delete.

use std::sync::Arc;

use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::answer::{Answer, Content, FilePart};
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::byte_range::{self, Asked};
use crate::routes::times;
use crate::state::file_path;
use crate::state::files::StoredFile;

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let folder = call.query("folderPath").unwrap_or("/");
    let folder = match file_path::folder("folderPath", folder) {
        Ok(folder) => folder,
        Err(why) => return Answer::invalid(vec![why]),
    };
    let files = &api.world.storage.files;
    let listing = files.list(&call.caller.customer_id, &folder);
    let files: Vec<Value> = listing.files.iter().map(|file| shown(file)).collect();
    Answer::ok(json!({
        "folderPath": folder,
        "folders": listing.folders,
        "files": files,
    }))
}

pub(crate) fn upload(api: &mut Api, call: &Call) -> Answer {
    let folder = match call.query("folderPath") {
        Some(folder) => file_path::folder("folderPath", folder),
        None => Err("folderPath is required".into()),
    };
    let folder = match folder {
        Ok(folder) => folder,
        Err(why) => return Answer::invalid(vec![why]),
    };
    let nowhere = api.options.has(Mutation::DatasetIdsLeadNowhere);
    let keeps = api.options.has(Mutation::UploadKeepsTheOldFile);
    let world = &mut api.world;
    let mut uploaded: Vec<Value> = call
        .uploads
        .iter()
        .map(|upload| {
            let customer_id = &call.caller.customer_id;
            let path = file_path::join(&folder, &upload.name);
            let old = world.storage.files.get(customer_id, &path);
            if let Some(old) = old.filter(|_| keeps) {
                return shown_as_uploaded(old);
            }
            let file = world.storage.store(
                customer_id,
                &folder,
                upload.clone(),
                call.now,
                &mut world.chance,
            );
            let mut shown = shown_as_uploaded(&file);
            if nowhere && file.dataset_id.is_some() {
                shown["datasetId"] = json!(world.chance.uuid().to_string());
            }
            shown
        })
        .collect();
    if uploaded.len() > 1 {
        return Answer::created(uploaded.into());
    }
    match uploaded.pop() {
        Some(uploaded) => Answer::created(uploaded),
        None => Answer::invalid(vec!["file is required".into()]),
    }
}

pub(crate) fn download(api: &Api, call: &Call) -> Answer {
    let path = match path(call) {
        Ok(path) => path,
        Err(answer) => return answer,
    };
    let files = &api.world.storage.files;
    let Some(file) = files.get(&call.caller.customer_id, &path) else {
        return not_found(&path);
    };
    let content = &file.content;
    let size = content.size;
    let tag = format!("\"{}\"", content.sha256);
    // A part of what is no longer there would be a part of something else.
    let unchanged = call.header("if-range").is_none_or(|known| known == tag);
    let asked = match call.header("range") {
        Some(range) if unchanged && !api.options.has(Mutation::RangesAreIgnored) => {
            byte_range::asked(range, size)
        }
        _ => Asked::Whole,
    };
    let (status, range) = match asked {
        Asked::Whole => (StatusCode::OK, 0..size),
        Asked::Part(mut range) => {
            if api.options.has(Mutation::RangeIsOneShort) && range.end > range.start + 1 {
                range.end -= 1;
            }
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Asked::Nothing => {
            let message = format!("The file has {size} bytes and not this range");
            return Answer::framework(StatusCode::RANGE_NOT_SATISFIABLE, message)
                .with_header(header::CONTENT_RANGE, &format!("bytes */{size}"));
        }
    };
    let shown_range = format!(
        "bytes {}-{}/{size}",
        range.start,
        range.end.saturating_sub(1)
    );
    let part = FilePart {
        content: Arc::clone(content),
        range,
    };
    let answer = Answer::new(status, Content::File(part))
        .with_header(header::ETAG, &tag)
        .with_header(header::ACCEPT_RANGES, "bytes");
    let told = !api.options.has(Mutation::RangeWithoutItsHeader);
    if status == StatusCode::PARTIAL_CONTENT && api.options.has(Mutation::RangeHeaderIsWrong) {
        return answer.with_header(header::CONTENT_RANGE, "some of it");
    }
    if status == StatusCode::PARTIAL_CONTENT && told {
        answer.with_header(header::CONTENT_RANGE, &shown_range)
    } else {
        answer
    }
}

pub(crate) fn delete(api: &mut Api, call: &Call) -> Answer {
    let path = match path(call) {
        Ok(path) => path,
        Err(answer) => return answer,
    };
    let storage = &mut api.world.storage;
    if storage.delete_file(&call.caller.customer_id, &path) {
        Answer::no_content()
    } else {
        not_found(&path)
    }
}

fn path(call: &Call) -> Result<String, Answer> {
    let path = match call.query("path") {
        None => Err("path is required".into()),
        Some(path) if path.ends_with('/') => Err("path must name a file".into()),
        Some(path) => file_path::folder("path", path),
    };
    path.map_err(|why| Answer::invalid(vec![why]))
}

fn not_found(path: &str) -> Answer {
    let message = format!("File with path {path} not found");
    Answer::framework(StatusCode::NOT_FOUND, message)
}

fn shown(file: &StoredFile) -> Value {
    let mut shown = json!({
        "path": file.path,
        "fileName": file.name(),
        "folderPath": file.folder(),
        "size": file.content.size,
        "sha256": file.content.sha256,
        "updated_at": times::millis(file.updated_at),
    });
    if let Some(id) = &file.dataset_id {
        shown["datasetId"] = json!(id);
    }
    shown
}

fn shown_as_uploaded(file: &StoredFile) -> Value {
    let mut shown = json!({
        "fileName": file.name(),
        "folderPath": file.folder(),
        "status": "uploaded",
        "size": file.content.size,
    });
    if let Some(id) = &file.dataset_id {
        shown["datasetId"] = json!(id);
    }
    shown
}
