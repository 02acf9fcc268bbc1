//! Subnets: at a block, over blocks, as candles; who holds their alpha.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use yumascan_warehouse::{
    query::market::{
        candles::{INTERVALS, MAX_CANDLES},
        holders::Holder,
    },
    rows::{SubnetPeriodRow, SubnetStateRow},
};

use crate::{
    ApiError,
    rest::{
        extract::{At, Fields, Height, Segments},
        listing::{Listing, Single, all_at, at_moment},
        problem::Refusals,
        scalars::{Decimal, Rao, SignedRao, Time, moving_price, price, rao, time},
        state::AtBlock,
    },
};

dto! {
    /// A subnet as its state was after a block.
    Subnet from SubnetStateRow as row {
        /// Number; 0 is root.
        netuid: u16 = row.netuid,
        /// Block after which the state was read.
        block_number: u64 = row.block_number,
        /// Its time.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// Name in its identity; null without one.
        name: Option<String> = row.name,
        /// Symbol of the token.
        symbol: Option<String> = row.symbol,
        /// Block in which it was registered; tells apart the subnets that had the number.
        registered_at_block: Option<u64> = row.registered_at,
        /// Coldkey of the owner, SS58.
        owner: Option<String> = row.owner,
        /// Hotkey of the owner, SS58.
        owner_hotkey: Option<String> = row.owner_hotkey,
        /// How the pool prices alpha.
        price_model: String = row.price_model,
        /// Price of alpha, TAO.
        price_tao: Option<Decimal> = price(row.price_bits),
        /// Moving price of alpha, TAO.
        moving_price_tao: Option<Decimal> = moving_price(row.moving_price_bits),
        /// TAO in the pool, rao; of root: all TAO staked on root.
        tao_in_rao: Option<Rao> = rao(row.tao_in_rao),
        /// Alpha in the pool, alpha-rao.
        alpha_in_rao: Option<Rao> = rao(row.alpha_in_rao),
        /// Alpha outside of the pool, alpha-rao.
        alpha_out_rao: Option<Rao> = rao(row.alpha_out_rao),
        /// TAO traded since registration, rao.
        volume_rao: Option<Rao> = rao(row.volume_rao),
        /// TAO injected by the last emission, rao.
        tao_in_emission_rao: Option<Rao> = rao(row.tao_in_emission_rao),
        /// Alpha injected by the last emission, alpha-rao.
        alpha_in_emission_rao: Option<Rao> = rao(row.alpha_in_emission_rao),
        /// Alpha emitted to participants by the last emission, alpha-rao.
        alpha_out_emission_rao: Option<Rao> = rao(row.alpha_out_emission_rao),
        /// TAO for which the chain bought alpha in the block, rao.
        chain_buy_rao: Option<Rao> = rao(row.excess_tao_rao),
        /// TAO that users moved in, less what they moved out, since the last emission, rao.
        tao_flow_rao: Option<SignedRao> = row.tao_flow_rao.map(|flow| SignedRao(flow.into())),
        /// Cost of registering a neuron, rao.
        burn_rao: Option<Rao> = rao(row.burn_rao),
        /// Neurons.
        neuron_count: Option<u16> = row.neuron_count,
        /// Mechanisms.
        mechanism_count: Option<u8> = row.mechanism_count,
        /// Blocks between epochs.
        tempo_blocks: Option<u16> = row.tempo,
        /// Block of the last epoch.
        last_epoch_block: Option<u64> = row.last_step_block,
        /// Whether alpha can be traded.
        subtoken_enabled: Option<bool> = row.subtoken_enabled,
        /// Whether neurons can be registered by burning.
        registration_allowed: Option<bool> = row.registration_allowed,
        /// Whether the subnet may receive emission.
        emission_enabled: Option<bool> = row.emission_enabled,
        /// First block with emission; null before it was started.
        first_emission_block: Option<u64> = row.first_emission_block,
        /// TAO locked by its registration, rao.
        locked_rao: Option<Rao> = rao(row.locked_rao),
        /// TAO recycled by registrations, rao.
        recycled_rao: Option<Rao> = rao(row.recycled_rao),
    }
}

