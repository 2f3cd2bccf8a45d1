//! Texts of the description become docs: none of them is a doctest, a link or HTML by accident.

use syn::visit_mut::{self, VisitMut};

/// Languages of fenced code that are kept. Any other word may be one that makes a doctest of it.
const LANGUAGES: [&str; 20] = [
    "text",
    "json",
    "jsonc",
    "yaml",
    "yml",
    "xml",
    "html",
    "http",
    "csv",
    "sql",
    "sh",
    "bash",
    "console",
    "toml",
    "python",
    "js",
    "javascript",
    "ts",
    "typescript",
    "java",
];

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

/// A fence that is open: its character and its length.
struct Fence(char, usize);

fn mended(text: &str) -> String {
    let mut lines = Vec::new();
    let mut open: Option<Fence> = None;
    for line in text.split('\n') {
        let bare = line.trim_start();
        let found = fence(bare);
        match (&open, found) {
            (Some(Fence(mark, length)), Some((own, long, rest)))
                if own == *mark && long >= *length && rest.trim().is_empty() =>
            {
                lines.push(own.to_string().repeat(long));
                open = None;
            }
            (Some(_), _) => lines.push(line.to_owned()),
            (None, Some((mark, length, rest))) => {
                let word = rest.split_whitespace().next().unwrap_or_default();
                let language = if LANGUAGES.contains(&word) {
                    word
                } else {
                    "text"
                };
                lines.push(format!("{}{language}", mark.to_string().repeat(length)));
                open = Some(Fence(mark, length));
            }
            (None, None) => lines.push(prose(line)),
        }
    }
    if let Some(Fence(mark, length)) = open {
        lines.push(mark.to_string().repeat(length));
    }
    lines.join("\n")
}

/// The character, the length and the rest of a line that opens or closes fenced code.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let mark = line.chars().next().filter(|c| ['`', '~'].contains(c))?;
    let rest = line.trim_start_matches(mark);
    let length = line.len() - rest.len();
    (length >= 3 && !(mark == '`' && rest.contains('`'))).then_some((mark, length, rest))
}

/// A line that is no code, though it may be indented like code, in a quotation or a list too.
fn prose(line: &str) -> String {
    let bare = line.trim_start();
    let indent = &line[..line.len() - bare.len()];
    // Four spaces make code of a line, and code is taken for Rust.
    let mut written = if indent.contains('\t') || indent.len() >= 4 {
        String::new()
    } else {
        indent.to_owned()
    };
    let mut rest = bare;
    while let Some(length) = container(rest) {
        let (mark, after) = rest.split_at(length);
        written.push_str(mark);
        rest = after.trim_start();
        if !rest.is_empty() {
            written.push(' ');
        }
    }
    if rest.len() < bare.len() && fence(rest).is_some() {
        written.push('\\');
        written.push_str(rest);
        return written;
    }
    written.push_str(&inline(rest));
    written
}

/// The length of what begins a quotation or an item of a list.
fn container(line: &str) -> Option<usize> {
    let spaced = |length: usize| {
        line[length..]
            .chars()
            .next()
            .is_none_or(char::is_whitespace)
    };
    match line.chars().next()? {
        '>' => Some(1),
        '-' | '*' | '+' if spaced(1) => Some(1),
        c if c.is_ascii_digit() => {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let marked = line[digits..].starts_with(['.', ')']);
            (digits < 10 && marked && spaced(digits + 1)).then_some(digits + 1)
        }
        _ => None,
    }
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

    /// The code blocks of a text that rustdoc would take for Rust, as a parser of markdown sees them.
    fn doctests(text: &str) -> Vec<String> {
        use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};
        Parser::new_ext(text, Options::all())
            .filter_map(|event| match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                    Some("indented".to_owned())
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language)))
                    if !LANGUAGES.contains(&&*language) =>
                {
                    Some(format!("fenced as {language:?}"))
                }
                _ => None,
            })
            .collect()
    }

    #[test]
    fn no_text_becomes_a_doctest() {
        const PIECES: [&str; 30] = [
            "```",
            "````",
            "~~~",
            "~~~~",
            "```rust",
            "```rust,ignore",
            "~~~ should_panic",
            "```no_run",
            "``` {.rust}",
            "```json",
            "    let x",
            "\tlet x",
            "> ",
            ">     let x",
            "- ",
            "-     let x",
            "-\tlet x",
            "1. ",
            "1)      let x",
            "   ",
            "a",
            "",
            "",
            "- - -",
            "* > ```",
            "+ ~~~rust",
            "`a",
            "[x]: y",
            "# h",
            "[^1]:     let x",
        ];
        let mut state: u64 = 7;
        let mut below = |end: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % end
        };
        let mut spoilt = 0;
        for _ in 0..6_000 {
            let text: Vec<String> = (0..1 + below(6))
                .map(|_| {
                    (0..1 + below(3))
                        .map(|_| PIECES[below(PIECES.len())])
                        .collect()
                })
                .collect();
            let text = text.join("\n");
            spoilt += usize::from(!doctests(&text).is_empty());
            let mended = mended(&text);
            assert_eq!(doctests(&mended), [""; 0], "{text:?} became {mended:?}");
        }
        assert!(spoilt > 1_500, "only {spoilt} texts held a doctest before");
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
