//! The tenants.
//!
//! Rule: a name is one customer's only, since refresh and delete pipeline call a customer by its name.

use std::collections::BTreeMap;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) tier: String,
    pub(crate) schedule_limit: String,
    pub(crate) modules: Vec<String>,
}

/// All tenants, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Customers {
    by_id: BTreeMap<String, Customer>,
}

/// What to change of a customer; what is left out stays.
#[derive(Debug, Default)]
pub(crate) struct CustomerChanges {
    pub(crate) name: Option<String>,
    pub(crate) tier: Option<String>,
    pub(crate) schedule_limit: Option<String>,
    pub(crate) modules: Option<Vec<String>>,
}

/// Why a customer was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    NotFound,
    NameTaken,
}

impl Customers {
    pub(crate) fn add(&mut self, customer: Customer) {
        self.by_id.insert(customer.id.clone(), customer);
    }

    pub(crate) fn list(&self) -> impl Iterator<Item = &Customer> {
        self.by_id.values()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Customer> {
        self.by_id.get(id)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Customer> {
        self.by_id.values().find(|customer| customer.name == name)
    }

    pub(crate) fn update(
        &mut self,
        id: &str,
        changes: CustomerChanges,
    ) -> Result<&Customer, Refused> {
        let taken = changes
            .name
            .as_deref()
            .and_then(|name| self.named(name))
            .is_some_and(|other| other.id != id);
        let customer = self.by_id.get_mut(id).ok_or(Refused::NotFound)?;
        if taken {
            return Err(Refused::NameTaken);
        }
        let CustomerChanges {
            name,
            tier,
            schedule_limit,
            modules,
        } = changes;
        if let Some(name) = name {
            customer.name = name;
        }
        if let Some(tier) = tier {
            customer.tier = tier;
        }
        if let Some(schedule_limit) = schedule_limit {
            customer.schedule_limit = schedule_limit;
        }
        if let Some(modules) = modules {
            customer.modules = modules;
        }
        Ok(customer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Customers {
        let mut customers = Customers::default();
        for id in ["acme", "globex"] {
            customers.add(Customer {
                id: id.into(),
                name: id.into(),
                tier: "STANDARD".into(),
                schedule_limit: "hourly".into(),
                modules: Vec::new(),
            });
        }
        customers
    }

    #[test]
    fn what_is_left_out_stays() {
        let mut customers = two();
        let changes = CustomerChanges {
            schedule_limit: Some("daily".into()),
            ..CustomerChanges::default()
        };
        let customer = customers.update("acme", changes).unwrap();
        assert_eq!(
            (customer.schedule_limit.as_str(), customer.tier.as_str()),
            ("daily", "STANDARD")
        );
    }

    #[test]
    fn a_name_is_one_customers_only() {
        let mut customers = two();
        let rename = |name: &str| CustomerChanges {
            name: Some(name.into()),
            ..CustomerChanges::default()
        };
        let taken = customers.update("acme", rename("globex"));
        assert_eq!(taken, Err(Refused::NameTaken));
        let absent = customers.update("nobody", rename("globex"));
        assert_eq!(absent, Err(Refused::NotFound));
        assert!(customers.update("acme", rename("acme")).is_ok());
        assert!(customers.update("acme", rename("initech")).is_ok());
        assert_eq!(customers.named("initech").unwrap().id, "acme");
        assert!(customers.named("acme").is_none());
    }
}
