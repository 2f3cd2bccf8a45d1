//! Catalog assets that are there from the start.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::routes::catalog::new_data_asset;
use crate::state::data_asset::{AssetUser, LandedTable};
use crate::state::world::World;

/// A catalog asset that is there from the start.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedAsset {
    /// The user name of who made it.
    pub owner: String,
    /// The body of `POST /catalog`.
    pub asset: Map<String, Value>,
    /// The user names of others who see it.
    #[serde(default)]
    pub users: Vec<String>,
    /// The table that it stands for, as if a pipeline had made it.
    #[serde(default)]
    pub table: Option<SeedAssetTable>,
}

/// The table that an asset stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedAssetTable {
    /// The pipeline that landed it; it need not be there.
    pub pipeline_id: String,
    /// Such as `PUBLIC`.
    pub table_schema: String,
    /// Such as `tb__9c6hqs__public__orders`.
    pub table_name: String,
}

impl SeedAsset {
    /// Adds it; the error says which of its fields is wrong, and why.
    pub(crate) fn add(
        &self,
        world: &mut World,
        now: DateTime<Utc>,
    ) -> Result<(), (String, String)> {
        let named = |field: String, username: &str| {
            let user = world.users.get(username);
            user.ok_or_else(|| (field, "no user has this name".to_owned()))
        };
        let owner = named("owner".into(), &self.owner)?;
        let customer_id = owner.customer_id.clone();
        let maker = AssetUser {
            id: owner.id.clone(),
            email: owner.username.clone(),
        };
        let mut others = Vec::new();
        for (index, username) in self.users.iter().enumerate() {
            let field = format!("users[{index}]");
            let user = named(field.clone(), username)?;
            if user.customer_id != customer_id {
                return Err((field, "is a user of another customer".into()));
            }
            others.push(AssetUser {
                id: user.id.clone(),
                email: user.username.clone(),
            });
        }
        let mut new =
            new_data_asset(&self.asset).map_err(|wrong| ("asset".into(), wrong.join(", ")))?;
        new.others = others;
        let (catalogs, chance) = (&mut world.catalogs, &mut world.chance);
        match &self.table {
            None => {
                catalogs.create(&customer_id, maker, new, now, chance);
            }
            Some(table) => {
                let table =
                    LandedTable::new(&table.pipeline_id, &table.table_schema, &table.table_name);
                catalogs.upsert_from_pipeline(&customer_id, maker, table, Some(new), now, chance);
            }
        }
        Ok(())
    }
}
