//! The code of a row: the generated client, and a function that calls any of its methods with arguments in JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quote::{ToTokens as _, format_ident, quote};

use super::complaint;
use crate::regen::document::Document;
use crate::regen::generate::Worker;
use crate::regen::normalise::Normalised;
use crate::regen::{normalised, source};

/// The client of a document and its driver, as the text of a module.
pub(crate) fn client(
    document: Document,
    module: &str,
    worker: Option<&mut Worker>,
) -> Result<String, String> {
    let (_, normalised) = normalised(document).map_err(complaint)?;
    client_of(&normalised, module, worker)
}

/// The same of a document that is prepared already.
pub(super) fn client_of(
    normalised: &Normalised,
    module: &str,
    worker: Option<&mut Worker>,
) -> Result<String, String> {
    let text = source(normalised, &format!("crate::rows::{module}::types"), worker)?;
    let driver = driver(&text)?;
    Ok(format!("{text}\n{driver}"))
}

/// All modules, and a function that finds the one of a row.
pub(crate) fn dispatch(sources: &[(String, String)]) -> String {
    let mut text = String::from("// Written by `cargo xtask corpus`.\n");
    let mut arms = String::new();
    for (module, source) in sources {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "#[allow(warnings)]\npub mod {module} {{\n{source}\n}}"
        );
        let _ = writeln!(
            arms,
            "        {module:?} => {module}::call(base, http, operation, arguments).await,"
        );
    }
    let _ = writeln!(
        text,
        "#[allow(warnings)]\npub async fn call(row: &str, base: &str, http: ::reqwest::Client, operation: &str, arguments: &::serde_json::Value) \
         -> ::serde_json::Value {{\n    match row {{\n{arms}        other => ::serde_json::json!({{\"no row\": other}}),\n    }}\n}}"
    );
    text
}

fn driver(source: &str) -> Result<String, String> {
    let file = syn::parse_file(source)
        .map_err(|error| format!("the polished code does not parse: {error}"))?;
    let methods = file.items.iter().filter_map(|item| match item {
        syn::Item::Impl(item)
            if item.trait_.is_none() && item.self_ty.to_token_stream().to_string() == "Client" =>
        {
            Some(&item.items)
        }
        _ => None,
    });
    let forms = forms(&file);
    let arms = methods.flatten().filter_map(|item| match item {
        syn::ImplItem::Fn(function) if function.sig.asyncness.is_some() => {
            Some(arm(function, &forms))
        }
        _ => None,
    });
    let tokens = quote! {
        impl ::progenitor_client::ClientHooks<crate::Inner> for Client {
            async fn pre<E>(&self, request: &mut ::reqwest::Request, info: &OperationInfo) -> Result<(), Error<E>> {
                crate::drive::guard(request, info)
            }
        }
        pub async fn call(base: &str, http: ::reqwest::Client, operation: &str, arguments: &::serde_json::Value) -> ::serde_json::Value {
            let client = Client::new_with_client(base, http, crate::Inner);
            match operation {
                #(#arms)*
                other => ::serde_json::json!({ "no operation": other }),
            }
        }
    };
    let file: syn::File =
        syn::parse2(tokens).map_err(|error| format!("the driver does not parse: {error}"))?;
    Ok(prettyplease::unparse(&file))
}

/// The structs that are written as forms: none of them is read from JSON, so each is put together from its fields.
fn forms(file: &syn::File) -> BTreeMap<String, proc_macro2::TokenStream> {
    let types = file.items.iter().find_map(|item| match item {
        syn::Item::Mod(module) if module.ident == "types" => module.content.as_ref(),
        _ => None,
    });
    let items = types.map(|(_, items)| items.as_slice()).unwrap_or_default();
    let written: Vec<String> = items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Impl(item) => {
                let (path, _) = item.trait_.as_ref()?;
                let form = path.to_token_stream().to_string() == "crate :: multipart :: Fields";
                form.then(|| item.self_ty.to_token_stream().to_string())
            }
            _ => None,
        })
        .collect();
    items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Struct(item) if written.contains(&item.ident.to_string()) => {
                let name = &item.ident;
                let fields = item.fields.iter().filter_map(|field| {
                    let ident = field.ident.as_ref()?;
                    let spelled = ident.to_string();
                    let key = spelled.trim_start_matches("r#").trim_end_matches('_');
                    let ty = field.ty.to_token_stream().to_string();
                    Some(if ty.contains("crate :: Part") {
                        quote!(#ident: crate::drive::file(value, #key)?)
                    } else {
                        quote!(#ident: crate::drive::field(value, #key)?)
                    })
                });
                let made = quote! {
                    (|value: &::serde_json::Value| -> ::std::result::Result<types::#name, ::serde_json::Value> {
                        Ok(types::#name { #(#fields),* })
                    })
                };
                Some((name.to_string(), made))
            }
            _ => None,
        })
        .collect()
}

