//! The functions that may be used: those that compute from their arguments alone.
//!
//! Not listed, and so refused, is whatever reads or tells something else: table functions (`file`, `url`, `s3`, `remote`,
//! `merge`, `numbers` …), dictionaries (`dictGet…`), other tables by name (`joinGet`, `hasColumnInTable`, `in` written as a
//! function), files (`file`), the server (`hostName`, `version`, `getSetting`, `currentUser` …), time wasting (`sleep`),
//! and constructors of large values (`repeat`, `range` and the like are bounded by the memory limit and listed).

/// Names by family, in ClickHouse's spelling.
const FUNCTIONS: &str = include_str!("functions.txt");

/// Endings that turn an aggregate function into another one.
const COMBINATORS: [&str; 9] =
    ["if", "array", "distinct", "ornull", "ordefault", "map", "argmin", "argmax", "foreach"];

fn is_listed(name: &str) -> bool {
    let lines = FUNCTIONS.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).any(|known| known.eq_ignore_ascii_case(name))
}

/// The lines of the first family, which combinators may follow.
fn is_aggregate(name: &str) -> bool {
    let family = FUNCTIONS.split("# windows").next().unwrap_or_default();
    let lines = family.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).any(|known| known.eq_ignore_ascii_case(name))
        || has_combinator(name)
}

fn has_combinator(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    COMBINATORS
        .iter()
        .any(|ending| lower.strip_suffix(ending).is_some_and(|stem| !stem.is_empty() && is_aggregate(stem)))
}

/// Whether a function may be called by this name, in any case.
pub(super) fn is_allowed(name: &str) -> bool {
    is_listed(name) || has_combinator(name)
}

/// The names as listed, for tests and for people.
pub fn all() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinators_follow_listed_aggregates_only() {
        for name in ["sumIf", "uniqExactIf", "quantileArrayIf", "COUNT", "avgOrNull"] {
            assert!(is_allowed(name), "{name}");
        }
        for name in ["fileIf", "if_", "dictGetIf", "sleepOrNull", "url", "sumState", "sumMerge", "arrayIf"] {
            assert!(!is_allowed(name), "{name}");
        }
    }
}
