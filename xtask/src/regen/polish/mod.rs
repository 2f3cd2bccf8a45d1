//! The pass over the generated syntax tree: what the generator cannot be told, it is taught afterwards.
//!
//! Each thing that was to be mended must be found, else the regen fails: a repair that matches nothing has gone stale.

mod attributes;
mod docs;
mod forms;
mod methods;
mod types;

use quote::quote;
use syn::visit_mut::{self, VisitMut};

use self::attributes::{rename, renamed};
use super::normalise::{Field, Normalised, Presence};
use super::problem::Problem;

/// Parses, mends and formats the generated source.
pub(crate) fn polish(source: &str, normalised: &Normalised) -> Result<String, Vec<Problem>> {
    let mut file = syn::parse_file(source).map_err(|error| {
        vec![Problem::new(
            "generated code",
            format!("it does not parse: {error}"),
            "report it to the generator",
        )]
    })?;
    let mut mender = Mender {
        fields: normalised
            .fields
            .iter()
            .map(|field| (field, false))
            .collect(),
        renames: normalised
            .renames
            .iter()
            .map(|rename| (rename, false))
            .collect(),
        hidden: normalised
            .hidden
            .iter()
            .map(|field| (field, false))
            .collect(),
        normalised,
        missing: Vec::new(),
        methods: 0,
        encode_path: false,
        api_version: false,
        base_url: false,
        panicking_new: false,
        current: None,
    };
    mender.visit_file_mut(&mut file);
    types::add(&mut file, normalised)?;
    docs::Docs.visit_file_mut(&mut file);
    let mut problems: Vec<Problem> = mender
        .fields
        .iter()
        .filter(|(_, found)| !found)
        .map(|(field, _)| {
            Problem::new(
                format!("schema {}, property {}", field.schema, field.property),
                "the generated field was not found where its absence was to be mended",
                "look at the schema: the generator named or merged it otherwise",
            )
        })
        .collect();
    for ((owner, field, wire), _) in mender.renames.iter().filter(|(_, found)| !found) {
        problems.push(Problem::new(
            format!("schema {owner}, property {wire}"),
            format!("the generated field {field} was not found"),
            "look at the schema: the generator named or merged it otherwise",
        ));
    }
    for ((owner, property), _) in mender.hidden.iter().filter(|(_, found)| !found) {
        problems.push(Problem::new(
            format!("schema {owner}, property {property}"),
            "the generated field that must not be seen was not found",
            "look at the schema: the generator named or merged it otherwise",
        ));
    }
    problems.append(&mut mender.missing);
    let none = mender.methods == 0;
    for (found, what) in [
        (mender.encode_path, "the use of encode_path"),
        (
            none || normalised.api_version || mender.api_version,
            "the api-version header",
        ),
        (mender.base_url, "the base URL"),
        (mender.panicking_new, "the constructor that panics"),
    ] {
        if !found {
            problems.push(Problem::new(
                "generated code",
                format!("{what} was not found"),
                "the generator changed: mend the pass in xtask/src/regen/polish.rs",
            ));
        }
    }
    if problems.is_empty() {
        Ok(prettyplease::unparse(&file))
    } else {
        Err(problems)
    }
}

