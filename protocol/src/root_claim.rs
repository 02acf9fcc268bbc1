//! Claims of root dividends (334 on): whose turn it is, and what is owed.
//!
//! Root's dividends are not staked at the epoch: `RootClaimable[hotkey][netuid]` grows by what each rao on root earned.
//! A claim pays the difference to what was claimed before. Besides those that ask for it, the chain claims for a few
//! coldkeys in every block.

use std::collections::BTreeSet;

use crate::fixed::I96F32;

/// Indexes of the coldkeys for which the chain claims in a block, ascending: keys of `StakingColdkeysByIndex`.
///
/// `parent_hash` is the hash of the parent block, `count` the stored `NumRootClaim`, `coldkeys` the stored
/// `NumStakingColdkeys`. Fewer than `count` come out where two draws meet. Without any coldkey the only index is 0,
/// which nobody has.
#[must_use]
pub fn claiming_indexes(parent_hash: [u8; 32], count: u64, coldkeys: u64) -> BTreeSet<u64> {
    let (words, _) = parent_hash.as_chunks::<8>();
    let [first, ..] = words else { return BTreeSet::new() };
    let mut last = u64::from_be_bytes(*first);
    let mut indexes = BTreeSet::new();
    for word in (0..count).zip(words.iter().cycle()).map(|(_, word)| u64::from_be_bytes(*word)) {
        last = last.saturating_add(word).checked_rem(coldkeys).unwrap_or(0);
        indexes.insert(last);
        if indexes.len() as u64 >= coldkeys.max(1) {
            break; // all of them: further draws add none
        }
    }
    indexes
}

/// Alpha that a coldkey may claim, alpha-rao; negative where more was claimed than is owed.
///
/// `rate` is `RootClaimable[hotkey][netuid]`, `root_rao` what the coldkey has on root with the hotkey, `claimed_rao`
/// the stored `RootClaimed[netuid, hotkey, coldkey]`. Below `RootClaimableThreshold[netuid]` nothing is paid.
#[must_use]
pub fn owed_rao(rate: I96F32, root_rao: u64, claimed_rao: u128) -> i128 {
    let earned = rate.saturating_mul(I96F32::from_u64(root_rao)).to_u64();
    i128::from(earned).saturating_sub(i128::try_from(claimed_rao).unwrap_or(i128::MAX))
}
