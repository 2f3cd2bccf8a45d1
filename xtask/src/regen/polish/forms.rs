//! Forms with files: the generated struct loses what a stream cannot have, and learns to write itself as parts.

use quote::{ToTokens as _, quote};

use super::attributes::{is_flat, renamed};
use crate::regen::document::text;
use crate::regen::normalise::Form;
use crate::regen::problem::Problem;

/// Mends the struct of each form among the types.
pub(super) fn add(items: &mut Vec<syn::Item>, forms: &[Form]) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for form in forms {
        let found = items.iter_mut().find_map(|item| match item {
            syn::Item::Struct(item) if item.ident == form.name => Some(item),
            _ => None,
        });
        let Some(found) = found else {
            problems.push(lost(form, "the generated struct was not found"));
            continue;
        };
        let written = writer(found, form, &mut problems);
        for attribute in &mut found.attrs {
            if attribute.path().is_ident("derive") {
                let default = attribute.meta.to_token_stream().to_string();
                *attribute = if default.contains("Default") {
                    syn::parse_quote!(#[derive(Debug, Default)])
                } else {
                    syn::parse_quote!(#[derive(Debug)])
                };
            }
        }
        found
            .attrs
            .retain(|attribute| !attribute.path().is_ident("serde"));
        for field in &mut found.fields {
            field
                .attrs
                .retain(|attribute| !attribute.path().is_ident("serde"));
        }
        items.push(written);
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// What writes the fields: texts before files, since servers decide about a file by what came before it.
fn writer(item: &syn::ItemStruct, form: &Form, problems: &mut Vec<Problem>) -> syn::Item {
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    let mut seen = Vec::new();
    for field in &item.fields {
        let Some(ident) = &field.ident else {
            continue;
        };
        let wire = if is_flat(field) {
            "*".to_owned()
        } else {
            renamed(field).unwrap_or_else(|| ident.to_string())
        };
        let Some(how) = form.fields.get(&wire) else {
            problems.push(lost(
                form,
                &format!("the field {wire} is none of the form's"),
            ));
            continue;
        };
        if let Some(media_type) = text(how, "file") {
            let ty = field.ty.to_token_stream().to_string();
            let each = match (ty.contains("Option"), ty.contains("Vec")) {
                (false, false) => quote!(::std::iter::once(self.#ident)),
                (true, true) => quote!(self.#ident.into_iter().flatten()),
                _ => quote!(self.#ident),
            };
            files.push(quote!(parts.files(#wire, #media_type, #each)?;));
        } else if how.get("extra").is_some() {
            texts.push(quote!(parts.extra(&self.#ident)?;));
        } else if let Some(media_type) = text(how, "json") {
            texts.push(quote!(parts.json(#wire, #media_type, &self.#ident)?;));
        } else {
            let media_type = match text(how, "text") {
                Some(media_type) => quote!(::std::option::Option::Some(#media_type)),
                None => quote!(::std::option::Option::None),
            };
            texts.push(quote!(parts.text(#wire, #media_type, &self.#ident)?;));
        }
        seen.push(wire);
    }
    for (wire, _) in &form.fields {
        if !seen.contains(wire) {
            problems.push(lost(form, &format!("the field {wire} was not generated")));
        }
    }
    let name = &item.ident;
    syn::parse_quote! {
        impl crate::multipart::Fields for #name {
            fn write(self, parts: &mut crate::multipart::Parts) -> ::std::result::Result<(), ::std::string::String> {
                #(#texts)*
                #(#files)*
                ::std::result::Result::Ok(())
            }
        }
    }
}

fn lost(form: &Form, what: &str) -> Problem {
    Problem::new(
        format!("the form {}", form.name),
        what,
        "the generator changed: mend the pass in xtask/src/regen/polish",
    )
}
