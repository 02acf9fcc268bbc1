//! Stake that moved on a subnet, event by event.

use leptos::prelude::*;
use yumascan_warehouse::query::{Range, market::stake_moves::StakeMoveFilter};

use super::{Content, Shown};
use crate::{
    pages::{
        list::{self, Turns},
        moves, rows,
    },
    server::{Context, PageError},
    ui,
};

pub(super) async fn load(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let range =
        Range { from_block: shown.row.registered_at, to_block: Some(shown.moment.block), ..Range::default() };
    let filter = StakeMoveFilter { range, netuid: Some(shown.netuid), ..StakeMoveFilter::default() };
    let page = context.state.warehouse.list_stake_moves(&filter, context.params.paging()?.request).await?;
    Ok(Content::new(move |context| {
        if page.rows.is_empty() {
            return ui::empty(
                "No stake moved here in the stored blocks.",
                view! { "Emission is not a move; it is under Emissions." }.into_any(),
            );
        }
        let span = rows::span(&page, yumascan_warehouse::Keyed::cursor);
        view! { {moves::table(&page.rows, context.now_ms)}<div class="end">{list::pager(context, span, Turns::NEWEST, "")}</div> }.into_any()
    }))
}
