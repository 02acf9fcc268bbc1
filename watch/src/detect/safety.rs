//! Safe mode, and blocks without transactions.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block, short},
    incident::{Finding, Scope, Severity},
    stats::Baseline,
};

pub(super) struct SafeMode;

/// What is known while it is on.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SafeModeState {
    entered: Option<u64>,
    until: Option<u64>,
    extensions: u32,
    refused: u64,
}

impl Detector for SafeMode {
    type State = SafeModeState;
    const NAME: &'static str = "safe_mode";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::SafeMode];

    fn thresholds(_config: &WatchConfig) -> Value {
        json!({})
    }

    fn observe(_config: &WatchConfig, state: &mut SafeModeState, block: &Block<'_>, out: &mut Out) {
        for event in &block.input.events {
            if event.pallet != "SafeMode" {
                continue;
            }
            let until = Args::of(&event.args).number("until", 0);
            let by = block.signer(event).map(str::to_owned);
            let item = json!({
                "event": event.variant, "block": block.number, "until": until, "by": by,
                "extrinsic": event.extrinsic_index.map(|index| block.place(Some(index))),
            });
            match event.variant.as_str() {
                "Entered" => {
                    *state = SafeModeState { entered: Some(block.number), until, ..Default::default() }
                }
                "Extended" => {
                    state.entered.get_or_insert(block.number);
                    state.until = until.or(state.until);
                    state.extensions += 1;
                }
                "Exited" => {
                    out.fire(finding_of(state, block, by.as_deref()).item(item));
                    out.end(Kind::SafeMode, Scope::Chain);
                    *state = SafeModeState::default();
                    continue;
                }
                _ => continue,
            }
            out.fire(finding_of(state, block, by.as_deref()).item(item));
        }
        if state.entered.is_none() {
            return;
        }
        if state.until.is_some_and(|until| block.number > until) {
            out.end(Kind::SafeMode, Scope::Chain);
            *state = SafeModeState::default();
            return;
        }
        let refused = block.input.extrinsics.iter().filter(|extrinsic| {
            extrinsic.signer.is_some() && extrinsic.error.as_deref() == Some("System.CallFiltered")
        });
        state.refused += refused.count() as u64;
        out.hold(Kind::SafeMode, Scope::Chain);
    }
}

fn finding_of(state: &SafeModeState, block: &Block<'_>, by: Option<&str>) -> Finding {
    let entered = state.entered.unwrap_or(block.number);
    let extended = match state.extensions {
        0 => String::new(),
        1 => ", extended once".to_owned(),
        times => format!(", extended {times} times"),
    };
    let who = by.map(|by| format!(" by {}", short(by))).unwrap_or_default();
    let title = match state.until {
        Some(until) => format!("Safe mode since block {entered}{who}{extended}, until block {until}."),
        None => format!("Safe mode since block {entered}{who}{extended}."),
    };
    let mut finding = Finding::level(Kind::SafeMode, Scope::Chain, Severity::S1, (1.0, 1.0), title)
        .since(entered)
        .with("entered", state.entered)
        .with("until", state.until)
        .with("extensions", state.extensions)
        .with("refused_extrinsics", state.refused);
    finding.accounts.extend(by.map(str::to_owned));
    finding
}

pub(super) struct NoTransactions;

/// Signed extrinsics of the last day, and the row of empty blocks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct QuietState {
    signed: Baseline,
    empty_since: Option<u64>,
}

/// Blocks of the baseline: a day.
const DAY_BLOCKS: usize = 7_200;

impl Detector for NoTransactions {
    type State = QuietState;
    const NAME: &'static str = "no_transactions";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::NoTransactions];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "empty_blocks": config.time.empty_blocks, "usual_signed": config.time.usual_signed })
    }

    fn observe(config: &WatchConfig, state: &mut QuietState, block: &Block<'_>, out: &mut Out) {
        let signed = block.input.block.signed_count;
        if signed > 0 || !block.follows || block.safe_mode {
            if state.empty_since.take().is_some() && signed > 0 {
                out.end(Kind::NoTransactions, Scope::Chain);
            }
            if signed > 0 {
                state.signed.push(f64::from(signed), DAY_BLOCKS);
            }
            return;
        }
        let since = *state.empty_since.get_or_insert(block.number);
        let row = block.number - since + 1;
        let is_usual = state.signed.len() >= 300 && state.signed.median() >= config.time.usual_signed;
        if row < config.time.empty_blocks {
            // a long row must not become what is usual
            state.signed.push(0.0, DAY_BLOCKS);
            return;
        }
        if !is_usual {
            return;
        }
        let title = format!(
            "{row} blocks in a row carry no signed extrinsic, where {:.0} a block are usual.",
            state.signed.median()
        );
        #[allow(clippy::cast_precision_loss)]
        let signal = (row as f64, config.time.empty_blocks as f64);
        let finding = Finding::level(Kind::NoTransactions, Scope::Chain, Severity::S1, signal, title)
            .since(since)
            .with("blocks", row)
            .with("usual_signed", state.signed.median());
        out.fire(finding);
    }
}
