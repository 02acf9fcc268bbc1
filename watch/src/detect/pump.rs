//! Subnets whose price and emission rise while nobody works.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out, epochs::epochs_of};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block, tao},
    incident::{Finding, Scope, Severity},
    input::SubnetState,
    stats::rounded,
};

/// How often it is judged, blocks.
const EVERY: u64 = 25;

pub(super) struct Pump;

/// What is remembered of a subnet.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    /// (block, coldkey, rao)
    buys: VecDeque<(u64, String, u64)>,
    /// Validators by the block of their last weights.
    weights: BTreeMap<u16, u64>,
    /// (block, price)
    prices: VecDeque<(u64, f64)>,
    effective_miners: Option<f64>,
    owner_incentive: Option<f64>,
    /// First judgement of the run that holds.
    since: Option<u64>,
}

/// Memory by subnet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PumpState {
    subnets: BTreeMap<u16, Memory>,
}

impl Detector for Pump {
    type State = PumpState;
    const NAME: &'static str = "pump";
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::AlphaPump];

    fn thresholds(config: &WatchConfig) -> Value {
        serde_json::to_value(&config.pump).unwrap_or_default()
    }

    fn observe(config: &WatchConfig, state: &mut PumpState, block: &Block<'_>, out: &mut Out) {
        gather(state, block);
        let Some(rows) = block.input.state.as_ref() else { return };
        if rows.subnets.is_empty() || !block.number.is_multiple_of(EVERY) {
            return;
        }
        let all: u128 = rows.subnets.iter().map(|row| u128::from(row.tao_in_emission_rao.unwrap_or(0))).sum();
        for row in rows.subnets.iter().filter(|row| row.netuid != 0) {
            let memory = state.subnets.entry(row.netuid).or_default();
            memory.forget(block.number.saturating_sub(config.pump.window_blocks));
            if let Some(price) = row.price {
                memory.prices.push_back((block.number, price));
            }
            judge(config, memory, row, all, block.number, out);
        }
    }
}

fn gather(state: &mut PumpState, block: &Block<'_>) {
    for event in block.events("SubtensorModule", "NetworkRemoved") {
        state.subnets.remove(&Args::of(&event.args).netuid(0).unwrap_or(u16::MAX));
    }
    for event in block.events("SubtensorModule", "WeightsSet") {
        let args = Args::of(&event.args);
        let (Some(netuid), Some(uid)) = (args.netuid(0), args.number("uid", 1)) else { continue };
        let uid = u16::try_from(uid).unwrap_or(u16::MAX);
        state.subnets.entry(netuid).or_default().weights.insert(uid, block.number);
    }
    for event in block.events("SubtensorModule", "StakeAdded") {
        let args = Args::of(&event.args);
        let (Some(who), Some(rao), Some(netuid)) =
            (args.text("coldkey", 0), args.number("tao", 2), args.netuid(4))
        else {
            continue;
        };
        let memory = state.subnets.entry(netuid).or_default();
        // what one account buys in a block is one purchase
        match memory
            .buys
            .iter_mut()
            .rev()
            .take_while(|(at, ..)| *at == block.number)
            .find(|(_, of, _)| *of == who)
        {
            Some((.., sum)) => *sum = sum.saturating_add(rao),
            None => memory.buys.push_back((block.number, who, rao)),
        }
    }
    let owners: BTreeMap<u16, &SubnetState> =
        block.input.state.iter().flat_map(|rows| &rows.subnets).map(|row| (row.netuid, row)).collect();
    for epoch in epochs_of(block) {
        let memory = state.subnets.entry(epoch.netuid).or_default();
        memory.effective_miners = Some(epoch.effective_miners());
        let sum: f64 = epoch.neurons.iter().map(|neuron| f64::from(neuron.incentive.unwrap_or(0))).sum();
        let owner = owners.get(&epoch.netuid);
        let owned = epoch.neurons.iter().filter(|neuron| {
            let is = |key: &Option<String>, own: &str| key.as_deref() == Some(own);
            owner.is_some_and(|owner| {
                is(&owner.owner, &neuron.coldkey) || is(&owner.owner_hotkey, &neuron.hotkey)
            })
        });
        let of_owner: f64 = owned.map(|neuron| f64::from(neuron.incentive.unwrap_or(0))).sum();
        memory.owner_incentive = (sum > 0.0).then(|| of_owner / sum);
    }
}

