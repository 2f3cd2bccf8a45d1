//! When a pipeline runs by itself: checked before it is sent.
//!
//! Rule: what is refused is what no cron takes. `@once`, which the guides send, the usual nicknames, and five fields
//! (minute, hour, day, month, weekday) with lists, ranges, steps and the English names are taken. The server has the last
//! word on the rest.

use crate::error::Error;

const NICKNAMES: [&str; 8] = [
    "@once",
    "@hourly",
    "@daily",
    "@midnight",
    "@weekly",
    "@monthly",
    "@yearly",
    "@annually",
];

struct Part {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const PARTS: [Part; 5] = [
    Part {
        name: "minute",
        least: 0,
        most: 59,
        names: &[],
    },
    Part {
        name: "hour",
        least: 0,
        most: 23,
        names: &[],
    },
    Part {
        name: "day",
        least: 1,
        most: 31,
        names: &[],
    },
    Part {
        name: "month",
        least: 1,
        most: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    // Sunday is 0 and 7.
    Part {
        name: "weekday",
        least: 0,
        most: 7,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// Checks a schedule.
pub(crate) fn check(field: &str, text: &str) -> Result<(), Error> {
    fault(text).map_or(Ok(()), |why| {
        Err(Error::invalid_field(
            field,
            format_args!("`{}` is no schedule: {why}", text.escape_debug()),
            "write five fields such as `0 6 * * *` (each day at six), or leave it out to run by hand",
        ))
    })
}

fn fault(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with('@') {
        let known = NICKNAMES.iter().any(|name| text.eq_ignore_ascii_case(name));
        return (!known).then(|| format!("known names are {}", NICKNAMES.join(", ")));
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != PARTS.len() {
        return Some(format!("it has {} fields and needs five", fields.len()));
    }
    PARTS.iter().zip(fields).find_map(|(part, field)| {
        field
            .split(',')
            .find(|item| !part.takes(item))
            .map(|item| format!("`{item}` is no {}", part.name))
    })
}

impl Part {
    fn takes(&self, item: &str) -> bool {
        let (base, step) = match item.split_once('/') {
            Some((base, step)) => (base, Some(step)),
            None => (item, None),
        };
        if step.is_some_and(|step| !step.parse().is_ok_and(|step: u32| step > 0)) {
            return false;
        }
        if matches!(base, "*" | "?") {
            return true;
        }
        let is_day = matches!(self.name, "day" | "weekday");
        if is_day && matches!(base, "L" | "LW" | "W") {
            return true;
        }
        match base.split_once('-') {
            Some((from, to)) => self.is_value(from) && self.is_value(to),
            None if is_day => self.is_value(day(base)),
            None => self.is_value(base),
        }
    }

    fn is_value(&self, text: &str) -> bool {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            return text
                .parse()
                .is_ok_and(|value: u32| (self.least..=self.most).contains(&value));
        }
        self.names
            .iter()
            .any(|name| text.eq_ignore_ascii_case(name))
    }
}

/// A day without what some crons allow behind it: the last one (`5L`), the working day next to it (`15W`), the second of
/// the month (`1#2`).
fn day(text: &str) -> &str {
    let text = match text.split_once('#') {
        Some((day, "1" | "2" | "3" | "4" | "5")) => day,
        _ => text,
    };
    text.strip_suffix(['L', 'W']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_taken() {
        for text in [
            "@once",
            "@Daily",
            "0 6 * * *",
            "*/15 0-6,18 1,15 JAN-mar mon",
            "0 0 L * ?",
            "0 0 15W * 5L",
            "0 0 * * 1#2",
            " 5  4 * * 7 ",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn what_no_cron_takes_is_refused_with_the_field_at_fault() {
        for (text, why) in [
            ("", "it has 0 fields and needs five"),
            ("daily", "it has 1 fields and needs five"),
            ("* * * * * *", "it has 6 fields and needs five"),
            ("60 * * * *", "`60` is no minute"),
            ("0 24 * * *", "`24` is no hour"),
            ("0 0 0 * *", "`0` is no day"),
            ("0 0 * 13 *", "`13` is no month"),
            ("0 0 * * 8", "`8` is no weekday"),
            ("*/0 * * * *", "`*/0` is no minute"),
            ("0 0 * foo *", "`foo` is no month"),
            ("0,, * * * *", "`` is no minute"),
            ("-1 * * * *", "`-1` is no minute"),
        ] {
            assert_eq!(fault(text).as_deref(), Some(why), "{text}");
        }
        assert!(fault("@fortnightly").is_some_and(|why| why.contains("@weekly")));
    }
}