dto! {
    /// A subnet in a period.
    Candle from SubnetPeriodRow as row {
        /// Start of the period.
        start: Option<Time> = time(Some(row.start_ms)),
        /// Block in which the subnet was registered; tells apart the subnets that had the number.
        registered_at_block: Option<u64> = row.registered_at,
        /// First block read in it.
        first_block: u64 = row.first_block,
        /// Last block read in it.
        last_block: u64 = row.last_block,
        /// Blocks read in it.
        block_count: u64 = row.reads,
        /// Price after its first block, TAO.
        open_tao: Option<Decimal> = price(row.open_bits),
        /// Highest price, TAO.
        high_tao: Option<Decimal> = price(row.high_bits),
        /// Lowest price, TAO.
        low_tao: Option<Decimal> = price(row.low_bits),
        /// Price after its last block, TAO.
        close_tao: Option<Decimal> = price(row.close_bits),
        /// TAO that users and chain traded, rao.
        traded_rao: Option<Rao> = rao(row.traded_rao),
        /// TAO paid for alpha by users, rao.
        buy_rao: Rao = row.buy_rao.into(),
        /// TAO received for alpha by users, rao.
        sell_rao: Rao = row.sell_rao.into(),
        /// Buys.
        buy_count: u64 = row.buys,
        /// Sales.
        sell_count: u64 = row.sells,
        /// TAO in the pool at its end, rao.
        tao_in_rao: Option<Rao> = rao(row.tao_in_rao),
        /// Alpha in the pool at its end, alpha-rao.
        alpha_in_rao: Option<Rao> = rao(row.alpha_in_rao),
        /// Alpha outside of the pool at its end, alpha-rao.
        alpha_out_rao: Option<Rao> = rao(row.alpha_out_rao),
    }
}

dto! {
    /// A coldkey with stake on a subnet.
    HolderView from Holder as row {
        /// SS58.
        coldkey: String = row.coldkey,
        /// All its stake there, alpha-rao.
        alpha_rao: Rao = row.alpha_rao.into(),
        /// On how many hotkeys.
        hotkey_count: u32 = row.hotkeys,
    }
}

/// Subnets
///
/// All subnets that exist at a block, root first.
#[utoipa::path(get, path = "/api/v1/subnets", tag = "subnets", params(At),
    responses((status = 200, description = "All subnets", body = Listing<Subnet>), Refusals))]
pub(super) async fn list(state: AtBlock) -> Result<Json<Listing<Subnet>>, ApiError> {
    let rows = state.0.subnets().await?;
    Ok(all_at(rows.iter().map(|row| (**row).clone().into()).collect(), &state.0.moment))
}

/// A subnet
///
/// At a block.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1), At),
    responses((status = 200, description = "The subnet", body = Single<Subnet>), Refusals))]
pub(super) async fn get(
    Segments(netuid): Segments<u16>,
    state: AtBlock,
) -> Result<Json<Single<Subnet>>, ApiError> {
    let row = state.0.subnet(netuid).await?;
    Ok(at_moment((*row).clone().into(), &state.0.moment))
}

/// A range of blocks.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Blocks {
    /// Lowest block.
    #[param(inline)]
    from_block: Option<Height>,
    /// Rows, newest first.
    #[param(minimum = 1, maximum = 1000, default = 25)]
    limit: Option<u32>,
}

/// A subnet over blocks
///
/// Its states at a block and before, newest first. They may be of several subnets that had the number.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/history", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1), At, Blocks),
    responses((status = 200, description = "Newest first", body = Listing<Subnet>), Refusals))]
pub(super) async fn blocks(
    Segments(netuid): Segments<u16>,
    state: AtBlock,
    Fields(blocks): Fields<Blocks>,
) -> Result<Json<Listing<Subnet>>, ApiError> {
    let moment = state.0.moment;
    let limit = super::limit(blocks.limit)?;
    let range = (blocks.from_block.map_or(0, |height| height.0), moment.block);
    let rows = state.warehouse().list_subnet_blocks(netuid, range, limit).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &moment))
}

