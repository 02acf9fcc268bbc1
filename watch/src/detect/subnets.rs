//! Emission that stops, epochs that are late, registrations, subnets at risk, concentrated root stake.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block},
    incident::{Finding, Scope, Severity},
    input::{NetworkState, SubnetState},
    stats::rounded,
};

/// Blocks of a day.
const DAY: u64 = 7_200;
/// How often slow signals are judged, blocks.
const EVERY: u64 = 50;

pub(super) struct Emission;

/// By subnet: last block with emission, and the block since which there is none.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct EmissionState {
    without: BTreeMap<u16, u64>,
    had: BTreeMap<u16, u64>,
    /// Tempo, and since which block.
    tempos: BTreeMap<u16, (u64, u64)>,
}

impl Detector for Emission {
    type State = EmissionState;
    const NAME: &'static str = "emission";
    const VERSION: u32 = 2;
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::EmissionDisabled, Kind::EpochOverdue];

    fn thresholds(config: &WatchConfig) -> Value {
        let wanted = &config.subnets;
        json!({
            "emission_blocks": wanted.emission_blocks, "emission_pool_share": wanted.emission_pool_share,
            "overdue_blocks": wanted.overdue_blocks,
        })
    }

    fn observe(config: &WatchConfig, state: &mut EmissionState, block: &Block<'_>, out: &mut Out) {
        for event in block.events("SubtensorModule", "NetworkRemoved") {
            let netuid = Args::of(&event.args).netuid(0).unwrap_or(u16::MAX);
            state.without.remove(&netuid);
            state.had.remove(&netuid);
            state.tempos.remove(&netuid);
        }
        let Some(rows) = &block.input.state else { return };
        let pools: u128 = rows.subnets.iter().map(|row| u128::from(row.tao_in_rao.unwrap_or(0))).sum();
        for row in rows.subnets.iter().filter(|row| row.netuid != 0 && row.first_emission_block.is_some()) {
            stopped(config, state, row, pools, block.number, out);
            overdue(config, state, row, block.number, out);
        }
    }
}

fn stopped(
    config: &WatchConfig,
    state: &mut EmissionState,
    row: &SubnetState,
    pools: u128,
    number: u64,
    out: &mut Out,
) {
    let scope = Scope::Subnet(row.netuid);
    let (Some(tao), Some(alpha)) = (row.tao_in_emission_rao, row.alpha_out_emission_rao) else {
        return out.blind(Kind::EmissionDisabled, Some(scope), "the subnet's emission is not known");
    };
    if tao > 0 || alpha > 0 {
        state.had.insert(row.netuid, number);
        if state.without.remove(&row.netuid).is_some() {
            out.end(Kind::EmissionDisabled, scope);
        }
        return;
    }
    if !state.had.contains_key(&row.netuid) {
        return;
    }
    let since = *state.without.entry(row.netuid).or_insert(number);
    let blocks = number - since + 1;
    if blocks < config.subnets.emission_blocks {
        return;
    }
    let share = crate::stats::share(u128::from(row.tao_in_rao.unwrap_or(0)), pools);
    let severity = if share > config.subnets.emission_pool_share { Severity::S2 } else { Severity::S3 };
    let cause = match row {
        row if row.subtoken_enabled == Some(false) => "its token is switched off",
        row if row.emission_enabled == Some(false) => "its emission is switched off",
        row if row.registration_allowed == Some(false) => "registrations are closed",
        row if row.tempo == Some(0) => "its tempo is 0",
        row if row.price == Some(0.0) => "its price is 0",
        _ => "its share of the flow is below the cut-off, or it skips epochs",
    };
    let title = format!("Subnet {} has had no emission for {blocks} blocks: {cause}.", row.netuid);
    #[allow(clippy::cast_precision_loss)]
    let signal = (blocks as f64, config.subnets.emission_blocks as f64);
    let finding = Finding::level(Kind::EmissionDisabled, scope, severity, signal, title)
        .since(since)
        .with("cause", cause)
        .with("blocks", blocks)
        .with("pool_share", rounded(share));
    out.fire(finding);
}

