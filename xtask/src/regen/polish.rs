//! The pass over the generated syntax tree: what the generator cannot be told, it is taught afterwards.
//!
//! Each thing that was to be mended must be found, else the regen fails: a repair that matches nothing has gone stale.

use quote::quote;
use syn::visit_mut::{self, VisitMut};

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
        encode_path: false,
        api_version: false,
        panicking_new: false,
        current: None,
    };
    mender.visit_file_mut(&mut file);
    open_enums(&mut file, normalised)?;
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
    for (found, what) in [
        (mender.encode_path, "the use of encode_path"),
        (mender.api_version, "the api-version header"),
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
    encode_path: bool,
    api_version: bool,
    panicking_new: bool,
    /// The struct that is being visited.
    current: Option<String>,
}

impl VisitMut for Mender<'_> {
    fn visit_item_struct_mut(&mut self, item: &mut syn::ItemStruct) {
        self.current = Some(item.ident.to_string());
        visit_mut::visit_item_struct_mut(self, item);
        self.current = None;
    }

    fn visit_field_mut(&mut self, field: &mut syn::Field) {
        let (Some(owner), Some(ident)) = (&self.current, &field.ident) else {
            return;
        };
        let wire = renamed(field).unwrap_or_else(|| ident.to_string());
        for (wanted, found) in &mut self.fields {
            if &wanted.schema == owner && wanted.property == wire {
                *found = mend(field, wanted.presence);
            }
        }
    }

    /// `Client::new` builds an HTTP client of its own and panics where that fails; `new_with_client` stays.
    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        let before = item.items.len();
        item.items.retain(|part| {
            !matches!(part, syn::ImplItem::Fn(function)
                if function.sig.ident == "new" && quote!(#function).to_string().contains("unwrap ()"))
        });
        self.panicking_new |= item.items.len() < before;
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
        let before = block.stmts.len();
        block.stmts.retain(|statement| {
            let text = quote!(#statement).to_string();
            !(text.starts_with("header_map . append") && text.contains("\"api-version\""))
        });
        self.api_version |= block.stmts.len() < before;
        visit_mut::visit_block_mut(self, block);
    }

    /// Our path encoder, wherever one is called.
    fn visit_expr_call_mut(&mut self, call: &mut syn::ExprCall) {
        if let syn::Expr::Path(path) = &mut *call.func
            && path.path.is_ident("encode_path")
        {
            path.path = syn::parse_quote!(crate::encode::encode_path);
        }
        visit_mut::visit_expr_call_mut(self, call);
    }

    /// Paths are built inside `format!`, whose arguments are tokens and not expressions.
    fn visit_macro_mut(&mut self, invocation: &mut syn::Macro) {
        if invocation.path.is_ident("format") {
            invocation.tokens = with_our_encoder(&invocation.tokens);
        }
    }
}

fn with_our_encoder(tokens: &proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    use proc_macro2::TokenTree;
    tokens
        .clone()
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(ident) if ident == "encode_path" => quote!(crate::encode::encode_path),
            TokenTree::Group(group) => {
                let inner =
                    proc_macro2::Group::new(group.delimiter(), with_our_encoder(&group.stream()));
                TokenTree::Group(inner).into()
            }
            other => other.into(),
        })
        .collect()
}

/// The name that serde gives the field.
fn renamed(field: &syn::Field) -> Option<String> {
    let mut name = None;
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
    {
        // An attribute of another form is none of ours; its parse error says nothing.
        let _ = attribute.parse_nested_meta(|meta| {
            if let Ok(value) = meta.value() {
                let literal: syn::Expr = value.parse()?;
                if meta.path.is_ident("rename")
                    && let syn::Expr::Lit(syn::ExprLit {
                        lit: syn::Lit::Str(text),
                        ..
                    }) = literal
                {
                    name = Some(text.value());
                }
            }
            Ok(())
        });
    }
    name
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

fn option_of(ty: &syn::Type) -> Option<syn::Type> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    if last.ident != "Option" {
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

/// Writes the open enums into the module of types.
fn open_enums(file: &mut syn::File, normalised: &Normalised) -> Result<(), Vec<Problem>> {
    let types = file.items.iter_mut().find_map(|item| match item {
        syn::Item::Mod(module) if module.ident == "types" => module.content.as_mut(),
        _ => None,
    });
    let Some((_, items)) = types else {
        return Err(vec![Problem::new(
            "generated code",
            "there is no module `types`",
            "the generator changed: mend the pass in xtask/src/regen/polish.rs",
        )]);
    };
    for open in &normalised.open_enums {
        let name = quote::format_ident!("{}", open.name);
        let description = if open.description.is_empty() {
            format!(" An open vocabulary: {}.", open.name)
        } else {
            format!(" {}", open.description.trim())
        };
        let variants = open.values.iter().map(|(variant, wire)| {
            let variant = quote::format_ident!("{variant}");
            quote!(#variant = #wire)
        });
        items.push(syn::parse_quote! {
            crate::open_enum::open_enum! {
                #[doc = #description]
                #name { #(#variants,)* }
            }
        });
    }
    Ok(())
}
