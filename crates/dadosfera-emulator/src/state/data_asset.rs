//! One catalog asset, and who may see it.
//!
//! Rule: Super Admin and Data Admin see every asset of their customer; others see those that pipelines made and those
//! whose `users` name them, as whoever made an asset is named.

use chrono::{DateTime, Utc};

use crate::state::ids;
use crate::state::permissions::Group;

/// An asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataAsset {
    pub(crate) id: String,
    /// Counts per customer; as a text it is the older id of the detail.
    pub(crate) number: usize,
    pub(crate) maker: AssetUser,
    pub(crate) users: Vec<AssetUser>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) is_renamed: bool,
    pub(crate) display_name: String,
    pub(crate) description: Option<String>,
    pub(crate) data_asset_type: String,
    pub(crate) tags: Vec<String>,
    pub(crate) location: Option<String>,
    pub(crate) external_url: Option<String>,
    pub(crate) embed_url: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) certification_status: Option<String>,
    /// HTML.
    pub(crate) docs: String,
    /// The table that it stands for, of those that pipelines made.
    pub(crate) table: Option<LandedTable>,
}

/// A user as an asset names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AssetUser {
    pub(crate) id: String,
    pub(crate) email: String,
}

/// A table that a pipeline landed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LandedTable {
    /// As answers spell it.
    pub(crate) pipeline_id: String,
    pub(crate) table_schema: String,
    pub(crate) table_name: String,
}

/// An asset as one is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NewDataAsset {
    pub(crate) display_name: String,
    pub(crate) description: Option<String>,
    pub(crate) data_asset_type: String,
    pub(crate) tags: Vec<String>,
    pub(crate) location: Option<String>,
    pub(crate) external_url: Option<String>,
    pub(crate) embed_url: Option<String>,
    /// Who may see it, beside whoever makes it.
    pub(crate) others: Vec<AssetUser>,
}

/// What to change of an asset; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DataAssetChanges {
    pub(crate) display_name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) data_asset_type: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) location: Option<String>,
    pub(crate) external_url: Option<String>,
    pub(crate) embed_url: Option<String>,
    pub(crate) comment: Option<String>,
}

/// Who looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Viewer<'a> {
    pub(crate) customer_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) group: Group,
}

impl Viewer<'_> {
    pub(crate) fn sees_all(&self) -> bool {
        matches!(self.group, Group::SuperAdmin | Group::DataAdmin)
    }
}

impl LandedTable {
    pub(crate) fn new(pipeline_id: &str, table_schema: &str, table_name: &str) -> Self {
        Self {
            pipeline_id: ids::canonical(pipeline_id),
            table_schema: table_schema.to_owned(),
            table_name: table_name.to_owned(),
        }
    }
}

impl DataAsset {
    pub(crate) fn new(
        id: String,
        number: usize,
        maker: AssetUser,
        new: NewDataAsset,
        now: DateTime<Utc>,
    ) -> Self {
        let NewDataAsset {
            display_name,
            description,
            data_asset_type,
            tags,
            location,
            external_url,
            embed_url,
            others,
        } = new;
        let mut users = vec![maker.clone()];
        users.extend(others);
        Self {
            id,
            number,
            users,
            maker,
            created_at: now,
            updated_at: now,
            is_renamed: false,
            display_name,
            description,
            data_asset_type,
            tags,
            location,
            external_url,
            embed_url,
            comment: None,
            certification_status: None,
            docs: String::new(),
            table: None,
        }
    }

    /// Whether somebody of its customer may see it.
    pub(crate) fn is_visible_to(&self, viewer: Viewer<'_>) -> bool {
        viewer.sees_all()
            || self.table.is_some()
            || self.users.iter().any(|user| user.id == viewer.user_id)
    }

    pub(crate) fn change(&mut self, changes: DataAssetChanges, now: DateTime<Utc>) {
        let DataAssetChanges {
            display_name,
            description,
            data_asset_type,
            tags,
            location,
            external_url,
            embed_url,
            comment,
        } = changes;
        if let Some(name) = display_name {
            self.is_renamed |= name != self.display_name;
            self.display_name = name;
        }
        if let Some(data_asset_type) = data_asset_type {
            self.data_asset_type = data_asset_type;
        }
        if let Some(tags) = tags {
            self.tags = tags;
        }
        for (field, value) in [
            (&mut self.description, description),
            (&mut self.location, location),
            (&mut self.external_url, external_url),
            (&mut self.embed_url, embed_url),
            (&mut self.comment, comment),
        ] {
            if value.is_some() {
                *field = value;
            }
        }
        self.updated_at = now;
    }
}
