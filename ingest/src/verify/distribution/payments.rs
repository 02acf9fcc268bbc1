//! Payments as recomputed beside what is stored.
//!
//! Dividends are stored for one epoch and compared as they are. Stake and the subnet's alpha go on moving: what is
//! expected of them is what the epoch left plus what the block's events say to have moved.

use std::collections::BTreeMap;

use yumascan_chain::AccountId;
use yumascan_protocol::{
    emission::{DistributionOutputs, distribute},
    epoch::{AccountKey, Payout},
};

use super::{ALPHA, ALPHA_OUT, Distribution, LAST_EPOCH, ROOT, TOTAL};
use crate::verify::{
    effects::{Effects, Excuse},
    items::Reason,
    tally::{Causes, How, Lane},
};

/// A payment that is not what the replay gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentDifference {
    pub(crate) field: &'static str,
    /// `None` for what belongs to the subnet.
    pub(crate) hotkey: Option<AccountId>,
    pub(crate) expected: Option<i128>,
    pub(crate) stored: Option<i128>,
    pub(crate) excused_by: Option<Excuse>,
}

/// What comparing the payments found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Payments {
    netuid: u16,
    pub(crate) checked: u64,
    pub(crate) found: Vec<PaymentDifference>,
    /// What moved in the block besides the payments, by cause.
    pub(crate) causes: Causes,
}

type Amounts = BTreeMap<AccountKey, u64>;

impl Distribution {
    /// Recomputes the payments of `payouts` and compares them.
    pub(crate) fn compare(mut self, payouts: &[Payout], effects: &Effects) -> Result<Payments, Reason> {
        self.inputs.payouts = payouts.to_vec();
        let outputs = distribute(&self.inputs).map_err(|error| error.to_string())?;
        let mut payments = Payments { netuid: self.inputs.netuid, ..Payments::default() };
        payments.compare(ALPHA, &outputs.alpha_dividends, &self.stored.alpha, effects, true);
        if let (Some(computed), Some(stored)) = (&outputs.root_alpha_dividends, &self.stored.root) {
            payments.compare(ROOT, computed, stored, effects, true);
        }
        // of others than those paid, the stored amount is that of an earlier epoch
        payments.compare(
            LAST_EPOCH,
            &outputs.hotkey_alpha_last_epoch,
            &self.stored.last_epoch,
            effects,
            false,
        );
        payments.compare_stake(&self, &outputs, effects);
        payments.compare_alpha_out(&self, &outputs, effects);
        for difference in &payments.found {
            if let Some(excuse) = &difference.excused_by {
                payments.causes.note(Lane::Epoch, difference.field, &excuse.kind, How::Excused);
            }
        }
        Ok(payments)
    }
}

impl Payments {
    fn compare(
        &mut self,
        field: &'static str,
        computed: &Amounts,
        stored: &Amounts,
        effects: &Effects,
        is_whole: bool,
    ) {
        let more = stored.keys().filter(|key| is_whole && !computed.contains_key(key));
        for key in computed.keys().chain(more) {
            self.checked += 1;
            let (expected, stored) = (computed.get(key), stored.get(key));
            if expected == stored {
                continue;
            }
            let hotkey = AccountId(key.0);
            let excused_by = effects.excuse_payment(self.netuid, &hotkey);
            let [expected, stored] = [expected, stored].map(|amount| amount.copied().map(i128::from));
            self.found.push(PaymentDifference { field, hotkey: Some(hotkey), expected, stored, excused_by });
        }
    }

    /// Stake of every hotkey that takes part, paid or not.
    fn compare_stake(&mut self, of: &Distribution, outputs: &DistributionOutputs, effects: &Effects) {
        for (key, before) in &of.inputs.hotkeys {
            let hotkey = AccountId(key.0);
            let left = outputs.hotkey_alpha.get(key).copied().unwrap_or(before.alpha_rao);
            let (moved, kinds) = effects.moves.of_stake(self.netuid, &hotkey);
            let kept = of.kept.get(key).copied().unwrap_or(0);
            let expected = i128::from(left) + moved + kept;
            let stored = i128::from(of.stored.total.get(key).copied().unwrap_or(0));
            let claims = (kept != 0).then_some("RootClaimed");
            self.settle(TOTAL, Some(hotkey), (expected, stored), kinds.into_iter().chain(claims), || {
                let rest = stored - expected;
                // what a claim sold elsewhere raised the root stake, and with it what counts as claimed here: less than
                // that growth was kept. Root stake that extrinsics moved changes it either way.
                let fits = kept > 0 && (-kept..=0).contains(&rest);
                let is_unclear = fits || !effects.moves.of_stake(0, &hotkey).1.is_empty();
                let staking =
                    if is_unclear { of.claims.staking_on(&hotkey) } else { of.claims.swapped_on(&hotkey) };
                let block = effects.block();
                effects
                    .excuse_payment(of.inputs.netuid, &hotkey)
                    .or_else(|| effects.moves.excuse_stake(block, of.inputs.netuid, &hotkey, rest, &staking))
            });
        }
    }

    /// The subnet's alpha outside its pool. What claims sold came to the pool, and is known from there.
    fn compare_alpha_out(&mut self, of: &Distribution, outputs: &DistributionOutputs, effects: &Effects) {
        let netuid = self.netuid;
        let (moved, kinds) = effects.moves.of_pool(netuid);
        let into_pool = i128::from(of.stored.alpha_in) - i128::from(of.alpha_in_rao) - moved.alpha_in;
        let sold = if effects.moves.has_claims() { into_pool.max(0) } else { 0 };
        let expected = i128::from(outputs.alpha_out_rao) + moved.alpha_out - sold;
        let stored = i128::from(of.stored.alpha_out);
        let claims = (sold > 0).then_some("RootClaimed");
        self.settle(ALPHA_OUT, None, (expected, stored), kinds.into_iter().chain(claims), || {
            effects
                .rebuilt(netuid)
                .or_else(|| effects.raw_write())
                .or_else(|| effects.moves.excuse_alpha_out(effects.block(), netuid))
        });
    }

    /// Notes a number that the block may have moved by `kinds`.
    fn settle<'k>(
        &mut self,
        field: &'static str,
        hotkey: Option<AccountId>,
        (expected, stored): (i128, i128),
        kinds: impl Iterator<Item = &'k str>,
        excuse: impl FnOnce() -> Option<Excuse>,
    ) {
        self.checked += 1;
        if expected != stored {
            let (expected, stored, excused_by) = (Some(expected), Some(stored), excuse());
            self.found.push(PaymentDifference { field, hotkey, expected, stored, excused_by });
            return;
        }
        for kind in kinds {
            self.causes.note(Lane::Epoch, field, kind, How::Traced);
        }
    }

    pub(crate) fn excused(&self) -> u64 {
        self.found.iter().filter(|found| found.excused_by.is_some()).count() as u64
    }

    pub(crate) fn unexcused(&self) -> impl Iterator<Item = &PaymentDifference> {
        self.found.iter().filter(|found| found.excused_by.is_none())
    }
}

impl std::fmt::Display for PaymentDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text =
            |value: Option<i128>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        let (computed, stored) = (text(self.expected), text(self.stored));
        match self.hotkey {
            Some(hotkey) => write!(f, "{} of {hotkey}: computed {computed}, stored {stored}", self.field),
            None => write!(f, "{}: computed {computed}, stored {stored}", self.field),
        }
    }
}
