//! How the rao of a mechanism are shared between servers and validators.

use crate::fixed::I32F32;

use super::{
    quantise::to_rao,
    sparse::{normalise, sum},
    workspace::MechanismBuffers,
};

/// Shares by incentive and dividends; where there are neither, all follows the stake: that of active validators,
/// or of everyone where no validator is active.
pub(super) fn share_out(rao: u64, stake: &[I32F32], buffers: &mut MechanismBuffers) {
    let MechanismBuffers {
        incentive,
        dividends,
        active_stake,
        server_share,
        validator_share,
        combined_share,
        ..
    } = buffers;
    server_share.clone_from(incentive);
    combined_share.clear();
    combined_share.extend(incentive.iter().zip(dividends.iter()).map(|(i, d)| i.saturating_add(*d)));
    let all = sum(combined_share);
    buffers.fallback = all == I32F32::ZERO;
    if buffers.fallback {
        let by_stake = if sum(active_stake) == I32F32::ZERO { stake } else { active_stake };
        validator_share.clear();
        validator_share.extend_from_slice(by_stake);
        combined_share.clear();
        combined_share.extend_from_slice(by_stake);
    } else {
        validator_share.clone_from(dividends);
        for share in server_share.iter_mut().chain(validator_share.iter_mut()) {
            *share = share.safe_div(all);
        }
        normalise(combined_share);
    }
    let pay = |shares: &[I32F32], rao_by_uid: &mut Vec<u64>| {
        rao_by_uid.clear();
        rao_by_uid.extend(shares.iter().map(|share| to_rao(*share, rao)));
    };
    pay(&buffers.server_share, &mut buffers.server_emission);
    pay(&buffers.validator_share, &mut buffers.validator_emission);
    pay(&buffers.combined_share, &mut buffers.emission);
}
