//! How often names occur in a window.

use std::collections::BTreeMap;

use super::BlockRows;

/// Occurrences by kind, pallet, name.
#[derive(Debug, Default)]
pub(super) struct NameCounts(BTreeMap<&'static str, BTreeMap<String, BTreeMap<String, u64>>>);

impl NameCounts {
    /// Adds the names of a block.
    pub(super) fn count(&mut self, rows: &BlockRows) {
        let extrinsics = rows.extrinsics.iter().map(|row| ("extrinsic", &row.pallet, &row.call));
        let calls = rows.calls.iter().map(|row| ("call", &row.pallet, &row.call));
        let events = rows.events.iter().map(|row| ("event", &row.pallet, &row.variant));
        for (kind, pallet, name) in extrinsics.chain(calls).chain(events) {
            self.add(kind, pallet, name, 1);
        }
    }

    /// Names are few and rows many: only the first of a name is copied.
    pub(super) fn add(&mut self, kind: &'static str, pallet: &str, name: &str, occurrences: u64) {
        let pallets = self.0.entry(kind).or_default();
        if let Some(count) = pallets.get_mut(pallet).and_then(|names| names.get_mut(name)) {
            *count += occurrences;
            return;
        }
        pallets.entry(pallet.to_owned()).or_default().insert(name.to_owned(), occurrences);
    }

    /// (kind, pallet, name, occurrences), sorted.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str, &str, u64)> {
        self.0.iter().flat_map(|(kind, pallets)| {
            pallets.iter().flat_map(move |(pallet, names)| {
                names.iter().map(move |(name, count)| (*kind, pallet.as_str(), name.as_str(), *count))
            })
        })
    }
}