impl Memory {
    fn forget(&mut self, before: u64) {
        while self.buys.front().is_some_and(|(at, ..)| *at < before) {
            self.buys.pop_front();
        }
        while self.prices.front().is_some_and(|(at, _)| *at < before) {
            self.prices.pop_front();
        }
        self.weights.retain(|_, at| *at >= before);
    }
}

fn judge(
    config: &WatchConfig,
    memory: &mut Memory,
    row: &SubnetState,
    all_emission: u128,
    number: u64,
    out: &mut Out,
) {
    let wanted = &config.pump;
    let scope = Scope::Subnet(row.netuid);
    let Some(started) = row.first_emission_block else { return };
    let age = number.saturating_sub(started);
    if age < wanted.immunity_blocks {
        return;
    }
    let (Some(emission), Some(price)) = (row.tao_in_emission_rao, row.price) else {
        return out.blind(Kind::AlphaPump, Some(scope), "price or emission of the subnet is not known");
    };
    let mut buyers: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, who, rao) in &memory.buys {
        *buyers.entry(who).or_default() += rao;
    }
    let bought: u64 = buyers.values().sum();
    let owner_bought = row.owner.as_deref().and_then(|owner| buyers.get(owner)).copied().unwrap_or(0);
    let mut buyers: Vec<(&str, u64)> = buyers.into_iter().collect();
    buyers.sort_by_key(|(_, rao)| std::cmp::Reverse(*rao));
    let top: u64 = buyers.iter().take(3).map(|(_, rao)| rao).sum();
    let share = |part: u64| crate::stats::share(u128::from(part), u128::from(bought));
    let emission_share = crate::stats::share(u128::from(emission), all_emission);
    let lowest = memory.prices.iter().map(|(_, price)| *price).fold(f64::INFINITY, f64::min);
    let rise = if lowest > 0.0 { price / lowest } else { 1.0 };
    let miners = memory.effective_miners.unwrap_or(0.0);
    let of_owner = memory.owner_incentive.unwrap_or(0.0);
    let is_judged = bought / 1_000_000_000 >= wanted.least_tao;
    let signs = [
        (emission_share >= wanted.emission_share || rise >= wanted.price_rise, "emission or price is high"),
        (miners < wanted.effective_miners || of_owner > wanted.owner_incentive, "nobody but the owner mines"),
        (memory.weights.len() <= wanted.validators, "at most one validator gives weights"),
        (
            is_judged && (share(top) > wanted.top_buyers || share(owner_bought) > wanted.owner_buys),
            "few buyers make most purchases",
        ),
    ];
    let seen: Vec<&str> = signs.iter().filter_map(|(holds, name)| holds.then_some(*name)).collect();
    // without price, emission and purchases a silent subnet is only silent
    if seen.len() < 3 || !signs[0].0 || !is_judged {
        memory.since = None;
        return;
    }
    let since = *memory.since.get_or_insert(number);
    let is_young = age < config.pump.young_blocks;
    let severity = if seen.len() == 4 && !is_young { Severity::S2 } else { Severity::S3 };
    let title = format!(
        "Subnet {} earns {:.1} % of the emission while {} validators and {miners:.1} miners work; {} were bought, {:.0} % by three accounts.",
        row.netuid,
        100.0 * emission_share,
        memory.weights.len(),
        tao(bought),
        100.0 * share(top)
    );
    #[allow(clippy::cast_precision_loss)]
    let score = seen.len() as f64 / 3.0;
    let mut finding = Finding::level(Kind::AlphaPump, scope, severity, (rise, wanted.price_rise), title)
        .score(score)
        .since(since)
        .with("signs", json!(seen))
        .with("emission_share", rounded(emission_share))
        .with("price_tao", rounded(price))
        .with("price_rise", rounded(rise))
        .with("effective_miners", rounded(miners))
        .with("owner_incentive_share", rounded(of_owner))
        .with("validators_with_weights", memory.weights.len() as u64)
        .with("bought_rao", bought.to_string())
        .with("top_buyers_share", rounded(share(top)))
        .with("owner_buys_share", rounded(share(owner_bought)))
        .with(
            "buyers",
            json!(
                buyers
                    .iter()
                    .take(5)
                    .map(|(who, rao)| json!({"account": who, "rao": rao.to_string()}))
                    .collect::<Vec<_>>()
            ),
        );
    finding.accounts.extend(buyers.iter().take(3).map(|(who, _)| (*who).to_owned()));
    out.fire(finding);
}
