//! Epochs of a subnet and what their replay found.

use leptos::prelude::*;
use yumascan_warehouse::{
    Page as Rows, PageRequest,
    query::{
        Range,
        verifications::{VerdictCounts, VerificationFilter},
    },
    rows::EpochVerificationRow,
};

use super::{Content, Shown};
use crate::{
    pages::{
        Page,
        epoch::{alpha, verdict_badge, verified_badge},
        list::{self, Turns},
        rows,
    },
    server::{Answer, Context, PageError},
    text, ui,
};

/// The tab.
pub(super) async fn load(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let range = Range { to_block: Some(shown.moment.block), ..Range::default() };
    let (page, counts) = read(context, shown.netuid, range, context.params.paging()?.request).await?;
    Ok(Content::new(move |context| body(context, &page, counts)))
}

/// A subnet of which only epochs are stored.
pub(super) async fn alone(
    context: &Context,
    netuid: u16,
    newest: Option<EpochVerificationRow>,
) -> Result<Answer, PageError> {
    let (page, counts) = read(context, netuid, Range::default(), context.params.paging()?.request).await?;
    let context = context.clone();
    Ok(Page::new(format!("Subnet {netuid}"), "/subnets", move || {
        view! {
            <header class="title"><h1>"Subnet "{netuid}</h1><span class="badges">{newest.as_ref().map(verified_badge)}</span></header>
            <p class="notice">"Its state has not been read yet; only its epochs were replayed. `yumascan state` reads it."</p>
            {body(&context, &page, counts)}
        }
        .into_any()
    })
    .into())
}

async fn read(
    context: &Context,
    netuid: u16,
    range: Range,
    request: PageRequest,
) -> Result<(Rows<EpochVerificationRow>, VerdictCounts), PageError> {
    let warehouse = &context.state.warehouse;
    let filter = VerificationFilter { netuid: Some(netuid), range, ..VerificationFilter::default() };
    Ok(tokio::try_join!(
        warehouse.list_epoch_verifications(&filter, request),
        warehouse.count_epoch_verdicts(&filter)
    )?)
}

fn body(context: &Context, page: &Rows<EpochVerificationRow>, counts: VerdictCounts) -> AnyView {
    let span = rows::span(page, yumascan_warehouse::Keyed::cursor);
    view! {
        <section aria-labelledby="epochs">
            <h2 id="epochs">"Epochs"</h2>
            <p class="lead">{summary(counts)}</p>
            {table(&page.rows, context.now_ms)}
        </section>
        <div class="end">{list::pager(context, span, Turns::NEWEST, "")}</div>
    }
    .into_any()
}
fn summary(counts: VerdictCounts) -> String {
    let mut text = format!(
        "{} of {} epochs are verified",
        text::group(counts.verified + counts.excused),
        text::group(counts.total())
    );
    if counts.differs > 0 {
        text.push_str(&format!(", {} differ", text::group(counts.differs)));
    }
    if counts.cannot_say > 0 {
        text.push_str(&format!(", of {} nothing can be said", text::group(counts.cannot_say)));
    }
    text.push('.');
    text
}

fn table(rows: &[EpochVerificationRow], now_ms: u64) -> AnyView {
    let rows = rows.iter().map(|row| {
        let href = format!("/subnet/{}/epoch/{}?mechid={}", row.netuid, row.block_number, row.mechid);
        let emission = match row.emission_rao {
            Some(rao) => alpha(rao),
            None => ui::unknown("It could not be recomputed"),
        };
        view! {
            <tr>
                <td class="num"><a href=href>{text::group(row.block_number)}</a></td>
                <td class="age p2">{ui::time(row.timestamp_ms, now_ms)}</td>
                <td class="r num">{row.mechid}</td>
                <td class="r num p2">{text::group(row.neurons)}</td>
                <td class="r">{emission}</td>
                <td>{verdict_badge(&row.verdict)}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <div class="wide"><table class="list">
            <thead><tr><th scope="col">"Block"</th><th scope="col" class="p2">"Age"</th><th scope="col" class="r">"Mechanism"</th>
                <th scope="col" class="r p2">"Neurons"</th><th scope="col" class="r">"Emission"</th><th scope="col">"Verdict"</th></tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}
