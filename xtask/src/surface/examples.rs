//! Every public item has an example that runs: the examples of the docs run against the emulator in CI, and so do those of
//! [`RUN`].
//!
//! What counts: of a method that it is called in an example of its own file or its type's (or as `Type::method` in any), of a
//! trait's method that one calls or writes it, of everything else that one names it or stands in its own docs. An example that
//! does not run does not count, and is a finding itself, but for one that must not compile. The generated blocking form is not asked: each of its methods is its
//! asynchronous twin and links to that one's example.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Attribute, ImplItem, Item, TraitItem};

use super::source::{BLOCKING, File, Source, is_hidden, is_public};

/// Programs under `examples/` that CI runs.
const RUN: [&str; 1] = ["quickstart.rs"];
/// What no example here can show, and why. One that is shown after all has to go.
const EXCEPTIONS: [(&str, &str); 0] = [];

/// The words of the examples in one file's docs.
type Words = Vec<String>;

/// A public item, and whether it is shown.
struct Asked {
    path: String,
    file: PathBuf,
    is_shown: bool,
}

/// Checks the crate at `folder`, and says how many items are shown.
pub(crate) fn check(folder: &Path, source: &Source) -> Result<String, String> {
    let mut problems = Vec::new();
    let mut code: BTreeMap<&Path, Words> = BTreeMap::new();
    let mut count = 0;
    for file in &source.files {
        let mut words = Words::new();
        for example in examples(&file.text) {
            let place = format!("src/{}:{}", file.path.display(), example.line);
            if example.info == "compile_fail" {
                continue;
            }
            if !example.runs {
                problems.push(format!(
                    "{place}: an example marked `{}`, which does not run; let it run against the emulator",
                    example.info
                ));
                continue;
            }
            count += 1;
            if let Err(error) = read(&example.code, &mut words) {
                problems.push(format!("{place}: the example is no Rust: {error}"));
            }
        }
        code.insert(&file.path, words);
    }
    let mut programs = Words::new();
    for name in RUN {
        let path = folder.join("examples").join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        read(&text, &mut programs).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let all: Vec<&[String]> = code
        .values()
        .chain([&programs])
        .map(Vec::as_slice)
        .collect();
    let asked = asked(source, &code, &all);
    let mut excused = 0;
    for one in &asked {
        let reason = EXCEPTIONS.iter().find(|(path, _)| *path == one.path);
        match (reason, one.is_shown) {
            (None, true) => {}
            (Some(_), false) => excused += 1,
            (Some(_), true) => problems.push(format!(
                "{}: has an example, so its exception is not needed",
                one.path
            )),
            (None, false) => problems.push(format!(
                "{}: no example that runs uses it; write one into its docs in src/{}, or into those of its type",
                one.path,
                one.file.display()
            )),
        }
    }
    for (path, _) in EXCEPTIONS {
        if !asked.iter().any(|one| one.path == path) {
            problems.push(format!("{path}: an exception for what is not there"));
        }
    }
    if problems.is_empty() {
        return Ok(format!(
            "examples: {} public items are shown by {count} examples that run, {excused} excused",
            asked.len() - excused
        ));
    }
    problems.sort();
    Err(format!(
        "{} findings about the SDK's examples:\n  {}",
        problems.len(),
        problems.join("\n  ")
    ))
}

/// Every public item with whether it is shown.
fn asked(source: &Source, code: &BTreeMap<&Path, Words>, all: &[&[String]]) -> Vec<Asked> {
    let mut asked = Vec::new();
    for (path, export) in &source.exports {
        let is_blocking = path.starts_with(BLOCKING);
        let name = path.rsplit("::").next().unwrap_or(path);
        let own: Vec<&[String]> = match is_blocking {
            true => code
                .iter()
                .filter(|(file, _)| is_of_blocking(file))
                .map(|(_, words)| words.as_slice())
                .collect(),
            false => all.to_vec(),
        };
        let is_named = own.iter().any(|words| words.iter().any(|it| it == name));
        let definition = match export.foreign {
            Some(_) => None,
            None => source.definition(export, is_blocking),
        };
        let blocks = source.all_impls(&export.name, is_blocking);
        let file = definition.map(|(file, _)| file);
        if file.is_none_or(|file| !is_made(file)) {
            let documented = definition.is_some_and(|(_, item)| has_example(attributes(item)))
                || blocks.iter().any(|(_, block)| {
                    block.trait_.is_none() && block.items.iter().any(shows_itself)
                });
            asked.push(Asked {
                path: path.clone(),
                file: file.map_or_else(|| PathBuf::from("lib.rs"), |file| file.path.clone()),
                is_shown: is_named || documented,
            });
        }
        let mut method = |ident: &syn::Ident, at: &File, has_receiver: bool, is_of_trait: bool| {
            let near = [Some(at), file].into_iter().flatten();
            let near: BTreeSet<&Path> = near.map(|file| file.path.as_path()).collect();
            let ident = ident.to_string();
            let is_called = near.iter().filter_map(|path| code.get(path)).any(|words| {
                (has_receiver && calls(words, &ident))
                    || (is_of_trait && follows(words, "fn", &ident))
            });
            let is_pathed = all.iter().any(|words| is_at(words, name, &ident));
            asked.push(Asked {
                path: format!("{path}::{ident}"),
                file: at.path.clone(),
                is_shown: is_called || is_pathed,
            });
        };
        if let Some((at, Item::Trait(it))) = definition {
            for item in &it.items {
                if let TraitItem::Fn(it) = item {
                    method(&it.sig.ident, at, it.sig.receiver().is_some(), true);
                }
            }
        }
        for (at, block) in blocks {
            if block.trait_.is_some() || is_hidden(&block.attrs) || is_made(at) {
                continue;
            }
            for item in &block.items {
                if let ImplItem::Fn(it) = item
                    && is_public(&it.vis)
                    && !is_hidden(&it.attrs)
                {
                    method(&it.sig.ident, at, it.sig.receiver().is_some(), false);
                }
            }
        }
    }
    asked
}

/// A file of the blocking form, or the one that describes it.
fn is_of_blocking(path: &Path) -> bool {
    path.with_extension("").starts_with(BLOCKING)
}

fn is_made(file: &File) -> bool {
    file.text.starts_with("// Generated by ")
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Struct(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Const(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        _ => &[],
    }
}

fn shows_itself(item: &ImplItem) -> bool {
    match item {
        ImplItem::Fn(it) => is_public(&it.vis) && has_example(&it.attrs),
        _ => false,
    }
}

/// Whether an example that runs stands among these docs.
fn has_example(attributes: &[Attribute]) -> bool {
    let mut text = String::new();
    for attribute in attributes {
        if let syn::Meta::NameValue(meta) = &attribute.meta
            && meta.path.is_ident("doc")
            && let syn::Expr::Lit(literal) = &meta.value
            && let syn::Lit::Str(line) = &literal.lit
        {
            text.push_str(&format!("///{}\n", line.value()));
        }
    }
    examples(&text).iter().any(|example| example.runs)
}

/// A block of code in the docs.
struct Example {
    line: usize,
    info: String,
    runs: bool,
    code: String,
}

/// The blocks of Rust in a file's docs.
fn examples(text: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut open: Option<Example> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let docs = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"));
        let Some(docs) = docs.map(|it| it.strip_prefix(' ').unwrap_or(it)) else {
            open = None;
            continue;
        };
        match (docs.trim_start().strip_prefix("```"), open.take()) {
            (Some(_), Some(example)) => found.push(example),
            (Some(info), None) => {
                open = Some(Example {
                    line: index + 1,
                    info: info.trim().to_owned(),
                    runs: matches!(info.trim(), "" | "rust"),
                    code: String::new(),
                });
            }
            (None, Some(mut example)) => {
                // What is hidden is compiled all the same.
                let shown = docs.trim_start();
                let code = match shown.strip_prefix("# ") {
                    Some(hidden) => hidden,
                    None if shown == "#" => "",
                    None => docs,
                };
                example.code.push_str(code);
                example.code.push('\n');
                open = Some(example);
            }
            (None, None) => {}
        }
    }
    let is_rust = |example: &Example| {
        let others = ["text", "toml", "json", "sh", "console"];
        !others.contains(&example.info.as_str())
    };
    found.retain(is_rust);
    found
}

fn read(code: &str, words: &mut Words) -> Result<(), String> {
    let tokens: TokenStream = code
        .parse()
        .map_err(|error: proc_macro2::LexError| error.to_string())?;
    flatten(tokens, words);
    Ok(())
}

/// Tokens one after the other, brackets too. What a text says is none of the words.
fn flatten(tokens: TokenStream, words: &mut Words) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => words.push(ident.to_string()),
            TokenTree::Punct(punct) => words.push(punct.as_char().to_string()),
            TokenTree::Literal(_) => words.push(String::new()),
            TokenTree::Group(group) => {
                let (begin, end) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                words.push(begin.to_owned());
                flatten(group.stream(), words);
                words.push(end.to_owned());
            }
        }
    }
}

