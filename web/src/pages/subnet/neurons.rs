//! A subnet's neurons by what they do: validators, and miners with the line below which they lose their place.

use leptos::prelude::*;
use yumascan_warehouse::rows::{NeuronStateRow, SubnetStateRow};

use super::{Content, Shown};
use crate::{
    graph::{Axis, Graph, Kind, Level},
    islands::GraphView,
    server::{Context, PageError},
    text, ui,
};

pub(super) async fn load_validators(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let rows = context.state.warehouse.list_metagraph(&shown.row, &shown.moment).await?;
    let mut validators: Vec<NeuronStateRow> = rows.into_iter().filter(is_validator).collect();
    validators.sort_by(|a, b| b.stake_weight.cmp(&a.stake_weight).then(a.uid.cmp(&b.uid)));
    let (block, tempo) = (shown.moment.block, shown.row.tempo);
    Ok(Content::new(move |context| validators_body(context, &validators, block, tempo)))
}

pub(super) async fn load_miners(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let warehouse = &context.state.warehouse;
    let (rows, parameters) = tokio::try_join!(
        warehouse.list_metagraph(&shown.row, &shown.moment),
        warehouse.list_hyperparameters(shown.netuid, &shown.moment)
    )?;
    let number = |name: &str| {
        let row = parameters.iter().find(|row| row.name == name)?;
        row.new_value.as_deref()?.trim_matches('"').parse::<u64>().ok()
    };
    let line =
        CutOff::of(&rows, &shown.row, shown.moment.block, number("ImmunityPeriod"), number("MaxAllowedUids"));
    let mut miners: Vec<NeuronStateRow> =
        rows.into_iter().filter(|row| row.incentive.is_some_and(|share| share > 0)).collect();
    miners.sort_by(|a, b| b.incentive.cmp(&a.incentive).then(a.uid.cmp(&b.uid)));
    Ok(Content::new(move |context| miners_body(context, &miners, &line)))
}

/// Who has a permit or earned dividends.
fn is_validator(row: &NeuronStateRow) -> bool {
    row.validator_permit == Some(true) || row.dividends.is_some_and(|share| share > 0)
}

