//! Types that the generator cannot make: open vocabularies and alternatives, written into the module of types.

use quote::{format_ident, quote};

use super::forms;

use crate::regen::normalise::{Normalised, Rule, Union};
use crate::regen::problem::Problem;

pub(super) fn add(file: &mut syn::File, normalised: &Normalised) -> Result<(), Vec<Problem>> {
    let types = file.items.iter_mut().find_map(|item| match item {
        syn::Item::Mod(module) if module.ident == "types" => module.content.as_mut(),
        _ => None,
    });
    let Some((_, items)) = types else {
        return Err(vec![Problem::new(
            "generated code",
            "there is no module `types`",
            "the generator changed: mend the pass in xtask/src/regen/polish",
        )]);
    };
    forms::add(items, &normalised.forms)?;
    let deprecated = |name: &str| {
        let is = normalised.deprecated_types.iter().any(|own| own == name);
        is.then(|| quote!(#[deprecated]))
    };
    for open in &normalised.open_enums {
        let mark = deprecated(&open.name);
        let name = format_ident!("{}", open.name);
        let description = if open.description.is_empty() {
            format!(" An open vocabulary: {}.", open.name)
        } else {
            format!(" {}", open.description.trim())
        };
        let variants = open.values.iter().map(|(variant, wire)| {
            let variant = format_ident!("{variant}");
            quote!(#variant = #wire)
        });
        items.push(syn::parse_quote! {
            crate::open_enum::open_enum! {
                #[doc = #description]
                #mark
                #name { #(#variants,)* }
            }
        });
    }
    for union in &normalised.unions {
        let tokens = match &union.rule {
            Rule::Tag(property) => tagged(union, property),
            Rule::Status => by_status(union),
            Rule::Caller => kept(union),
        };
        let added: syn::File = syn::parse2(tokens).map_err(|error| {
            vec![Problem::new(
                format!("schema {}", union.name),
                format!("its type does not parse: {error}"),
                "report it with the schema",
            )]
        })?;
        let mark = deprecated(&union.name);
        items.extend(added.items.into_iter().map(|mut item| {
            if let (
                syn::Item::Struct(syn::ItemStruct { attrs, ident, .. })
                | syn::Item::Enum(syn::ItemEnum { attrs, ident, .. }),
                Some(mark),
            ) = (&mut item, &mark)
                && *ident == union.name
            {
                attrs.push(syn::parse_quote!(#mark));
            }
            item
        }));
    }
    Ok(())
}

fn doc(union: &Union, otherwise: &str) -> String {
    let text = union.description.trim();
    format!(" {}", if text.is_empty() { otherwise } else { text })
}

/// An enum that is told by the value of a property.
fn tagged(union: &Union, property: &str) -> proc_macro2::TokenStream {
    let name = format_ident!("{}", union.name);
    let doc = doc(union, &format!("One of several, told by `{property}`."));
    let mut variants = Vec::new();
    let mut writes = Vec::new();
    let mut reads = Vec::new();
    let mut conversions = Vec::new();
    for variant in &union.variants {
        let part = format_ident!("{}", variant.schema);
        let tags = &variant.tags;
        let said = format!(" `{}`", tags.join("`, `"));
        let (ty, wrapped) = if variant.boxed {
            (
                quote!(::std::boxed::Box<#part>),
                quote!(::std::boxed::Box::new(value)),
            )
        } else {
            (quote!(#part), quote!(value))
        };
        variants.push(quote!(#[doc = #said] #part(#ty)));
        writes.push(quote!(Self::#part(value) => crate::union::with_tag(value, #property, &[#(#tags),*]).map_err(::serde::ser::Error::custom)?));
        reads.push(quote!(::std::option::Option::Some(#(#tags)|*) => Self::#part(::serde_json::from_value(value).map_err(::serde::de::Error::custom)?)));
        conversions.push(quote! {
            impl ::std::convert::From<#part> for #name {
                fn from(value: #part) -> Self { Self::#part(#wrapped) }
            }
        });
    }
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// A kind that this version does not know, as it came.
            Unknown(crate::Json),
        }
        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                let value = match self {
                    #(#writes,)*
                    Self::Unknown(value) => value.0.clone(),
                };
                ::serde::Serialize::serialize(&value, serializer)
            }
        }
        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                let tag = crate::union::tag_of(&value, #property).map(str::to_owned);
                ::std::result::Result::Ok(match tag.as_deref() {
                    #(#reads,)*
                    _ => Self::Unknown(crate::Json(value)),
                })
            }
        }
        #(#conversions)*
    }
}

/// An enum whose variant follows from the status; it is never guessed, for `read_as` knows.
fn by_status(union: &Union) -> proc_macro2::TokenStream {
    let name = format_ident!("{}", union.name);
    let doc = doc(union, "What the operation answers; the status says which.");
    let parts: Vec<_> = union
        .variants
        .iter()
        .map(|variant| format_ident!("{}", variant.schema))
        .collect();
    quote! {
        #[doc = #doc]
        #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
        #[serde(untagged)]
        pub enum #name {
            #(#parts(#parts),)*
        }
        #(impl ::std::convert::From<#parts> for #name {
            fn from(value: #parts) -> Self { Self::#parts(value) }
        })*
    }
}

/// JSON that is read as what the caller takes it for.
fn kept(union: &Union) -> proc_macro2::TokenStream {
    let name = format_ident!("{}", union.name);
    let doc = doc(
        union,
        "One or several of its alternatives: the JSON is kept as it came.",
    );
    let readers = union.variants.iter().map(|variant| {
        use heck::ToSnakeCase as _;
        let part = format_ident!("{}", variant.schema);
        let method = format_ident!("as_{}", variant.schema.to_snake_case());
        quote! {
            #[doc = concat!(" The value as `", stringify!(#part), "`; an error where it is none.")]
            pub fn #method(&self) -> ::std::result::Result<#part, ::serde_json::Error> {
                ::serde::Deserialize::deserialize(&self.0.0)
            }
        }
    });
    let writers = union.variants.iter().map(|variant| {
        let part = format_ident!("{}", variant.schema);
        quote! {
            impl ::std::convert::TryFrom<&#part> for #name {
                type Error = ::serde_json::Error;
                fn try_from(value: &#part) -> ::std::result::Result<Self, ::serde_json::Error> {
                    ::serde_json::to_value(value).map(|value| Self(crate::Json(value)))
                }
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
        #[serde(transparent)]
        pub struct #name(pub crate::Json);
        impl #name {
            #(#readers)*
        }
        #(#writers)*
    }
}