fn overdue(config: &WatchConfig, state: &mut EmissionState, row: &SubnetState, number: u64, out: &mut Out) {
    let (Some(tempo), Some(blocks)) = (row.tempo.filter(|tempo| *tempo > 0), row.blocks_since_last_step)
    else {
        return;
    };
    let (known, since) = state.tempos.get(&row.netuid).copied().unwrap_or((tempo, 0));
    // a shorter tempo is due counted from its setting, not from the last epoch under the longer one
    let since = if known == tempo { since } else { number };
    state.tempos.insert(row.netuid, (tempo, since));
    let late = blocks.min(number.saturating_sub(since)).saturating_sub(tempo);
    if late <= config.subnets.overdue_blocks {
        return;
    }
    let title = format!("The epoch of subnet {} is {late} blocks late (tempo {tempo}).", row.netuid);
    #[allow(clippy::cast_precision_loss)]
    let signal = (late as f64, config.subnets.overdue_blocks as f64);
    let finding = Finding::level(Kind::EpochOverdue, Scope::Subnet(row.netuid), Severity::S2, signal, title)
        .since(number.saturating_sub(late))
        .with("tempo", tempo)
        .with("blocks_since_last_step", blocks);
    out.fire(finding);
}

pub(super) struct Registrations;

/// Registrations of the last day, prices, numbers of neurons.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct RegistrationsState {
    /// By subnet: (block, who paid, whether somebody was replaced)
    made: BTreeMap<u16, VecDeque<(u64, String, bool)>>,
    burns: BTreeMap<u16, VecDeque<(u64, u64)>>,
    counts: BTreeMap<u16, u64>,
}

impl Detector for Registrations {
    type State = RegistrationsState;
    const NAME: &'static str = "registrations";
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::RegistrationStorm];

    fn thresholds(config: &WatchConfig) -> Value {
        let wanted = &config.subnets;
        json!({
            "replaced": wanted.replaced, "burn_rise": wanted.burn_rise, "sybil_share": wanted.sybil_share,
            "sybil_least": wanted.sybil_least, "young_blocks": wanted.young_blocks,
        })
    }

    fn observe(config: &WatchConfig, state: &mut RegistrationsState, block: &Block<'_>, out: &mut Out) {
        for event in block.events("SubtensorModule", "NetworkRemoved") {
            let netuid = Args::of(&event.args).netuid(0).unwrap_or(u16::MAX);
            state.made.remove(&netuid);
            state.burns.remove(&netuid);
            state.counts.remove(&netuid);
        }
        for event in block.events("SubtensorModule", "NeuronRegistered") {
            let args = Args::of(&event.args);
            let (Some(netuid), Some(uid)) = (args.netuid(0), args.number("uid", 1)) else { continue };
            let who =
                block.signer(event).map_or_else(|| args.text("hotkey", 2).unwrap_or_default(), str::to_owned);
            let replaced = state.counts.get(&netuid).is_some_and(|count| uid < *count);
            state.made.entry(netuid).or_default().push_back((block.number, who, replaced));
        }
        let Some(rows) = &block.input.state else { return };
        for row in rows.subnets.iter().filter(|row| row.netuid != 0) {
            state.counts.extend(row.neuron_count.map(|count| (row.netuid, count)));
            if block.number.is_multiple_of(EVERY) {
                judge_registrations(config, state, row, block.number, out);
            }
        }
    }
}

