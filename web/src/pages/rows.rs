//! Tables of blocks, extrinsics, events and transfers, as several pages show them.

use leptos::prelude::*;
use yumascan_warehouse::{
    Cursor, Page,
    rows::{BlockRow, EventRow, ExtrinsicRow, TransferRow},
};

use super::list::Span;
use crate::{
    json_view::{self, Names},
    text, ui,
};

pub(crate) fn span<T>(page: &Page<T>, position: impl Fn(&T) -> Cursor) -> Span {
    Span {
        first: page.rows.first().map(&position),
        last: page.rows.last().map(&position),
        has_previous: page.has_previous,
        has_next: page.has_next,
    }
}

pub(crate) fn block_span(page: &Page<BlockRow>) -> Span {
    span(page, |row| Cursor { block: row.number, major: 0, minor: 0 })
}

pub(crate) fn extrinsic_span(page: &Page<ExtrinsicRow>) -> Span {
    span(page, |row| Cursor { block: row.block_number, major: row.extrinsic_index, minor: 0 })
}

pub(crate) fn event_span(page: &Page<EventRow>) -> Span {
    span(page, |row| Cursor { block: row.block_number, major: row.event_index, minor: 0 })
}

pub(crate) fn transfer_span(page: &Page<TransferRow>) -> Span {
    span(page, |row| Cursor { block: row.block_number, major: row.event_index, minor: 0 })
}

