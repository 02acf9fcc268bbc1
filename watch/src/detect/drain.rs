//! Wallets that are emptied.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block, short, tao},
    incident::{Finding, Scope, Severity},
};

const RAO: u64 = 1_000_000_000;
/// Pairs of accounts that are remembered as known to each other.
const MOST_PAIRS: usize = 50_000;
/// The beginning of pallet accounts (`modl`) in SS58.
const PALLET_ACCOUNT: &str = "5EYCAe5";

pub(super) struct Drain;

/// What an account sent within the window.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Sender {
    /// What it had when it first sent, with what it unstaked since.
    had_rao: u64,
    first: u64,
    last: u64,
    /// By receiver.
    sent: BTreeMap<String, u64>,
    /// Whether it already sent to the receiver before the window.
    known: BTreeSet<String>,
    emptied: bool,
}

/// Senders of the window, stakes as far as events tell, pairs that are known.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct DrainState {
    senders: BTreeMap<String, Sender>,
    /// TAO given to stake minus taken back, by coldkey.
    staked: BTreeMap<String, i64>,
    /// Sender and receiver, with the block in which they first had to do with one another.
    pairs: BTreeMap<String, u64>,
    swapped: BTreeMap<String, u64>,
    dissolved_at: Option<u64>,
}

/// A flow of TAO out of an account.
struct Sent {
    from: String,
    to: String,
    rao: u64,
}

impl Detector for Drain {
    type State = DrainState;
    const NAME: &'static str = "drain";
    const VERSION: u32 = 2;
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::WalletDrain, Kind::AccountEmptied];

    fn thresholds(config: &WatchConfig) -> Value {
        serde_json::to_value(&config.drain).unwrap_or_default()
    }

    fn observe(config: &WatchConfig, state: &mut DrainState, block: &Block<'_>, out: &mut Out) {
        let Some(rows) = &block.input.state else { return };
        if block.has_event("SubtensorModule", "NetworkRemoved") {
            state.dissolved_at = Some(block.number);
        }
        for event in block.events("SubtensorModule", "ColdkeySwapped") {
            if let Some(old) = Args::of(&event.args).text("old_coldkey", 0) {
                state.swapped.insert(old, block.number);
            }
        }
        let unstaked = state.follow_stakes(block);
        let sent: Vec<Sent> = flows_of(block);
        if sent.is_empty() {
            return state.forget(config, block.number);
        }
        let balances: BTreeMap<&str, u64> =
            rows.balances.iter().map(|(account, free)| (account.as_str(), *free)).collect();
        let mut left: BTreeMap<&str, u64> = BTreeMap::new();
        for flow in &sent {
            *left.entry(&flow.from).or_default() += flow.rao;
        }
        let mut touched = BTreeSet::new();
        for flow in &sent {
            let Some(after) = balances.get(flow.from.as_str()) else { continue };
            let staked = u64::try_from(state.staked.get(&flow.from).copied().unwrap_or(0)).unwrap_or(0);
            let gone = left.get(flow.from.as_str()).copied().unwrap_or(0);
            let met = state.pairs.get(&pair_of(flow));
            let known = met.is_some_and(|at| at + config.drain.window_blocks < block.number);
            let sender = state.senders.entry(flow.from.clone()).or_default();
            if sender.first == 0 {
                sender.first = block.number;
                sender.had_rao = after.saturating_add(gone).saturating_add(staked);
            } else if let Some(more) = unstaked.get(&flow.from) {
                // already counted as stake where it was known, else it is what the account also had
                sender.had_rao = sender.had_rao.max(after.saturating_add(gone).saturating_add(*more));
            }
            sender.last = block.number;
            *sender.sent.entry(flow.to.clone()).or_default() += flow.rao;
            if known {
                sender.known.insert(flow.to.clone());
            }
            touched.insert(flow.to.clone());
        }
        for flow in &sent {
            state.pairs.entry(pair_of(flow)).or_insert(block.number);
        }
        if state.pairs.len() > MOST_PAIRS {
            state.forget_pairs();
        }
        for to in touched {
            state.judge(config, &to, block.number, out);
        }
        state.emptied(config, block, out);
        state.forget(config, block.number);
    }
}

/// TAO that left accounts in the block, and stake that was handed over.
fn flows_of(block: &Block<'_>) -> Vec<Sent> {
    let mut flows = Vec::new();
    for event in block.events("Balances", "Transfer") {
        let args = Args::of(&event.args);
        let (Some(from), Some(to), Some(rao)) =
            (args.text("from", 0), args.text("to", 1), args.number("amount", 2))
        else {
            continue;
        };
        if !from.starts_with(PALLET_ACCOUNT) && !to.starts_with(PALLET_ACCOUNT) && rao > 0 {
            flows.push(Sent { from, to, rao });
        }
    }
    for event in block.events("SubtensorModule", "StakeTransferred") {
        let args = Args::of(&event.args);
        let (Some(from), Some(to), Some(rao)) =
            (args.text("origin_coldkey", 0), args.text("dest_coldkey", 1), args.number("tao", 5))
        else {
            continue;
        };
        flows.push(Sent { from, to, rao });
    }
    flows
}

fn pair_of(flow: &Sent) -> String {
    format!("{} {}", flow.from, flow.to)
}

