//! Small texts that clients pass: ids of extrinsics and events, `Pallet.name`.

use crate::ApiError;

/// `3010-4` (or padded, `3010-0004`) as block and index.
pub(crate) fn parse_place(id: &str, what: &str) -> Result<(u64, u32), ApiError> {
    let parse = || {
        let (block, index) = id.trim().split_once('-')?;
        Some((block.parse().ok()?, index.parse().ok()?))
    };
    parse().ok_or_else(|| {
        ApiError::BadInput(format!(
            "`{id}` is not the id of an {what}: block and index joined by a dash, e.g. `3010-4`"
        ))
    })
}

/// The parts of a filter by name: `pallet` and `item`, or both as `name: "Pallet.item"`.
pub(crate) fn split_name(
    name: Option<&str>,
    pallet: Option<String>,
    item: Option<String>,
    item_field: &str,
) -> Result<(Option<String>, Option<String>), ApiError> {
    let Some(name) = name else {
        return Ok((pallet, item));
    };
    if pallet.is_some() || item.is_some() {
        let text =
            format!("`name` holds pallet and {item_field} together: leave out `pallet` and `{item_field}`");
        return Err(ApiError::BadInput(text));
    }
    let mut parts = name.trim().splitn(2, '.').map(str::trim);
    match (parts.next(), parts.next()) {
        (Some(pallet), None) if !pallet.is_empty() => Ok((Some(pallet.to_owned()), None)),
        (Some(pallet), Some(item)) if !pallet.is_empty() && !item.is_empty() => {
            Ok((Some(pallet.to_owned()), Some(item.to_owned())))
        }
        _ => Err(ApiError::BadInput(format!(
            "`{name}` is not a name: write `Pallet.{item_field}` or `Pallet`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_extrinsics_are_read_padded_or_not() {
        assert_eq!(parse_place("3010-4", "extrinsic").ok(), Some((3010, 4)));
        assert_eq!(parse_place(" 3010-0004 ", "extrinsic").ok(), Some((3010, 4)));
        for wrong in ["", "3010", "-4", "3010-", "a-b", "3010-4-1", "3010--4", "99999999999999999999-1"] {
            assert!(parse_place(wrong, "extrinsic").is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_pallet_and_item_and_excludes_both() {
        let split = |name: &str| split_name(Some(name), None, None, "call");
        assert_eq!(
            split("Balances.transfer_keep_alive").ok(),
            Some((Some("Balances".into()), Some("transfer_keep_alive".into())))
        );
        assert_eq!(split("Balances").ok(), Some((Some("Balances".into()), None)));
        assert!(split(".x").is_err() && split("Balances.").is_err() && split("").is_err());
        assert!(split_name(Some("A.b"), Some("A".into()), None, "call").is_err());
    }
}
