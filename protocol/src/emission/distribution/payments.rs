//! The payments of an epoch, in the order of the chain: owner, miners, dividends, root's dividends.

use std::collections::BTreeMap;

use super::{
    Claim, DistributionInputs, DistributionOutputs, Dividend, Incentive, IncentiveOutcome, Payment,
    PaymentKind, Withholding, dividends::Shared,
};
use crate::{
    emission::EmissionError,
    epoch::AccountKey,
    fixed::{I96F32, U96F32},
};

pub(super) fn pay(
    inputs: &DistributionInputs,
    validator_rao: u64,
    childkey_burned_rao: u64,
    incentives: BTreeMap<AccountKey, u64>,
    shared: Vec<Shared>,
) -> Result<DistributionOutputs, EmissionError> {
    let outputs = DistributionOutputs {
        validator_rao,
        childkey_burned_rao,
        alpha_out_rao: inputs.alpha_out_rao.saturating_sub(childkey_burned_rao),
        root_alpha_dividends: inputs.era.records_root_dividends_apart().then(BTreeMap::new),
        ..DistributionOutputs::default()
    };
    let mut till = Till { inputs, outputs };
    if let (Some(coldkey), Some(hotkey)) = (inputs.owner_coldkey, inputs.owner_hotkey) {
        till.stake(PaymentKind::OwnerCut, hotkey, Some(coldkey), inputs.pendings.owner_cut_rao)?;
    }
    for (hotkey, rao) in incentives {
        till.incentive(hotkey, rao)?;
    }
    let mut after_takes = Vec::with_capacity(shared.len());
    for share in shared {
        after_takes.push(till.alpha_dividend(share)?);
    }
    for dividend in after_takes {
        till.root_dividend(dividend)?;
    }
    Ok(till.outputs)
}

struct Till<'i> {
    inputs: &'i DistributionInputs,
    outputs: DistributionOutputs,
}

impl Till<'_> {
    fn stake(
        &mut self,
        kind: PaymentKind,
        hotkey: AccountKey,
        coldkey: Option<AccountKey>,
        rao: u64,
    ) -> Result<(), EmissionError> {
        let before = self.inputs.hotkey(hotkey)?.alpha_rao;
        let alpha = self.outputs.hotkey_alpha.entry(hotkey).or_insert(before);
        *alpha = alpha.saturating_add(rao);
        self.outputs.payments.push(Payment { kind, hotkey, coldkey, rao });
        Ok(())
    }

    fn incentive(&mut self, hotkey: AccountKey, rao: u64) -> Result<(), EmissionError> {
        let outcome = if self.inputs.is_owners(hotkey) {
            self.withhold(rao)
        } else {
            let owner = self.inputs.hotkey(hotkey)?.owner;
            let chosen = self.inputs.auto_stake.get(&owner).copied();
            let destination = chosen.unwrap_or(hotkey);
            self.stake(PaymentKind::Incentive, destination, Some(owner), rao)?;
            IncentiveOutcome::Staked { destination, automatic: chosen.is_some() }
        };
        self.outputs.incentives.push(Incentive { hotkey, rao, outcome });
        Ok(())
    }

    fn withhold(&mut self, rao: u64) -> IncentiveOutcome {
        let outputs = &mut self.outputs;
        match self.inputs.withholding {
            Withholding::Recycle => {
                outputs.recycled_rao = outputs.recycled_rao.saturating_add(rao);
                outputs.alpha_out_rao = outputs.alpha_out_rao.saturating_sub(rao);
                IncentiveOutcome::Recycled
            }
            Withholding::Burn => {
                outputs.burned_rao = outputs.burned_rao.saturating_add(rao);
                IncentiveOutcome::Burned
            }
        }
    }

    fn alpha_dividend(&mut self, share: Shared) -> Result<Dividend, EmissionError> {
        let (hotkey, state) = (share.hotkey, self.inputs.hotkey(share.hotkey)?);
        let (take, net) = less_take(share.alpha, state.take);
        self.stake(PaymentKind::AlphaTake, hotkey, Some(state.owner), take)?;
        self.stake(PaymentKind::AlphaDividend, hotkey, None, net)?;
        self.outputs.alpha_dividends.insert(hotkey, net);
        let alpha = self.outputs.hotkey_alpha.get(&hotkey).copied().unwrap_or(state.alpha_rao);
        self.outputs.hotkey_alpha_last_epoch.insert(hotkey, alpha);
        Ok(Dividend {
            hotkey,
            credit: share.credit,
            alpha: share.alpha,
            root: share.root,
            alpha_take_rao: take,
            alpha_rao: net,
            root_take_rao: 0,
            root_rao: 0,
            claim: Claim::Staked,
        })
    }

    fn root_dividend(&mut self, mut dividend: Dividend) -> Result<(), EmissionError> {
        let (hotkey, state) = (dividend.hotkey, self.inputs.hotkey(dividend.hotkey)?);
        let (take, net) = less_take(dividend.root, state.take);
        self.stake(PaymentKind::RootTake, hotkey, Some(state.owner), take)?;
        dividend.claim = if net > state.root_rao {
            self.stake(PaymentKind::RootDividend, hotkey, Some(state.owner), net)?;
            Claim::Staked
        } else {
            let increase = I96F32::ratio(net, state.root_rao);
            let claimable = state.claimable.unwrap_or_default().saturating_add(increase);
            self.outputs.claimable.insert(hotkey, claimable);
            Claim::Claimable { increase }
        };
        let recorded = match &mut self.outputs.root_alpha_dividends {
            Some(apart) => apart,
            None => &mut self.outputs.alpha_dividends,
        };
        let entry = recorded.entry(hotkey).or_default();
        *entry = entry.saturating_add(net);
        (dividend.root_take_rao, dividend.root_rao) = (take, net);
        self.outputs.dividends.push(dividend);
        Ok(())
    }
}

/// The take, and what it leaves, in whole rao.
fn less_take(dividend: U96F32, take: u16) -> (u64, u64) {
    let taken = U96F32::from_u16_share(take).saturating_mul(dividend);
    (taken.to_u64(), dividend.saturating_sub(taken).to_u64())
}
