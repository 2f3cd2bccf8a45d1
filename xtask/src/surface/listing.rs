//! The listing of the public API: a line for each thing that a user can name, in the order of the names.

use std::collections::BTreeSet;

use quote::{ToTokens, quote};
use syn::{Attribute, Fields, ImplItem, Item, TraitItem};

use super::source::{BLOCKING, Source, is_hidden, is_public};

const HEAD: &str = "\
# The public API of the crate dadosfera, a line for each thing that users can name.
# Made by `cargo xtask api` from the source; CI fails where it is stale, so that a change shows in review.
# What macros write (the ids) is listed by name only.
";

/// Lists what the crate exports.
pub(crate) fn make(source: &Source) -> String {
    let mut lines = BTreeSet::new();
    for (path, export) in &source.exports {
        if let Some(foreign) = &export.foreign {
            lines.insert(format!("{path}: use {foreign}"));
            continue;
        }
        let is_blocking = path.starts_with(BLOCKING);
        match source.definition(export, is_blocking) {
            Some((_, item)) => describe(path, item, &mut lines),
            None => {
                lines.insert(format!("{path}: by a macro, or a module"));
            }
        }
        for (_, block) in source.all_impls(&export.name, is_blocking) {
            implementation(path, block, source, &mut lines);
        }
    }
    let lines: Vec<String> = lines.into_iter().collect();
    format!("{HEAD}\n{}\n", lines.join("\n"))
}

fn describe(path: &str, item: &Item, lines: &mut BTreeSet<String>) {
    match item {
        Item::Struct(it) => {
            let generics = text(&it.generics);
            lines.insert(
                format!("{path}: {}struct {generics}", marks(&it.attrs))
                    .trim_end()
                    .to_owned(),
            );
            derives(path, &it.attrs, lines);
            if let Fields::Named(fields) = &it.fields {
                for field in fields.named.iter().filter(|field| is_public(&field.vis)) {
                    let name = field.ident.as_ref().map(ToString::to_string);
                    lines.insert(format!(
                        "{path}.{}: {}",
                        name.unwrap_or_default(),
                        text(&field.ty)
                    ));
                }
            }
        }
        Item::Enum(it) => {
            lines.insert(format!("{path}: {}enum", marks(&it.attrs)));
            derives(path, &it.attrs, lines);
            for variant in &it.variants {
                let mut fields = variant.fields.clone();
                for field in &mut fields {
                    field.attrs.clear();
                }
                lines.insert(format!("{path}::{}{}", variant.ident, text(&fields)));
            }
        }
        Item::Trait(it) => {
            let bounds = &it.supertraits;
            lines.insert(format!("{path}: trait {}", text(&quote!(#bounds))));
            for item in &it.items {
                if let TraitItem::Fn(method) = item {
                    lines.insert(format!("{path}::{}", signature(&method.sig)));
                }
            }
        }
        Item::Type(it) => {
            lines.insert(format!("{path}: type {}", text(&it.ty)));
        }
        Item::Const(it) => {
            lines.insert(format!("{path}: const {}", text(&it.ty)));
        }
        Item::Fn(it) => {
            lines.insert(format!("{path}: {}", signature(&it.sig)));
        }
        _ => {}
    }
}

fn implementation(
    path: &str,
    block: &syn::ItemImpl,
    source: &Source,
    lines: &mut BTreeSet<String>,
) {
    if is_hidden(&block.attrs) {
        return;
    }
    if let Some(name) = trait_of(block) {
        // A trait that only the crate can name is its own affair.
        if source.exports.contains_key(&name) || !source.has_trait(&name) {
            lines.insert(format!("{path}: impl {name}"));
        }
        return;
    }
    for item in &block.items {
        match item {
            ImplItem::Fn(method) if is_public(&method.vis) && !is_hidden(&method.attrs) => {
                lines.insert(format!("{path}::{}", signature(&method.sig)));
            }
            ImplItem::Const(it) if is_public(&it.vis) => {
                lines.insert(format!("{path}::{}: const {}", it.ident, text(&it.ty)));
            }
            _ => {}
        }
    }
}

fn trait_of(block: &syn::ItemImpl) -> Option<String> {
    // The last word is enough, and is what a derive would be listed as.
    let name = block.trait_.as_ref()?.0.segments.last()?;
    Some(text(name))
}

fn marks(attributes: &[Attribute]) -> &'static str {
    let is_open = attributes
        .iter()
        .any(|it| it.path().is_ident("non_exhaustive"));
    if is_open { "#[non_exhaustive] " } else { "" }
}

fn derives(path: &str, attributes: &[Attribute], lines: &mut BTreeSet<String>) {
    for attribute in attributes.iter().filter(|it| it.path().is_ident("derive")) {
        // A derive that is none is the compiler's to tell.
        let _ = attribute.parse_nested_meta(|meta| {
            let name = &meta.path;
            lines.insert(format!("{path}: impl {}", text(&quote!(#name))));
            Ok(())
        });
    }
}

/// A signature as one line, without the names of patterns' details.
fn signature(sig: &syn::Signature) -> String {
    let mut sig = sig.clone();
    for input in &mut sig.inputs {
        match input {
            syn::FnArg::Typed(argument) => {
                if let syn::Pat::Ident(name) = &mut *argument.pat {
                    name.mutability = None;
                }
            }
            // `mut self` is the method's own affair.
            syn::FnArg::Receiver(receiver) if matches!(receiver.kind, syn::ReceiverKind::Value) => {
                receiver.mutability = None
            }
            syn::FnArg::Receiver(_) => {}
        }
    }
    let name = sig.ident.to_string();
    let said = text(&sig);
    // The name comes first, so that the listing is sorted by it.
    let (before, after) = said
        .split_once(&format!("fn {name}"))
        .unwrap_or(("", &said));
    format!("{name}{after} [{}fn]", before)
}

/// Tokens as they are usually written.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, tight) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" <", "<"),
        (" > ", "> "),
        (" >", ">"),
        (" ,", ","),
        (",)", ")"),
        (", )", ")"),
        ("( ", "("),
        (" )", ")"),
        (" (", "("),
        ("& ", "&"),
        ("' ", "'"),
        (" :", ":"),
        (" ;", ";"),
        (" ?", "?"),
        ("->(", "-> ("),
    ] {
        text = text.replace(spaced, tight);
    }
    text.replace("->", " -> ")
        .replace("  ", " ")
        .replace("= >", "=>")
}