/// Whether one word comes right after another.
fn follows(words: &[String], first: &str, second: &str) -> bool {
    words
        .windows(2)
        .any(|pair| pair[0] == first && pair[1] == second)
}

/// Whether `.name(` occurs, or `.name::<`.
fn calls(words: &[String], name: &str) -> bool {
    words
        .windows(3)
        .any(|it| it[0] == "." && it[1] == name && matches!(it[2].as_str(), "(" | ":"))
}

/// Whether `of::name` occurs.
fn is_at(words: &[String], of: &str, name: &str) -> bool {
    words
        .windows(4)
        .any(|it| it[0] == of && it[1] == ":" && it[2] == ":" && it[3] == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCS: &str = "\
/// ```
/// # hidden.call();
/// let store = Shop::open(\"Crate::named()\").orders::<u8>();
/// ```
/// ```no_run
/// never();
/// ```
/// ```text
/// no code
/// ```
fn shop() {}
";

    fn words(text: &str) -> Words {
        let mut words = Words::new();
        for example in examples(text).iter().filter(|example| example.runs) {
            read(&example.code, &mut words).expect("Rust");
        }
        words
    }

    #[test]
    fn what_does_not_run_is_found_and_does_not_count() {
        let found = examples(DOCS);
        let told: Vec<(usize, &str, bool)> = found
            .iter()
            .map(|it| (it.line, it.info.as_str(), it.runs))
            .collect();
        assert_eq!(told, [(1, "", true), (5, "no_run", false)]);
        assert!(!words(DOCS).contains(&"never".to_owned()));
    }

    #[test]
    fn hidden_lines_count_and_texts_do_not() {
        let words = words(DOCS);
        assert!(calls(&words, "call") && calls(&words, "orders"));
        assert!(is_at(&words, "Shop", "open") && !calls(&words, "open"));
        assert!(!words.contains(&"named".to_owned()), "{words:?}");
    }
}
