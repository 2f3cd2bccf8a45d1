//! The SDK's source, as far as its public face is concerned: what `lib.rs` and its public modules export, and where it is
//! defined.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Item, UseTree, Visibility};

/// A crate's source.
pub(crate) struct Source {
    /// Each file's items, in the order of the paths.
    pub(crate) files: Vec<(PathBuf, Vec<Item>)>,
    /// What is exported, by the path that users write, such as `blocking::Client`; and the name of its definition.
    pub(crate) exports: BTreeMap<String, Export>,
}

/// Something exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Export {
    /// The name of the definition.
    pub(crate) name: String,
    /// The first module on the way to it; empty for what stands in the exporting file itself.
    pub(crate) module: String,
    /// Another crate's item, as it is written.
    pub(crate) foreign: Option<String>,
}

impl Source {
    /// Reads and parses every file of a crate but its tests.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let mut paths = Vec::new();
        collect(folder, &mut paths).map_err(|error| format!("{}: {error}", folder.display()))?;
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let file = syn::parse_file(&text)
                .map_err(|error| format!("{}: it does not parse: {error}", path.display()))?;
            let short = path.strip_prefix(folder).unwrap_or(&path).to_path_buf();
            files.push((short, file.items));
        }
        let mut this = Self {
            files,
            exports: BTreeMap::new(),
        };
        this.export("lib", "")?;
        Ok(this)
    }

    /// Notes what a module's file exports, and what its public modules do.
    fn export(&mut self, module: &str, prefix: &str) -> Result<(), String> {
        let items = self
            .module(module)
            .ok_or_else(|| format!("there is no file of the module {module}"))?
            .to_vec();
        let mut note = |path: String, export: Export| {
            self.exports.insert(format!("{prefix}{path}"), export);
        };
        let mut modules = Vec::new();
        for item in &items {
            match item {
                Item::Use(it) if is_public(&it.vis) => {
                    let mut leaves = Vec::new();
                    leaves_of(&it.tree, &mut Vec::new(), &mut leaves);
                    for (path, name) in leaves {
                        let is_own = items.iter().any(
                            |item| matches!(item, Item::Mod(it) if Some(&it.ident.to_string()) == path.first()),
                        ) || path.first().is_some_and(|it| it == "crate" || it == "super" || it == "self");
                        let definition = path.last().cloned().unwrap_or_default();
                        note(
                            name,
                            Export {
                                module: path.iter().rev().nth(1).cloned().unwrap_or_default(),
                                foreign: (!is_own).then(|| path.join("::")),
                                name: definition,
                            },
                        );
                    }
                }
                Item::Mod(it) if is_public(&it.vis) && it.content.is_none() => {
                    modules.push(it.ident.to_string());
                }
                item => {
                    if let Some((name, vis)) = named(item)
                        && is_public(vis)
                    {
                        note(
                            name.clone(),
                            Export {
                                name,
                                module: String::new(),
                                foreign: None,
                            },
                        );
                    }
                }
            }
        }
        for module in modules {
            self.export(&module, &format!("{prefix}{module}::"))?;
        }
        Ok(())
    }

    /// The items of the file of a module of this name.
    pub(crate) fn module(&self, name: &str) -> Option<&[Item]> {
        let file = |path: &Path| {
            path.file_stem().is_some_and(|stem| stem == name)
                || (path.ends_with("mod.rs")
                    && path
                        .parent()
                        .and_then(Path::file_name)
                        .is_some_and(|it| it == name))
        };
        let found = self.files.iter().find(|(path, _)| file(path))?;
        Some(&found.1)
    }

    /// The definition of an export: in the module that it comes from, else anywhere.
    pub(crate) fn definition(&self, export: &Export, is_blocking: bool) -> Option<(&Path, &Item)> {
        let here = |path: &Path| path.starts_with("blocking") == is_blocking;
        let all = self
            .files
            .iter()
            .filter(|(path, _)| here(path))
            .flat_map(|(path, items)| items.iter().map(move |item| (path.as_path(), item)));
        let mut found: Vec<(&Path, &Item)> = all
            .filter(|(_, item)| {
                named(item).is_some_and(|(name, vis)| name == export.name && is_public(vis))
            })
            .collect();
        let near = found.iter().position(|(path, _)| {
            path.file_stem()
                .is_some_and(|stem| stem == export.module.as_str())
        });
        if let Some(near) = near {
            return Some(found.swap_remove(near));
        }
        found.into_iter().next()
    }

    /// Every `impl` block of a type, inherent ones and those of traits, beside its definition's half of the crate.
    pub(crate) fn impls(&self, name: &str, is_blocking: bool) -> Vec<&syn::ItemImpl> {
        self.files
            .iter()
            .filter(|(path, _)| path.starts_with("blocking") == is_blocking)
            .flat_map(|(_, items)| items)
            .filter_map(|item| match item {
                Item::Impl(it) if type_name(&it.self_ty).as_deref() == Some(name) => Some(it),
                _ => None,
            })
            .collect()
    }
}

pub(crate) const fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

/// The last word of a type's path.
pub(crate) fn type_name(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|it| it.ident.to_string()),
        _ => None,
    }
}

/// The name and visibility of an item that has both.
pub(crate) fn named(item: &Item) -> Option<(String, &Visibility)> {
    let (ident, vis) = match item {
        Item::Struct(it) => (&it.ident, &it.vis),
        Item::Enum(it) => (&it.ident, &it.vis),
        Item::Trait(it) => (&it.ident, &it.vis),
        Item::Type(it) => (&it.ident, &it.vis),
        Item::Const(it) => (&it.ident, &it.vis),
        Item::Fn(it) => (&it.sig.ident, &it.vis),
        _ => return None,
    };
    Some((ident.to_string(), vis))
}

/// Whether an item is only there in tests, or hidden from the docs.
pub(crate) fn is_hidden(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|it| {
        let text = quote::quote!(#it).to_string().replace(' ', "");
        text == "#[cfg(test)]" || text == "#[doc(hidden)]"
    })
}

fn leaves_of(tree: &UseTree, path: &mut Vec<String>, leaves: &mut Vec<(Vec<String>, String)>) {
    match tree {
        UseTree::Path(it) => {
            path.push(it.ident.to_string());
            leaves_of(&it.tree, path, leaves);
            path.pop();
        }
        UseTree::Name(it) => {
            let name = it.ident.to_string();
            leaves.push((
                [path.as_slice(), std::slice::from_ref(&name)].concat(),
                name,
            ));
        }
        UseTree::Rename(it) => {
            let name = it.ident.to_string();
            leaves.push((
                [path.as_slice(), std::slice::from_ref(&name)].concat(),
                it.rename.to_string(),
            ));
        }
        UseTree::Group(it) => {
            for tree in &it.items {
                leaves_of(tree, path, leaves);
            }
        }
        UseTree::Glob(_) => leaves.push((path.clone(), "*".to_owned())),
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|it| it == "rs")
            && path.file_stem().is_some_and(|it| it != "tests")
        {
            paths.push(path);
        }
    }
    Ok(())
}
