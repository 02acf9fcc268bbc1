//! The name that was probably meant.

/// The known name most like `given`, when one is like it at all.
pub(super) fn nearest<'n>(given: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&given, &name.to_lowercase()),
                strsim::jaro_winkler(&given, name),
                name,
            )
        })
        .filter(|(distance, likeness, name)| *distance <= name.len().max(3) / 3 || *likeness > 0.85)
        .min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
        .map(|(.., name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_find_their_names_and_nonsense_finds_none() {
        let known = ["endpoints", "window_blocks", "memory_mb", "listen"];
        assert_eq!(nearest("endpoitns", known), Some("endpoints"));
        assert_eq!(nearest("endpoint", known), Some("endpoints"));
        assert_eq!(nearest("Listen", known), Some("listen"));
        assert_eq!(nearest("window_block", known), Some("window_blocks"));
        assert_eq!(nearest("colour", known), None);
    }
}