fn judge_registrations(
    config: &WatchConfig,
    state: &mut RegistrationsState,
    row: &SubnetState,
    number: u64,
    out: &mut Out,
) {
    let wanted = &config.subnets;
    let made = state.made.entry(row.netuid).or_default();
    while made.front().is_some_and(|(at, ..)| at + DAY < number) {
        made.pop_front();
    }
    let burns = state.burns.entry(row.netuid).or_default();
    while burns.front().is_some_and(|(at, _)| at + DAY < number) {
        burns.pop_front();
    }
    burns.extend(row.burn_rao.map(|rao| (number, rao)));
    let is_old = row.first_emission_block.is_some_and(|at| number.saturating_sub(at) >= wanted.young_blocks);
    if !is_old {
        return;
    }
    let scope = Scope::Subnet(row.netuid);
    let (Some(tempo), Some(count)) = (row.tempo, row.neuron_count.filter(|count| *count > 0)) else {
        return out.blind(Kind::RegistrationStorm, Some(scope), "tempo or number of neurons is not known");
    };
    let from = number.saturating_sub(tempo.max(EVERY));
    let replaced = made.iter().filter(|(at, _, replaced)| *at > from && *replaced).count() as u64;
    let part = crate::stats::share(u128::from(replaced), u128::from(count));
    let before = burns.front().map_or(0, |(_, rao)| *rao);
    #[allow(clippy::cast_precision_loss)]
    let rise = row.burn_rao.map_or(1.0, |now| now as f64 / before.max(1) as f64);
    let mut by_key: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, who, _) in made.iter() {
        *by_key.entry(who).or_default() += 1;
    }
    let most = by_key.iter().max_by_key(|(who, times)| (**times, std::cmp::Reverse(**who)));
    let wave = most.filter(|(_, times)| {
        **times >= wanted.sybil_least
            && crate::stats::share(u128::from(**times), u128::from(count)) >= wanted.sybil_share
    });
    let strength = (part / wanted.replaced).max(rise / wanted.burn_rise);
    if strength <= 1.0 && wave.is_none() {
        return;
    }
    let severity = if wave.is_some() { Severity::S2 } else { Severity::S3 };
    let said =
        wave.map(|(who, times)| format!("; {} registered {times} of {count}", crate::facts::short(who)));
    let title = format!(
        "{replaced} of {count} neurons of subnet {} were replaced within a tempo; registering costs {rise:.1} times what it did a day ago{}.",
        row.netuid,
        said.unwrap_or_default()
    );
    let mut finding =
        Finding::level(Kind::RegistrationStorm, scope, severity, (strength.max(1.0), 1.0), title)
            .since(made.iter().find(|(at, ..)| *at > from).map_or(number, |(at, ..)| *at))
            .with("replaced", replaced)
            .with("neurons", count)
            .with("burn_rise", rounded(rise))
            .with("registered_in_a_day", made.len() as u64);
    finding.accounts.extend(wave.map(|(who, _)| (*who).to_owned()));
    out.fire(finding);
}

pub(super) struct Risk;

impl Detector for Risk {
    type State = ();
    const NAME: &'static str = "risk";
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::DeregistrationRisk];

    fn thresholds(config: &WatchConfig) -> Value {
        let wanted = &config.subnets;
        json!({
            "risk_rank": wanted.risk_rank, "risk_cost": wanted.risk_cost,
            "network_immunity_blocks": wanted.network_immunity_blocks,
        })
    }

    fn observe(config: &WatchConfig, (): &mut (), block: &Block<'_>, out: &mut Out) {
        let Some(rows) = block.input.state.as_ref().filter(|_| block.number.is_multiple_of(EVERY)) else {
            return;
        };
        let Some(network) = &rows.network else { return };
        if rows.subnets.is_empty() {
            return;
        }
        let Some(near) = is_cost_near(config, network) else {
            return out.blind(Kind::DeregistrationRisk, None, "limit of subnets or lock cost is not known");
        };
        let wanted = &config.subnets;
        let mut ranked: Vec<(f64, &SubnetState)> = rows
            .subnets
            .iter()
            .filter(|row| row.netuid != 0)
            .filter(|row| {
                row.registered_at.is_some_and(|at| at + wanted.network_immunity_blocks <= block.number)
            })
            .filter_map(|row| Some((row.moving_price?, row)))
            .collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.registered_at.cmp(&b.1.registered_at)));
        let mut still = Vec::new();
        if near {
            for (rank, (price, row)) in ranked.iter().take(wanted.risk_rank).enumerate() {
                let scope = Scope::Subnet(row.netuid);
                still.push(scope.clone());
                let title = format!(
                    "Subnet {} is number {} in the order of deregistration, and all places are taken.",
                    row.netuid,
                    rank + 1
                );
                #[allow(clippy::cast_precision_loss)]
                let signal = ((wanted.risk_rank - rank) as f64, 1.0);
                let finding = Finding::level(Kind::DeregistrationRisk, scope, Severity::S4, signal, title)
                    .with("rank", rank as u64 + 1)
                    .with("moving_price_tao", rounded(*price))
                    .with("lock_cost_rao", network.lock_cost_rao.map(|rao| rao.to_string()));
                out.fire(finding);
            }
        }
        out.end_others(Kind::DeregistrationRisk, still);
    }
}