fn validators_body(context: &Context, rows: &[NeuronStateRow], block: u64, tempo: Option<u16>) -> AnyView {
    if rows.is_empty() {
        return ui::empty(
            "No neuron of this subnet validates at this block.",
            view! { "The metagraph has all its neurons." }.into_any(),
        );
    }
    let lines = rows.iter().map(|row| {
        let silent = row.last_update.map(|updated| block.saturating_sub(updated));
        let missed = silent.zip(tempo).map(|(blocks, tempo)| blocks / (u64::from(tempo) + 1));
        let hotkey = row.hotkey.as_deref();
        let href = hotkey.map(|hotkey| super::as_of::keep(context, &format!("/validator/{hotkey}")));
        view! {
            <tr>
                <td class="r num">{row.uid}</td>
                <td>{ui::account_or(hotkey, "unknown")}" "{href.map(|href| view! { <a class="none" href=href>"as a validator"</a> })}</td>
                <td class="r num">{row.stake_weight.map(text::share)}</td>
                <td class="r p2">{row.alpha_stake_rao.map(ui::alpha_short)}</td>
                <td class="r p3">{row.root_stake_rao.map(|rao| ui::tao_short(u128::from(rao)))}</td>
                <td class="r num">{row.validator_trust.map(text::share)}</td>
                <td class="r num">{row.dividends.map(text::share)}</td>
                <td class="r num">{silent.map(text::group)}</td>
                <td class="r num p2">{missed.map(text::group)}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col" class="r">"Uid"</th><th scope="col">"Hotkey"</th><th scope="col" class="r">"Stake weight"</th>
            <th scope="col" class="r p2">"Alpha"</th><th scope="col" class="r p3">"Root"</th><th scope="col" class="r">"Vtrust"</th><th scope="col" class="r">"Dividends"</th>
            <th scope="col" class="r">"Blocks since weights"</th><th scope="col" class="r p2" title="Whole tempos since it last set weights">"Epochs without"</th></tr></thead>
            <tbody>{lines.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}

/// Who is pruned next, and what it earns.
struct CutOff {
    /// Emission of the neuron that goes first, alpha-rao.
    emission_rao: Option<u64>,
    uid: Option<u16>,
    immune: usize,
    free: Option<u64>,
}

impl CutOff {
    fn of(
        rows: &[NeuronStateRow],
        subnet: &SubnetStateRow,
        block: u64,
        immunity: Option<u64>,
        most: Option<u64>,
    ) -> Self {
        let is_immune = |row: &NeuronStateRow| {
            row.registered_at
                .zip(immunity)
                .is_some_and(|(registered, period)| block.saturating_sub(registered) < period)
        };
        let candidates = rows.iter().filter(|row| !is_immune(row) && row.hotkey != subnet.owner_hotkey);
        let first = candidates.min_by_key(|row| (row.emission_rao, row.registered_at, row.uid));
        Self {
            emission_rao: first.and_then(|row| row.emission_rao),
            uid: first.map(|row| row.uid),
            immune: rows.iter().filter(|row| is_immune(row)).count(),
            free: most.zip(subnet.neuron_count).map(|(most, count)| most.saturating_sub(u64::from(count))),
        }
    }

    fn said(&self) -> String {
        let next = match (self.free, self.uid, self.emission_rao) {
            (Some(free @ 1..), ..) => {
                format!("{} places are free, so nobody is pruned yet", text::group(free))
            }
            (_, Some(uid), Some(rao)) => format!(
                "The next registration takes the place of uid {uid}, which earned {} α in the last epoch",
                text::amount(rao)
            ),
            _ => "Who is pruned next is not known".to_owned(),
        };
        format!("{next}; {} neurons are still immune.", self.immune)
    }
}

fn miners_body(_: &Context, rows: &[NeuronStateRow], line: &CutOff) -> AnyView {
    if rows.is_empty() {
        return ui::empty(
            "No neuron of this subnet earned as a miner.",
            view! { "Without weights of validators nobody does." }.into_any(),
        );
    }
    let points = rows
        .iter()
        .enumerate()
        .map(|(place, row)| (place as f64 + 1.0, row.emission_rao.map(|rao| rao as f64 / 1e9)));
    let mut graph = Graph::new("incentive", "Emission of miners in the last epoch", "α", Axis::Ranks)
        .from_zero()
        .with("emission", Kind::Bars, points.collect());
    graph.level = line
        .emission_rao
        .map(|rao| Level { value: rao as f64 / 1e9, label: "What the next to be pruned earned".to_owned() });
    let lines = rows.iter().enumerate().map(|(place, row)| {
        view! {
            <tr><td class="r num">{place + 1}</td><td class="r num">{row.uid}</td><td>{ui::account_or(row.hotkey.as_deref(), "unknown")}</td>
                <td class="r num">{row.incentive.map(text::share)}</td><td class="r">{row.emission_rao.map(ui::alpha_short)}</td>
                <td class="r num p2">{row.consensus.map(text::share)}</td><td class="r num p2">{row.registered_at.map(|block| ui::block_link(block).into_any())}</td></tr>
        }
        .into_any()
    });
    view! {
        {graph.is_drawable().then(|| view! { <GraphView graph=graph/> })}
        <p class="lead">{line.said()}</p>
        <div class="wide"><table class="list"><thead><tr><th scope="col" class="r">"#"</th><th scope="col" class="r">"Uid"</th><th scope="col">"Hotkey"</th><th scope="col" class="r">"Incentive"</th>
            <th scope="col" class="r">"Emission"</th><th scope="col" class="r p2">"Consensus"</th><th scope="col" class="r p2">"Registered"</th></tr></thead>
            <tbody>{lines.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}
