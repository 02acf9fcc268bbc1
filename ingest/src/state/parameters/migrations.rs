//! Migrations that ran: what the first block of a new runtime added to `HasMigrationRun`, in every pallet that keeps it.

use std::collections::BTreeSet;

use yumascan_chain::KeyPart;
use yumascan_warehouse::{query::watched_state::MIGRATIONS, rows::NetworkParameterRow};

use super::{
    super::block::{Known, Pallets},
    cause::Cause,
};
use crate::{IngestError, rpc::Pool, source::BlockAt, verify::state::States};

/// Names of migrations that ran: name bytes → bool.
pub(in crate::state) const ITEM: &str = "HasMigrationRun";

/// A row for each block of the run that began with migrations, with an empty list where none is noted by the chain.
pub(super) async fn read(
    pool: &Pool,
    states: &mut States,
    blocks: &[Known<'_>],
) -> Result<Vec<NetworkParameterRow>, IngestError> {
    let upgraded: Vec<&Known<'_>> = blocks.iter().filter(|block| block.is_upgraded).collect();
    for block in &upgraded {
        for (pallets, at) in [(block.before, block.parent), (block.after, block.at)] {
            pallets.migrating.iter().for_each(|(_, items)| items.want_keys(states, at, ITEM, &[]));
        }
    }
    states.fetch(pool).await?;
    Ok(upgraded.into_iter().map(|block| row_of(block, states)).collect())
}

fn row_of(block: &Known<'_>, states: &States) -> NetworkParameterRow {
    let before = names(block.before, states, block.parent);
    let new: Vec<String> =
        names(block.after, states, block.at).into_iter().filter(|name| !before.contains(name)).collect();
    let cause = Cause::named("runtime_upgrade");
    NetworkParameterRow {
        block_number: block.at.number,
        name: MIGRATIONS.to_owned(),
        timestamp_ms: block.timestamp_ms,
        old_value: None,
        new_value: serde_json::to_string(&new).ok(),
        extrinsic_index: cause.extrinsic_index,
        call: cause.call,
        signer: cause.signer,
        cause: cause.name.to_owned(),
    }
}

/// Names in a state, with their pallet where it is not `SubtensorModule`.
fn names(pallets: &Pallets<'_>, states: &States, at: BlockAt) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (pallet, items) in &pallets.migrating {
        for parts in items.listed(states, at.number, ITEM, &[]) {
            let Some(name) = parts.first().and_then(text_of) else { continue };
            found.insert(if *pallet == "SubtensorModule" { name } else { format!("{pallet}.{name}") });
        }
    }
    found
}

/// A name from its bytes; where they are no text, in hex.
fn text_of(part: &KeyPart) -> Option<String> {
    let KeyPart::Json(json) = part else { return None };
    let hex: String = serde_json::from_str(json).ok()?;
    let text = const_hex::decode(&hex).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Some(text.filter(|text| !text.chars().any(char::is_control)).unwrap_or(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_their_bytes() {
        let of = |json: &str| text_of(&KeyPart::Json(json.to_owned()));
        assert_eq!(of("\"0x6d6967726174655f78\"").as_deref(), Some("migrate_x"));
        assert_eq!(of("\"0xff00\"").as_deref(), Some("0xff00"));
        assert_eq!(of("7"), None);
    }
}