/// Whether all places are taken and a registration is about as dear as the last one; `None` where it is not known.
fn is_cost_near(config: &WatchConfig, network: &NetworkState) -> Option<bool> {
    if network.subnet_count? < network.subnet_limit? {
        return Some(false);
    }
    let (cost, last) = (network.lock_cost_rao?, network.last_lock_cost_rao?);
    #[allow(clippy::cast_precision_loss)]
    let near = cost as f64 <= last as f64 * config.subnets.risk_cost;
    Some(near)
}

pub(super) struct Root;

/// Largest share by block, sampled at epochs of root.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct RootState {
    top: VecDeque<(u64, f64)>,
}

impl Detector for Root {
    type State = RootState;
    const NAME: &'static str = "root";
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::StakeConcentration];

    fn thresholds(config: &WatchConfig) -> Value {
        serde_json::to_value(&config.root).unwrap_or_default()
    }

    fn observe(config: &WatchConfig, state: &mut RootState, block: &Block<'_>, out: &mut Out) {
        let Some(rows) = &block.input.state else { return };
        let mut stakes: Vec<f64> = rows
            .neurons
            .iter()
            .filter(|neuron| neuron.netuid == 0)
            .filter_map(|neuron| neuron.root_stake_rao.or(neuron.stake_weight))
            .filter(|stake| *stake > 0)
            .map(|stake| {
                #[allow(clippy::cast_precision_loss)]
                let stake = stake as f64;
                stake
            })
            .collect();
        if stakes.is_empty() {
            return;
        }
        let wanted = &config.root;
        if stakes.len() < wanted.least_validators {
            return out.blind(Kind::StakeConcentration, None, "fewer than ten validators have root stake");
        }
        stakes.sort_by(|a, b| b.total_cmp(a));
        let sum: f64 = stakes.iter().sum();
        let shares: Vec<f64> = stakes.iter().map(|stake| stake / sum).collect();
        let hhi: f64 = shares.iter().map(|share| share * share).sum();
        let mut held = 0.0;
        let nakamoto = 1 + shares
            .iter()
            .take_while(|share| {
                held += **share;
                held <= 0.5
            })
            .count();
        let top = shares.first().copied().unwrap_or(0.0);
        while state.top.front().is_some_and(|(at, _)| at + 7 * DAY < block.number) {
            state.top.pop_front();
        }
        let before = state.top.front().map_or(top, |(_, share)| *share);
        state.top.push_back((block.number, top));
        let is_serious = nakamoto <= wanted.nakamoto_serious || hhi > wanted.hhi_serious;
        let is_notable = nakamoto <= wanted.nakamoto_notice || hhi > wanted.hhi_notice;
        if !is_notable && !is_serious && top - before <= wanted.top_change {
            return;
        }
        let severity = if is_serious { Severity::S2 } else { Severity::S3 };
        let title =
            format!("{nakamoto} of {} validators hold half of the root stake (HHI {hhi:.2}).", shares.len());
        let finding = Finding::level(
            Kind::StakeConcentration,
            Scope::Subnet(0),
            severity,
            (hhi, wanted.hhi_notice),
            title,
        )
        .with("nakamoto", nakamoto as u64)
        .with("hhi", rounded(hhi))
        .with("gini", rounded(gini(&shares)))
        .with("top_share", rounded(top))
        .with("top_share_before", rounded(before))
        .with("validators", shares.len() as u64);
        out.fire(finding);
    }
}

/// Gini coefficient of shares that descend and add up to 1.
fn gini(shares: &[f64]) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let n = shares.len() as f64;
    #[allow(clippy::cast_precision_loss)]
    let weighted: f64 =
        shares.iter().rev().enumerate().map(|(place, share)| (place as f64 + 1.0) * share).sum();
    (2.0 * weighted / n) - (n + 1.0) / n
}
