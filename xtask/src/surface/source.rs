//! The SDK's source, as far as its public face is concerned: what `lib.rs` and its public modules export, and where it is
//! defined.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::{Item, UseTree, Visibility};

/// The module of the blocking form.
pub(crate) const BLOCKING: &str = "blocking";

/// The features without which something is not there; none for what always is.
pub(crate) type Gate = BTreeSet<String>;

/// A crate's source.
pub(crate) struct Source {
    /// Each file, in the order of the paths.
    pub(crate) files: Vec<File>,
    /// What is exported, by the path that users write, such as `blocking::Client`; and the name of its definition.
    pub(crate) exports: BTreeMap<String, Export>,
}

/// A file of the source.
pub(crate) struct File {
    /// Its path below the crate's source folder.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) items: Vec<Item>,
    /// Those of the module and the modules around it.
    pub(crate) gate: Gate,
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
            files.push(File {
                path: short,
                text,
                items: file.items,
                gate: Gate::new(),
            });
        }
        gate(&mut files);
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
        let mut found = Vec::new();
        let mut note = |path: String, export: Export| found.push((path, export));
        let mut modules = Vec::new();
        for item in &items {
            match item {
                Item::Use(it) if is_public(&it.vis) => {
                    let mut leaves = Vec::new();
                    leaves_of(&it.tree, &mut Vec::new(), &mut leaves);
                    for (path, name) in leaves {
                        if name == "*" {
                            let module = path.last().cloned().unwrap_or_default();
                            for name in self.public_names(&module) {
                                note(
                                    name.clone(),
                                    Export {
                                        name,
                                        module: module.clone(),
                                        foreign: None,
                                    },
                                );
                            }
                            continue;
                        }
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
        for (path, export) in found {
            self.exports.insert(format!("{prefix}{path}"), export);
        }
        for module in modules {
            self.export(&module, &format!("{prefix}{module}::"))?;
        }
        Ok(())
    }

    /// The public items of the file of a module.
    fn public_names(&self, module: &str) -> Vec<String> {
        let items = self.module(module).unwrap_or_default();
        let public = items.iter().filter_map(named);
        public
            .filter(|(_, vis)| is_public(vis))
            .map(|(name, _)| name)
            .collect()
    }

    /// The items of the file of a module of this name.
    fn module(&self, name: &str) -> Option<&[Item]> {
        let file = |path: &Path| {
            path.file_stem().is_some_and(|stem| stem == name)
                || (path.ends_with("mod.rs")
                    && path
                        .parent()
                        .and_then(Path::file_name)
                        .is_some_and(|it| it == name))
        };
        let found = self.files.iter().find(|it| file(&it.path))?;
        Some(&found.items)
    }

    /// The definition of an export: in the module that it comes from, else anywhere in its half of the crate.
    pub(crate) fn definition(&self, export: &Export, is_blocking: bool) -> Option<(&File, &Item)> {
        let mut found: Vec<(&File, &Item)> = self
            .half(is_blocking)
            .flat_map(|file| file.items.iter().map(move |item| (file, item)))
            .filter(|(_, item)| {
                named(item).is_some_and(|(name, vis)| name == export.name && is_public(vis))
            })
            .collect();
        let near = found.iter().position(|(file, _)| {
            file.path
                .file_stem()
                .is_some_and(|stem| stem == export.module.as_str())
        });
        if let Some(near) = near {
            return Some(found.swap_remove(near));
        }
        found.into_iter().next()
    }

    /// Every `impl` block of a type in one half of the crate, inherent ones and those of traits.
    pub(crate) fn impls(&self, name: &str, is_blocking: bool) -> Vec<(&File, &syn::ItemImpl)> {
        self.half(is_blocking)
            .flat_map(|file| file.items.iter().map(move |item| (file, item)))
            .filter_map(|(file, item)| match item {
                Item::Impl(it) if type_name(&it.self_ty).as_deref() == Some(name) => {
                    Some((file, it))
                }
                _ => None,
            })
            .collect()
    }

    /// Like [`impls`](Self::impls), with what the blocking half adds to a type that has no form of its own there.
    pub(crate) fn all_impls(&self, name: &str, is_blocking: bool) -> Vec<(&File, &syn::ItemImpl)> {
        let mut all = self.impls(name, is_blocking);
        let is_twofold = self.exports.contains_key(&format!("{BLOCKING}::{name}"));
        if !is_blocking && !is_twofold {
            all.extend(self.impls(name, true));
        }
        all
    }

    /// Whether the crate defines a trait of this name.
    pub(crate) fn has_trait(&self, name: &str) -> bool {
        let items = self.files.iter().flat_map(|file| &file.items);
        items
            .filter_map(|item| match item {
                Item::Trait(it) => Some(&it.ident),
                _ => None,
            })
            .any(|ident| ident == name)
    }

    fn half(&self, is_blocking: bool) -> impl Iterator<Item = &File> {
        self.files
            .iter()
            .filter(move |file| file.path.starts_with(BLOCKING) == is_blocking)
    }
}

/// The features that an item's attributes ask for.
pub(crate) fn features(attributes: &[syn::Attribute]) -> Gate {
    let mut gate = Gate::new();
    for attribute in attributes.iter().filter(|it| it.path().is_ident("cfg")) {
        // Another condition than a feature is none of ours.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("feature") {
                gate.insert(meta.value()?.parse::<syn::LitStr>()?.value());
            }
            Ok(())
        });
    }
    gate
}

/// Gives each file the features that the declarations of its module and of those around it ask for.
fn gate(files: &mut [File]) {
    let mut gated: Vec<(PathBuf, Gate)> = Vec::new();
    for file in &*files {
        let folder = match file.path.file_stem() {
            Some(stem) if stem != "lib" && stem != "mod" => file.path.with_extension(""),
            _ => file.path.parent().unwrap_or(Path::new("")).to_owned(),
        };
        for item in &file.items {
            if let Item::Mod(module) = item
                && module.content.is_none()
            {
                let gate = features(&module.attrs);
                if !gate.is_empty() {
                    gated.push((folder.join(module.ident.to_string()), gate));
                }
            }
        }
    }
    for file in files {
        let module = file.path.with_extension("");
        for (_, gate) in gated.iter().filter(|(path, _)| module.starts_with(path)) {
            file.gate.extend(gate.iter().cloned());
        }
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
