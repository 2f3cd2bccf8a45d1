//! Texts of the description become docs: none of them is a doctest, a link or HTML by accident.

use syn::visit_mut::{self, VisitMut};

/// Mends every doc attribute below a node.
pub(super) struct Docs;

impl VisitMut for Docs {
    fn visit_attribute_mut(&mut self, attribute: &mut syn::Attribute) {
        visit_mut::visit_attribute_mut(self, attribute);
        let syn::Meta::NameValue(pair) = &mut attribute.meta else {
            return;
        };
        if !pair.path.is_ident("doc") {
            return;
        }
        if let syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) = &mut pair.value
        {
            let mended = mended(&text.value());
            *text = syn::LitStr::new(&mended, text.span());
        }
    }
}

fn mended(text: &str) -> String {
    let mut lines = Vec::new();
    let mut fenced = false;
    for line in text.split('\n') {
        let bare = line.trim_start();
        if bare.starts_with("```") || bare.starts_with("~~~") {
            // A fence without a language is taken for Rust.
            let opens_bare = !fenced && bare.trim_end().chars().all(|c| c == '`' || c == '~');
            let rust = !fenced
                && bare
                    .trim_start_matches(['`', '~'])
                    .trim()
                    .starts_with("rust");
            fenced = !fenced;
            lines.push(if opens_bare || rust {
                "```text".to_owned()
            } else {
                bare.to_owned()
            });
            continue;
        }
        if fenced {
            lines.push(line.to_owned());
            continue;
        }
        // Four spaces make code of a line, and code is taken for Rust.
        let deep = line.starts_with('\t') || line.len() - bare.len() >= 4;
        lines.push(inline(if deep { bare } else { line }));
    }
    if fenced {
        lines.push("```".to_owned());
    }
    lines.join("\n")
}

/// Escapes what would become a link or a tag, outside of code.
fn inline(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    let mut code = false;
    let mut characters = line.chars().peekable();
    let balanced = line.matches('`').count().is_multiple_of(2);
    while let Some(c) = characters.next() {
        match c {
            '`' if balanced => {
                code = !code;
                escaped.push(c);
            }
            '\\' if !code => {
                escaped.push(c);
                escaped.extend(characters.next());
            }
            '<' if !code
                && characters
                    .peek()
                    .is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(*next)) =>
            {
                let rest: String = characters.clone().collect();
                if !rest.starts_with("http://") && !rest.starts_with("https://") {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
            '[' if !code => {
                let rest: String = characters.clone().collect();
                let link = rest
                    .split_once(']')
                    .is_some_and(|(_, after)| after.starts_with('('));
                if !link {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_without_a_language_is_text() {
        assert_eq!(
            mended("a\n```\nlet x = 1;\n```"),
            "a\n```text\nlet x = 1;\n```"
        );
        assert_eq!(mended("    GET /x\n\tPOST /y"), "GET /x\nPOST /y");
        assert_eq!(mended("```json\n{}\n```"), "```json\n{}\n```");
    }

    #[test]
    fn what_is_no_link_is_none() {
        assert_eq!(mended("see [name] and <b>"), r"see \[name] and \<b>");
        assert_eq!(
            mended("see `a[0]` and [name](https://host.invalid)"),
            "see `a[0]` and [name](https://host.invalid)"
        );
    }
}
