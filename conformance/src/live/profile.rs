//! Who signs in, from a profile of the SDK and the shell: `config.toml`, and `secrets.toml` beside it, which only its owner
//! may read. It is read here anew, so that the suite does not rest on what it tests.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::people::Person;

/// A profile that can sign in.
#[derive(Debug)]
pub struct Profile {
    /// Who signs in.
    pub person: Person,
    /// The host that the profile is for.
    pub base_url: Option<String>,
}

/// Why a profile cannot be used. It holds no line of either file.
#[derive(Debug, thiserror::Error)]
#[error("{what}; {next}")]
pub struct ProfileError {
    what: String,
    next: String,
}

impl Profile {
    /// Reads a profile; `variable` reads the environment, which says where the files lie.
    ///
    /// # Errors
    /// Where a file cannot be read, secrets are open to others, or the profile has no user name and password.
    pub fn read(
        name: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ProfileError> {
        let filled = |name: &str| variable(name).filter(|value| !value.is_empty());
        let folder = filled("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| filled("HOME").map(|home| Path::new(&home).join(".config")))
            .map(|folder| folder.join("dadosfera"));
        let place = |variable: &str, file: &str| {
            filled(variable)
                .map(PathBuf::from)
                .or_else(|| folder.as_ref().map(|folder| folder.join(file)))
                .ok_or_else(|| ProfileError {
                    what: format!("nobody says where {file} lies"),
                    next: format!("set HOME or {variable}"),
                })
        };
        let config = table(&place("DADOSFERA_CONFIG_FILE", "config.toml")?, name, false)?;
        let secrets = table(
            &place("DADOSFERA_SECRETS_FILE", "secrets.toml")?,
            name,
            true,
        )?;
        let text = |table: &Table, key: &str| table.get(key)?.as_str().map(str::to_owned);
        let needed = |table: &Table, key: &str, file: &str| {
            text(table, key).ok_or_else(|| ProfileError {
                what: format!("the profile `{name}` has no {key}"),
                next: format!("write it under [profile.{name}] in {file}"),
            })
        };
        Ok(Self {
            person: Person {
                username: needed(&config, "username", "config.toml")?,
                password: needed(&secrets, "password", "secrets.toml")?,
                totp_secret: text(&secrets, "totp_secret"),
            },
            base_url: text(&config, "base_url"),
        })
    }
}

/// The table of a profile in one of the files; an empty one where there is none.
fn table(path: &Path, profile: &str, is_secret: bool) -> Result<Table, ProfileError> {
    let shown = path.display();
    if !path.exists() {
        return Ok(Table::new());
    }
    if is_secret && is_open(path) {
        return Err(ProfileError {
            what: format!("{shown} holds secrets and others can read or change it"),
            next: format!("run: chmod 600 {shown}"),
        });
    }
    let text = std::fs::read_to_string(path).map_err(|error| ProfileError {
        what: format!("{shown} cannot be read ({error})"),
        next: "give yourself access to it".to_owned(),
    })?;
    // The parser's own words quote the line, which may hold a secret.
    let root: Table = text.parse().map_err(|_| ProfileError {
        what: format!("{shown} is not valid TOML"),
        next: "mend it".to_owned(),
    })?;
    let profiles = root.get("profile").and_then(Value::as_table);
    let found = profiles.and_then(|profiles| profiles.get(profile));
    Ok(found.and_then(Value::as_table).cloned().unwrap_or_default())
}

#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o077 != 0)
}

/// Elsewhere the rights of the user's own folder have to do.
#[cfg(not(unix))]
fn is_open(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_profile_is_read_where_its_secrets_are_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let ours = folder.path().join("dadosfera");
        std::fs::create_dir(&ours).unwrap();
        let secrets = ours.join("secrets.toml");
        std::fs::write(
            ours.join("config.toml"),
            "[profile.nightly]\nusername = \"ana@acme.example\"\nbase_url = \"http://h\"\n",
        )
        .unwrap();
        std::fs::write(&secrets, "[profile.nightly]\npassword = \"canary\"\n").unwrap();
        let read = |name: &str| {
            let home = folder.path().display().to_string();
            Profile::read(name, |variable| {
                (variable == "XDG_CONFIG_HOME").then(|| home.clone())
            })
        };
        std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = read("nightly").unwrap_err().to_string();
        assert!(
            error.contains("chmod 600") && !error.contains("canary"),
            "{error}"
        );
        std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o600)).unwrap();
        let profile = read("nightly").unwrap();
        assert_eq!(profile.person.password, "canary");
        assert_eq!(profile.base_url.as_deref(), Some("http://h"));
        assert!(!format!("{profile:?}").contains("canary"));
        let error = read("other").unwrap_err().to_string();
        assert!(error.contains("has no username"), "{error}");
    }
}
