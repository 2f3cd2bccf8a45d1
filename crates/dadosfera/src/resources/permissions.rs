//! The permissions that an API key can hold, and what the signed-in user may do.

use dadosfera_raw::{OPS, Op, op, types};

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::pages::Items;

/// The permissions; from [`Client::permissions`].
#[derive(Debug, Clone, Copy)]
pub struct Permissions<'a> {
    client: &'a Client,
}

/// What the signed-in user lacks for a plan; from [`Client::check_plan`].
///
/// ```
/// # dadosfera::__example!(client => {
/// # let vera = dadosfera::Client::builder().base_url(client.base_url()).password("vera@acme.example", "acme-vera-password").build()?;
/// use dadosfera::{ErrorKind, MissingPermission, PlanCheck};
///
/// let check: PlanCheck = vera.check_plan(["list_pipelines", "create_pipeline"]).await?;
/// assert!(!check.is_allowed());
/// for MissingPermission { operation, permission, .. } in &check.missing {
///     println!("{operation} needs {permission}");
/// }
/// assert_eq!(check.allowed().unwrap_err().kind(), ErrorKind::Forbidden);
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanCheck {
    /// Each operation of the plan that the API will refuse, in the plan's order, once.
    pub missing: Vec<MissingPermission>,
}

/// An operation that the signed-in user may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingPermission {
    /// The operation, such as `delete_data_asset`.
    pub operation: &'static str,
    /// The permission that it needs, such as `catalog:delete`.
    pub permission: &'static str,
}

impl Client {
    /// The permissions that an API key can hold. What the signed-in user holds is in
    /// [`session().permissions()`](crate::SessionHandle::permissions).
    #[must_use]
    pub const fn permissions(&self) -> Permissions<'_> {
        Permissions { client: self }
    }

    /// Whether the signed-in user holds a permission, such as `catalog:delete`. It is what the API told at sign-in, which is
    /// done where it was not yet; what an administrator changed since then shows after the next sign-in.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// if !client.can("catalog:delete").await? {
    ///     println!("assets can only be looked at");
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of signing in; [`ErrorKind::InvalidInput`] for a client with an API key or only a refresh token, of which the
    /// API does not tell what it may do.
    pub async fn can(&self, permission: &str) -> Result<bool, Error> {
        Ok(self.session().sign_in().await?.may(permission))
    }

    /// Checks a whole plan before its first step: which of these operations the signed-in user may not do. The names are
    /// those of the table of operations, such as `create_pipeline`; which permission each needs is as good as that table
    /// says (most is what the vendor's code and documentation name, the rest inferred). Nothing but a sign-in is sent.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// client.check_plan(["create_pipeline", "execute_pipeline", "set_data_asset_docs"]).await?.allowed()?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// As of [`can`](Self::can), and [`ErrorKind::InvalidInput`] for an operation that is not in the table.
    pub async fn check_plan<O: AsRef<str>>(
        &self,
        operations: impl IntoIterator<Item = O>,
    ) -> Result<PlanCheck, Error> {
        let mut plan: Vec<&'static Op> = Vec::new();
        for name in operations {
            let operation = op(name.as_ref()).ok_or_else(|| no_operation(name.as_ref()))?;
            if !plan.contains(&operation) {
                plan.push(operation);
            }
        }
        let who = self.session().sign_in().await?;
        let missing = plan.iter().filter_map(|operation| {
            let permission = operation.permission.filter(|needed| !who.may(needed))?;
            Some(MissingPermission {
                operation: operation.id,
                permission,
            })
        });
        Ok(PlanCheck {
            missing: missing.collect(),
        })
    }
}

fn no_operation(name: &str) -> Error {
    let shown: String = name.escape_debug().take(60).collect();
    // The words that make up a name are often right when their order is not.
    let words: Vec<&str> = name
        .split(['_', '-', ' '])
        // One of many is named like many.
        .map(|it| it.trim_end_matches('s'))
        .filter(|it| it.len() > 3)
        .collect();
    let common = |id: &str| words.iter().filter(|word| id.contains(*word)).count();
    let mut near: Vec<&str> = OPS
        .iter()
        .map(|op| op.id)
        .filter(|id| common(id) > 0)
        .collect();
    near.sort_by_key(|id| std::cmp::Reverse(common(id)));
    near.truncate(5);
    let next = if near.is_empty() {
        "take the names from the table openapi/OPERATIONS.md, such as list_pipelines".to_owned()
    } else {
        format!("there are {}", near.join(", "))
    };
    Error::invalid_input(format!("there is no operation `{shown}`"), next).of("check_plan")
}

impl PlanCheck {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.missing.is_empty()
    }

    /// Goes on where nothing is missing.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] that names every operation of the plan that would be refused, with its permission.
    pub fn allowed(self) -> Result<(), Error> {
        let Some(first) = self.missing.first() else {
            return Ok(());
        };
        let named: Vec<String> = self
            .missing
            .iter()
            .map(|it| format!("{} needs `{}`", it.operation, it.permission))
            .collect();
        Err(Error::new(
            ErrorKind::Forbidden,
            format!("the user may not do all of the plan: {}", named.join(", ")),
        )
        .of("check_plan")
        .with_missing_permission(Some(first.permission))
        .next("ask an administrator to grant what is missing; nothing was done"))
    }
}

impl Permissions<'_> {
    /// Every permission with its id, such as 34 and `catalog:create`. The answer's shape is inferred.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// for permission in client.permissions().list().await? {
    ///     println!("{} {}", permission.id, permission.name);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) for whoever may not manage API keys.
    pub async fn list(&self) -> Result<Vec<types::Permission>, Error> {
        let call = self.client.call("list_permissions");
        let answer = call.raw().list_permissions().await;
        call.finish(answer).await
    }

    /// Every permission as a stream; the API has no pages here.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// println!("{} permissions", client.permissions().stream().collect_all().await?.len());
    /// # });
    /// ```
    pub fn stream(&self) -> Items<types::Permission> {
        let client = self.client.clone();
        Items::whole(
            "list_permissions",
            |it| it.name.as_str(),
            move || {
                let client = client.clone();
                async move { client.permissions().list().await }
            },
        )
    }
}
