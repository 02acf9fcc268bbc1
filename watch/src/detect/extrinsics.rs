//! Failures, unpaid spam, fees, large transfers.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block, short, tao},
    incident::{Finding, Scope, Severity},
    stats::{Baseline, rounded},
};

/// Blocks in which failures are counted.
const WINDOW: usize = 50;
/// Blocks that tell whether they go on.
const RECENT: usize = 10;
/// Blocks between two with the error of a wave, at most.
const APART: u64 = 4;
/// Blocks in which unpaid failures are counted.
const HOUR: u64 = 300;
/// Blocks after an upgrade in which failures are tagged.
const AFTER_UPGRADE: u64 = 1_000;

pub(super) struct Failures;

/// Failures of a block.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Failed {
    block: u64,
    signed: u64,
    /// (error, call, signer)
    failed: Vec<(String, String, String)>,
}

/// Failures of the last blocks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct FailuresState {
    window: VecDeque<Failed>,
    usual: Baseline,
    wave: Option<Wave>,
    /// Last block of the wave before.
    ended: u64,
}

/// Failures that go on.
#[derive(Debug, Serialize, Deserialize)]
struct Wave {
    since: u64,
    last: u64,
    /// Failures a block between what is usual and what came.
    level: f64,
    /// The error that makes it, where one does.
    error: Option<String>,
}

impl Detector for Failures {
    type State = FailuresState;
    const NAME: &'static str = "failures";
    const VERSION: u32 = 2;
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::FailedExtrinsics];

    fn thresholds(config: &WatchConfig) -> Value {
        let wanted = &config.extrinsics;
        json!({
            "failed": wanted.failed, "least_extrinsics": wanted.least_extrinsics, "z": wanted.z,
            "least_failed": wanted.least_failed, "signers": wanted.signers, "single_error": wanted.single_error,
        })
    }

    fn observe(config: &WatchConfig, state: &mut FailuresState, block: &Block<'_>, out: &mut Out) {
        let wanted = &config.extrinsics;
        if !block.follows {
            state.window.clear();
            state.wave = None;
        }
        state.window.push_back(failed_of(block));
        if state.window.len() < WINDOW {
            return;
        }
        if state.window.len() > WINDOW {
            state.window.pop_front();
        }
        let window = std::mem::take(&mut state.window);
        let seen = Seen::of(&window, state.ended, wanted.per_signer());
        tell(config, state, &window, &seen, block, out);
        state.window = window;
    }
}

fn tell(
    config: &WatchConfig,
    state: &mut FailuresState,
    window: &VecDeque<Failed>,
    seen: &Seen<'_>,
    block: &Block<'_>,
    out: &mut Out,
) {
    let wanted = &config.extrinsics;
    #[allow(clippy::cast_precision_loss)]
    let (count, share) = (seen.weighed as f64, seen.weighed as f64 / seen.signed.max(1) as f64);
    let z = state.usual.z(count, 2.0);
    let by_share = share > wanted.failed && seen.signed >= wanted.least_extrinsics;
    let stands_out = state.usual.len() >= 100 && z > wanted.z && seen.weighed >= wanted.least_failed;
    let is_wave = seen.signers.len() >= wanted.signers && (by_share || stands_out);
    if state.wave.is_none() {
        if !is_wave {
            if block.number.is_multiple_of(10) {
                state.usual.push(count, 720);
            }
            return;
        }
        state.wave = Some(Wave::begin(window, state.usual.median(), wanted.single_error));
    }
    let Some(wave) = state.wave.as_mut() else { return };
    if wave.mean_of(window, RECENT) < wave.level {
        // the window remembers for a while what is over: it begins anew behind the wave
        state.ended = wave.last;
        state.wave = None;
        return;
    }
    let Some(now) = window.back().filter(|now| wave.goes_on(now)) else { return };
    wave.last = now.block;
    let since = wave.since;
    let strength = if is_wave { z.max(share / wanted.failed * wanted.z) } else { wanted.z };
    let failed = seen.failed.len() as u64;
    let (errors, calls) = (counted(&seen.failed, |of| &of.0), counted(&seen.failed, |of| &of.1));
    let cause = errors.first().filter(|(_, times)| {
        #[allow(clippy::cast_precision_loss)]
        let part = *times as f64 / failed.max(1) as f64;
        part >= wanted.single_error
    });
    let said = cause.map(|(error, times)| format!(" {times} with {error}.")).unwrap_or_default();
    let title = format!("{failed} of {} extrinsics of the last {WINDOW} blocks failed.{said}", seen.signed);
    let top = |list: &[(&str, u64)], what: &str| -> Vec<Value> {
        list.iter().take(8).map(|(name, times)| json!({ what: name, "times": times })).collect()
    };
    let mut finding =
        Finding::level(Kind::FailedExtrinsics, Scope::Chain, Severity::S3, (strength, wanted.z), title)
            .since(since)
            .with("failed", failed)
            .with("signed", seen.signed)
            .with("share", rounded(share))
            .with("z", rounded(z))
            .with("usual_failed", state.usual.median())
            .with("signers", seen.signers.len() as u64)
            .with("errors", json!(top(&errors, "error")))
            .with("calls", json!(top(&calls, "call")))
            .with("cause", cause.map(|(error, _)| meaning_of(error)));
    if block.since_upgrade().is_some_and(|blocks| blocks < AFTER_UPGRADE) {
        finding = finding.with("breaking_client", true);
    }
    if block.safe_mode {
        finding = finding.with("safe_mode", true);
    }
    out.fire(finding);
}