/// Blocks; `final_up_to` tells the unfinalized ones.
pub(crate) fn blocks(rows: &[BlockRow], final_up_to: Option<u64>, now_ms: u64) -> AnyView {
    let rows = rows
        .iter()
        .map(|row| {
            let finalized = final_up_to.is_some_and(|head| row.number <= head);
            let waiting = (!finalized).then(|| ui::finality_badge(false));
            let quarantined = (row.quarantined_count > 0)
                .then(|| view! { <span class="badge bad">{format!("{} not decoded", row.quarantined_count)}</span> });
            view! {
                <tr>
                    <td class="nowrap">{ui::block_link(row.number)}" "{waiting}{quarantined}</td>
                    <td class="age">{ui::time(row.timestamp_ms, now_ms)}</td>
                    <td class="p2">{ui::account_or(row.author.as_deref(), "unknown")}</td>
                    <td class="p3"><span class="hex">{ui::middle(&row.hash)}</span></td>
                    <td class="r p2">{row.spec_version}</td>
                    <td class="r">{text::group(row.extrinsic_count)}</td>
                    <td class="r">{text::group(row.event_count)}</td>
                    <td class="r p2 weight">{text::ref_time(row.weight_ref_time)}</td>
                </tr>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    view! {
        <table class="list">
            <thead><tr>
                <th scope="col">"Block"</th><th scope="col">"Age"</th><th scope="col" class="p2">"Author"</th><th scope="col" class="p3">"Hash"</th>
                <th scope="col" class="r p2">"Runtime"</th><th scope="col" class="r">"Extrinsics"</th><th scope="col" class="r">"Events"</th>
                <th scope="col" class="r p2">"Weight"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Extrinsics, with their time.
pub(crate) fn extrinsics(rows: &[ExtrinsicRow], now_ms: u64) -> AnyView {
    let rows = rows
        .iter()
        .map(|row| {
            let calls = (row.call_count > 1).then(|| view! { " "<span class="none nowrap">{text::count(row.call_count, "call")}</span> });
            view! {
                <tr>
                    <td class="nowrap">{ui::result_sign(row.success)}{ui::extrinsic_link(row.block_number, row.extrinsic_index)}</td>
                    <td class="clip">{ui::name(&row.pallet, &row.call)}{calls}{row.error.as_ref().map(|error| view! { " "<span class="badge bad">{error.clone()}</span> })}</td>
                    <td class="p2">{ui::account_or(row.signer.as_deref(), "unsigned")}</td>
                    <td class="r p2">{text::group(row.event_count)}</td>
                    <td class="r p3">{row.fee_rao.map(|fee| ui::tao(u128::from(fee)))}</td>
                    <td class="r age">{ui::time(row.timestamp_ms, now_ms)}</td>
                </tr>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    view! {
        <table class="list">
            <thead><tr>
                <th scope="col">"Extrinsic"</th><th scope="col">"Call"</th><th scope="col" class="p2">"Signer"</th>
                <th scope="col" class="r p2">"Events"</th><th scope="col" class="r p3">"Fee"</th><th scope="col" class="r">"Age"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Where an event was deposited.
fn source(row: &EventRow) -> AnyView {
    match row.extrinsic_index {
        Some(index) => ui::extrinsic_link(row.block_number, index).into_any(),
        None => view! { <span class="none">{row.phase.to_lowercase()}</span> }.into_any(),
    }
}

/// Events of many blocks.
pub(crate) fn events(rows: &[EventRow], now_ms: u64) -> AnyView {
    let rows = rows
        .iter()
        .map(|row| {
            view! {
                <tr>
                    <td class="nowrap p2"><a class="num" href=format!("/block/{}", row.block_number)>{format!("{}-{}", text::group(row.block_number), row.event_index)}</a></td>
                    <td class="nowrap">{source(row)}</td>
                    <td class="event">{ui::name(&row.pallet, &row.variant)}</td>
                    <td class="data">{json_view::inline(&row.args, Names { pallet: &row.pallet, item: &row.variant })}</td>
                    <td class="r age">{ui::time(row.timestamp_ms, now_ms)}</td>
                </tr>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    view! {
        <table class="list stack">
            <thead><tr>
                <th scope="col" class="p2">"Event"</th><th scope="col">"From"</th><th scope="col">"Name"</th>
                <th scope="col">"Data"</th><th scope="col" class="r">"Age"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Events of one block or extrinsic: by index, each with its data in full behind a fold.
pub(crate) fn events_of_block(rows: &[EventRow]) -> AnyView {
    let rows = rows
        .iter()
        .map(|row| {
            let names = Names { pallet: &row.pallet, item: &row.variant };
            view! {
                <li id=format!("e-{}", row.event_index)>
                    <span class="ix">{row.event_index}</span>
                    <span class="event">{ui::name(&row.pallet, &row.variant)}</span>
                    <span class="data">{json_view::inline(&row.args, names)}</span>
                </li>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    view! { <ol class="events">{rows}</ol> }.into_any()
}

/// Transfers; `seen_from` marks what an account sent and received.
pub(crate) fn transfers(rows: &[TransferRow], seen_from: Option<&str>, now_ms: u64) -> AnyView {
    let rows = rows
        .iter()
        .map(|row| {
            let direction = seen_from.map(|account| {
                let label = match (row.from_account == account, row.to_account == account) {
                    (true, true) => "self",
                    (true, false) => "out",
                    _ => "in",
                };
                view! { <td class="dir"><span class=format!("way {label}")>{label}</span></td> }
            });
            let place = match row.extrinsic_index {
                Some(index) => ui::extrinsic_link(row.block_number, index).into_any(),
                None => ui::block_link(row.block_number).into_any(),
            };
            view! {
                <tr>
                    <td class="nowrap p2">{place}</td>
                    {direction}
                    <td>{ui::account(&row.from_account)}</td>
                    <td>{ui::account(&row.to_account)}</td>
                    <td class="r">{ui::tao(u128::from(row.amount_rao))}</td>
                    <td class="r age">{ui::time(row.timestamp_ms, now_ms)}</td>
                </tr>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    let direction = seen_from.map(|_| view! { <th scope="col"><span class="sr">"Direction"</span></th> });
    view! {
        <table class="list moves">
            <thead><tr>
                <th scope="col" class="p2">"Where"</th>{direction}<th scope="col">"From"</th><th scope="col">"To"</th>
                <th scope="col" class="r">"Amount"</th><th scope="col" class="r">"Age"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
