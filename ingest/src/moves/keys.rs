//! Keys that were swapped, and what led to it.

use yumascan_warehouse::rows::{KeySwapRow, MoveRows};

use super::{
    MovesOf,
    events::{Event, Log},
};

/// Adds the rows of a block.
pub(super) fn collect(block: &MovesOf, log: &Log<'_>, rows: &mut MoveRows) {
    let found = log.subtensor().filter_map(|event| Some((event, read_event(event)?)));
    rows.key_swaps.extend(found.map(|(event, row)| KeySwapRow {
        block_number: block.number,
        event_index: event.index,
        extrinsic_index: event.extrinsic,
        timestamp_ms: block.timestamp_ms,
        ..row
    }));
}

fn read_event(event: &Event<'_>) -> Option<KeySwapRow> {
    let args = &event.args;
    let row = |kind: &str, old_key| KeySwapRow { kind: kind.to_owned(), old_key, ..KeySwapRow::default() };
    let who = || args.account("who", 0).or_else(|| args.account("coldkey", 0));
    let row = match event.name {
        "HotkeySwapped" => KeySwapRow {
            new_key: args.account("new_hotkey", 2),
            coldkey: args.account("coldkey", 0),
            ..row("hotkey", args.account("old_hotkey", 1))
        },
        "HotkeySwappedOnSubnet" => KeySwapRow {
            new_key: args.account("new_hotkey", 2),
            coldkey: args.account("coldkey", 0),
            netuid: args.u16("netuid", 3),
            ..row("hotkey_on_subnet", args.account("old_hotkey", 1))
        },
        "ColdkeySwapped" => KeySwapRow {
            new_key: args.account("new_coldkey", 1),
            amount_rao: args.u64("swap_cost", 2),
            ..row("coldkey", args.account("old_coldkey", 0))
        },
        "ColdkeySwapScheduled" => KeySwapRow {
            new_key: args.account("new_coldkey", 1),
            execution_block: args.u64("execution_block", 2),
            amount_rao: args.u64("swap_cost", 3),
            ..row("coldkey_scheduled", args.account("old_coldkey", 0))
        },
        "ColdkeySwapAnnounced" => {
            KeySwapRow { new_key_hash: args.text("new_coldkey_hash", 1), ..row("coldkey_announced", who()) }
        }
        "ColdkeySwapDisputed" => row("coldkey_disputed", who()),
        "ColdkeySwapCleared" => row("coldkey_cleared", who()),
        "ColdkeySwapReset" => row("coldkey_reset", who()),
        "ArbitrationPeriodExtended" => row("coldkey_arbitration_extended", who()),
        "AllBalanceUnstakedAndTransferredToNewColdkey" => KeySwapRow {
            new_key: args.account("new_coldkey", 1),
            amount_rao: args.u64("total_balance", 2),
            ..row("coldkey_balance_moved", args.account("current_coldkey", 0))
        },
        _ => return None,
    };
    Some(row)
}