struct Mender<'a> {
    fields: Vec<(&'a Field, bool)>,
    renames: Vec<(&'a (String, String, String), bool)>,
    hidden: Vec<(&'a (String, String), bool)>,
    normalised: &'a Normalised,
    missing: Vec<Problem>,
    methods: usize,
    base_url: bool,
    encode_path: bool,
    api_version: bool,
    panicking_new: bool,
    /// The struct that is being visited.
    current: Option<String>,
}

impl VisitMut for Mender<'_> {
    fn visit_item_struct_mut(&mut self, item: &mut syn::ItemStruct) {
        self.current = Some(item.ident.to_string());
        self.mark(&item.ident.to_string(), &mut item.attrs);
        visit_mut::visit_item_struct_mut(self, item);
        self.current = None;
    }

    fn visit_field_mut(&mut self, field: &mut syn::Field) {
        let (Some(owner), Some(ident)) = (&self.current, &field.ident) else {
            return;
        };
        let wire = renamed(field).unwrap_or_else(|| ident.to_string());
        unbox(field);
        for (wanted, found) in &mut self.fields {
            if &wanted.schema == owner && wanted.property == wire {
                *found = mend(field, wanted.presence);
            }
        }
        let mut wire = wire;
        for ((schema, own, name), found) in &mut self.renames {
            if schema == owner && *own == wire {
                *found = rename(field, name);
                wire.clone_from(name);
            }
        }
        for ((schema, property), found) in &mut self.hidden {
            if schema == owner && *property == wire {
                hide(field);
                *found = true;
            }
        }
        let deprecated = &self.normalised.deprecated_fields;
        if deprecated
            .iter()
            .any(|(schema, property)| schema == owner && *property == wire)
        {
            field.attrs.push(syn::parse_quote!(#[deprecated]));
        }
    }

    fn visit_item_enum_mut(&mut self, item: &mut syn::ItemEnum) {
        self.mark(&item.ident.to_string(), &mut item.attrs);
        visit_mut::visit_item_enum_mut(self, item);
    }

    fn visit_item_mod_mut(&mut self, item: &mut syn::ItemMod) {
        if item.ident == "types" && self.deprecates() {
            item.attrs.push(syn::parse_quote!(#[allow(deprecated)]));
        }
        visit_mut::visit_item_mod_mut(self, item);
    }

    fn visit_impl_item_fn_mut(&mut self, function: &mut syn::ImplItemFn) {
        visit_mut::visit_impl_item_fn_mut(self, function);
        if function.sig.asyncness.is_none() {
            return;
        }
        self.methods += 1;
        let name = function.sig.ident.to_string();
        let plain = crate::regen::normalise::Method::default();
        let method = self.normalised.methods.get(&name).unwrap_or(&plain);
        for what in methods::mend(function, method) {
            self.missing.push(Problem::new(
                &name,
                format!("{what} was not found in the generated method"),
                "the generator changed: mend the pass in xtask/src/regen/polish",
            ));
        }
    }

    /// The base URL without the slash that the paths begin with.
    fn visit_field_value_mut(&mut self, field: &mut syn::FieldValue) {
        if quote!(#field).to_string() == "baseurl : baseurl . to_string ()" {
            field.expr = syn::parse_quote!(baseurl.trim_end_matches('/').to_string());
            self.base_url = true;
        }
        visit_mut::visit_field_value_mut(self, field);
    }

    /// `Client::new` builds an HTTP client of its own and panics where that fails; `new_with_client` stays.
    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        let before = item.items.len();
        item.items.retain(|part| {
            !matches!(part, syn::ImplItem::Fn(function)
                if function.sig.ident == "new" && quote!(#function).to_string().contains("unwrap ()"))
        });
        self.panicking_new |= item.items.len() < before;
        if self.deprecates() {
            item.attrs.push(syn::parse_quote!(#[allow(deprecated)]));
        }
        visit_mut::visit_item_impl_mut(self, item);
    }

    /// `use progenitor_client::{encode_path, ..}` loses the name: ours comes from the crate.
    fn visit_use_tree_mut(&mut self, tree: &mut syn::UseTree) {
        if let syn::UseTree::Group(group) = tree {
            let before = group.items.len();
            group.items = std::mem::take(&mut group.items)
                .into_iter()
                .filter(
                    |item| !matches!(item, syn::UseTree::Name(name) if name.ident == "encode_path"),
                )
                .collect();
            self.encode_path |= group.items.len() < before;
        }
        visit_mut::visit_use_tree_mut(self, tree);
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        block.stmts.retain(|statement| {
            let text = quote!(#statement).to_string();
            let version =
                text.starts_with("header_map . append") && text.contains("\"api-version\"");
            self.api_version |= version;
            !version || self.normalised.api_version
        });
        visit_mut::visit_block_mut(self, block);
    }
}

impl Mender<'_> {
    fn deprecates(&self) -> bool {
        !self.normalised.deprecated_types.is_empty()
            || !self.normalised.deprecated_fields.is_empty()
    }

    fn mark(&self, name: &str, attributes: &mut Vec<syn::Attribute>) {
        if self
            .normalised
            .deprecated_types
            .iter()
            .any(|own| own == name)
        {
            attributes.push(syn::parse_quote!(#[deprecated]));
        }
    }
}

/// Rewrites type and attribute of one field; false where it has not the form that was expected.
fn mend(field: &mut syn::Field, presence: Presence) -> bool {
    let rename = renamed(field).map(|name| quote!(rename = #name,));
    let old = field.ty.clone();
    let (ty, absent) = match presence {
        Presence::AbsentNullOrValue => {
            let Some(inner) = option_of(&old) else {
                return false;
            };
            (quote!(crate::Maybe<#inner>), "crate::Maybe::is_absent")
        }
        Presence::AbsentOrCollection => (
            quote!(::std::option::Option<#old>),
            "::std::option::Option::is_none",
        ),
    };
    field.ty = syn::parse_quote!(#ty);
    field
        .attrs
        .retain(|attribute| !attribute.path().is_ident("serde"));
    field
        .attrs
        .push(syn::parse_quote!(#[serde(#rename default, skip_serializing_if = #absent)]));
    true
}

/// Wraps what a field holds, inside of `Option` and `Maybe`, so that `Debug` shows nothing of it.
fn hide(field: &mut syn::Field) {
    let hidden = |inner: &syn::Type| quote!(crate::Hidden<#inner>);
    let ty = &field.ty;
    let wrapped = if let Some(inner) = option_of(ty) {
        let inner = hidden(&inner);
        quote!(::std::option::Option<#inner>)
    } else if let Some(inner) = argument_of(ty, "Maybe") {
        let inner = hidden(&inner);
        quote!(crate::Maybe<#inner>)
    } else {
        hidden(ty)
    };
    field.ty = syn::parse_quote!(#wrapped);
}

fn option_of(ty: &syn::Type) -> Option<syn::Type> {
    argument_of(ty, "Option")
}

/// `T` of `wanted<T>`.
fn argument_of(ty: &syn::Type, wanted: &str) -> Option<syn::Type> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    if last.ident != wanted {
        return None;
    }
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(inner) => Some(inner.clone()),
        _ => None,
    }
}

/// Where a type holds itself, the generator writes `Box<Option<T>>`, which is sent as null where it is absent.
fn unbox(field: &mut syn::Field) {
    let Some(inner) = argument_of(&field.ty, "Box").and_then(|boxed| argument_of(&boxed, "Option"))
    else {
        return;
    };
    field.ty = syn::parse_quote!(::std::option::Option<::std::boxed::Box<#inner>>);
    for attribute in &mut field.attrs {
        if let syn::Meta::List(list) = &mut attribute.meta
            && list.path.is_ident("serde")
        {
            let words = list.tokens.to_string();
            if words.contains("default") && !words.contains("skip_serializing_if") {
                let others = list.tokens.clone();
                list.tokens =
                    quote!(#others, skip_serializing_if = "::std::option::Option::is_none");
            }
        }
    }
}
