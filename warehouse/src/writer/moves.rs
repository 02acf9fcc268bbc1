//! Writing moves: part of what the state lane found in a range of blocks.

use super::replace_range::{Place, RangeReceipt, Target};
use crate::{Warehouse, WarehouseError, rows::MoveRows};

const STAKE_MOVES: Target = Target { table: "stake_moves", order: "block_number, event_index" };
const REGISTRATIONS: Target = Target { table: "registrations", order: "block_number, event_index" };
const DEREGISTRATIONS: Target = Target { table: "deregistrations", order: "block_number, item_index" };
const IDENTITIES: Target = Target { table: "identities", order: "block_number, event_index" };
const TAKES: Target = Target { table: "delegate_takes", order: "block_number, event_index" };
const CHILDREN: Target = Target { table: "child_keys", order: "block_number, event_index" };
const KEY_SWAPS: Target = Target { table: "key_swaps", order: "block_number, event_index" };
const CLAIMS: Target = Target { table: "root_claims", order: "block_number, item_index" };
const TRANSACTIONS: Target = Target { table: "evm_transactions", order: "block_number, transaction_index" };
const LOGS: Target = Target { table: "evm_logs", order: "block_number, event_index" };

impl Warehouse {
    /// Makes the stored moves of a range those of `rows`, which are sorted.
    pub(super) async fn replace_moves(
        &self,
        place: Place,
        rows: &MoveRows,
        receipt: &mut RangeReceipt,
    ) -> Result<(), WarehouseError> {
        receipt.note(self.replace_rows(place, &STAKE_MOVES, &rows.stake_moves, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &REGISTRATIONS, &rows.registrations, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &DEREGISTRATIONS, &rows.deregistrations, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &IDENTITIES, &rows.identities, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &TAKES, &rows.delegate_takes, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &CHILDREN, &rows.child_keys, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &KEY_SWAPS, &rows.key_swaps, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &CLAIMS, &rows.root_claims, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &TRANSACTIONS, &rows.evm_transactions, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &LOGS, &rows.evm_logs, Clone::clone).await?);
        Ok(())
    }
}
