//! A manifest, as it is read from TOML: every mistake with its line and the path of its field.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use dadosfera_raw::types::DataAssetType;

use super::reader::{Mistake, Table, parse};
use crate::error::{Error, ErrorKind};
use crate::id::DataAssetId;
use crate::input;
use crate::markdown::markdown_to_docs;

const FIELDS: [&str; 11] = [
    "certification",
    "description",
    "docs",
    "docs_file",
    "embed_url",
    "external_url",
    "id",
    "location",
    "name",
    "tags",
    "type",
];
/// What certification is called where there is none.
const NONE: &str = "none";
/// The one status that was seen; the API can refuse others.
const APPROVED: &str = "approved";

/// A manifest of catalog assets.
///
/// ```
/// use dadosfera::manifest::{Manifest, ManifestAsset};
///
/// let manifest = Manifest::parse("version = 1\n\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\n", "catalog.toml", None)?;
/// let orders: &ManifestAsset = &manifest.assets()[0];
/// assert_eq!((orders.name.as_str(), orders.line), ("Orders", 3));
///
/// let error = Manifest::parse("version = 1\n[[asset]]\nname = \"Orders\"\ntags = [\"\"]\n", "catalog.toml", None).unwrap_err();
/// assert!(error.to_string().contains("catalog.toml:2: asset[0].type is missing"));
/// assert!(error.to_string().contains("catalog.toml:4: asset[0].tags[0] is empty"));
/// # Ok::<(), dadosfera::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Manifest {
    origin: String,
    assets: Vec<ManifestAsset>,
}

/// An asset of a manifest. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ManifestAsset {
    /// The line of the manifest that it begins on.
    pub line: usize,
    /// Which asset it is, where that is said.
    pub id: Option<DataAssetId>,
    /// Its display name.
    pub name: String,
    /// Its type.
    pub data_asset_type: DataAssetType,
    /// A text for people.
    pub description: Option<String>,
    /// Its tags, and no others.
    pub tags: Option<Vec<String>>,
    /// Where it lies.
    pub location: Option<String>,
    /// Where more is to be found.
    pub external_url: Option<String>,
    /// What is shown in its page.
    pub embed_url: Option<String>,
    /// Its certification: a status, or that there is none.
    pub certification: Option<Option<String>>,
    /// Its documentation, as HTML.
    pub docs: Option<String>,
}

impl Manifest {
    /// Reads a manifest from a file; the files that it names are looked for beside it.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("catalog.toml");
    /// use dadosfera::manifest::Manifest;
    ///
    /// std::fs::write(&path, "version = 1\n\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\ndocs_file = \"none.md\"\n")?;
    /// let error = Manifest::read(&path).unwrap_err();
    /// assert!(error.to_string().contains("catalog.toml:6: asset[0].docs_file"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::File`] where it cannot be read, and as of [`parse`](Self::parse).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::new(
                ErrorKind::File,
                format!("{} cannot be read: {error}", path.display()),
            )
            .next("pass the path of a manifest")
            .with_source(error)
        })?;
        Self::parse(&text, &path.display().to_string(), path.parent())
    }

    /// Reads a manifest from a text. Errors call it `origin`; `docs_file` is looked for in `folder`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] with every mistake, each with its line and the path of its field.
    pub fn parse(text: &str, origin: &str, folder: Option<&Path>) -> Result<Self, Error> {
        let mut mistakes = Vec::new();
        let assets = match parse(text) {
            Ok(root) => read(&root, folder, &mut mistakes),
            Err(mistake) => {
                mistakes.push(mistake);
                Vec::new()
            }
        };
        if mistakes.is_empty() {
            return Ok(Self {
                origin: origin.to_owned(),
                assets,
            });
        }
        mistakes.sort_by_key(|mistake| mistake.line);
        let mut told = String::new();
        for mistake in &mistakes {
            let Mistake { line, field, what } = mistake;
            let separator = if told.is_empty() { "" } else { "\n" };
            let space = if field.is_empty() { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = write!(told, "{separator}{origin}:{line}: {field}{space}{what}");
        }
        let first = mistakes.swap_remove(0).field;
        Err(Error::invalid_input(told, "mend the manifest").with_field(first))
    }

    /// The assets, in the order of the manifest.
    #[must_use]
    pub fn assets(&self) -> &[ManifestAsset] {
        &self.assets
    }

    /// What errors call it.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }
}

