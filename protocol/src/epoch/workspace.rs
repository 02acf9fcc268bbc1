//! Memory that one epoch leaves to the next.

use crate::fixed::{I32F32, I64F64};

use super::{StakeWeight, sparse::Sparse};

/// Buffers of [`run`](super::run): they grow to the largest epoch seen and stay.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) subnet: SubnetBuffers,
    pub(super) mechanism: MechanismBuffers,
    pub(super) scratch: Scratch,
}

impl Workspace {
    /// Memory held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Self { subnet, mechanism, scratch } = self;
        let matrices = [
            &mechanism.weights,
            &mechanism.clipped,
            &mechanism.interpolated,
            &mechanism.old_bonds,
            &mechanism.new_bonds,
            &mechanism.bond_alphas,
            &mechanism.bonds,
            &mechanism.scaled_bonds,
        ];
        let vectors = [
            &subnet.stake,
            &mechanism.active_stake,
            &mechanism.consensus,
            &mechanism.validator_trust,
            &mechanism.ranks,
            &mechanism.unclipped_ranks,
            &mechanism.incentive,
            &mechanism.dividends,
            &mechanism.server_share,
            &mechanism.validator_share,
            &mechanism.combined_share,
            &scratch.columns,
            &scratch.dense,
            &scratch.dense_seen,
            &scratch.voting_stake,
            &scratch.column_alphas,
        ];
        let rao = [&mechanism.emission, &mechanism.server_emission, &mechanism.validator_emission];
        let flags = [&subnet.permits, &subnet.next_permits, &mechanism.active];
        matrices.into_iter().map(Sparse::bytes).sum::<usize>()
            + vectors.into_iter().map(held).sum::<usize>()
            + rao.into_iter().map(held).sum::<usize>()
            + flags.into_iter().map(held).sum::<usize>()
            + held(&subnet.stake_weight)
            + held(&subnet.wide_stake)
            + held(&subnet.order)
            + held(&scratch.marks)
            + held(&scratch.met)
            + held(&scratch.column_starts)
            + held(&scratch.column_cells)
    }
}

/// Bytes of a vector's memory.
pub(super) fn held<T>(values: &Vec<T>) -> usize {
    values.capacity() * size_of::<T>()
}

/// What all mechanisms of a subnet share.
#[derive(Debug, Default)]
pub(super) struct SubnetBuffers {
    /// Weighed stake by uid.
    pub(super) stake_weight: Vec<StakeWeight>,
    /// Stake above the threshold, then as a share of all.
    pub(super) wide_stake: Vec<I64F64>,
    /// Stake as a share of all.
    pub(super) stake: Vec<I32F32>,
    /// Permits in force.
    pub(super) permits: Vec<bool>,
    /// Permits of the next epoch.
    pub(super) next_permits: Vec<bool>,
    /// Uids by stake.
    pub(super) order: Vec<u16>,
}

/// What one mechanism computes.
#[derive(Debug, Default)]
pub(super) struct MechanismBuffers {
    pub(super) active: Vec<bool>,
    pub(super) active_stake: Vec<I32F32>,
    pub(super) weights: Sparse,
    pub(super) clipped: Sparse,
    pub(super) interpolated: Sparse,
    pub(super) old_bonds: Sparse,
    pub(super) new_bonds: Sparse,
    pub(super) bond_alphas: Sparse,
    pub(super) bonds: Sparse,
    /// Bonds as stored (classic: scaled up by column) or as shares of their column (Yuma3).
    pub(super) scaled_bonds: Sparse,
    pub(super) consensus: Vec<I32F32>,
    pub(super) validator_trust: Vec<I32F32>,
    pub(super) ranks: Vec<I32F32>,
    pub(super) unclipped_ranks: Vec<I32F32>,
    pub(super) incentive: Vec<I32F32>,
    pub(super) dividends: Vec<I32F32>,
    pub(super) server_share: Vec<I32F32>,
    pub(super) validator_share: Vec<I32F32>,
    pub(super) combined_share: Vec<I32F32>,
    pub(super) emission: Vec<u64>,
    pub(super) server_emission: Vec<u64>,
    pub(super) validator_emission: Vec<u64>,
    pub(super) fallback: bool,
}

/// Working memory without meaning of its own.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// One value a column.
    pub(super) columns: Vec<I32F32>,
    /// One value a column, zero between uses.
    pub(super) dense: Vec<I32F32>,
    /// One value a column, zero between uses.
    pub(super) dense_seen: Vec<I32F32>,
    /// One bit a column, zero between uses.
    pub(super) marks: Vec<u64>,
    /// Row in which a column was last met.
    pub(super) met: Vec<u32>,
    /// Where the cells of each column begin in `column_cells`.
    pub(super) column_starts: Vec<usize>,
    /// Columns of the weights: (weight, stake).
    pub(super) column_cells: Vec<(I32F32, I32F32)>,
    /// Stake of the validators that vote, as shares of it.
    pub(super) voting_stake: Vec<I32F32>,
    /// One alpha a column.
    pub(super) column_alphas: Vec<I32F32>,
}

impl Scratch {
    /// Makes room for `neurons` columns, all zero.
    pub(super) fn prepare(&mut self, neurons: usize) {
        for values in [&mut self.columns, &mut self.dense, &mut self.dense_seen] {
            values.clear();
            values.resize(neurons, I32F32::ZERO);
        }
        self.marks.clear();
        self.marks.resize(neurons.div_ceil(64), 0);
        self.met.clear();
        self.met.resize(neurons, 0);
    }
}
