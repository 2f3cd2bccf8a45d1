//! What differs between two texts, line by line.

/// A line of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

/// Beyond this many pairs of lines it is not worth the time to find what stayed.
const MOST_PAIRS: usize = 1_000_000;

/// The lines that went, came and stayed.
pub(crate) fn lines<'a>(before: &'a str, after: &'a str) -> Vec<Difference<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old.len().saturating_mul(new.len()) > MOST_PAIRS {
        let gone = old.into_iter().map(Difference::Gone);
        return gone.chain(new.into_iter().map(Difference::New)).collect();
    }
    // For each pair of places, how many lines can stay from there on.
    let width = new.len() + 1;
    let mut stay = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            stay[i * width + j] = if old[i] == new[j] {
                stay[(i + 1) * width + j + 1] + 1
            } else {
                stay[(i + 1) * width + j].max(stay[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut found = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            found.push(Difference::Same(old[i]));
            i += 1;
            j += 1;
        } else if j == new.len()
            || (i < old.len() && stay[(i + 1) * width + j] >= stay[i * width + j + 1])
        {
            found.push(Difference::Gone(old[i]));
            i += 1;
        } else {
            found.push(Difference::New(new[j]));
            j += 1;
        }
    }
    found
}

/// HTML with a line for each of its blocks, so that a difference shows what changed and not all of it.
pub(crate) fn blocks(html: &str) -> String {
    let mut text = html.to_owned();
    for end in [
        "</p>",
        "</h1>",
        "</h2>",
        "</h3>",
        "</h4>",
        "</h5>",
        "</h6>",
        "</li>",
        "</ul>",
        "</ol>",
        "<ul>",
        "<ol>",
        "</blockquote>",
        "</pre>",
    ] {
        text = text.replace(end, &format!("{end}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_stays_stays() {
        assert_eq!(
            lines("a\nb\nc", "a\nx\nc"),
            [
                Difference::Same("a"),
                Difference::Gone("b"),
                Difference::New("x"),
                Difference::Same("c"),
            ]
        );
        assert_eq!(lines("", "a"), [Difference::New("a")]);
        assert_eq!(lines("a", ""), [Difference::Gone("a")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn both_texts_can_be_read_out_of_it(
            before in proptest::collection::vec("[a-c]", 0..12),
            after in proptest::collection::vec("[a-c]", 0..12),
        ) {
            let (old, new) = (before.join("\n"), after.join("\n"));
            let found = lines(&old, &new);
            let side = |wants_old: bool| -> Vec<String> {
                found
                    .iter()
                    .filter_map(|difference| match difference {
                        Difference::Same(line) => Some((*line).to_owned()),
                        Difference::Gone(line) if wants_old => Some((*line).to_owned()),
                        Difference::New(line) if !wants_old => Some((*line).to_owned()),
                        _ => None,
                    })
                    .collect()
            };
            prop_assert_eq!(side(true), before);
            prop_assert_eq!(side(false), after);
        }
    }
}
