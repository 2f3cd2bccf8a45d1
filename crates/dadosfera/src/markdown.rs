//! Markdown to the HTML of the docs' editor, which is the dialect of Quill 1.3 (observed).
//!
//! # What the dialect can hold
//! Its document is a row of lines; a line is a paragraph, a heading, an item of a list with a depth, a line of a quote or a
//! line of code, and holds bold, italic, struck and code text, links and images. So:
//!
//! - lists are flat, with the depth in a class; a second paragraph of an item is joined to the item by a space;
//! - a hard break makes a new paragraph, and a space anywhere but in a paragraph;
//! - between two paragraphs stands an empty one, since the dialect draws none of its own;
//! - a table becomes a block of text with aligned columns, and a horizontal rule an empty line;
//! - a task of a list begins with ☐ or ☑; footnotes, formulas and definition lists are no part of it;
//! - HTML in the markdown is not obeyed but shown, so that nobody can put a script into another's page; only `<br>` is taken
//!   for a hard break, and comments are left out;
//! - a link leads to `http`, `https` or `mailto`, or into the same page or site; of any other only the text stays. An image is
//!   loaded from `http` or `https`; of any other only its text stays.

use std::fmt::Write as _;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Turns markdown into the HTML that asset docs are kept in. Nothing in the text can make it fail.
///
/// It knows CommonMark with tables, struck text and tasks. What the dialect cannot hold is turned into what comes nearest;
/// the page of the feature `manifest` says how.
///
/// ```
/// let html = dadosfera::markdown_to_docs("# Orders\n\n- one\n  - two\n\n<script>alert(1)</script>");
/// assert_eq!(
///     html,
///     "<h1>Orders</h1><ul><li>one</li><li class=\"ql-indent-1\">two</li></ul>\
///      <p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
/// );
/// ```
#[must_use]
pub fn markdown_to_docs(text: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut writer = Writer::default();
    for event in Parser::new_ext(text, options) {
        writer.event(event);
    }
    written(&writer.lines)
}

/// Deeper than any screen shows; the editor knows eight.
const DEEPEST: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Paragraph,
    Heading(u8),
    Item { is_ordered: bool, depth: usize },
    Quote,
    Code,
}

#[derive(Debug)]
struct Line {
    kind: Kind,
    html: String,
    /// Whether it goes on with the paragraph of the line before.
    continues: bool,
}

