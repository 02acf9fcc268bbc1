//! An epoch: what went in, every step of consensus, what came out, each number beside the one that the chain stored.

use std::sync::Arc;

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use yumascan_protocol::epoch::{EpochInputs, EpochOutputs, EpochSteps, Workspace, run_with_steps};
use yumascan_warehouse::{
    query::verifications::VerificationFilter,
    rows::{EpochDifferenceRow, EpochVerificationRow, Verdict},
};

use super::Page;
use crate::{
    islands::{Outcome, WhatIf},
    server::{Answer, Context, PageError},
    text,
    ui::{self, icons},
    what_if::{Fields, Now},
};

mod heat;
mod neurons;
mod why;

/// Differences shown beside the numbers.
const MOST_DIFFERENCES: u32 = 2_000;

/// What the page shows.
pub(super) struct Shown {
    row: EpochVerificationRow,
    /// `None` where the inputs are not kept or their rules are not known.
    replay: Option<Replay>,
    differences: Vec<EpochDifferenceRow>,
}

/// An epoch run again.
pub(super) struct Replay {
    pub(super) inputs: EpochInputs,
    pub(super) outputs: EpochOutputs,
    pub(super) steps: Vec<EpochSteps>,
}

pub(crate) async fn handle(context: Context, Path((netuid, block)): Path<(u16, u64)>) -> Response {
    let loaded = load(&context, netuid, block).await;
    context.answer(loaded).await
}

/// The inputs of an epoch as they are kept, for the browser's own replay.
pub(crate) async fn handle_inputs(context: Context, Path((netuid, block)): Path<(u16, u64)>) -> Response {
    let found = context.state.warehouse.find_epoch_inputs(block, netuid).await;
    match found {
        Ok(Some(row)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "public, max-age=86400"),
            ];
            (headers, row.inputs).into_response()
        }
        Ok(None) => context.answer(Err(missing(netuid, block))).await,
        Err(error) => context.answer(Err(error.into())).await,
    }
}

fn missing(netuid: u16, block: u64) -> PageError {
    PageError::NotFound {
        what: format!("No epoch of subnet {netuid} at block {}", text::group(block)),
        hint: "An epoch runs every tempo + 1 blocks. The verification page lists those that were replayed."
            .to_owned(),
    }
}

async fn load(context: &Context, netuid: u16, block: u64) -> Result<Answer, PageError> {
    let mechid = context.params.number("mechid", "Mechanism")?.unwrap_or(0);
    let mechid =
        u8::try_from(mechid).map_err(|_| PageError::bad("Mechanism", &mechid.to_string(), "0 to 15"))?;
    let uid = context.params.number("uid", "Neuron")?;
    let mut fields = Fields::default();
    for name in Fields::NAMES {
        fields.set(name, context.params.get(name).unwrap_or_default().to_owned());
    }
    let warehouse = &context.state.warehouse;
    let row = warehouse.find_epoch_verification(block, netuid, mechid).await?;
    let row = row.ok_or_else(|| missing(netuid, block))?;
    let (inputs, differences) = tokio::try_join!(
        warehouse.find_epoch_inputs(block, netuid),
        warehouse.list_epoch_differences(block, netuid, mechid, MOST_DIFFERENCES),
    )?;
    let around = neighbours(context, &row).await?;
    let typed = fields.clone();
    let replaying = tokio::task::spawn_blocking(move || {
        let replay = inputs.and_then(|row| replay(&row.inputs))?;
        let outcome = typed.outcome(&replay.inputs, mechid);
        Some((replay, outcome))
    });
    let (replay, outcome) = replaying.await.ok().flatten().unzip();
    let shown = Arc::new(Shown { row, replay, differences });
    let title = format!("Subnet {netuid}, epoch at block {}", text::group(block));
    let context = context.clone();
    Ok(Page::new(title, "/verification", move || {
        let uid = uid.and_then(|uid| usize::try_from(uid).ok());
        let parts = [
            head(&shown.row, around),
            facts(&shown.row),
            differing(&shown),
            heat::section(&shown),
            neurons::section(&context, &shown),
            why::section(&shown, uid),
            what_if(&context, &shown, fields, outcome.flatten()),
        ];
        parts.into_iter().collect_view().into_any()
    })
    .into())
}

