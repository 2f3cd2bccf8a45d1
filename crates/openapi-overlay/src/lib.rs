//! [OpenAPI Overlay 1.0](https://spec.openapis.org/overlay/v1.0.0.html): changes to a document that a person reads before
//! they are applied.
//!
//! The one reader and the one writer of overlays in this house: repairs of a vendor's document (`cargo xtask regen`) and
//! proposals from a live host (`conformance run --drift`) are both such files. It knows trees of JSON and nothing of what
//! is in them.
//!
//! ```
//! use openapi_overlay::Overlay;
//! use serde_json::json;
//!
//! let overlay = Overlay::parse(
//!     "overlay: 1.0.0
//! info: {title: The id is a text, version: '1'}
//! actions:
//!   - target: $.paths.*.get.parameters[?@.name == 'id']
//!     update: {schema: {type: string}}
//! ",
//! )?;
//! let mut document = json!({"paths": {"/a/{id}": {"get": {"parameters": [{"name": "id", "schema": {"type": "number"}}]}}}});
//! let applied = overlay.actions()[0].apply(&mut document)?;
//! let change = &applied.changes[0];
//! assert_eq!(change.place.to_string(), "$['paths']['/a/{id}']['get']['parameters'][0]['schema']['type']");
//! assert_eq!((&change.before, &change.after), (&Some(json!("number")), &Some(json!("string"))));
//! # Ok::<(), openapi_overlay::OverlayError>(())
//! ```

mod action;
mod merge;
mod overlay;
mod target;

pub use action::{Action, Applied, Change};
pub use overlay::{Overlay, OverlayError};
pub use target::{Part, Target};
