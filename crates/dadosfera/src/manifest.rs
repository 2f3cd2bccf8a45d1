//! The catalog as code: a manifest of assets, what of it is not so yet, and making it so.
//!
//! A manifest is a TOML file. What it does not name stays as it is, and what it does not list is left alone; nothing is ever
//! deleted.
//!
//! ```toml
//! version = 1
//!
//! [[asset]]
//! name = "Orders"                # with the type it says which asset is meant
//! type = "dataset"
//! # id = "2d044685-…"            # says it better: then the name is set, and two of one name can be told apart
//! description = "Orders of the shop"
//! tags = ["gold", "shop"]        # these and no others
//! location = "PUBLIC.ORDERS"
//! external_url = "https://example.com/orders"
//! embed_url = "https://example.com/orders/embed"
//! certification = "approved"     # or "none"; the API decides on others where `unchecked = true` stands at the top
//! docs_file = "orders.md"        # beside the manifest; or `docs = """…"""`
//! ```
//!
//! - Reading it tells every mistake with its line and the path of its field.
//! - [`Catalog::plan`](crate::Catalog::plan) compares it with the catalog and writes nothing. The plan shows as a diff.
//! - [`Catalog::apply`](crate::Catalog::apply) backs up what it will change, changes it, and can be run again after whatever
//!   happened: it goes on with what is left. Once all is as the manifest says, it writes nothing.
//! - Docs are markdown, and are kept as the HTML of the docs' editor: [`markdown_to_docs`](crate::markdown_to_docs) says what
//!   that cannot hold.

mod apply;
mod backup;
mod diff;
mod document;
mod plan;
mod reader;

pub use apply::{Applied, ApplyOptions, ApplyStep};
pub use document::{Manifest, ManifestAsset};
pub use plan::{AssetPlan, CatalogPlan, PlannedAction, PlannedChange};
