//! Stake moves and registrations of an account.

use leptos::prelude::*;
use yumascan_warehouse::{
    Page as Rows, PageRequest,
    query::{
        Range,
        market::{registrations::RegistrationFilter, stake_moves::StakeMoveFilter},
    },
    rows::{RegistrationRow, StakeMoveRow},
};

use crate::{
    pages::as_of,
    server::{Context, PageError},
    ui,
};

fn up_to_shown(context: &Context) -> Result<Range, PageError> {
    Ok(Range { to_block: context.params.number("at", "Block")?, ..Range::default() })
}

pub(super) async fn read_moves(
    context: &Context,
    address: &str,
    request: PageRequest,
) -> Result<Rows<StakeMoveRow>, PageError> {
    let filter = StakeMoveFilter {
        range: up_to_shown(context)?,
        coldkey: Some(address.to_owned()),
        ..StakeMoveFilter::default()
    };
    Ok(context.state.warehouse.list_stake_moves(&filter, request).await?)
}

pub(super) async fn read_registrations(
    context: &Context,
    address: &str,
    request: PageRequest,
) -> Result<Rows<RegistrationRow>, PageError> {
    let filter = RegistrationFilter {
        range: up_to_shown(context)?,
        account: Some(address.to_owned()),
        ..RegistrationFilter::default()
    };
    Ok(context.state.warehouse.list_registrations(&filter, request).await?)
}

pub(super) fn registrations(context: &Context, rows: &[RegistrationRow]) -> AnyView {
    let lines = rows.iter().map(|row| {
        let place = match row.extrinsic_index {
            Some(index) => ui::extrinsic_link(row.block_number, index).into_any(),
            None => ui::block_link(row.block_number).into_any(),
        };
        let href = as_of::keep(context, &format!("/subnet/{}", row.netuid));
        let cost = row
            .cost_rao
            .map_or_else(|| ui::unknown("Neither event nor state says"), |rao| ui::tao(u128::from(rao)));
        view! {
            <tr>
                <td class="num">{place}</td>
                <td class="age p2">{ui::time(row.timestamp_ms, context.now_ms)}</td>
                <td>{row.kind.clone()}</td>
                <td><a class="num" href=href>{row.netuid}</a></td>
                <td class="r num">{row.uid}</td>
                <td class="p2">{ui::account_or(row.hotkey.as_deref(), "unknown")}</td>
                <td class="p3">{row.method.clone()}</td>
                <td class="r">{cost}</td>
                <td class="p3">{row.replaced_hotkey.as_deref().map(ui::account)}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Extrinsic"</th><th scope="col" class="p2">"Age"</th><th scope="col">"Of a"</th><th scope="col">"Subnet"</th><th scope="col" class="r">"Uid"</th>
            <th scope="col" class="p2">"Hotkey"</th><th scope="col" class="p3">"By"</th><th scope="col" class="r">"Cost"</th><th scope="col" class="p3">"Took the place of"</th></tr></thead>
            <tbody>{lines.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}