#[derive(Debug, Default)]
struct Writer {
    lines: Vec<Line>,
    /// Whether the last line still takes text.
    is_open: bool,
    /// For each list around: whether it is ordered.
    lists: Vec<bool>,
    quotes: usize,
    /// Inline tags that are open, with what closes them.
    inline: Vec<(String, &'static str)>,
    /// The text of code, of HTML, or of an image, which is put in its place at its end.
    gathered: Option<String>,
    image: Option<String>,
    table: Option<Vec<Vec<String>>>,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text(&text);
            }
            Event::Code(code) if self.is_gathering() => self.text(&code),
            Event::Code(code) => {
                let html = format!("<code>{}</code>", escaped(&code));
                self.put(&html);
            }
            Event::Html(html) if self.gathered.is_some() => self.text(&html),
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html),
            Event::FootnoteReference(name) => self.text(&format!("[^{name}]")),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.hard_break(),
            Event::Rule => {
                self.open(Kind::Paragraph);
                self.is_open = false;
            }
            Event::TaskListMarker(is_done) => self.text(if is_done { "☑ " } else { "☐ " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.paragraph(),
            Tag::Heading { level, .. } => {
                let level = match level {
                    HeadingLevel::H1 => 1,
                    HeadingLevel::H2 => 2,
                    HeadingLevel::H3 => 3,
                    HeadingLevel::H4 => 4,
                    HeadingLevel::H5 => 5,
                    HeadingLevel::H6 => 6,
                };
                self.open(Kind::Heading(level));
            }
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::CodeBlock(_) | Tag::HtmlBlock => self.gathered = Some(String::new()),
            Tag::List(first) => {
                self.is_open = false;
                self.lists.push(first.is_some());
            }
            Tag::Item => {
                let depth = self.lists.len().saturating_sub(1).min(DEEPEST);
                let is_ordered = self.lists.last().copied().unwrap_or_default();
                self.open(Kind::Item { is_ordered, depth });
            }
            Tag::Table(_) => self.table = Some(Vec::new()),
            Tag::TableHead | Tag::TableRow => {
                if let Some(rows) = &mut self.table {
                    rows.push(Vec::new());
                }
            }
            Tag::TableCell => {
                if let Some(row) = self.table.as_mut().and_then(|rows| rows.last_mut()) {
                    row.push(String::new());
                }
            }
            Tag::Emphasis => self.begin("<em>".to_owned(), "</em>"),
            Tag::Strong => self.begin("<strong>".to_owned(), "</strong>"),
            Tag::Strikethrough => self.begin("<s>".to_owned(), "</s>"),
            Tag::Link { dest_url, .. } => {
                if is_link(&dest_url) {
                    let open = format!(
                        "<a href=\"{}\" rel=\"noopener noreferrer\" target=\"_blank\">",
                        escaped(&dest_url)
                    );
                    self.begin(open, "</a>");
                } else {
                    self.begin(String::new(), "");
                }
            }
            Tag::Image { dest_url, .. } => {
                self.image = Some(dest_url.to_string());
                self.gathered = Some(String::new());
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Heading(_) if !self.is_in_item() => self.is_open = false,
            TagEnd::BlockQuote(_) => {
                self.quotes = self.quotes.saturating_sub(1);
                self.is_open = false;
            }
            TagEnd::CodeBlock => {
                let code = self.gathered.take().unwrap_or_default();
                self.code(&code);
            }
            TagEnd::HtmlBlock => {
                let html = self.gathered.take().unwrap_or_default();
                if !is_comment(&html) {
                    self.paragraph();
                    self.text(html.trim_end());
                    self.is_open = self.is_in_item();
                }
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.is_open = false;
            }
            TagEnd::Table => {
                let rows = self.table.take().unwrap_or_default();
                self.code(&aligned(&rows));
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link => {
                if !self.is_gathering()
                    && let Some((_, close)) = self.inline.pop()
                {
                    self.put(close);
                }
            }
            TagEnd::Image => {
                let text = self.gathered.take().unwrap_or_default();
                let url = self.image.take().unwrap_or_default();
                if self.is_gathering() || !is_web(&url) {
                    self.text(&text);
                } else {
                    let image =
                        format!("<img src=\"{}\" alt=\"{}\">", escaped(&url), escaped(&text));
                    self.put(&image);
                }
            }
            _ => {}
        }
    }

    /// Whether text goes somewhere where it cannot be bold or linked.
    const fn is_gathering(&self) -> bool {
        self.gathered.is_some() || self.table.is_some()
    }

    fn is_in_item(&self) -> bool {
        !self.lists.is_empty()
    }

    fn begin(&mut self, open: String, close: &'static str) {
        if self.is_gathering() {
            return;
        }
        self.put(&open);
        self.inline.push((open, close));
    }

    fn text(&mut self, text: &str) {
        if let Some(gathered) = &mut self.gathered {
            gathered.push_str(text);
        } else if let Some(rows) = &mut self.table {
            if let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()) {
                cell.push_str(text);
            }
        } else {
            let html = escaped(text);
            self.put(&html);
        }
    }

    /// HTML between words.
    fn html(&mut self, html: &str) {
        let name: String = html
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '/')
            .collect();
        if name.eq_ignore_ascii_case("<br>") {
            self.hard_break();
        } else if !is_comment(html) {
            self.text(html);
        }
    }

    fn put(&mut self, html: &str) {
        if !self.is_open {
            self.paragraph();
        }
        if let Some(line) = self.lines.last_mut() {
            line.html.push_str(html);
        }
    }

    /// A paragraph, or what stands for one where it is.
    fn paragraph(&mut self) {
        if self.is_in_item() {
            match self.lines.last_mut() {
                // The first paragraph of an item is the item; the next ones are joined to it.
                Some(line) if self.is_open => {
                    if !line.html.is_empty() && !line.html.ends_with(' ') {
                        line.html.push(' ');
                    }
                }
                _ => {
                    let depth = self.lists.len().saturating_sub(1).min(DEEPEST);
                    let is_ordered = self.lists.last().copied().unwrap_or_default();
                    self.open(Kind::Item { is_ordered, depth });
                }
            }
        } else if self.quotes > 0 {
            self.open(Kind::Quote);
        } else {
            self.open(Kind::Paragraph);
        }
    }

    fn hard_break(&mut self) {
        let kind = self.lines.last().map(|line| line.kind);
        match kind {
            Some(kind @ (Kind::Paragraph | Kind::Quote))
                if self.is_open && !self.is_gathering() =>
            {
                let closing: String = self.inline.iter().rev().map(|(_, close)| *close).collect();
                let opening: String = self.inline.iter().map(|(open, _)| open.as_str()).collect();
                self.put(&closing);
                self.open(kind);
                if let Some(line) = self.lines.last_mut() {
                    line.continues = true;
                    line.html.push_str(&opening);
                }
            }
            _ => self.text(" "),
        }
    }

    fn code(&mut self, text: &str) {
        self.open(Kind::Code);
        if let Some(line) = self.lines.last_mut() {
            line.html = escaped(text.trim_end_matches('\n'));
        }
        self.is_open = false;
    }

    fn open(&mut self, kind: Kind) {
        self.lines.push(Line {
            kind,
            html: String::new(),
            continues: false,
        });
        self.is_open = true;
    }
}