fn read(
    root: &Table<'_>,
    folder: Option<&Path>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<ManifestAsset> {
    root.known(&["asset", "unchecked", "version"], mistakes);
    let is_unchecked = root.boolean("unchecked", mistakes) == Some(true);
    match root.integer("version", mistakes) {
        Some(1) => {}
        Some(_) => root.mistake("version", "is not 1, the only one that there is", mistakes),
        None => root.missing("version", "write `version = 1`", mistakes),
    }
    let tables = root.tables("asset", mistakes);
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut assets = Vec::with_capacity(tables.len());
    for table in &tables {
        table.known(&FIELDS, mistakes);
        let Some(asset) = asset(table, folder, mistakes) else {
            continue;
        };
        if let Some(Some(status)) = &asset.certification
            && status != APPROVED
            && !is_unchecked
        {
            let what = format!(
                "is `{}`, and only {APPROVED} and {NONE} are known; write `unchecked = true` at the top to let the API judge",
                status.escape_debug()
            );
            table.mistake("certification", &what, mistakes);
        }
        let key = match &asset.id {
            Some(id) => format!("id {id}"),
            None => format!("{} {}", asset.data_asset_type, asset.name),
        };
        if let Some(line) = seen.insert(key, asset.line) {
            table.mistake(
                "name",
                &format!("is that of the asset on line {line}"),
                mistakes,
            );
        }
        assets.push(asset);
    }
    assets
}

fn asset(
    table: &Table<'_>,
    folder: Option<&Path>,
    mistakes: &mut Vec<Mistake>,
) -> Option<ManifestAsset> {
    let id = table.string("id", mistakes).and_then(|text| {
        let id = DataAssetId::new(&text);
        table.check("id", id, mistakes)
    });
    let name = required(table, "name", mistakes);
    let data_asset_type = required(table, "type", mistakes);
    let tags = table.strings("tags", mistakes);
    if let Some(tags) = tags.as_ref().filter(|tags| !tags.is_empty()) {
        table.check("tags", input::names("tags", tags, ""), mistakes);
    }
    let mut address = |field: &'static str| {
        let url = table.string(field, mistakes)?;
        table.check(field, input::address(field, &url), mistakes);
        Some(url)
    };
    let (external_url, embed_url) = (address("external_url"), address("embed_url"));
    let certification = table.string("certification", mistakes).and_then(|text| {
        table.check(
            "certification",
            input::name("certification", &text),
            mistakes,
        )?;
        Some((text != NONE).then_some(text))
    });
    let docs = docs(table, folder, mistakes);
    Some(ManifestAsset {
        line: table.line(),
        id,
        name: name?,
        data_asset_type: DataAssetType::from(data_asset_type?.as_str()),
        description: table.string("description", mistakes),
        tags,
        location: table.string("location", mistakes),
        external_url,
        embed_url,
        certification,
        docs,
    })
}

fn required(table: &Table<'_>, field: &'static str, mistakes: &mut Vec<Mistake>) -> Option<String> {
    if !table.has(field) {
        table.missing(field, "each asset has a name and a type", mistakes);
        return None;
    }
    let text = table.string(field, mistakes)?;
    table.check(field, input::name(field, &text), mistakes)?;
    Some(text)
}

