//! The permissions, their ids, and what each managed group may do.
//!
//! Names are observed; of the ids only 34 is documented. What a group holds is ours, and so are the names of the permissions
//! for API keys, users, customers, reading connections, and uploading.

/// One permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permission {
    pub(crate) id: i64,
    pub(crate) name: &'static str,
}

const fn permission(id: i64, name: &'static str) -> Permission {
    Permission { id, name }
}

/// Every permission there is, in the order of their ids.
pub(crate) static PERMISSIONS: &[Permission] = &[
    permission(1, "GET /pipelines"),
    permission(2, "POST /pipelines"),
    permission(3, "PUT /pipelines"),
    permission(4, "GET /catalog"),
    permission(5, "GET /metabase"),
    permission(6, "catalog:read"),
    permission(7, "data_assets:delete"),
    permission(8, "connection:create"),
    permission(9, "connection:delete"),
    permission(10, "network_config:create"),
    permission(11, "import-file:view"),
    permission(12, "process:open"),
    permission(13, API_KEY_MANAGE),
    permission(14, "GET /connections"),
    permission(15, "import-file:create"),
    permission(16, "GET /users"),
    permission(17, "user:create"),
    permission(18, "user:delete"),
    permission(19, "GET /customers"),
    permission(20, "customer:edit"),
    permission(34, "catalog:create"),
    permission(35, "catalog:edit"),
    permission(36, "catalog:delete"),
];

/// The permission to manage API keys.
pub(crate) const API_KEY_MANAGE: &str = "api-key:manage";

/// A managed group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Group {
    SuperAdmin,
    DataAdmin,
    DataAssetsManager,
    Viewer,
    UserAdmin,
    /// The default, since it may do nothing.
    #[default]
    ContactSupport,
}

impl Group {
    pub(crate) const ALL: [Self; 6] = [
        Self::SuperAdmin,
        Self::DataAdmin,
        Self::DataAssetsManager,
        Self::Viewer,
        Self::UserAdmin,
        Self::ContactSupport,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|group| group.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SuperAdmin => "Super Admin",
            Self::DataAdmin => "Data Admin",
            Self::DataAssetsManager => "Data Assets Manager",
            Self::Viewer => "Viewer",
            Self::UserAdmin => "User Admin",
            Self::ContactSupport => "Contact Support",
        }
    }

    pub(crate) fn holds(self, permission: &str) -> bool {
        match self {
            Self::SuperAdmin => true,
            Self::DataAdmin => {
                !matches!(permission, API_KEY_MANAGE | "customer:edit")
                    && !permission.starts_with("user:")
            }
            Self::DataAssetsManager => {
                Self::Viewer.holds(permission)
                    || permission.starts_with("catalog:")
                    || matches!(permission, "GET /connections" | "import-file:view")
            }
            Self::Viewer => matches!(
                permission,
                "GET /catalog" | "GET /pipelines" | "GET /customers"
            ),
            Self::UserAdmin => matches!(
                permission,
                API_KEY_MANAGE
                    | "GET /catalog"
                    | "GET /users"
                    | "user:create"
                    | "user:delete"
                    | "GET /customers"
            ),
            Self::ContactSupport => false,
        }
    }

    /// The names of what it holds, in the order of the table.
    pub(crate) fn permissions(self) -> Vec<&'static str> {
        PERMISSIONS
            .iter()
            .map(|permission| permission.name)
            .filter(|name| self.holds(name))
            .collect()
    }
}

/// The permission with this id.
pub(crate) fn by_id(id: i64) -> Option<Permission> {
    PERMISSIONS.iter().copied().find(|known| known.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_id_is_catalog_create() {
        assert_eq!(by_id(34).unwrap().name, "catalog:create");
        assert_eq!(by_id(0), None);
    }

    #[test]
    fn groups_hold_what_the_table_says() {
        assert_eq!(Group::SuperAdmin.permissions().len(), PERMISSIONS.len());
        assert_eq!(
            Group::Viewer.permissions(),
            ["GET /pipelines", "GET /catalog", "GET /customers"]
        );
        assert_eq!(
            Group::UserAdmin.permissions(),
            [
                "GET /catalog",
                "api-key:manage",
                "GET /users",
                "user:create",
                "user:delete",
                "GET /customers"
            ]
        );
        assert!(Group::ContactSupport.permissions().is_empty());
        for (permission, held) in [
            ("api-key:manage", false),
            ("user:delete", false),
            ("customer:edit", false),
            ("GET /users", true),
            ("connection:delete", true),
        ] {
            assert_eq!(Group::DataAdmin.holds(permission), held, "{permission}");
        }
        assert!(Group::DataAssetsManager.holds("import-file:view"));
        assert!(!Group::DataAssetsManager.holds("import-file:create"));
    }
}