/// The name of the form that an argument is, and whether it can be left out.
fn form_of(ty: &syn::Type) -> Option<(String, bool)> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    match &last.arguments {
        syn::PathArguments::AngleBracketed(inner) if last.ident == "Option" => {
            match inner.args.first()? {
                syn::GenericArgument::Type(inner) => Some((form_of(inner)?.0, true)),
                _ => None,
            }
        }
        _ => Some((last.ident.to_string(), false)),
    }
}

fn arm(
    function: &syn::ImplItemFn,
    forms: &BTreeMap<String, proc_macro2::TokenStream>,
) -> proc_macro2::TokenStream {
    let method = &function.sig.ident;
    let name = method.to_string();
    let mut lets = Vec::new();
    let mut passed = Vec::new();
    for input in &function.sig.inputs {
        let syn::FnArg::Typed(typed) = input else {
            continue;
        };
        let ident = typed.pat.to_token_stream().to_string();
        let key = ident
            .trim_start_matches("r#")
            .trim_end_matches('_')
            .to_owned();
        let local = format_ident!("argument_{}", key);
        if let Some((form, optional)) = form_of(&typed.ty)
            && let Some(made) = forms.get(&form)
        {
            let given = if optional {
                quote!(arguments.get(#key).filter(|value| !value.is_null()).map(#made).transpose())
            } else {
                quote!(#made(&arguments[#key]))
            };
            lets.push(quote! {
                let #local = match #given {
                    Ok(value) => value,
                    Err(error) => return error,
                };
            });
            passed.push(quote!(#local));
            continue;
        }
        let (owned, expression) = owned(&typed.ty, &local);
        lets.push(quote! {
            let #local: #owned = match crate::drive::argument(arguments, #key) {
                Ok(value) => value,
                Err(error) => return error,
            };
        });
        passed.push(expression);
    }
    let returned = function.sig.output.to_token_stream().to_string();
    let (success, error) = match returned.split_once(", Error <") {
        Some((success, error)) => (success.contains("ByteStream"), error.contains("ByteStream")),
        None => (false, false),
    };
    let shown = if success {
        quote!(crate::drive::streamed(value).await)
    } else {
        quote!(crate::drive::typed(value))
    };
    let failed = if error {
        quote!(crate::drive::streamed(value).await)
    } else {
        quote!(crate::drive::typed(value))
    };
    quote! {
        #name => {
            #(#lets)*
            match client.#method(#(#passed),*).await {
                Ok(value) => #shown,
                Err(Error::ErrorResponse(value)) => crate::drive::failed(#failed),
                Err(error) => crate::drive::other(error),
            }
        }
    }
}

/// The owned form of an argument's type, and how it is passed.
fn owned(
    ty: &syn::Type,
    local: &syn::Ident,
) -> (proc_macro2::TokenStream, proc_macro2::TokenStream) {
    match ty {
        syn::Type::Reference(reference) => match plain(&reference.elem) {
            Some(text) => (text, quote!(&#local)),
            None => {
                let inner = &reference.elem;
                (quote!(#inner), quote!(&#local))
            }
        },
        syn::Type::Path(path) if path.path.is_ident("B") => {
            (quote!(::std::string::String), quote!(#local))
        }
        syn::Type::Path(path) => {
            let option = path
                .path
                .segments
                .last()
                .filter(|last| last.ident == "Option");
            let inner = option.and_then(|last| match &last.arguments {
                syn::PathArguments::AngleBracketed(arguments) => arguments.args.first(),
                _ => None,
            });
            match inner {
                Some(syn::GenericArgument::Type(syn::Type::Reference(reference))) => {
                    match plain(&reference.elem) {
                        Some(text) => (
                            quote!(::std::option::Option<#text>),
                            quote!(#local.as_deref()),
                        ),
                        None => {
                            let inner = &reference.elem;
                            (
                                quote!(::std::option::Option<#inner>),
                                quote!(#local.as_ref()),
                            )
                        }
                    }
                }
                _ => (quote!(#ty), quote!(#local)),
            }
        }
        _ => (quote!(#ty), quote!(#local)),
    }
}

/// The owned form of `str` and of a slice.
fn plain(ty: &syn::Type) -> Option<proc_macro2::TokenStream> {
    match ty {
        syn::Type::Path(path) if path.path.is_ident("str") => Some(quote!(::std::string::String)),
        syn::Type::Slice(slice) => {
            let inner = &slice.elem;
            Some(quote!(::std::vec::Vec<#inner>))
        }
        _ => None,
    }
}
