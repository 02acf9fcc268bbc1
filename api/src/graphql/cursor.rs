//! Opaque cursors: where a row stands, and in which list.
//!
//! A cursor is the hex of a version byte, a hash of the list (its name, filter and order) and the place of the row. The
//! hash is what makes a cursor of one list unusable in another, where it would silently skip rows.

use yumascan_warehouse::{Cursor, Order};

use crate::ApiError;

const VERSION: u8 = 1;
const LENGTH: usize = 1 + 8 + 8 + 4 + 4;

/// A list: what its cursors are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListId {
    /// Name, for errors.
    pub(crate) name: &'static str,
    hash: u64,
}

impl ListId {
    /// Identifies a list by its name, its filter and its order.
    pub(crate) fn new(name: &'static str, filter: &impl std::fmt::Debug, order: Order) -> Self {
        let text = format!("{name}\n{filter:?}\n{order:?}");
        Self { name, hash: xxhash_rust::xxh3::xxh3_64(text.as_bytes()) }
    }

    /// The cursor of a row of this list.
    pub(crate) fn encode(self, place: Cursor) -> String {
        let mut bytes = [0; LENGTH];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&self.hash.to_be_bytes());
        bytes[9..17].copy_from_slice(&place.block.to_be_bytes());
        bytes[17..21].copy_from_slice(&place.major.to_be_bytes());
        bytes[21..].copy_from_slice(&place.minor.to_be_bytes());
        const_hex::encode(bytes)
    }

    /// The place that a cursor of this list names.
    pub(crate) fn decode(self, cursor: &str) -> Result<Cursor, ApiError> {
        let mut bytes = [0; LENGTH];
        let is_hex = const_hex::decode_to_slice(cursor, &mut bytes).is_ok();
        // An 0x in front would be taken by the hex reader, but no cursor of ours has one.
        if !is_hex || bytes[0] != VERSION || cursor.len() != 2 * LENGTH {
            return Err(ApiError::InvalidCursor { cursor: cursor.chars().take(60).collect() });
        }
        if bytes[1..9] != self.hash.to_be_bytes() {
            return Err(ApiError::CursorMismatch { list: self.name });
        }
        let place = Cursor {
            block: number(&bytes[9..17]),
            major: number(&bytes[17..21]) as u32,
            minor: number(&bytes[21..]) as u32,
        };
        Ok(place)
    }
}

/// Big-endian number of at most eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use yumascan_warehouse::query::transfers::TransferFilter;

    use super::*;

    fn list() -> ListId {
        ListId::new("transfers", &TransferFilter::default(), Order::Newest)
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_the_place_it_was_made_of(block: u64, major: u32, minor: u32) {
            let place = Cursor { block, major, minor };
            prop_assert_eq!(list().decode(&list().encode(place)).unwrap(), place);
        }

        #[test]
        fn no_text_whatever_panics_or_passes_for_a_cursor(text in ".{0,80}") {
            prop_assert!(list().decode(&text).is_err());
        }

        #[test]
        fn a_changed_digit_in_front_of_the_place_is_noticed(block: u64, at in 0usize..18, digit in 0u8..16) {
            let cursor = list().encode(Cursor { block, major: 0, minor: 0 });
            let mut changed = cursor.clone().into_bytes();
            changed[at] = char::from_digit(u32::from(digit), 16).unwrap() as u8;
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(list().decode(&changed).is_ok(), changed == cursor);
        }

        #[test]
        fn a_cursor_of_another_filter_order_or_list_is_refused(block: u64, min in any::<u64>()) {
            let cursor = list().encode(Cursor { block, major: 0, minor: 0 });
            let filtered = TransferFilter { min_amount_rao: Some(min), ..TransferFilter::default() };
            for other in [
                ListId::new("transfers", &filtered, Order::Newest),
                ListId::new("transfers", &TransferFilter::default(), Order::Oldest),
                ListId::new("events", &TransferFilter::default(), Order::Newest),
            ] {
                let refused = matches!(other.decode(&cursor), Err(ApiError::CursorMismatch { .. }));
                prop_assert!(refused);
            }
        }
    }
}