/// Length of a candle.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
pub(super) enum Interval {
    /// A minute.
    #[serde(rename = "1m")]
    Minute,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// A quarter of an hour.
    #[serde(rename = "15m")]
    Quarter,
    /// Half an hour.
    #[serde(rename = "30m")]
    HalfHour,
    /// An hour.
    #[default]
    #[serde(rename = "1h")]
    Hour,
    /// Two hours.
    #[serde(rename = "2h")]
    TwoHours,
    /// Four hours.
    #[serde(rename = "4h")]
    FourHours,
    /// Eight hours.
    #[serde(rename = "8h")]
    EightHours,
    /// Half a day.
    #[serde(rename = "12h")]
    HalfDay,
    /// A day.
    #[serde(rename = "1d")]
    Day,
    /// Seven days.
    #[serde(rename = "7d")]
    Week,
    /// Thirty days.
    #[serde(rename = "30d")]
    Month,
}

/// Which candles.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Candles {
    /// Length of a candle; `1h` where it is left out.
    #[param(inline)]
    interval: Option<Interval>,
    /// Candles before the block, the newest last.
    #[param(minimum = 1, maximum = 5000, default = 168)]
    count: Option<u64>,
}

/// Candles of a subnet
///
/// Prices and trades by period up to a block, oldest first. Periods without a block have no candle.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/candles", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1), At, Candles),
    responses((status = 200, description = "Oldest first", body = Listing<Candle>), Refusals))]
pub(super) async fn candles(
    Segments(netuid): Segments<u16>,
    state: AtBlock,
    Fields(asked): Fields<Candles>,
) -> Result<Json<Listing<Candle>>, ApiError> {
    let moment = state.0.moment;
    let length =
        INTERVALS.get(asked.interval.unwrap_or_default() as usize).map_or(3_600_000, |(_, length)| *length);
    let count = asked.count.unwrap_or(168);
    if !(1..=MAX_CANDLES).contains(&count) {
        return Err(ApiError::BadInput(format!(
            "`count={count}` is out of bounds: 1 to {MAX_CANDLES} candles are given"
        )));
    }
    let to = moment.timestamp_ms.unwrap_or(0).saturating_add(1);
    let from = (to.div_ceil(length) * length).saturating_sub(count * length);
    let rows = state.warehouse().list_candles(netuid, length, from, to, moment.block).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &moment))
}

/// Who holds a subnet's alpha.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Holding {
    /// The greatest first.
    greatest: Vec<HolderView>,
    /// Coldkeys with stake.
    holder_count: u64,
    /// What they hold, alpha-rao.
    total_alpha_rao: Rao,
    /// Gini coefficient over coldkeys: 0 where all hold the same; null where nobody holds anything.
    gini_ratio: Option<Decimal>,
    /// Least number of coldkeys who have more than half.
    nakamoto: Option<u64>,
}

/// How many.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Greatest {
    /// Holders to name.
    #[param(minimum = 1, maximum = 1000, default = 25)]
    limit: Option<u32>,
}

/// Holders of a subnet's alpha
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/holders", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1), At, Greatest),
    responses((status = 200, description = "The greatest holders, and the concentration over all", body = Single<Holding>), Refusals))]
pub(super) async fn holders(
    Segments(netuid): Segments<u16>,
    state: AtBlock,
    Fields(greatest): Fields<Greatest>,
) -> Result<Json<Single<Holding>>, ApiError> {
    let moment = state.0.moment;
    let limit = super::limit(greatest.limit)? as usize;
    state.0.subnet(netuid).await?;
    let found = state.warehouse().find_holders(netuid, &moment, limit).await?;
    let of = found.by_coldkey.as_ref();
    let holding = Holding {
        holder_count: of.map_or(0, |of| of.holders),
        total_alpha_rao: of.map_or(0, |of| of.total_rao).into(),
        gini_ratio: of.map(|of| crate::graphql::Decimal::ppb(of.gini_ppb).into()),
        nakamoto: of.map(|of| of.nakamoto),
        greatest: found.greatest.into_iter().map(Into::into).collect(),
    };
    Ok(at_moment(holding, &moment))
}