impl Failed {
    /// How many failed, by `error` where it is given.
    #[allow(clippy::cast_precision_loss)]
    fn count(&self, error: Option<&str>) -> f64 {
        self.failed.iter().filter(|(with, ..)| error.is_none_or(|error| error == with)).count() as f64
    }
}

/// Failures of the window that are not those of a wave before.
struct Seen<'a> {
    signed: u64,
    failed: Vec<&'a (String, String, String)>,
    signers: BTreeMap<&'a str, u64>,
    /// Failures, a signer's no more than a few: one bot is no wave.
    weighed: u64,
}

impl<'a> Seen<'a> {
    fn of(window: &'a VecDeque<Failed>, ended: u64, per_signer: u64) -> Self {
        let rows = || window.iter().filter(move |row| row.block > ended);
        let failed: Vec<_> = rows().flat_map(|row| &row.failed).collect();
        let mut signers: BTreeMap<&str, u64> = BTreeMap::new();
        for (.., signer) in &failed {
            *signers.entry(signer).or_default() += 1;
        }
        let weighed = signers.values().map(|times| (*times).min(per_signer)).sum();
        Self { signed: rows().map(|row| row.signed).sum(), failed, signers, weighed }
    }
}

impl Wave {
    /// A wave that goes on in the last blocks, back to where it began.
    fn begin(window: &VecDeque<Failed>, usual: f64, single_error: f64) -> Self {
        let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
        let mut recent = 0.0;
        for (error, ..) in window.iter().rev().take(RECENT).flat_map(|row| &row.failed) {
            *counts.entry(error).or_default() += 1.0;
            recent += 1.0;
        }
        let single = counts.iter().find(|(_, times)| **times >= single_error * recent);
        let mut wave = Self {
            since: window.back().map_or(0, |row| row.block),
            last: 0,
            level: 0.0,
            error: single.map(|(error, _)| (*error).to_owned()),
        };
        #[allow(clippy::cast_precision_loss)]
        let before = if wave.error.is_some() { 0.0 } else { usual / WINDOW as f64 };
        wave.level = f64::midpoint(before, wave.mean_of(window, RECENT));
        wave.since = if wave.error.is_some() { wave.unbroken(window) } else { wave.parting(window) };
        wave.last = wave.since;
        wave
    }

    /// The first block of those with the error that are few blocks apart.
    fn unbroken(&self, window: &VecDeque<Failed>) -> u64 {
        let mut first = self.since;
        let with = window.iter().rev().filter(|row| row.count(self.error.as_deref()) > 0.0);
        for row in with.take_while(|row| row.block <= self.since) {
            if first - row.block > APART {
                break;
            }
            first = row.block;
        }
        first
    }

    /// Where failures came to be more: the place that parts the window best into few before and many since.
    fn parting(&self, window: &VecDeque<Failed>) -> u64 {
        let (mut sum, mut best, mut since) = (0.0, 0.0, self.since);
        for row in window.iter().rev() {
            sum += row.count(None) - self.level;
            if sum > best {
                (best, since) = (sum, row.block);
            }
        }
        since
    }

    /// Whether a block is one of it.
    fn goes_on(&self, row: &Failed) -> bool {
        let count = row.count(self.error.as_deref());
        if self.error.is_some() { count > 0.0 } else { count >= self.level }
    }