impl DrainState {
    /// Forgets the older half of the pairs.
    fn forget_pairs(&mut self) {
        let mut blocks: Vec<u64> = self.pairs.values().copied().collect();
        let middle = blocks.len() / 2;
        let (_, oldest, _) = blocks.select_nth_unstable(middle);
        let oldest = *oldest;
        self.pairs.retain(|_, at| *at > oldest);
    }

    /// Follows what accounts staked; what they took back in this block.
    fn follow_stakes(&mut self, block: &Block<'_>) -> BTreeMap<String, u64> {
        let mut unstaked: BTreeMap<String, u64> = BTreeMap::new();
        for (name, sign) in [("StakeAdded", 1_i64), ("StakeRemoved", -1)] {
            for event in block.events("SubtensorModule", name) {
                let args = Args::of(&event.args);
                let (Some(who), Some(rao)) = (args.text("coldkey", 0), args.number("tao", 2)) else {
                    continue;
                };
                if sign < 0 {
                    *unstaked.entry(who.clone()).or_default() += rao;
                }
                let sum = self.staked.entry(who).or_default();
                *sum = sum.saturating_add(sign * i64::try_from(rao).unwrap_or(i64::MAX));
            }
        }
        unstaked
    }

    /// Whether an account lost nearly all, and how much went to `to`.
    fn victim(&self, config: &WatchConfig, from: &str, to: &str, number: u64) -> Option<u64> {
        let sender = self.senders.get(from)?;
        let all: u64 = sender.sent.values().sum();
        let to_him = sender.sent.get(to).copied()?;
        #[allow(clippy::cast_precision_loss)]
        let part = all as f64 / sender.had_rao.max(1) as f64;
        let guarded = sender.known.contains(to)
            || self.swapped.contains_key(from)
            || self.dissolved_at.is_some_and(|at| at + config.drain.dissolve_guard_blocks > number);
        let is_dust = sender.had_rao < config.drain.dust_tao * RAO;
        (part >= config.drain.emptied_share && to_him * 2 >= all && !guarded && !is_dust).then_some(to_him)
    }

    fn judge(&self, config: &WatchConfig, to: &str, number: u64, out: &mut Out) {
        let wanted = &config.drain;
        let mut victims: Vec<(&str, u64, u64)> = self
            .senders
            .iter()
            .filter(|(_, sender)| sender.sent.contains_key(to))
            .filter_map(|(from, sender)| {
                Some((from.as_str(), self.victim(config, from, to, number)?, sender.first))
            })
            .collect();
        victims.sort_by_key(|(_, rao, _)| std::cmp::Reverse(*rao));
        let rao: u64 = victims.iter().map(|(_, rao, _)| rao).sum();
        let whole = rao / RAO;
        let single = victims.first().is_some_and(|(_, rao, _)| rao / RAO >= wanted.single_victim_tao);
        let severity = match victims.len() {
            n if n >= wanted.critical_victims && whole >= wanted.critical_tao => Severity::S1,
            n if n >= wanted.many_victims || n >= wanted.serious_victims && whole >= wanted.serious_tao => {
                Severity::S2
            }
            n if n >= 2 && single => Severity::S2,
            _ => return,
        };
        let title = format!("{} accounts were emptied into {}: {}.", victims.len(), short(to), tao(rao));
        #[allow(clippy::cast_precision_loss)]
        let signal = (victims.len() as f64, wanted.serious_victims as f64);
        let first = victims.iter().map(|(.., first)| *first).min().unwrap_or(number);
        let mut finding =
            Finding::level(Kind::WalletDrain, Scope::Account(to.to_owned()), severity, signal, title)
                .since(first)
                .with(
                    "victims",
                    json!(
                        victims
                            .iter()
                            .take(50)
                            .map(
                                |(who, rao, at)| json!({"account": who, "rao": rao.to_string(), "block": at})
                            )
                            .collect::<Vec<_>>()
                    ),
                )
                .with("victim_count", victims.len() as u64)
                .with("total_rao", rao.to_string());
        finding.accounts.extend(victims.iter().take(100).map(|(who, ..)| (*who).to_owned()));
        out.fire(finding);
    }

    /// Single accounts that lost nearly all.
    fn emptied(&mut self, config: &WatchConfig, block: &Block<'_>, out: &mut Out) {
        let mut found = Vec::new();
        for (from, sender) in
            self.senders.iter().filter(|(_, sender)| sender.last == block.number && !sender.emptied)
        {
            let Some((to, _)) = sender.sent.iter().max_by_key(|(_, rao)| **rao) else { continue };
            let Some(rao) = self.victim(config, from, to, block.number) else { continue };
            if rao / RAO >= config.drain.emptied_tao {
                found.push((from.clone(), to.clone(), rao));
            }
        }
        for (from, to, rao) in found {
            if let Some(sender) = self.senders.get_mut(&from) {
                sender.emptied = true;
            }
            let title = format!("{} sent nearly all it had to {}: {}.", short(&from), short(&to), tao(rao));
            let finding = Finding::point(Kind::AccountEmptied, Scope::Account(from), Severity::S4, title)
                .item(json!({ "to": to, "amount_rao": rao.to_string(), "block": block.number }))
                .account(to);
            out.fire(finding);
        }
    }

    fn forget(&mut self, config: &WatchConfig, number: u64) {
        let from = number.saturating_sub(config.drain.window_blocks);
        self.senders.retain(|_, sender| sender.last > from);
        self.swapped.retain(|_, at| *at > from);
        if number.is_multiple_of(600) {
            self.staked.retain(|_, rao| *rao > 0);
        }
    }
}