fn written(lines: &[Line]) -> String {
    let mut html = String::new();
    let mut list: Option<bool> = None;
    let mut before: Option<Kind> = None;
    for line in lines {
        let wanted = match line.kind {
            Kind::Item { is_ordered, .. } => Some(is_ordered),
            _ => None,
        };
        if wanted != list {
            html.push_str(list.map_or("", list_end));
            html.push_str(wanted.map_or("", |is_ordered| if is_ordered { "<ol>" } else { "<ul>" }));
            list = wanted;
        }
        let content = match line.html.trim_end() {
            "" => "<br>",
            content => content,
        };
        // Writing to a String cannot fail.
        let _ = match line.kind {
            Kind::Paragraph => {
                if before == Some(Kind::Paragraph) && !line.continues {
                    html.push_str("<p><br></p>");
                }
                write!(html, "<p>{content}</p>")
            }
            Kind::Heading(level) => write!(html, "<h{level}>{content}</h{level}>"),
            Kind::Item { depth: 0, .. } => write!(html, "<li>{content}</li>"),
            Kind::Item { depth, .. } => {
                write!(html, "<li class=\"ql-indent-{depth}\">{content}</li>")
            }
            Kind::Quote => write!(html, "<blockquote>{content}</blockquote>"),
            Kind::Code => write!(
                html,
                "<pre class=\"ql-syntax\" spellcheck=\"false\">{}\n</pre>",
                line.html
            ),
        };
        before = Some(line.kind);
    }
    html.push_str(list.map_or("", list_end));
    html
}

const fn list_end(is_ordered: bool) -> &'static str {
    if is_ordered { "</ol>" } else { "</ul>" }
}

/// Columns as wide as their widest cell, with a line under the heading.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let padding = width.saturating_sub(cell.chars().count());
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', padding));
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
        if index == 0 {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text.push_str(&rule.join("  "));
            text.push('\n');
        }
    }
    text
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            // Such a character has no business in a page.
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => html.push(c),
        }
    }
    html
}

fn is_comment(html: &str) -> bool {
    let html = html.trim();
    html.starts_with("<!--") && html.ends_with("-->") && html.matches("-->").count() == 1
}

/// The scheme of an address, as a browser would see it: it passes over spaces and control characters.
fn scheme(url: &str) -> Option<String> {
    let seen: String = url
        .chars()
        .filter(|c| !c.is_control() && !c.is_whitespace())
        .collect();
    let (scheme, _) = seen.split_once(':')?;
    let is_scheme = !scheme.contains(['/', '?', '#']);
    is_scheme.then(|| scheme.to_ascii_lowercase())
}

fn is_link(url: &str) -> bool {
    scheme(url).is_none_or(|scheme| matches!(scheme.as_str(), "http" | "https" | "mailto"))
}

