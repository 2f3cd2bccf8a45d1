//! Ensuring a catalog asset by name.

use dadosfera_raw::types;

use super::catalog::{Catalog, CatalogQuery, check_new};
use crate::client::Client;
use crate::ensure::{Done, Ensured, Target, differing, ensure, object, only_one};
use crate::error::{Error, ErrorKind};
use crate::id::DataAssetId;

struct Wanted<'a> {
    client: &'a Client,
    request: &'a types::CreateDataAssetRequest,
}

impl Catalog<'_> {
    /// Makes sure that there is an asset of this name and that it is as described: creates it, changes what differs, or
    /// does nothing. What the description leaves out is left as it is. Tags are the same in any order.
    ///
    /// The API lets any number of assets have one name, and answers a creation late or not at all. So one is created only
    /// after the whole catalog was looked at, and after an answer that was lost it is looked at again, twice. Where two
    /// processes ensure the same name in the same moment there may be two; ensuring then tells.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::types::{CreateDataAssetRequest, DataAssetType};
    ///
    /// let orders = CreateDataAssetRequest {
    ///     data_asset_type: DataAssetType::Dataset,
    ///     description: Some("orders of the shop".into()),
    ///     display_name: "Orders".into(),
    ///     embed: None,
    ///     external_url: None,
    ///     location: None,
    ///     name: None,
    ///     tags: Some(vec!["sales".into()]),
    /// };
    /// println!("{:?}", client.catalog().ensure(&orders).await?.done);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where several assets have the name, of the wanted type or, without one, of any; what else the
    /// calls answer that is done by it. [`ErrorKind::InvalidInput`] for what no
    /// server could accept; nothing is sent then.
    pub async fn ensure(
        &self,
        asset: &types::CreateDataAssetRequest,
    ) -> Result<Ensured<DataAssetId>, Error> {
        check_new(asset).map_err(|error| error.of("create_data_asset"))?;
        let wanted = Wanted {
            client: self.client(),
            request: asset,
        };
        ensure(self.client(), &wanted).await
    }
}

impl Wanted<'_> {
    /// The assets of exactly this name among those that a search brings, or among all.
    async fn named(&self, search: Option<String>) -> Result<Vec<types::DataAsset>, Error> {
        let query = CatalogQuery {
            search,
            ..CatalogQuery::default()
        };
        let mut all = self.client.catalog().stream(query).collect_all().await?;
        all.retain(|it| it.display_name == self.request.display_name);
        if all
            .iter()
            .any(|it| it.data_asset_type == self.request.data_asset_type)
        {
            all.retain(|it| it.data_asset_type == self.request.data_asset_type);
        }
        Ok(all)
    }
}

impl Target for Wanted<'_> {
    type Id = DataAssetId;
    type Found = DataAssetId;

    async fn find(&self) -> Result<Option<DataAssetId>, Error> {
        let name = &self.request.display_name;
        let mut named = self.named(Some(name.clone())).await?;
        if named.is_empty() {
            // How the API searches is not known, so nothing is created before all were looked at.
            named = self.named(None).await?;
        }
        only_one(named, "assets", name, |it| &it.id)?
            .map(|it| DataAssetId::new(it.id))
            .transpose()
    }

    async fn create(&self) -> Result<DataAssetId, Error> {
        let id = self.client.catalog().create(self.request).await?;
        // The tags of a new asset were seen to get lost.
        if self
            .request
            .tags
            .as_ref()
            .is_some_and(|tags| !tags.is_empty())
        {
            self.settle(id.clone()).await?;
        }
        Ok(id)
    }

    async fn settle(&self, id: DataAssetId) -> Result<Ensured<DataAssetId>, Error> {
        let there = self.client.catalog().get(&id).await?;
        let mut wanted = object(self.request)?;
        wanted.remove("name");
        let mut fields = differing(&wanted, &object(&there)?);
        if sorted(self.request.tags.as_deref()) == sorted(there.tags.as_deref()) {
            fields.retain(|field| field != "tags");
        }
        if fields.is_empty() {
            return Ok(Ensured::unchanged(id));
        }
        wanted.retain(|field, _| fields.contains(field));
        let changes: types::UpdateDataAssetRequest = serde_json::from_value(wanted.into())
            .map_err(|error| {
                Error::new(
                    ErrorKind::InvalidInput,
                    "the asset cannot be written as a change",
                )
                .with_source(error)
            })?;
        self.client.catalog().update(&id, &changes).await?;
        Ok(Ensured {
            id,
            done: Done::Updated(fields),
        })
    }
}

fn sorted(tags: Option<&[String]>) -> Vec<&str> {
    let mut tags: Vec<&str> = tags
        .unwrap_or_default()
        .iter()
        .map(String::as_str)
        .collect();
    tags.sort_unstable();
    tags
}
