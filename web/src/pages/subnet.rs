//! A subnet: its epochs, and up to which block they are verified.

use axum::{extract::Path, response::Response};
use leptos::prelude::*;
use yumascan_warehouse::{
    query::verifications::{VerdictCounts, VerificationFilter},
    rows::EpochVerificationRow,
};

use super::{
    Page,
    epoch::{alpha, verdict_badge, verified_badge},
    list::{self, Turns},
    rows,
};
use crate::{
    server::{Answer, Context, PageError},
    text, ui,
};

pub(crate) async fn handle(context: Context, Path(netuid): Path<u16>) -> Response {
    let loaded = load(&context, netuid).await;
    context.answer(loaded).await
}

async fn load(context: &Context, netuid: u16) -> Result<Answer, PageError> {
    let warehouse = &context.state.warehouse;
    let filter = VerificationFilter { netuid: Some(netuid), ..VerificationFilter::default() };
    let paging = context.params.paging()?;
    let (page, counts, newest) = tokio::try_join!(
        warehouse.list_epoch_verifications(&filter, paging.request),
        warehouse.count_epoch_verdicts(&filter),
        warehouse.list_epoch_verifications(&filter, yumascan_warehouse::PageRequest::newest(1)),
    )?;
    let Some(newest) = newest.rows.into_iter().next() else {
        return Err(PageError::NotFound {
            what: format!("No epoch of subnet {netuid}"),
            hint: "The subnet may not exist, or none of its epochs was replayed yet: `yumascan verify` does."
                .to_owned(),
        });
    };
    let context = context.clone();
    Ok(Page::new(format!("Subnet {netuid}"), "/verification", move || {
        let span = rows::span(&page, yumascan_warehouse::Keyed::cursor);
        view! {
            <header class="title"><h1>"Subnet "{netuid}</h1><span class="badges">{verified_badge(&newest)}</span></header>
            <p class="lead">{summary(counts)}</p>
            <section aria-labelledby="epochs"><h2 id="epochs">"Epochs"</h2>{table(&page.rows, context.now_ms)}</section>
            <div class="end">{list::pager(&context, span, Turns::NEWEST, "")}</div>
        }
        .into_any()
    })
    .into())
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
