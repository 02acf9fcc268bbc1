//! Writing what replays found.
//!
//! What takes time to measure (`replay_ns`) is left out of the comparison with what is stored. The window's row comes
//! last: a range that was cut off is looked at again.

use super::replace_range::{Place, RangeReceipt, Target};
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rowbinary::write_row,
    rows::{
        EmissionVerificationRow, EpochDifferenceRow, EpochInputsRow, EpochVerificationRow,
        VerificationCauseRow,
    },
};

/// All that was found in a range of blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifiedWindow {
    /// First block.
    pub first: u64,
    /// Last block.
    pub last: u64,
    /// Only this subnet was looked at; the range does not count as done then.
    pub netuid: Option<u16>,
    /// Generation of the replay.
    pub generation: u32,
    /// Sorted by block, subnet, mechanism.
    pub epochs: Vec<EpochVerificationRow>,
    /// Sorted by block, subnet, mechanism, position.
    pub differences: Vec<EpochDifferenceRow>,
    /// Sorted by subnet, block.
    pub inputs: Vec<EpochInputsRow>,
    /// Sorted by block, subnet.
    pub emissions: Vec<EmissionVerificationRow>,
    /// Sorted.
    pub causes: Vec<VerificationCauseRow>,
}

const DIFFERENCES: Target =
    Target { table: "epoch_differences", order: "block_number, netuid, mechid, position" };
const INPUTS: Target = Target { table: "epoch_inputs", order: "netuid, block_number" };
const EMISSIONS: Target = Target { table: "emission_verifications", order: "block_number, netuid" };
const CAUSES: Target =
    Target { table: "verification_causes", order: "block_number, netuid, lane, field, cause, treatment" };
const EPOCHS: Target = Target { table: "epoch_verifications", order: "block_number, netuid, mechid" };

impl VerifiedWindow {
    fn place(&self) -> Place {
        Place { first: self.first, last: self.last, netuid: self.netuid }
    }
}

impl Warehouse {
    /// Makes the stored verifications of a range those of `window`. Doing so again changes nothing.
    ///
    /// # Errors
    /// See [`WarehouseError::is_transient`] for whether to call again; the range does not count as done meanwhile.
    pub async fn write_verified(&self, window: &VerifiedWindow) -> Result<RangeReceipt, WarehouseError> {
        let mut receipt = RangeReceipt::default();
        let place = window.place();
        let same = |row: &EpochDifferenceRow| row.clone();
        receipt.note(self.replace_rows(place, &DIFFERENCES, &window.differences, same).await?);
        // the hash stands for the text
        let stored = self.list_input_hashes(place).await?;
        let hashes = window
            .inputs
            .iter()
            .map(|row| (row.block_number, row.netuid, row.inputs_hash.clone()))
            .collect::<Vec<_>>();
        let changed = stored != hashes;
        if changed {
            self.rewrite_rows(place, &INPUTS, &window.inputs, !stored.is_empty()).await?;
        }
        receipt.note(changed);
        let same = |row: &EmissionVerificationRow| row.clone();
        receipt.note(self.replace_rows(place, &EMISSIONS, &window.emissions, same).await?);
        let same = |row: &VerificationCauseRow| row.clone();
        receipt.note(self.replace_rows(place, &CAUSES, &window.causes, same).await?);
        let untimed = |row: &EpochVerificationRow| EpochVerificationRow { replay_ns: 0, ..row.clone() };
        receipt.note(self.replace_rows(place, &EPOCHS, &window.epochs, untimed).await?);
        if window.netuid.is_none() {
            self.record_verified(window).await?;
        }
        Ok(receipt)
    }

    async fn list_input_hashes(&self, place: Place) -> Result<Vec<(u64, u16, String)>, WarehouseError> {
        let sql = Sql::new("SELECT block_number, netuid, inputs_hash FROM epoch_inputs")
            .append(&place.conditions().to_where())
            .push(&format!(" ORDER BY {}", INPUTS.order));
        self.fetch_all("read inputs of epochs", sql).await
    }

    async fn record_verified(&self, window: &VerifiedWindow) -> Result<(), WarehouseError> {
        let (first, last, generation) = (window.first, window.last, window.generation);
        let known = Sql::new(
            "SELECT count() FROM verification_windows WHERE first_block = ? AND last_block = ? AND generation = ?",
        );
        let known = known.bind(first).bind(last).bind(generation);
        if self.fetch_count("look for a verified range", known).await? > 0 {
            return Ok(());
        }
        let mut bytes = Vec::new();
        write_row(&mut bytes, &(first, last, generation, window.epochs.len() as u64)).map_err(|source| {
            WarehouseError::Encode { table: "verification_windows", reason: source.to_string() }
        })?;
        let columns = ["first_block", "last_block", "generation", "epochs"];
        let token = format!("verification_windows:{first}-{last}:{generation}");
        self.insert_bytes("record a verified range", "verification_windows", &columns, bytes.into(), &token)
            .await
    }
}
