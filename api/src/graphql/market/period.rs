//! A subnet in a period: a block, a minute, a month.

use async_graphql::{Enum, SimpleObject};
use yumascan_warehouse::{
    query::market::candles::INTERVALS,
    rows::{SubnetPeriodRow, SubnetStateRow},
};

use super::{
    super::scalars::{BlockNumber, Long, Rao, Timestamp},
    amounts::Decimal,
};

/// Length of the periods of a subnet's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum Granularity {
    /// Every block at which the state was read.
    Block,
    /// Hours, UTC.
    Hour,
    /// Days, UTC.
    Day,
}

/// Length of candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum CandleInterval {
    /// One minute.
    Minute,
    /// Five minutes.
    Minutes5,
    /// A quarter of an hour.
    Minutes15,
    /// Half an hour.
    Minutes30,
    /// One hour.
    Hour,
    /// Two hours.
    Hours2,
    /// Four hours.
    Hours4,
    /// Eight hours.
    Hours8,
    /// Half a day.
    Hours12,
    /// One day, UTC.
    Day,
    /// Seven days, from the Unix epoch on (Thursdays).
    Days7,
    /// Thirty days, from the Unix epoch on.
    Days30,
}

impl CandleInterval {
    pub(crate) fn length_ms(self) -> u64 {
        INTERVALS.get(self as usize).map_or(60_000, |(_, length)| *length)
    }
}

/// A subnet in a period. Amounts that the period does not tell are null.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SubnetPeriod {
    /// Start of the period, UTC.
    start: Option<Timestamp>,
    /// Start of the period, milliseconds since the Unix epoch.
    start_ms: Option<Long>,
    /// First block of it whose state was read.
    first_block: BlockNumber,
    /// Last block of it whose state was read.
    last_block: BlockNumber,
    /// Blocks whose state was read; sums over blocks are over these.
    block_count: Long,
    /// Block of the subnet's registration: where it changes, the number went to another subnet.
    registered_at: Option<BlockNumber>,
    /// Price after the first block, TAO for one alpha.
    open_tao: Option<Decimal>,
    /// Highest price after a block.
    high_tao: Option<Decimal>,
    /// Lowest price after a block.
    low_tao: Option<Decimal>,
    /// Price after the last block.
    close_tao: Option<Decimal>,
    /// Moving price after the last block.
    moving_price_tao: Option<Decimal>,
    /// TAO in the pool after the last block, rao.
    tao_in_rao: Option<Rao>,
    /// Alpha in the pool after the last block, rao of alpha.
    alpha_in_rao: Option<Rao>,
    /// Alpha outside of the pool after the last block, rao of alpha.
    alpha_out_rao: Option<Rao>,
    /// TAO traded, both directions, users and chain, rao: growth of `SubnetVolume`. Null where the block before is not
    /// known.
    traded_rao: Option<Rao>,
    /// TAO that users paid for alpha, rao.
    buy_rao: Option<Rao>,
    /// TAO that users received for alpha, rao.
    sell_rao: Option<Rao>,
    /// Buys of users.
    buys: Option<Long>,
    /// Sales of users.
    sells: Option<Long>,
    /// Neurons registered.
    registrations: Option<Long>,
    /// What they cost, rao.
    registration_rao: Option<Rao>,
    /// TAO for which alpha of root stakers was sold, rao.
    root_sale_rao: Option<Rao>,
    /// TAO for which the chain bought alpha, rao.
    chain_buy_rao: Option<Rao>,
    /// TAO injected into the pool by emission, rao.
    tao_in_emission_rao: Option<Rao>,
    /// Alpha injected into the pool by emission, rao of alpha.
    alpha_in_emission_rao: Option<Rao>,
    /// Alpha emitted to participants, rao of alpha.
    alpha_out_emission_rao: Option<Rao>,
}

impl From<SubnetPeriodRow> for SubnetPeriod {
    fn from(row: SubnetPeriodRow) -> Self {
        let amount = |rao: Option<u64>| rao.map(|rao| Rao(rao.into()));
        Self {
            start: Some(Timestamp(row.start_ms)),
            start_ms: Some(Long(row.start_ms)),
            first_block: BlockNumber(row.first_block),
            last_block: BlockNumber(row.last_block),
            block_count: Long(row.reads),
            registered_at: row.registered_at.map(BlockNumber),
            open_tao: row.open_bits.map(Decimal::price),
            high_tao: row.high_bits.map(Decimal::price),
            low_tao: row.low_bits.map(Decimal::price),
            close_tao: row.close_bits.map(Decimal::price),
            moving_price_tao: row.moving_price_bits.map(Decimal::moving_price),
            tao_in_rao: amount(row.tao_in_rao),
            alpha_in_rao: amount(row.alpha_in_rao),
            alpha_out_rao: amount(row.alpha_out_rao),
            traded_rao: row.traded_rao.map(Rao),
            buy_rao: Some(Rao(row.buy_rao)),
            sell_rao: Some(Rao(row.sell_rao)),
            buys: Some(Long(row.buys)),
            sells: Some(Long(row.sells)),
            registrations: Some(Long(row.registrations)),
            registration_rao: Some(Rao(row.registration_rao)),
            root_sale_rao: row.root_sale_rao.map(Rao),
            chain_buy_rao: row.chain_buy_rao.map(Rao),
            tao_in_emission_rao: row.tao_in_emission_rao.map(Rao),
            alpha_in_emission_rao: row.alpha_in_emission_rao.map(Rao),
            alpha_out_emission_rao: row.alpha_out_emission_rao.map(Rao),
        }
    }
}

impl From<SubnetStateRow> for SubnetPeriod {
    /// A block: one price, and what `SubnetVolume` grew by is not told.
    fn from(row: SubnetStateRow) -> Self {
        let amount = |rao: Option<u64>| rao.map(|rao| Rao(rao.into()));
        let price = || row.price_bits.map(Decimal::price);
        Self {
            start: row.timestamp_ms.map(Timestamp),
            start_ms: row.timestamp_ms.map(Long),
            first_block: BlockNumber(row.block_number),
            last_block: BlockNumber(row.block_number),
            block_count: Long(1),
            registered_at: row.registered_at.map(BlockNumber),
            open_tao: price(),
            high_tao: price(),
            low_tao: price(),
            close_tao: price(),
            moving_price_tao: row.moving_price_bits.map(Decimal::moving_price),
            tao_in_rao: amount(row.tao_in_rao),
            alpha_in_rao: amount(row.alpha_in_rao),
            alpha_out_rao: amount(row.alpha_out_rao),
            traded_rao: None,
            buy_rao: None,
            sell_rao: None,
            buys: None,
            sells: None,
            registrations: None,
            registration_rao: None,
            root_sale_rao: amount(row.root_sell_tao_rao),
            chain_buy_rao: amount(row.excess_tao_rao),
            tao_in_emission_rao: amount(row.tao_in_emission_rao),
            alpha_in_emission_rao: amount(row.alpha_in_emission_rao),
            alpha_out_emission_rao: amount(row.alpha_out_emission_rao),
        }
    }
}
