//! The split of what validators and root share, by where a hotkey's stake lies.

use std::collections::BTreeMap;

use super::DistributionInputs;
use crate::{emission::EmissionError, epoch::AccountKey, fixed::U96F32};

/// What a hotkey has of the validators' alpha and of root's, takes included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared {
    pub(super) hotkey: AccountKey,
    pub(super) credit: U96F32,
    pub(super) alpha: U96F32,
    pub(super) root: U96F32,
}

/// Divides each credit by the hotkey's weight on the subnet and on root, and each sum by the two kinds of credit.
pub(super) fn share(
    inputs: &DistributionInputs,
    validator_rao: u64,
    credits: &BTreeMap<AccountKey, U96F32>,
) -> Result<Vec<Shared>, EmissionError> {
    let weight = U96F32::from_u64_share(inputs.tao_weight);
    let mut split = Vec::with_capacity(credits.len());
    let (mut all_alpha, mut all_root) = (U96F32::ZERO, U96F32::ZERO);
    for (hotkey, credit) in credits {
        let state = inputs.hotkey(*hotkey)?;
        let on_root = U96F32::from_u64(state.root_rao).saturating_mul(weight);
        let stake = U96F32::from_u64(state.alpha_rao).saturating_add(on_root);
        let root = credit.saturating_mul(on_root.safe_div(stake));
        let alpha = credit.saturating_sub(root);
        all_alpha = all_alpha.saturating_add(alpha);
        all_root = all_root.saturating_add(root);
        split.push((*hotkey, *credit, alpha, root));
    }
    let part = |rao: u64, one: U96F32, all: U96F32| U96F32::from_u64(rao).saturating_mul(one.safe_div(all));
    let shared = split.into_iter().map(|(hotkey, credit, alpha, root)| Shared {
        hotkey,
        credit,
        alpha: part(validator_rao, alpha, all_alpha),
        root: part(inputs.pendings.root_rao, root, all_root),
    });
    Ok(shared.collect())
}
