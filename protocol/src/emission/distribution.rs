//! Who receives what at an epoch.

mod dividends;
mod inputs;
mod outputs;
mod parents;
mod payments;

pub use inputs::{DistributionInputs, HotkeyState, Parent, Withholding};
pub use outputs::{Claim, DistributionOutputs, Dividend, Incentive, IncentiveOutcome, Payment, PaymentKind};

use std::collections::BTreeMap;

use super::EmissionError;
use crate::{epoch::AccountKey, fixed::U96F32};

/// Recomputes the distribution of one epoch.
///
/// # Errors
/// [`EmissionError::MissingHotkey`] where a hotkey takes part that the inputs do not have.
pub fn distribute(inputs: &DistributionInputs) -> Result<DistributionOutputs, EmissionError> {
    let mut incentives: BTreeMap<AccountKey, u64> = BTreeMap::new();
    let mut credits: BTreeMap<AccountKey, U96F32> = BTreeMap::new();
    let mut childkey_burned_rao = 0_u64;
    let mut payouts: Vec<_> = inputs.payouts.iter().collect();
    payouts.sort_by_key(|payout| payout.hotkey);
    for payout in payouts {
        let incentive = incentives.entry(payout.hotkey).or_default();
        *incentive = incentive.saturating_add(payout.server);
        let split = parents::split(inputs, payout.hotkey, payout.validator)?;
        childkey_burned_rao = childkey_burned_rao.saturating_add(split.burned_rao);
        for (hotkey, rao) in split.credits {
            let credit = credits.entry(hotkey).or_default();
            *credit = credit.saturating_add(U96F32::from_u64(rao));
        }
    }
    let validator_rao = validator_rao(inputs);
    let shares = dividends::share(inputs, validator_rao, &credits)?;
    payments::pay(inputs, validator_rao, childkey_burned_rao, incentives, shares)
}

/// What validators share: their own pending, and the miners' too where nobody has any incentive.
fn validator_rao(inputs: &DistributionInputs) -> u64 {
    let earned = inputs.payouts.iter().any(|payout| payout.server != 0);
    let servers = if earned { 0 } else { inputs.pendings.server_rao };
    inputs.pendings.validator_rao.saturating_add(servers)
}