fn replay(inputs: &str) -> Option<Replay> {
    let inputs: EpochInputs = serde_json::from_str(inputs).ok()?;
    let (outputs, steps) = run_with_steps(&inputs, &mut Workspace::default()).ok()?;
    Some(Replay { inputs, outputs, steps })
}

/// Blocks of the epochs before and after, of the same subnet.
async fn neighbours(
    context: &Context,
    row: &EpochVerificationRow,
) -> Result<(Option<u64>, Option<u64>), PageError> {
    use yumascan_warehouse::{Order, PageRequest, query::Range};
    let of = |range: Range, order: Order| {
        let filter =
            VerificationFilter { range, netuid: Some(row.netuid), mechid: Some(row.mechid), verdict: None };
        async move {
            let page = PageRequest { order, ..PageRequest::newest(1) };
            let found = context.state.warehouse.list_epoch_verifications(&filter, page).await?;
            Ok::<_, PageError>(found.rows.first().map(|row| row.block_number))
        }
    };
    let before = Range { to_block: row.block_number.checked_sub(1), ..Range::default() };
    let after = Range { from_block: Some(row.block_number + 1), ..Range::default() };
    tokio::try_join!(of(before, Order::Newest), of(after, Order::Oldest))
}

fn head(row: &EpochVerificationRow, around: (Option<u64>, Option<u64>)) -> AnyView {
    let link = |block: Option<u64>, rel: &'static str, arrow: (&'static str, &'static str)| {
        block.map(|block| {
            let href = format!("/subnet/{}/epoch/{block}?mechid={}", row.netuid, row.mechid);
            view! { <a rel=rel href=href>{arrow.0}{text::group(block)}{arrow.1}</a> }
        })
    };
    view! {
        <header class="title">
            <h1><a href=format!("/subnet/{}", row.netuid)>{format!("Subnet {}", row.netuid)}</a>{format!(", epoch at block {}", text::group(row.block_number))}</h1>
            <span class="badges">{verdict_badge(&row.verdict)}<span class="badge">{format!("runtime {}", row.spec_version)}</span>
                {(row.mechid > 0).then(|| view! { <span class="badge">{format!("mechanism {}", row.mechid)}</span> })}</span>
            <nav class="pager" aria-label="Epochs of this subnet">{link(around.0, "prev", ("← ", ""))}{link(around.1, "next", ("", " →"))}</nav>
        </header>
    }
    .into_any()
}

/// The verdict by sign, colour and word.
pub(super) fn verdict_badge(verdict: &str) -> AnyView {
    match Verdict::from_name(verdict) {
        Some(Verdict::Verified) => ui::badge("ok", icons::check().into_any(), "verified"),
        Some(Verdict::Excused) => ui::badge("wait", icons::check().into_any(), "verified but for extrinsics"),
        Some(Verdict::Differs) => ui::badge("bad", icons::cross().into_any(), "differs"),
        Some(Verdict::CannotSay) | None => ui::badge("dim", icons::question().into_any(), "cannot say"),
    }
}

/// The verdict of the newest epoch with its block; leads there.
pub(super) fn verified_badge(row: &EpochVerificationRow) -> AnyView {
    let href = format!("/subnet/{}/epoch/{}?mechid={}", row.netuid, row.block_number, row.mechid);
    let block = text::group(row.block_number);
    let (kind, sign, label) = match Verdict::from_name(&row.verdict) {
        Some(Verdict::Verified | Verdict::Excused) => {
            ("badge ok", icons::check().into_any(), format!("verified at block {block}"))
        }
        Some(Verdict::Differs) => {
            ("badge bad", icons::cross().into_any(), format!("differs at block {block}"))
        }
        Some(Verdict::CannotSay) | None => {
            ("badge dim", icons::question().into_any(), format!("block {block} cannot be verified"))
        }
    };
    view! { <a class=kind href=href>{sign}<span>{label}</span></a> }.into_any()
}

