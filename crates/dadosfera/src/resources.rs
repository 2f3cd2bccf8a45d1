//! What the API has, one file for each noun. Inside each: list, get, create, update, delete, then the actions.

pub(crate) mod auth;

pub(crate) mod api_keys;
pub(crate) mod catalog;
pub(crate) mod connections;
pub(crate) mod cron;
pub(crate) mod customers;
pub(crate) mod ensure_asset;
pub(crate) mod ensure_connection;
pub(crate) mod ensure_pipeline;
pub(crate) mod health;
pub(crate) mod job_rules;
pub(crate) mod jobs;
pub(crate) mod new_file_job;
pub(crate) mod new_jdbc_job;
pub(crate) mod new_pipeline;
pub(crate) mod new_source_job;
pub(crate) mod permissions;
pub(crate) mod pipelines;
pub(crate) mod pipelines_v2;
pub(crate) mod runs;
pub(crate) mod storage;
pub(crate) mod storage_download;
pub(crate) mod storage_local;
pub(crate) mod storage_rules;
pub(crate) mod storage_upload;
pub(crate) mod storage_upload_many;
pub(crate) mod sync_mode;
pub(crate) mod table_from_file;
pub(crate) mod tables;
pub(crate) mod users;
pub(crate) mod web_links;
