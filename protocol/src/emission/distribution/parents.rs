//! Parents: what a child earned with their stake is theirs, less the child's take.

use super::DistributionInputs;
use crate::{emission::EmissionError, epoch::AccountKey, fixed::U96F32};

/// How the dividends of a hotkey are split.
pub(super) struct Split {
    /// Parents in storage order, then the hotkey itself.
    pub(super) credits: Vec<(AccountKey, u64)>,
    /// What is burned.
    pub(super) burned_rao: u64,
}

/// Splits the dividends of `child` by how much of its stake weight each parent lent it.
///
/// From a parent of another owner a part is burned and the child takes its take. Every part is rounded down and the
/// child has what remains.
pub(super) fn split(
    inputs: &DistributionInputs,
    child: AccountKey,
    dividends: u64,
) -> Result<Split, EmissionError> {
    let state = inputs.hotkey(child)?;
    let weight = U96F32::from_u64_share(inputs.tao_weight);
    let lent = |alpha: u64, root: u64, part: U96F32| {
        let on_root = U96F32::from_u64(root).saturating_mul(part).saturating_mul(weight);
        U96F32::from_u64(alpha).saturating_mul(part).saturating_add(on_root)
    };
    let kept = state
        .children
        .iter()
        .fold(U96F32::ONE, |kept, proportion| kept.saturating_sub(U96F32::from_u64_share(*proportion)));
    // the child's own contribution is counted in whole rao, those of its parents are not
    let own = lent(state.alpha_rao, state.root_rao, kept).to_u64();
    let mut total = U96F32::from_u64(own);
    let mut contributions = Vec::with_capacity(state.parents.len());
    for parent in &state.parents {
        let lender = inputs.hotkey(parent.hotkey)?;
        let part = U96F32::from_u64_share(parent.proportion);
        let contribution = lent(lender.alpha_rao, lender.root_rao, part);
        total = total.saturating_add(contribution);
        contributions.push((parent.hotkey, lender.owner, contribution));
    }

    let take = U96F32::from_u16_share(state.childkey_take);
    let burn = U96F32::from_u64_share(inputs.childkey_burn);
    let earned = U96F32::from_u64(dividends);
    let mut remaining = earned;
    let mut taken = U96F32::ZERO;
    let mut burned_rao = 0_u64;
    let mut credits = Vec::with_capacity(contributions.len() + 1);
    for (parent, owner, contribution) in contributions {
        let mut part = earned.saturating_mul(contribution.safe_div(total));
        remaining = remaining.saturating_sub(part);
        if owner != state.owner {
            let burned = burn.saturating_mul(part);
            let take = take.saturating_mul(part);
            part = part.saturating_sub(burned).saturating_sub(take);
            taken = taken.saturating_add(take);
            burned_rao = burned_rao.saturating_add(burned.to_u64());
        }
        credits.push((parent, part.to_u64()));
    }
    credits.push((child, remaining.saturating_add(taken).to_u64()));
    Ok(Split { credits, burned_rao })
}