fn docs(table: &Table<'_>, folder: Option<&Path>, mistakes: &mut Vec<Mistake>) -> Option<String> {
    let inline = table.string("docs", mistakes);
    let Some(file) = table.string("docs_file", mistakes) else {
        return inline.map(|markdown| markdown_to_docs(&markdown));
    };
    if inline.is_some() {
        table.mistake(
            "docs_file",
            "stands beside docs: write one of them",
            mistakes,
        );
        return None;
    }
    let path = folder.unwrap_or(Path::new("")).join(&file);
    match std::fs::read_to_string(&path) {
        Ok(markdown) => Some(markdown_to_docs(&markdown)),
        Err(error) => {
            let what = format!("{} cannot be read: {error}", path.display());
            table.mistake("docs_file", &what, mistakes);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let error = Manifest::parse(text, "m.toml", None).expect_err("mistakes");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.to_string()
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_its_field() {
        let text = "version = 2\n\
                    colour = \"red\"\n\
                    [[asset]]\n\
                    name = \"Orders\"\n\
                    type = \"dataset\"\n\
                    tags = [\"a\", 1]\n\
                    external_url = \"example.com\"\n\
                    [[asset]]\n\
                    name = \"\"\n\
                    type = 7\n\
                    ower = \"me\"\n\
                    docs = \"a\"\n\
                    docs_file = \"b.md\"\n\
                    [[asset]]\n\
                    name = \"Orders\"\n\
                    type = \"dataset\"\n";
        let said = told(text);
        let lines: Vec<&str> = said.lines().collect();
        for (line, expected) in [
            "m.toml:1: version is not 1",
            "m.toml:2: colour is no field",
            "m.toml:6: asset[0].tags[1] is no text",
            "m.toml:7: asset[0].external_url is no address",
            "m.toml:9: asset[1].name is empty",
            "m.toml:10: asset[1].type is no text",
            "m.toml:11: asset[1].ower is no field",
            "m.toml:13: asset[1].docs_file stands beside docs",
            "m.toml:15: asset[2].name is that of the asset on line 3",
        ]
        .iter()
        .enumerate()
        {
            assert!(lines[line].starts_with(expected), "{line}: {said}");
        }
        assert_eq!(lines.len(), 9, "{said}");
    }

    #[test]
    fn a_certification_that_was_never_seen_is_refused_unless_the_api_is_to_judge() {
        let text = |top: &str, status: &str| {
            format!(
                "version = 1\n{top}[[asset]]\nname = \"a\"\ntype = \"dataset\"\ncertification = \"{status}\"\n"
            )
        };
        let said = told(&text("", "gold"));
        assert!(
            said.starts_with(
                "m.toml:5: asset[0].certification is `gold`, and only approved and none"
            ),
            "{said}"
        );
        for (top, status, expected) in [
            ("", "approved", Some("approved")),
            ("", "none", None),
            ("unchecked = true\n", "gold", Some("gold")),
        ] {
            let manifest = Manifest::parse(&text(top, status), "m.toml", None).expect("a manifest");
            let found = manifest.assets()[0].certification.clone();
            assert_eq!(found, Some(expected.map(str::to_owned)));
        }
        assert!(
            told(&text("unchecked = 1\n", "none"))
                .contains("m.toml:2: unchecked is neither true nor false")
        );
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        assert!(told("version = 1\n[[asset]\n").starts_with("m.toml:2: "));
        assert!(told("").starts_with("m.toml:1: version is missing"));
        assert!(told("version = 1\nasset = 3\n").starts_with("m.toml:2: asset is no list"));
        assert!(
            told("version = 1\n[[asset]]\nname = \"a\"\nname = \"b\"\n").contains("m.toml:4: ")
        );
    }

    #[test]
    fn docs_come_from_a_file_beside_the_manifest() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("orders.md"), "# Orders").expect("written");
        let path = folder.path().join("catalog.toml");
        let asset = "version = 1\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\n";
        std::fs::write(&path, format!("{asset}docs_file = \"orders.md\"\n")).expect("written");
        let manifest = Manifest::read(&path).expect("read");
        assert_eq!(
            manifest.assets()[0].docs.as_deref(),
            Some("<h1>Orders</h1>")
        );
        std::fs::write(&path, format!("{asset}docs_file = \"none.md\"\n")).expect("written");
        let error = Manifest::read(&path).expect_err("none");
        assert!(
            error.to_string().contains(":5: asset[0].docs_file"),
            "{error}"
        );
    }
}
