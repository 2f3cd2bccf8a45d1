//! What serde is told of a generated field.

use quote::quote;

/// The name that serde gives the field.
pub(super) fn renamed(field: &syn::Field) -> Option<String> {
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

/// Whether the field takes what no other field does.
pub(super) fn is_flat(field: &syn::Field) -> bool {
    field.attrs.iter().any(|attribute| {
        attribute.path().is_ident("serde") && quote!(#attribute).to_string().contains("flatten")
    })
}

/// Gives a field its name on the wire, beside what serde is told of it already.
pub(super) fn rename(field: &mut syn::Field, wire: &str) -> bool {
    let known = field
        .attrs
        .iter_mut()
        .find(|attribute| attribute.path().is_ident("serde"));
    match known {
        Some(attribute) => {
            let syn::Meta::List(list) = &mut attribute.meta else {
                return false;
            };
            let others = list.tokens.clone();
            list.tokens = quote!(rename = #wire, #others);
        }
        None => field
            .attrs
            .push(syn::parse_quote!(#[serde(rename = #wire)])),
    }
    true
}
