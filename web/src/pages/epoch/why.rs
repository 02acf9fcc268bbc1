//! Why one neuron got what it got.

use leptos::prelude::*;
use yumascan_protocol::{epoch::EpochSteps, fixed::I32F32};

use super::{Shown, alpha};

/// Partners listed.
const LISTED: usize = 24;

/// A share of one, for display.
fn part(value: I32F32) -> f64 {
    value.to_bits() as f64 / 4_294_967_296.0
}

fn percent(value: f64) -> String {
    format!("{:.4} %", value * 100.0)
}

pub(super) fn section(shown: &Shown, uid: Option<usize>) -> AnyView {
    let (Some(uid), Some(replay)) = (uid, &shown.replay) else { return ().into_any() };
    let Some(steps) = replay.steps.get(usize::from(shown.row.mechid)) else { return ().into_any() };
    if uid >= steps.consensus.len() {
        return view! { <section id="why"><h2>{format!("Neuron {uid}")}</h2><p class="lead">"There is no neuron of this uid."</p></section> }.into_any();
    }
    let emission = replay.outputs.subnet.emission.get(uid).copied().unwrap_or(0);
    view! {
        <section id="why" aria-labelledby="why-head">
            <h2 id="why-head">{format!("Why neuron {uid} got what it got")}</h2>
            {if steps.fallback {
                view! { <p class="lead">"No incentive and no dividend came out of this epoch: emission followed the stake."</p> }.into_any()
            } else { ().into_any() }}
            <div class="columns">{as_miner(steps, uid)}{as_validator(steps, uid)}</div>
            <p class="lead">"Together "{alpha(emission)}" of the epoch's emission."</p>
        </section>
    }
    .into_any()
}

fn table(title: String, heads: [&'static str; 4], rows: Vec<(usize, [f64; 3])>, below: String) -> AnyView {
    let count = rows.len();
    let rows = rows.into_iter().take(LISTED).map(|(uid, numbers)| {
        let numbers = numbers.map(|number| view! { <td class="r num">{percent(number)}</td> }.into_any());
        view! { <tr><td class="num"><a href=format!("?uid={uid}#why")>{uid}</a></td>{numbers.into_iter().collect_view()}</tr> }.into_any()
    });
    let more = count.saturating_sub(LISTED);
    let heads = heads.into_iter().enumerate().map(|(position, head)| {
        let class = if position == 0 { "" } else { "r" };
        view! { <th scope="col" class=class>{head}</th> }
    });
    view! {
        <div>
            <h3>{title}</h3>
            <div class="wide"><table class="list"><thead><tr>{heads.collect_view()}</tr></thead><tbody>{rows.collect_view()}</tbody></table></div>
            <p class="lead">{(more > 0).then(|| format!("{more} more. "))}{below}</p>
        </div>
    }
    .into_any()
}

/// Incentive: stake times clipped weight of every validator.
fn as_miner(steps: &EpochSteps, uid: usize) -> AnyView {
    let cell = |row: &[(u16, I32F32)]| {
        row.iter().find(|(of, _)| usize::from(*of) == uid).map(|(_, value)| part(*value))
    };
    let mut rows: Vec<(usize, [f64; 3])> = steps
        .weights
        .iter()
        .enumerate()
        .filter_map(|(validator, row)| {
            let given = cell(row)?;
            let clipped = steps.clipped_weights.get(validator).and_then(|row| cell(row)).unwrap_or(0.0);
            let stake = steps.active_stake.get(validator).map_or(0.0, |stake| part(*stake));
            Some((validator, [stake, given, stake * clipped]))
        })
        .collect();
    rows.sort_by(|one, other| other.1[2].total_cmp(&one.1[2]));
    let below = format!(
        "Its consensus weight is {}: what is given above that is cut. Stake times what remains sums to {}, which is {} of the incentive.",
        percent(part(steps.consensus[uid])),
        percent(steps.ranks.get(uid).map_or(0.0, |rank| part(*rank))),
        percent(steps.incentive.get(uid).map_or(0.0, |share| part(*share))),
    );
    table("As a miner".to_owned(), ["Validator", "Active stake", "Weight given", "Counts"], rows, below)
}

/// Dividends: bonds times incentive of every miner.
fn as_validator(steps: &EpochSteps, uid: usize) -> AnyView {
    let bonds = steps.bonds.get(uid).map(Vec::as_slice).unwrap_or_default();
    let mut rows: Vec<(usize, [f64; 3])> = bonds
        .iter()
        .map(|(miner, bond)| {
            let miner = usize::from(*miner);
            let incentive = steps.incentive.get(miner).map_or(0.0, |share| part(*share));
            (miner, [part(*bond), incentive, part(*bond) * incentive])
        })
        .collect();
    rows.sort_by(|one, other| other.1[2].total_cmp(&one.1[2]));
    let below = format!(
        "Its trust is {}: the part of its weights that consensus left. Bonds times incentive make {} of the dividends.",
        percent(steps.validator_trust.get(uid).map_or(0.0, |trust| part(*trust))),
        percent(steps.dividends.get(uid).map_or(0.0, |share| part(*share))),
    );
    table("As a validator".to_owned(), ["Miner", "Bond", "Its incentive", "Product"], rows, below)
}
