//! Stake moves as a table, for subnets and accounts.

use leptos::prelude::*;
use yumascan_warehouse::rows::StakeMoveRow;

use crate::{text, ui};

/// A row an event.
pub(crate) fn table(rows: &[StakeMoveRow], now_ms: u64) -> AnyView {
    let rows = rows.iter().map(|row| {
        let block = row.block_number;
        let place = match row.extrinsic_index {
            Some(index) => ui::extrinsic_link(block, index).into_any(),
            None => ui::block_link(block).into_any(),
        };
        view! {
            <tr>
                <td class="nowrap">{place}</td>
                <td class="age p2">{ui::time(row.timestamp_ms, now_ms)}</td>
                <td>{row.kind.replace('_', " ")}{side(row.side.as_deref())}</td>
                <td>{ui::account_or(row.coldkey.as_deref(), "unknown")}</td>
                <td class="p3">{ui::account_or(row.hotkey.as_deref(), "unknown")}</td>
                <td class="r num p3">{where_to(row)}</td>
                <td class="r">{row.tao_rao.map_or_else(|| ui::unknown("The event does not say"), |rao| ui::tao_short(u128::from(rao)))}</td>
                <td class="r p2">{row.alpha_rao.map_or_else(|| ui::unknown("The event does not say"), ui::alpha_short)}</td>
                <td class="r num p3">{row.slippage.map(|ppm| text::change_ppm(i64::from(ppm)))}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Where"</th><th scope="col" class="p2">"Age"</th><th scope="col">"What"</th><th scope="col">"Coldkey"</th>
            <th scope="col" class="p3">"Hotkey"</th><th scope="col" class="r p3">"Subnet"</th><th scope="col" class="r">"TAO"</th><th scope="col" class="r p2">"Alpha"</th>
            <th scope="col" class="r p3" title="Against the pool's price before the block">"Slippage"</th></tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}

fn side(side: Option<&str>) -> AnyView {
    match side {
        Some("buy") => view! { " "<span class="tag up">"buy"</span> }.into_any(),
        Some("sell") => view! { " "<span class="tag down">"sell"</span> }.into_any(),
        _ => ().into_any(),
    }
}

/// `3`, or `3 → 7` where it went on.
fn where_to(row: &StakeMoveRow) -> String {
    let said = |netuid: Option<u16>| netuid.map_or_else(|| "?".to_owned(), |netuid| netuid.to_string());
    match row.to_netuid {
        Some(to) if row.netuid != Some(to) => format!("{} → {to}", said(row.netuid)),
        _ => said(row.netuid),
    }
}
