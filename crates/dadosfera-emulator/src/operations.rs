//! The table of operations: what routes, permission checks, recording and faults all read.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::routes::{
    api_keys, auth, catalog, connections, customers, datasets, files, health, jobs, permissions,
    pipelines, pipelines_v2, runs, tables, tables_view, users,
};
use crate::state::permissions::API_KEY_MANAGE;

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) permission: Option<&'static str>,
    pub(crate) body: BodyKind,
    pub(crate) handle: Handle,
    /// Other methods and paths that the sources report for it.
    pub(crate) aliases: &'static [(&'static str, &'static str)],
}

/// What an operation does: one that reads cannot change anything, which is why it need not be journaled.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Handle {
    Reads(fn(&Api, &Call) -> Answer),
    Writes(fn(&mut Api, &Call) -> Answer),
}

/// Whether an operation reads a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyKind {
    None,
    Json,
    /// A form with files, streamed to disk before the operation runs.
    Form,
}

impl Operation {
    /// Every operation but those without a permission needs credentials.
    pub(crate) fn authenticated(&self) -> bool {
        self.permission.is_some()
    }

    /// Whether errors come in the platform's shapes rather than in the gateway's envelope.
    pub(crate) fn is_platform(&self) -> bool {
        self.path.starts_with("/platform/")
    }
}

const READ: Option<&str> = Some("GET /pipelines");
const CREATE: Option<&str> = Some("POST /pipelines");
const WRITE: Option<&str> = Some("PUT /pipelines");
const CONNECTIONS: Option<&str> = Some("GET /connections");
const CONNECT: Option<&str> = Some("connection:create");
const DISCONNECT: Option<&str> = Some("connection:delete");
const CATALOG: Option<&str> = Some("GET /catalog");
const CATALOG_CREATE: Option<&str> = Some("catalog:create");
const CATALOG_EDIT: Option<&str> = Some("catalog:edit");
const CATALOG_DELETE: Option<&str> = Some("catalog:delete");
const USERS: Option<&str> = Some("GET /users");
const USER_CREATE: Option<&str> = Some("user:create");
const USER_DELETE: Option<&str> = Some("user:delete");
const CUSTOMERS: Option<&str> = Some("GET /customers");
const CUSTOMER_EDIT: Option<&str> = Some("customer:edit");
const VIEW_FILES: Option<&str> = Some("import-file:view");
const IMPORT: Option<&str> = Some("import-file:create");
const KEYS: Option<&str> = Some(API_KEY_MANAGE);

macro_rules! operation {
    ($id:literal, "GET" $($rest:tt)+) => { operation!(Reads, $id, "GET" $($rest)+) };
    ("test_connection", $($rest:tt)+) => { operation!(Reads, "test_connection", $($rest)+) };
    ($id:literal, $($rest:tt)+) => { operation!(Writes, $id, $($rest)+) };
    ($does:ident, $id:literal, $method:literal $path:literal, $permission:expr, $body:ident, $handle:path $(, also $($other_method:literal $other_path:literal),+)?) => {
        Operation {
            id: $id,
            method: $method,
            path: $path,
            permission: $permission,
            body: BodyKind::$body,
            handle: Handle::$does($handle),
            aliases: &[$($(($other_method, $other_path)),+)?],
        }
    };
}