fn is_web(url: &str) -> bool {
    scheme(url).is_some_and(|scheme| matches!(scheme.as_str(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_construct_becomes_what_the_dialect_has_for_it() {
        for (markdown, html) in [
            ("", ""),
            ("one\ntwo", "<p>one two</p>"),
            ("one\n\ntwo", "<p>one</p><p><br></p><p>two</p>"),
            (
                "a **b\\\nc** d",
                "<p>a <strong>b</strong></p><p><strong>c</strong> d</p>",
            ),
            ("###### six", "<h6>six</h6>"),
            (
                "*a* ~~b~~ `c<d`",
                "<p><em>a</em> <s>b</s> <code>c&lt;d</code></p>",
            ),
            (
                "- a\n- b\n\n1. c",
                "<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>",
            ),
            (
                "- a\n  1. b\n- c",
                "<ul><li>a</li></ul><ol><li class=\"ql-indent-1\">b</li></ol><ul><li>c</li></ul>",
            ),
            ("- a\n\n  b\n\n- c", "<ul><li>a b</li><li>c</li></ul>"),
            (
                "- [x] done\n- [ ] open",
                "<ul><li>☑ done</li><li>☐ open</li></ul>",
            ),
            (
                "> a\n>\n> b",
                "<blockquote>a</blockquote><blockquote>b</blockquote>",
            ),
            (
                "```sql\nselect 1 < 2;\n```",
                "<pre class=\"ql-syntax\" spellcheck=\"false\">select 1 &lt; 2;\n</pre>",
            ),
            (
                "| a | bb |\n|---|---|\n| `1` | **2** |",
                "<pre class=\"ql-syntax\" spellcheck=\"false\">a  bb\n-  --\n1  2\n</pre>",
            ),
            (
                "a\n\n---\n\nb",
                "<p>a</p><p><br></p><p><br></p><p><br></p><p>b</p>",
            ),
            (
                "[a](https://example.com/?a=1&b=2)",
                "<p><a href=\"https://example.com/?a=1&amp;b=2\" rel=\"noopener noreferrer\" target=\"_blank\">a</a></p>",
            ),
            (
                "![a *b*](https://example.com/x.png)",
                "<p><img src=\"https://example.com/x.png\" alt=\"a b\"></p>",
            ),
            ("<!-- a note to oneself -->\n\na", "<p>a</p>"),
            ("a<br>b", "<p>a</p><p>b</p>"),
        ] {
            assert_eq!(markdown_to_docs(markdown), html, "{markdown:?}");
        }
    }

    #[test]
    fn nothing_in_the_text_becomes_a_script() {
        for markdown in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[a](javascript:alert(1))",
            "[a](JaVa\tScRiPt:alert(1))",
            "[a](&#106;avascript:alert(1))",
            "![a](data:image/svg+xml;base64,AAAA)",
            "[a](data:text/html,<script>)",
            "<!-- --><script>alert(1)</script><!-- -->",
            "[a](https://example.com/\"onmouseover=\"alert(1))",
            "| <script> |\n|---|",
            "```\n</pre><script>\n```",
        ] {
            let html = markdown_to_docs(markdown);
            let lower = html.to_lowercase();
            assert!(!lower.contains("<script"), "{markdown:?}: {html}");
            assert!(!lower.contains("href=\"java"), "{markdown:?}: {html}");
            assert!(!lower.contains("=\"data:"), "{markdown:?}: {html}");
            assert!(!lower.contains("<img src=x"), "{markdown:?}: {html}");
            assert!(!lower.contains("\"onmouseover"), "{markdown:?}: {html}");
        }
    }

    /// Tags of the dialect, opened and closed in order.
    fn is_well_formed(html: &str) -> Result<(), String> {
        let mut open = Vec::new();
        for piece in html.split('<').skip(1) {
            let (tag, _) = piece.split_once('>').ok_or("a tag does not end")?;
            let name: String = tag.chars().take_while(|c| c.is_alphanumeric()).collect();
            if let Some(name) = tag.strip_prefix('/') {
                if open.pop().as_deref() != Some(name) {
                    return Err(format!("</{name}> closes nothing"));
                }
            } else if !matches!(name.as_str(), "br" | "img") {
                const KNOWN: [&str; 17] = [
                    "p",
                    "h1",
                    "h2",
                    "h3",
                    "h4",
                    "h5",
                    "h6",
                    "ul",
                    "ol",
                    "li",
                    "blockquote",
                    "pre",
                    "strong",
                    "em",
                    "s",
                    "code",
                    "a",
                ];
                if !KNOWN.contains(&name.as_str()) {
                    return Err(format!("<{name}> is none of the dialect's"));
                }
                open.push(name);
            }
        }
        if open.is_empty() {
            Ok(())
        } else {
            Err(format!("{open:?} stay open"))
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_comes_in_well_formed_html_of_the_dialect_goes_out(
            text in "[-a-c \\n*_~`#>\\[\\]()<>!|&\"'\\\\1.:/\\t]{0,80}"
        ) {
            let html = markdown_to_docs(&text);
            prop_assert_eq!(is_well_formed(&html), Ok(()), "{}", html);
        }
    }
}