    /// Its failures a block of the last `blocks`.
    #[allow(clippy::cast_precision_loss)]
    fn mean_of(&self, window: &VecDeque<Failed>, blocks: usize) -> f64 {
        let rows = window.iter().rev().take(blocks);
        rows.map(|row| row.count(self.error.as_deref())).sum::<f64>() / blocks as f64
    }
}

fn failed_of(block: &Block<'_>) -> Failed {
    let mut signed = 0;
    let mut failed = Vec::new();
    for tree in &block.trees {
        let Some(signer) = &tree.extrinsic.signer else { continue };
        signed += 1;
        let call = || format!("{}.{}", tree.extrinsic.pallet, tree.extrinsic.call);
        if tree.extrinsic.success == Some(false) {
            let error = tree.extrinsic.error.clone().unwrap_or_else(|| "unknown".to_owned());
            failed.push((error, call(), signer.clone()));
        } else if let Some(inner) =
            tree.calls.iter().find(|call| call.depth > 0 && call.success == Some(false))
        {
            // it succeeded, but what it carried did not
            let error = inner.error.clone().unwrap_or_else(|| "unknown".to_owned());
            failed.push((error, format!("{}.{}", inner.pallet, inner.call), signer.clone()));
        }
    }
    Failed { block: block.number, signed, failed }
}

fn counted<'a>(
    failed: &[&'a (String, String, String)],
    what: impl Fn(&'a (String, String, String)) -> &'a String,
) -> Vec<(&'a str, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for failed in failed {
        *counts.entry(what(failed)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(name, times)| (std::cmp::Reverse(*times), *name));
    counts
}

/// What an error that many meet at once usually means.
fn meaning_of(error: &str) -> String {
    let meaning = match error.rsplit('.').next().unwrap_or(error) {
        "CallFiltered" => "the chain refuses the call: safe mode, or a proxy that may not make it",
        "SubtokenDisabled" => "the subnet has not started, or its token was switched off",
        "SlippageTooHigh" | "PriceLimitExceeded" | "ZeroMaxStakeAmount" => {
            "the price moved beyond the limits of the calls"
        }
        "NotEnoughStakeToSetWeights" => "the stake threshold is above what the validators have",
        "CommittingWeightsTooFast" | "SettingWeightsTooFast" => {
            "weights are sent more often than the rate limit allows"
        }
        "InsufficientLiquidity" => "the pool has too little of one side",
        "StakingOperationRateLimitExceeded" | "TxRateLimitExceeded" => {
            "calls come faster than their rate limit allows"
        }
        "FundsUnavailable" | "NotEnoughBalanceToStake" => "accounts have less than they send",
        _ => "see the error in the runtime's metadata",
    };
    format!("{error}: {meaning}")
}

pub(super) struct Unpaid;

/// Unpaid failures of the last blocks: (block, signer).
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct UnpaidState {
    failed: VecDeque<(u64, String)>,
}

impl Detector for Unpaid {
    type State = UnpaidState;
    const NAME: &'static str = "unpaid";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::UnpaidSpam];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "unpaid": config.extrinsics.unpaid, "unpaid_signers": config.extrinsics.unpaid_signers })
    }

    fn observe(config: &WatchConfig, state: &mut UnpaidState, block: &Block<'_>, out: &mut Out) {
        while state.failed.front().is_some_and(|(at, _)| at + HOUR <= block.number) {
            state.failed.pop_front();
        }
        for extrinsic in &block.input.extrinsics {
            let unpaid = extrinsic.pays_fee == Some(false) && extrinsic.success == Some(false);
            if let (true, Some(signer)) = (unpaid, &extrinsic.signer) {
                state.failed.push_back((block.number, signer.clone()));
            }
        }
        let failed = state.failed.len() as u64;
        if failed <= config.extrinsics.unpaid {
            return;
        }
        let mut by_signer: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, signer) in &state.failed {
            *by_signer.entry(signer).or_default() += 1;
        }
        if by_signer.len() >= config.extrinsics.unpaid_signers {
            return;
        }
        let title =
            format!("{failed} calls that pay no fee failed within an hour, by {} signers.", by_signer.len());
        #[allow(clippy::cast_precision_loss)]
        let signal = (failed as f64, config.extrinsics.unpaid as f64);
        let mut finding = Finding::level(Kind::UnpaidSpam, Scope::Chain, Severity::S3, signal, title)
            .since(state.failed.front().map_or(block.number, |(at, _)| *at))
            .with("failed", failed)
            .with("signers", json!(by_signer));
        finding.accounts.extend(by_signer.keys().map(|signer| (*signer).to_owned()));
        out.fire(finding);
    }
}