/// Every operation, in the order of the API's domains.
#[rustfmt::skip]
pub(crate) static OPERATIONS: &[Operation] = &[
    operation!("sign_in", "POST" "/auth/sign-in", None, Json, auth::sign_in),
    operation!("refresh_access_token", "POST" "/auth/refresh-access-token", None, Json, auth::refresh_access_token),

    operation!("list_api_keys", "GET" "/api-key", KEYS, None, api_keys::list),
    operation!("create_api_key", "POST" "/api-key", KEYS, Json, api_keys::create),
    operation!("delete_api_key", "DELETE" "/api-key/{id}", KEYS, None, api_keys::delete),
    operation!("list_permissions", "GET" "/permissions", KEYS, None, permissions::list),

    operation!("list_pipelines", "GET" "/platform/pipelines", READ, None, pipelines::list),
    operation!("get_pipeline", "GET" "/platform/pipeline/{pipelineId}", READ, None, pipelines::get),
    operation!("create_pipeline", "POST" "/platform/pipeline", CREATE, Json, pipelines::create),
    operation!("update_pipeline", "PATCH" "/platform/pipeline/{pipelineId}", WRITE, Json, pipelines::update),
    operation!("delete_pipeline", "DELETE" "/platform/pipeline/{pipelineId}", WRITE, None, pipelines::delete),
    operation!("execute_pipeline", "POST" "/platform/pipeline/execute", WRITE, Json, pipelines::execute),
    operation!("pause_pipeline", "POST" "/platform/pipeline/pause", WRITE, Json, pipelines::pause),
    operation!("unpause_pipeline", "POST" "/platform/pipeline/unpause", WRITE, Json, pipelines::unpause),
    operation!("update_pipeline_memory", "PUT" "/platform/pipeline/{pipelineId}/memory", WRITE, Json, pipelines::update_memory),

    operation!("list_pipeline_runs", "GET" "/platform/pipeline/{pipelineId}/pipeline_run", READ, None, runs::list,
        also "GET" "/platform/pipeline/{pipelineId}/runs"),
    operation!("get_pipeline_run", "GET" "/platform/pipeline/{pipelineId}/pipeline_run/{runId}", READ, None, runs::get,
        also "GET" "/platform/pipeline/{pipelineId}/runs/{runId}"),

    operation!("get_jdbc_job", "GET" "/platform/jobs/jdbc/{jobId}", READ, None, jobs::get_jdbc),
    operation!("update_job_sync_mode", "PUT" "/platform/jobs/jdbc/{jobId}/sync-mode", WRITE, Json, jobs::update_sync_mode,
        also "POST" "/platform/jobs/jdbc/{jobId}/sync-mode"),
    operation!("patch_job_input", "PATCH" "/platform/jobs/{jobId}/input", WRITE, Json, jobs::patch_input),
    operation!("reset_job_state", "POST" "/platform/jobs/{jobId}/reset-state", WRITE, None, jobs::reset_state),
    operation!("update_job_memory", "PUT" "/platform/jobs/{jobId}/memory", WRITE, Json, jobs::update_memory),

    operation!("list_pipelines_v2", "GET" "/pipelinesv2", READ, None, pipelines_v2::list),
    operation!("get_pipeline_v2_status", "GET" "/pipelinesv2/{id}/status", READ, None, pipelines_v2::status),
    operation!("download_pipeline_logs", "GET" "/pipelinesv2/download-logs", READ, None, pipelines_v2::download_logs),

    operation!("list_connections", "GET" "/connections", CONNECTIONS, None, connections::list),
    operation!("get_connection", "GET" "/connections/{connectionId}", CONNECTIONS, None, connections::get),
    operation!("create_connection", "POST" "/connections", CONNECT, Json, connections::create),
    operation!("update_connection", "PUT" "/connections/{connectionId}", CONNECT, Json, connections::update),
    operation!("delete_connection", "DELETE" "/connections/{connectionId}", DISCONNECT, None, connections::delete),
    operation!("test_connection", "POST" "/connections/{connectionId}/test", CONNECTIONS, None, connections::test),
    operation!("list_connection_plugins", "GET" "/connections/plugins", CONNECTIONS, None, connections::list_plugins),
    operation!("authorize_connection", "POST" "/connections/oauth/authorize", CONNECT, Json, connections::authorize),
    operation!("complete_connection", "POST" "/connections/oauth/callback", CONNECT, Json, connections::complete),

    operation!("list_catalog", "GET" "/catalog", CATALOG, None, catalog::list),
    operation!("get_data_asset", "GET" "/catalog/data-asset/{dataAssetId}", CATALOG, None, catalog::get),
    operation!("create_data_asset", "POST" "/catalog", CATALOG_CREATE, Json, catalog::create),
    operation!("update_data_asset", "PUT" "/catalog/data-asset/{dataAssetId}", CATALOG_EDIT, Json, catalog::update),
    operation!("delete_data_asset", "DELETE" "/catalog/data-asset/{dataAssetId}", CATALOG_DELETE, None, catalog::delete),
    operation!("get_data_asset_docs", "GET" "/catalog/data-asset/{dataAssetId}/docs", CATALOG, None, catalog::get_docs),
    operation!("set_data_asset_docs", "POST" "/catalog/data-asset/{dataAssetId}/docs", CATALOG_EDIT, Json, catalog::set_docs),
    operation!("set_certification_status", "PUT" "/catalog/data-asset/{dataAssetId}/certification-status", CATALOG_EDIT, Json, catalog::set_certification),
    operation!("get_columns_metadata", "GET" "/catalog/data-asset/{dataAssetId}/columns-metadata", CATALOG, None, tables_view::columns_metadata),
    operation!("get_data_preview", "GET" "/catalog/data-asset/{dataAssetId}/preview", CATALOG, None, tables_view::preview),

    operation!("list_users", "GET" "/users", USERS, None, users::list),
    operation!("create_users", "POST" "/users", USER_CREATE, Json, users::create),
    operation!("delete_user", "DELETE" "/users/{userId}", USER_DELETE, None, users::delete),

    operation!("list_customers", "GET" "/customers", CUSTOMERS, None, customers::list),
    operation!("get_current_customer", "GET" "/customers/current", CUSTOMERS, None, customers::current),
    operation!("get_customer", "GET" "/customers/{customerId}", CUSTOMERS, None, customers::get),
    operation!("update_customer", "PATCH" "/customers/{customerId}", CUSTOMER_EDIT, Json, customers::update),

    operation!("list_files", "GET" "/storage-explorer/storage", VIEW_FILES, None, files::list),
    operation!("upload_files", "POST" "/storage-explorer/storage/upload/batch", IMPORT, Form, files::upload),
    operation!("download_file", "GET" "/storage-explorer/storage/download", VIEW_FILES, None, files::download),
    operation!("delete_file", "DELETE" "/storage-explorer/storage", IMPORT, None, files::delete),
    operation!("list_datasets", "GET" "/storage-explorer/datasets", VIEW_FILES, None, datasets::list),
    operation!("get_dataset", "GET" "/storage-explorer/datasets/{datasetId}", VIEW_FILES, None, datasets::get),
    operation!("delete_dataset", "DELETE" "/storage-explorer/datasets/{datasetId}", IMPORT, None, datasets::delete),
    operation!("list_tables", "GET" "/storage-explorer/tables", VIEW_FILES, None, tables::list),
    operation!("get_table", "GET" "/storage-explorer/tables/{tableId}", VIEW_FILES, None, tables::get),
    operation!("create_table", "POST" "/storage-explorer/tables", IMPORT, Json, tables::create),
    operation!("delete_table", "DELETE" "/storage-explorer/tables/{tableId}", IMPORT, None, tables::delete),
    operation!("add_table_dataset", "POST" "/storage-explorer/tables/{tableId}/datasets", IMPORT, Json, tables::add_dataset),

    operation!("get_health", "GET" "/health", None, None, health::get),
];

