//! What can go wrong between a name and a value, and the name that was probably meant.

use crate::runtime::{DecodeError, Runtime};

/// Similarity, from 0 to 1, that makes a name worth suggesting.
const WORTH_SUGGESTING: f64 = 0.5;

/// Why a storage key or value could not be handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The runtime has no such pallet with storage.
    #[error("this runtime has no pallet `{pallet}` with storage{}", suggestion(.nearest))]
    UnknownPallet {
        /// The name asked for.
        pallet: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// The pallet has no such storage item.
    #[error("pallet `{pallet}` has no storage item `{item}`{}", suggestion(.nearest))]
    UnknownItem {
        /// The pallet.
        pallet: String,
        /// The name asked for.
        item: String,
        /// The nearest name there is; `Pallet.Item` where another pallet has it.
        nearest: Option<String>,
    },
    /// More keys were given than the item takes.
    #[error("`{pallet}.{item}` takes {takes} keys, {given} were given")]
    TooManyKeys {
        /// The pallet.
        pallet: String,
        /// The item.
        item: String,
        /// How many were given.
        given: usize,
        /// How many it takes.
        takes: usize,
    },
    /// A value given for a key is not of the key's type.
    #[error("key {position} of `{pallet}.{item}`: {reason}")]
    BadKey {
        /// The pallet.
        pallet: String,
        /// The item.
        item: String,
        /// Position of the key, from 1.
        position: usize,
        /// What is wrong with it, and what was expected.
        reason: String,
    },
    /// A key that belongs to another item.
    #[error("this is not a key of `{pallet}.{item}`")]
    OtherItem {
        /// The pallet.
        pallet: String,
        /// The item.
        item: String,
    },
    /// A key of the item that does not have its layout.
    #[error("broken key of `{pallet}.{item}` at byte {offset}: {reason}")]
    BrokenKey {
        /// The pallet.
        pallet: String,
        /// The item.
        item: String,
        /// Offset of the part that is wrong.
        offset: usize,
        /// What is wrong.
        reason: String,
    },
    /// A value that is not of the item's type: most likely it was written by another runtime.
    #[error(
        "value of `{pallet}.{item}` does not fit this runtime's type of it (decode it with the runtime of its block): {source}"
    )]
    BadValue {
        /// The pallet.
        pallet: String,
        /// The item.
        item: String,
        /// Where decoding stopped.
        source: DecodeError,
    },
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}

pub(super) fn unknown(runtime: &Runtime, pallet: &str, item: &str) -> StorageError {
    if runtime.storage_items().all(|known| known.pallet() != pallet) {
        let nearest = nearest(pallet, runtime.storage_items().map(|known| known.pallet())).map(str::to_owned);
        return StorageError::UnknownPallet { pallet: pallet.to_owned(), nearest };
    }
    let own = runtime.storage_items().filter(|known| known.pallet() == pallet);
    let elsewhere = || {
        let mut others = runtime.storage_items().filter(|known| known.name() == item);
        others.next().map(|known| format!("{}.{}", known.pallet(), known.name()))
    };
    let nearest = nearest(item, own.map(|known| known.name())).map(str::to_owned).or_else(elsewhere);
    StorageError::UnknownItem { pallet: pallet.to_owned(), item: item.to_owned(), nearest }
}

/// The name most like `wanted`, if any is like it at all; case does not count.
fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(&wanted, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= WORTH_SUGGESTING)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}
