//! Who acts in the laws, and how each signs in: the emulator's own users, or those that the environment names.

use std::collections::BTreeMap;

/// A part in a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Actor {
    /// May do everything, and has no second factor on the emulator.
    Admin,
    /// May do everything, with a second factor.
    WithMfa,
    /// May read pipelines.
    Viewer,
    /// May manage API keys, and read the catalog.
    UserAdmin,
    /// May do nothing.
    Powerless,
    /// An account that is disabled.
    Disabled,
    /// May do everything, for another customer.
    Stranger,
}

/// How somebody signs in.
#[derive(Clone)]
pub struct Person {
    /// The e-mail address.
    pub username: String,
    /// The password.
    pub password: String,
    /// The secret of the second factor, in base32.
    pub totp_secret: Option<String>,
}

/// Everybody that a target knows.
#[derive(Clone, Default)]
pub struct People {
    known: BTreeMap<Actor, Person>,
}

impl Actor {
    /// What the environment's variables of a live target begin with.
    #[must_use]
    pub fn variables(self) -> Option<&'static str> {
        match self {
            Self::Admin => Some("CONFORMANCE"),
            Self::Stranger => Some("CONFORMANCE_OTHER"),
            Self::Powerless => Some("CONFORMANCE_LIMITED"),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.known.keys()).finish()
    }
}

impl People {
    /// The users of the emulator's default seed.
    #[must_use]
    pub fn of_the_emulator() -> Self {
        let person = |username: &str, password: &str, totp_secret: Option<&str>| Person {
            username: username.to_owned(),
            password: password.to_owned(),
            totp_secret: totp_secret.map(str::to_owned),
        };
        let known = [
            (
                Actor::Admin,
                person("ana@acme.example", "acme-ana-password", None),
            ),
            (
                Actor::WithMfa,
                person(
                    "mfa@acme.example",
                    "acme-mfa-password",
                    Some("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
                ),
            ),
            (
                Actor::Viewer,
                person("vera@acme.example", "acme-vera-password", None),
            ),
            (
                Actor::UserAdmin,
                person("rita@acme.example", "acme-rita-password", None),
            ),
            (
                Actor::Powerless,
                person("carla@acme.example", "acme-carla-password", None),
            ),
            (
                Actor::Disabled,
                person("disabled@acme.example", "acme-disabled-password", None),
            ),
            (
                Actor::Stranger,
                person("bob@globex.example", "globex-bob-password", None),
            ),
        ];
        Self {
            known: known.into(),
        }
    }

    /// Those whom variables such as `CONFORMANCE_USERNAME` and `CONFORMANCE_PASSWORD` name.
    #[must_use]
    pub fn of_the_environment(read: impl Fn(&str) -> Option<String>) -> Self {
        let known = [Actor::Admin, Actor::Stranger, Actor::Powerless]
            .into_iter()
            .filter_map(|actor| {
                let prefix = actor.variables()?;
                let variable = |name: &str| {
                    read(&format!("{prefix}_{name}")).filter(|value| !value.is_empty())
                };
                let person = Person {
                    username: variable("USERNAME")?,
                    password: variable("PASSWORD")?,
                    totp_secret: variable("TOTP_SECRET"),
                };
                Some((actor, person))
            })
            .collect();
        Self { known }
    }

    /// The same with somebody in a part.
    #[must_use]
    pub fn with(mut self, actor: Actor, person: Person) -> Self {
        self.known.insert(actor, person);
        self
    }

    /// How somebody signs in, if the target has such a one.
    #[must_use]
    pub fn get(&self, actor: Actor) -> Option<&Person> {
        self.known.get(&actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_people_by_prefix() {
        let people = People::of_the_environment(|name| match name {
            "CONFORMANCE_USERNAME" | "CONFORMANCE_OTHER_USERNAME" => Some("u".to_owned()),
            "CONFORMANCE_PASSWORD" => Some("p".to_owned()),
            "CONFORMANCE_OTHER_PASSWORD" => Some(String::new()),
            _ => None,
        });
        assert!(people.get(Actor::Admin).is_some());
        assert!(people.get(Actor::Stranger).is_none() && people.get(Actor::Viewer).is_none());
        assert!(!format!("{:?}", people.get(Actor::Admin)).contains("\"p\""));
    }
}
