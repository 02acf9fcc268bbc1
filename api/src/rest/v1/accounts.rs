//! Accounts: what they did, what they have.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use yumascan_warehouse::{
    query::{accounts::AccountSummary, market::positions::Position},
    rows::AccountBalanceRow,
};

use crate::{
    ApiError,
    http::App,
    rest::{
        extract::{Account, At, Fields, Height, Segments},
        listing::{Listing, Single, all_at, stored},
        problem::Refusals,
        scalars::{Decimal, Rao, price, rao},
        state::AtBlock,
    },
};

dto! {
    /// What the stored blocks know of an account.
    AccountView from AccountSummary as row {
        /// SS58 with prefix 42.
        account: String = row.account,
        /// 0x hex.
        public_key: String = row.public_key,
        /// First stored block that mentions it; null where none does.
        first_block: Option<u64> = row.first_block,
        /// Last stored block that mentions it.
        last_block: Option<u64> = row.last_block,
        /// Extrinsics it signed.
        signed_extrinsic_count: u64 = row.signed_extrinsics,
        /// Extrinsics that it signed, originated, or that name it.
        extrinsic_count: u64 = row.extrinsics,
        /// Events that name it.
        event_count: u64 = row.events,
        /// Transfers to it.
        transfer_in_count: u64 = row.transfers_in,
        /// Transfers from it.
        transfer_out_count: u64 = row.transfers_out,
        /// Sum of the transfers to it in stored blocks, rao; not its balance.
        received_rao: Rao = row.received_rao.into(),
        /// Sum of the transfers from it in stored blocks, rao.
        sent_rao: Rao = row.sent_rao.into(),
    }
}

dto! {
    /// What an account has, since a block that changed it.
    Balance from AccountBalanceRow as row {
        /// Block that changed it.
        since_block: u64 = row.block_number,
        /// SS58.
        account: String = row.account,
        /// Free TAO, rao.
        free_rao: Rao = row.free_rao.into(),
        /// Reserved TAO, rao.
        reserved_rao: Rao = row.reserved_rao.into(),
        /// Part of the free TAO that cannot be spent, rao.
        frozen_rao: Rao = row.frozen_rao.into(),
        /// Extrinsics it signed.
        nonce: u32 = row.nonce,
    }
}

dto! {
    /// Stake of an account on a hotkey of a subnet.
    StakePosition from Position as row {
        /// To whom it is staked, SS58.
        hotkey: String = row.hotkey,
        /// Subnet; 0 is root.
        netuid: u16 = row.netuid,
        /// The stake, alpha-rao; on root rao.
        alpha_rao: Rao = row.alpha_rao.into(),
        /// Block that changed its shares last; dividends change the amount and no shares.
        shares_since_block: u64 = row.shares_since,
        /// Price of the alpha, TAO.
        price_tao: Option<Decimal> = price(row.price_bits),
        /// What the stake is worth at that price, rao; a sale of it would move the price.
        worth_rao: Option<Rao> = rao(row.worth_rao),
    }
}

/// An account
///
/// What stored blocks know of it. An account that none mentions is answered with zeros.
#[utoipa::path(get, path = "/api/v1/accounts/{account}", tag = "accounts",
    params(("account" = inline(Account), Path, description = "SS58, or 0x and 64 hexadecimal digits")),
    responses((status = 200, description = "The account", body = Single<AccountView>), Refusals))]
pub(super) async fn get(
    State(app): State<App>,
    Segments(account): Segments<Account>,
) -> Result<Json<Single<AccountView>>, ApiError> {
    let account = account.ss58()?;
    let found = app.shared.state.warehouse.find_account(&account).await?;
    let summary = found.unwrap_or_else(|| AccountSummary::unmentioned(&account));
    stored(&app, summary.into()).await
}

/// Stake of an account
///
/// All its stake at a block, exact to the rao.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/positions", tag = "accounts",
    params(("account" = inline(Account), Path, description = "SS58, or 0x and 64 hexadecimal digits"), At),
    responses((status = 200, description = "By netuid and hotkey", body = Listing<StakePosition>), Refusals))]
pub(super) async fn positions(
    Segments(account): Segments<Account>,
    state: AtBlock,
) -> Result<Json<Listing<StakePosition>>, ApiError> {
    let moment = state.0.moment;
    let rows = state.warehouse().list_positions(&account.ss58()?, &moment).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &moment))
}

/// How many.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Past {
    /// Rows; the first is the balance at the block.
    #[param(minimum = 1, maximum = 1000, default = 25)]
    limit: Option<u32>,
    /// Lowest block.
    #[param(inline)]
    from_block: Option<Height>,
}

/// Balances of an account
///
/// The balance at a block and those before it, newest first: one row a change.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/balances", tag = "accounts",
    params(("account" = inline(Account), Path, description = "SS58, or 0x and 64 hexadecimal digits"), At, Past),
    responses((status = 200, description = "Newest first; empty where the account did not exist", body = Listing<Balance>), Refusals))]
pub(super) async fn balances(
    Segments(account): Segments<Account>,
    state: AtBlock,
    Fields(past): Fields<Past>,
) -> Result<Json<Listing<Balance>>, ApiError> {
    let limit = super::limit(past.limit)?;
    let from = past.from_block.map_or(0, |height| height.0);
    let moment = state.0.moment;
    let account = account.ss58()?;
    let rows = state.warehouse().list_balance_changes(&account, (from, moment.block), limit).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &moment))
}