pub(super) struct Fees;

/// Fees of the last ten blocks: (sum of fees, number), and what is usual.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct FeesState {
    last: VecDeque<(u64, u64)>,
    usual: Baseline,
}

impl Detector for Fees {
    type State = FeesState;
    const NAME: &'static str = "fees";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::FeeSpike];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "fee_times": config.extrinsics.fee_times, "tip_tao": config.extrinsics.tip_tao })
    }

    fn observe(config: &WatchConfig, state: &mut FeesState, block: &Block<'_>, out: &mut Out) {
        let (mut sum, mut paying) = (0_u64, 0_u64);
        for extrinsic in &block.input.extrinsics {
            // a batch pays for all it carries: its fee is shared out among them
            let Some(fee) = extrinsic.fee_rao.filter(|fee| *fee > 0) else { continue };
            sum += fee / u64::from(extrinsic.call_count.max(1));
            paying += 1;
            let tip = extrinsic.tip_rao.unwrap_or(0);
            if let (true, Some(signer)) =
                (tip / 1_000_000_000 >= config.extrinsics.tip_tao, &extrinsic.signer)
            {
                let place = block.place(Some(extrinsic.extrinsic_index));
                let title = format!("{} gave a tip of {}.", short(signer), tao(tip));
                let scope = Scope::Account(signer.clone());
                let item = json!({ "extrinsic": place, "tip_rao": tip.to_string() });
                out.fire(Finding::point(Kind::FeeSpike, scope, Severity::S3, title).item(item));
            }
        }
        state.last.push_back((sum, paying));
        if state.last.len() > 10 {
            state.last.pop_front();
        }
        let paying: u64 = state.last.iter().map(|(_, paying)| paying).sum();
        if paying < 10 {
            return;
        }
        #[allow(clippy::cast_precision_loss)]
        let mean = state.last.iter().map(|(sum, _)| sum).sum::<u64>() as f64 / paying as f64;
        let bound = config.extrinsics.fee_times * state.usual.median();
        if state.usual.len() < 200 || mean < bound {
            state.usual.push(mean, 3_600);
            return;
        }
        let title = format!("Fees are {:.0} times what is usual.", mean / state.usual.median().max(1.0));
        let finding = Finding::level(Kind::FeeSpike, Scope::Chain, Severity::S3, (mean, bound), title)
            .with("mean_fee_rao", rounded(mean))
            .with("usual_fee_rao", rounded(state.usual.median()));
        out.fire(finding);
    }
}

pub(super) struct Transfers;

impl Detector for Transfers {
    type State = ();
    const NAME: &'static str = "transfers";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::LargeTransfer];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "notice_tao": config.extrinsics.notice_tao, "serious_tao": config.extrinsics.serious_tao })
    }

    fn observe(config: &WatchConfig, (): &mut (), block: &Block<'_>, out: &mut Out) {
        let mut by_pair: BTreeMap<(String, String), (u64, Option<u32>)> = BTreeMap::new();
        for event in block.events("Balances", "Transfer") {
            let args = Args::of(&event.args);
            let (Some(from), Some(to)) = (args.text("from", 0), args.text("to", 1)) else { continue };
            let sum = by_pair.entry((from, to)).or_insert((0, event.extrinsic_index));
            sum.0 = sum.0.saturating_add(args.number("amount", 2).unwrap_or(0));
        }
        for ((from, to), (rao, index)) in by_pair {
            let whole = rao / 1_000_000_000;
            let severity = match whole {
                tao if tao >= config.extrinsics.serious_tao => Severity::S3,
                tao if tao >= config.extrinsics.notice_tao => Severity::S4,
                _ => continue,
            };
            let title = format!("{} went from {} to {}.", tao(rao), short(&from), short(&to));
            #[allow(clippy::cast_precision_loss)]
            let score = whole as f64 / config.extrinsics.notice_tao.max(1) as f64;
            let finding = Finding::point(Kind::LargeTransfer, Scope::Account(from.clone()), severity, title)
                .score(score)
                .item(json!({ "to": to, "amount_rao": rao.to_string(), "extrinsic": block.place(index) }))
                .account(to);
            out.fire(finding);
        }
    }
}
