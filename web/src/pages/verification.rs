//! The verification board: every subnet's last epochs, and how much of what the chain stored was recomputed.

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::{
    query::verifications::{BoardRow, EpochTotals, VerdictCounts, VerificationFilter},
    rows::{EpochDifferenceRow, Verdict},
};

use super::{Page, epoch::verdict_badge};
use crate::{
    server::{Answer, Context, PageError},
    text, ui,
};

/// Epochs in a subnet's strip.
const STRIP: u32 = 48;
/// Differences listed.
const LISTED: u32 = 50;

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let warehouse = &context.state.warehouse;
    let all = VerificationFilter::default();
    let (board, totals, verdicts, emission, differences) = tokio::try_join!(
        warehouse.list_verification_board(STRIP),
        warehouse.get_epoch_totals(&all),
        warehouse.count_epoch_verdicts(&all),
        warehouse.count_emission_verdicts(&all),
        warehouse.list_differences(&all, false, LISTED),
    )?;
    Ok(Page::new("Verification", "/verification", move || {
        let content = if board.is_empty() {
            let what = view! { "Run "<code>"yumascan verify --rpc URL"</code>" over the stored blocks, or let "<code>"yumascan up"</code>" follow the head." };
            ui::empty("No epoch was replayed yet.", what.into_any())
        } else {
            let parts = [tiles(&totals, verdicts, emission), differing(&differences), subnets(&board)];
            parts.into_iter().collect_view().into_any()
        };
        view! {
            <h1>"Verification"</h1>
            <p class="lead">"For every epoch, Yuma consensus is computed again from the state before it, bit for bit, and compared with what the chain stored. A square is an epoch; follow it to see every step."</p>
            {content}
        }
        .into_any()
    })
    .into())
}

fn tiles(totals: &EpochTotals, verdicts: VerdictCounts, emission: VerdictCounts) -> AnyView {
    let tile = |label: &'static str, number: u64, below: String| {
        view! { <div class="tile"><dt>{label}</dt><dd class="num">{text::group(number)}</dd><dd class="sub">{below}</dd></div> }.into_any()
    };
    let of_emission = format!(
        "{} of {} verified",
        text::group(emission.verified + emission.excused),
        text::group(emission.total())
    );
    view! {
        <dl class="tiles">
            <div class="tile head"><dt>"Epochs replayed"</dt><dd class="num">{text::group(verdicts.total())}</dd><dd class="sub">"of mechanisms"</dd></div>
            {tile("Verified", verdicts.verified + verdicts.excused, format!("{} with extrinsics' changes", text::group(verdicts.excused)))}
            {tile("Differ", verdicts.differs, String::new())}
            {tile("Cannot say", verdicts.cannot_say, String::new())}
            {tile("Numbers equal", totals.fields_equal, format!("of {}", text::group(totals.fields_checked)))}
            {tile("Emission", emission.total(), of_emission)}
        </dl>
    }
    .into_any()
}

fn differing(differences: &[EpochDifferenceRow]) -> AnyView {
    if differences.is_empty() {
        return ().into_any();
    }
    let rows = differences.iter().map(|row| {
        let at = format!("/subnet/{}/epoch/{}?mechid={}", row.netuid, row.block_number, row.mechid);
        view! {
            <tr><td><a href=at>{format!("subnet {}, block {}", row.netuid, text::group(row.block_number))}</a></td>
            <td>{row.field.clone()}</td><td class="r">{row.uid}</td><td class="r num">{row.expected.clone()}</td><td class="r num">{row.stored.clone()}</td></tr>
        }
    });
    view! {
        <section aria-labelledby="differences">
            <h2 id="differences">"What differs"</h2>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"Epoch"</th><th scope="col">"Field"</th><th scope="col" class="r">"Uid"</th>
                <th scope="col" class="r">"Recomputed"</th><th scope="col" class="r">"Stored"</th></tr></thead><tbody>{rows.collect_view()}</tbody></table></div>
        </section>
    }
    .into_any()
}

fn subnets(board: &[BoardRow]) -> AnyView {
    let rows = board.iter().map(|row| {
        let worst = worst(row.counts);
        let share =
            (row.counts.verified + row.counts.excused) as f64 / row.counts.total().max(1) as f64 * 100.0;
        view! {
            <tr>
                <td class="num"><a href=format!("/subnet/{}", row.netuid)>{row.netuid}</a></td>
                <td>{strip(row)}</td>
                <td class="r num">{text::group(row.counts.total())}</td>
                <td class="r num">{format!("{share:.1} %")}</td>
                <td>{verdict_badge(worst)}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="subnets">
            <h2 id="subnets">"Subnets"</h2>
            <div class="wide"><table class="list board"><thead><tr><th scope="col">"Netuid"</th><th scope="col">"Last epochs, the newest right"</th><th scope="col" class="r">"Epochs"</th>
                <th scope="col" class="r">"Verified"</th><th scope="col">"Verdict"</th></tr></thead><tbody>{rows.collect_view()}</tbody></table></div>
        </section>
    }
    .into_any()
}

/// A subnet is only as good as its worst epoch.
fn worst(counts: VerdictCounts) -> &'static str {
    let verdict = if counts.differs > 0 {
        Verdict::Differs
    } else if counts.cannot_say > 0 {
        Verdict::CannotSay
    } else {
        Verdict::Verified
    };
    verdict.name()
}

fn strip(row: &BoardRow) -> AnyView {
    let shown = row.last.len().min(STRIP as usize);
    let squares = row.last.iter().take(shown).rev().enumerate().map(|(position, (block, mechid, verdict))| {
        let href = format!("/subnet/{}/epoch/{block}?mechid={mechid}", row.netuid);
        let label = format!("block {}, mechanism {mechid}: {}", text::group(*block), verdict.replace('_', " "));
        let class = format!("v-{verdict}");
            let title = label.clone();
        view! { <a href=href aria-label=label><rect class=class x=(position * 10).to_string() y="0" width="8" height="14" rx="1.5"><title>{title}</title></rect></a> }
            .into_any()
    });
    let view_box = format!("0 0 {} 14", shown * 10);
    view! { <svg class="strip" viewBox=view_box width=(shown * 10).to_string() height="14" role="group" aria-label=format!("Epochs of subnet {}", row.netuid)>{squares.collect_view()}</svg> }
        .into_any()
}
