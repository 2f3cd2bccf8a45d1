//! Reading the parameters of a query, with one text for each thing that is wrong.

use crate::call::Call;

/// An integer from 1; one that is larger than any list counts as the largest.
pub(crate) fn positive(call: &Call, name: &str, default: usize, wrong: &mut Vec<String>) -> usize {
    match call.query(name).map(whole) {
        None => default,
        Some(Some(number)) if number >= 1 => number,
        Some(_) => {
            wrong.push(format!("{name} must be a positive integer"));
            default
        }
    }
}

/// An integer from 0, which it is unless given.
pub(crate) fn not_negative(call: &Call, name: &str, wrong: &mut Vec<String>) -> usize {
    match call.query(name).map(whole) {
        None => 0,
        Some(Some(number)) => number,
        Some(None) => {
            wrong.push(format!("{name} must be an integer from 0"));
            0
        }
    }
}

/// True or false, in any case as some clients write it; false unless given.
pub(crate) fn boolean(call: &Call, name: &str, wrong: &mut Vec<String>) -> bool {
    match call.query(name) {
        None => false,
        Some(text) if text.eq_ignore_ascii_case("true") => true,
        Some(text) if text.eq_ignore_ascii_case("false") => false,
        Some(_) => {
            wrong.push(format!("{name} must be true or false"));
            false
        }
    }
}

/// One of a few words.
pub(crate) fn one_of<'a>(
    call: &'a Call,
    name: &str,
    known: [&'static str; 2],
    default: &'static str,
    wrong: &mut Vec<String>,
) -> &'a str {
    match call.query(name) {
        None => default,
        Some(value) if known.contains(&value) => value,
        Some(_) => {
            wrong.push(format!("{name} must be one of {}", known.join(", ")));
            default
        }
    }
}

fn whole(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_digits_and_may_be_huge() {
        for (text, number) in [
            ("0", Some(0)),
            ("10", Some(10)),
            ("007", Some(7)),
            ("99999999999999999999999999", Some(usize::MAX)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("1e3", None),
            (" 1", None),
            ("１", None),
        ] {
            assert_eq!(whole(text), number, "{text}");
        }
    }
}
