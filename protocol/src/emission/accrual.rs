//! The alpha for participants of one block, split into what accrues.

use serde::{Deserialize, Serialize};

use super::Pendings;
use crate::fixed::U96F32;

/// One half.
const HALF: U96F32 = U96F32::from_bits(1 << 31);

/// How the alpha that a block issues to participants is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accrual {
    /// Root's weight in the subnet, from which root's part follows.
    pub root_proportion: U96F32,
    /// What the block adds to the pendings.
    pub added: Pendings,
    /// Root's part, where root does not receive: it leaves `SubnetAlphaOut` again.
    pub recycled_rao: u64,
}

/// Root's weight in a subnet: weighted root TAO over itself and all alpha of the subnet.
///
/// `tao_weight` is the storage item, of 2^64 − 1. The stored `RootProp` is this at the end of the block step.
pub fn root_proportion(root_tao_rao: u64, tao_weight: u64, alpha_issuance_rao: u64) -> U96F32 {
    let weighted = U96F32::from_u64(root_tao_rao).saturating_mul(U96F32::from_u64_share(tao_weight));
    weighted.safe_div(weighted.saturating_add(U96F32::from_u64(alpha_issuance_rao)))
}

/// Splits the alpha of a block: the owner's cut first, half of the rest to miners, the other half to validators and,
/// by root's weight, to root. Each part drops its fraction of a rao.
pub(super) fn accrue(alpha: u64, owner_cut: u16, root_proportion: U96F32, root_receives: bool) -> Accrual {
    let alpha = U96F32::from_u64(alpha);
    let cut = alpha.saturating_mul(U96F32::from_u16_share(owner_cut));
    let rest = alpha.saturating_sub(cut);
    let root = root_proportion.saturating_mul(rest).saturating_mul(HALF);
    let server = rest.saturating_mul(HALF);
    let validator = rest.saturating_sub(server).saturating_sub(root);
    let root_rao = root.to_u64();
    Accrual {
        root_proportion,
        added: Pendings {
            server_rao: server.to_u64(),
            validator_rao: validator.to_u64(),
            root_rao: if root_receives { root_rao } else { 0 },
            owner_cut_rao: cut.to_u64(),
        },
        recycled_rao: if root_receives { 0 } else { root_rao },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn owner_cut_of_the_default_and_of_the_extremes() {
        let accrue = |alpha, cut| accrue(alpha, cut, U96F32::ZERO, true).added;
        let default = accrue(1_000_000_000, 11_796);
        assert_eq!((default.owner_cut_rao, default.server_rao), (179_995_422, 410_002_288));
        // the other half has a rao's fraction more than is paid: both halves are cut, as the cut itself is
        assert_eq!(default.validator_rao, 410_002_288);
        assert_eq!(1_000_000_000 - (default.owner_cut_rao + 1) - default.server_rao, 410_002_289);
        let halved = accrue(500_000_000, 11_796);
        assert_eq!((halved.owner_cut_rao, halved.server_rao), (89_997_711, 205_001_144));
        assert_eq!(accrue(1_000_000_000, u16::MAX).owner_cut_rao, 1_000_000_000);
        assert_eq!(accrue(1_000_000_000, 0).owner_cut_rao, 0);
    }

    #[test]
    fn root_takes_its_weight_of_the_validator_half() {
        let proportion = root_proportion(1_000_000_000, u64::MAX, 3_000_000_000);
        assert_eq!(proportion, U96F32::ratio(1, 4));
        let added = accrue(1_000_000_000, 0, proportion, true).added;
        assert_eq!(
            (added.root_rao, added.server_rao, added.validator_rao),
            (125_000_000, 500_000_000, 375_000_000)
        );
        let kept = accrue(1_000_000_000, 0, proportion, false);
        assert_eq!((kept.added.root_rao, kept.recycled_rao), (0, 125_000_000));
    }

    #[test]
    fn root_proportion_has_the_bits_of_the_chain() {
        let weight = 3_320_413_933_267_719_290;
        let of = |alpha| root_proportion(1_000_000_000_000, weight, alpha).to_bits();
        assert_eq!(of(100_000_000_000), 2_761_050_404);
        assert_eq!(of(3_000_000_000), 4_224_557_996);
        assert_eq!(root_proportion(0, weight, 0), U96F32::ZERO);
    }

    proptest! {
        #[test]
        fn parts_never_exceed_the_whole_and_lose_less_than_four_rao(
            alpha in 0_u64..=1_000_000_000, cut: u16, proportion in 0_u128..=1 << 32, receives: bool,
        ) {
            let split = accrue(alpha, cut, U96F32::from_bits(proportion), receives);
            let sum = split.added.epoch_rao() + split.added.owner_cut_rao + split.recycled_rao;
            prop_assert!(sum <= alpha && alpha - sum < 4, "{sum} of {alpha}");
        }
    }
}