/// The operation with this id.
pub(crate) fn by_id(id: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.id == id)
}

/// The operation whose id is most like this, if one is much like it: for who misspelt it.
pub(crate) fn like(id: &str) -> Option<&'static str> {
    let likeness = |operation: &Operation| strsim::jaro_winkler(operation.id, id);
    let (likeness, operation) = OPERATIONS
        .iter()
        .map(|operation| (likeness(operation), operation))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (likeness > 0.8).then_some(operation.id)
}

/// The operation that a request names, with its path parameters decoded.
///
/// Literal segments match in any case, and win over parameters; a parameter is any segment that is not empty, so an id
/// with an escaped slash, `..`, or what else stays one id.
pub(crate) fn find(method: &Method, path: &str) -> Option<(&'static Operation, Vec<String>)> {
    OPERATIONS
        .iter()
        .flat_map(|operation| {
            std::iter::once((operation.method, operation.path))
                .chain(operation.aliases.iter().copied())
                .map(move |(method, path)| (operation, method, path))
        })
        .filter(|(_, known, _)| *known == method.as_str())
        .filter_map(|(operation, _, template)| {
            matching(template, path).map(|params| (operation, params))
        })
        .min_by_key(|(_, params)| params.len())
}

fn matching(template: &str, path: &str) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            params.push(percent_decode_str(segment).decode_utf8_lossy().into_owned());
        } else if !expected.eq_ignore_ascii_case(segment) {
            return None;
        }
    }
    segments.next().is_none().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Option<(&'static str, Vec<String>)> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        find(&method, path).map(|(operation, params)| (operation.id, params))
    }

    #[test]
    fn literal_segments_match_in_any_case_and_win() {
        assert_eq!(
            found("GET", "/pipelinesV2"),
            Some(("list_pipelines_v2", vec![]))
        );
        assert_eq!(
            found("GET", "/PIPELINESV2/Download-Logs").unwrap().0,
            "download_pipeline_logs"
        );
        assert_eq!(
            found("POST", "/platform/pipeline/execute").unwrap().0,
            "execute_pipeline"
        );
        assert_eq!(
            found("GET", "/platform/pipeline/execute"),
            Some(("get_pipeline", vec!["execute".into()]))
        );
    }

    #[test]
    fn an_id_stays_one_id_whatever_it_holds() {
        for (segment, id) in [
            ("..", ".."),
            ("a%2Fb", "a/b"),
            ("%2e%2E", ".."),
            ("%F0%9F%9A%80", "🚀"),
            ("%zz", "%zz"),
            ("%ff", "\u{fffd}"),
        ] {
            let path = format!("/platform/pipeline/{segment}");
            assert_eq!(found("GET", &path), Some(("get_pipeline", vec![id.into()])));
        }
    }

    #[test]
    fn what_is_no_operation_is_not_found() {
        for (method, path) in [
            ("GET", "/"),
            ("GET", ""),
            ("GET", "/nope"),
            ("PUT", "/api-key"),
            ("GET", "/platform/pipeline/"),
            ("GET", "/platform/pipelines/"),
            ("GET", "//health"),
            ("TRACE", "/health"),
        ] {
            assert_eq!(found(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn the_table_agrees_with_the_description_operation_for_operation() {
        let mut ours: Vec<_> = OPERATIONS
            .iter()
            .map(|op| (op.id, op.method, op.path, op.permission, op.authenticated()))
            .collect();
        let mut described: Vec<_> = dadosfera_raw::OPS
            .iter()
            .map(|op| (op.id, op.method, op.path, op.permission, op.authenticated))
            .collect();
        ours.sort_unstable();
        described.sort_unstable();
        assert_eq!(ours, described);
    }

    #[test]
    fn every_id_is_there_once() {
        let mut ids: Vec<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), OPERATIONS.len());
        assert_eq!(ids.len(), 64);
    }
}