fn facts(row: &EpochVerificationRow) -> AnyView {
    let reason =
        (!row.reason.is_empty()).then(|| view! { <div><dt>"Note"</dt><dd>{row.reason.clone()}</dd></div> });
    let emission = match row.emission_rao {
        Some(rao) => {
            view! { {alpha(rao)}" "<span class="none">{row.emission_source.clone()}</span> }.into_any()
        }
        None => ui::unknown("It could not be recomputed"),
    };
    let compared = format!(
        "{} compared, {} equal, {} rewritten by extrinsics",
        text::group(row.fields_checked),
        text::group(row.fields_equal),
        text::group(row.fields_excused)
    );
    let took = format!("{:.2} ms", row.replay_ns as f64 / 1e6);
    let hash = row.inputs_hash.clone();
    view! {
        <dl class="facts">
            <div><dt>"Block"</dt><dd>{ui::block_link(row.block_number)}</dd></div>
            <div><dt>"Rules"</dt><dd>{row.era.clone()}</dd></div>
            <div><dt>"Neurons"</dt><dd>{text::group(row.neurons)}</dd></div>
            <div><dt>"Emission"</dt><dd>{emission}</dd></div>
            <div><dt>"Numbers"</dt><dd>{compared}</dd></div>
            <div><dt>"Replayed in"</dt><dd>{took}</dd></div>
            <div><dt>"Inputs"</dt><dd><span class="hex">{ui::middle(&hash)}</span>{ui::copy(&hash, "hash of the inputs")}</dd></div>
            {reason}
        </dl>
    }
    .into_any()
}

fn differing(shown: &Shown) -> AnyView {
    if shown.differences.is_empty() {
        return ().into_any();
    }
    let rows = shown.differences.iter().take(100).map(|row| {
        let excused = row.excused_by.clone().unwrap_or_else(|| "nothing excuses it".to_owned());
        view! {
            <tr><td>{row.field.clone()}</td><td class="r">{row.uid}</td><td class="r num">{row.expected.clone()}</td>
                <td class="r num">{row.stored.clone()}</td><td class="clip">{excused}</td></tr>
        }
    });
    view! {
        <section aria-labelledby="differences">
            <h2 id="differences">"Where the chain's numbers are others"</h2>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"Field"</th><th scope="col" class="r">"Uid"</th><th scope="col" class="r">"Recomputed"</th>
                <th scope="col" class="r">"Stored"</th><th scope="col">"Rewritten by"</th></tr></thead><tbody>{rows.collect_view()}</tbody></table></div>
        </section>
    }
    .into_any()
}

/// An amount of the subnet's token.
pub(super) fn alpha(rao: u64) -> AnyView {
    view! { <span class="amount" title=format!("{} alpha-rao", text::group(rao))>{text::amount(rao)}<span class="unit">"α"</span></span> }
        .into_any()
}

/// The part that runs the epoch with something changed, in the browser or by the server.
fn what_if(context: &Context, shown: &Shown, fields: Fields, outcome: Outcome) -> AnyView {
    let Some(replay) = &shown.replay else { return ().into_any() };
    let parameters = &replay.inputs.parameters;
    let now = Now {
        kappa: parameters.kappa,
        bonds_penalty: parameters.bonds_penalty,
        liquid_alpha: parameters.liquid_alpha_on,
        yuma3: parameters.yuma3_on,
    };
    let (action, url) = (format!("{}#what-if", context.path), format!("{}/inputs.json", context.path));
    view! {
        <section id="what-if" aria-labelledby="what-if-head">
            <h2 id="what-if-head">"What if"</h2>
            <p class="lead">"Change a weight, a stake or a parameter, and the epoch runs again by the code that verified it. Weights and parameters are of 65535."</p>
            <WhatIf action=action url=url mechid=shown.row.mechid fields=fields now=now outcome=outcome/>
        </section>
    }
    .into_any()
}
