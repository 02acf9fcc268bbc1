//! Rows of the market's rollups.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

/// Row of `subnet_hours` and `subnet_days`: a subnet in a period. Units and sources are in the table's comments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SubnetPeriodRow {
    pub netuid: u16,
    pub start_ms: u64,
    pub registered_at: Option<u64>,
    pub first_block: u64,
    pub last_block: u64,
    pub reads: u64,
    pub open_bits: Option<u128>,
    pub high_bits: Option<u128>,
    pub low_bits: Option<u128>,
    pub close_bits: Option<u128>,
    pub moving_price_bits: Option<i128>,
    pub tao_in_rao: Option<u64>,
    pub alpha_in_rao: Option<u64>,
    pub alpha_out_rao: Option<u64>,
    pub turnover_rao: Option<u128>,
    pub traded_rao: Option<u128>,
    pub buy_rao: u128,
    pub sell_rao: u128,
    pub buys: u64,
    pub sells: u64,
    pub registrations: u64,
    pub registration_rao: u128,
    pub root_sale_rao: Option<u128>,
    pub chain_buy_rao: Option<u128>,
    pub tao_in_emission_rao: Option<u128>,
    pub alpha_in_emission_rao: Option<u128>,
    pub alpha_out_emission_rao: Option<u128>,
    pub version: u64,
    pub is_deleted: u8,
}

impl SubnetPeriodRow {
    /// What tells periods apart.
    #[must_use]
    pub fn key(&self) -> (u16, u64, u64) {
        (self.netuid, self.start_ms, self.registered_at.unwrap_or(0))
    }

    /// Adds the period that follows, of the same subnet: together they are a longer one that starts where this does.
    ///
    /// A sum is known where both are.
    pub fn append(&mut self, next: &Self) {
        fn sum(a: Option<u128>, b: Option<u128>) -> Option<u128> {
            a?.checked_add(b?)
        }
        self.last_block = next.last_block;
        self.reads += next.reads;
        self.open_bits = self.open_bits.or(next.open_bits);
        self.high_bits = self.high_bits.max(next.high_bits);
        self.low_bits = match (self.low_bits, next.low_bits) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.close_bits = next.close_bits.or(self.close_bits);
        self.moving_price_bits = next.moving_price_bits;
        self.tao_in_rao = next.tao_in_rao;
        self.alpha_in_rao = next.alpha_in_rao;
        self.alpha_out_rao = next.alpha_out_rao;
        self.turnover_rao = next.turnover_rao;
        self.traded_rao = sum(self.traded_rao, next.traded_rao);
        self.buy_rao = self.buy_rao.saturating_add(next.buy_rao);
        self.sell_rao = self.sell_rao.saturating_add(next.sell_rao);
        self.buys += next.buys;
        self.sells += next.sells;
        self.registrations += next.registrations;
        self.registration_rao = self.registration_rao.saturating_add(next.registration_rao);
        self.root_sale_rao = sum(self.root_sale_rao, next.root_sale_rao);
        // known once it is known of all
        self.chain_buy_rao = self.chain_buy_rao.zip(next.chain_buy_rao).map(|(a, b)| a.saturating_add(b));
        self.tao_in_emission_rao = sum(self.tao_in_emission_rao, next.tao_in_emission_rao);
        self.alpha_in_emission_rao = sum(self.alpha_in_emission_rao, next.alpha_in_emission_rao);
        self.alpha_out_emission_rao = sum(self.alpha_out_emission_rao, next.alpha_out_emission_rao);
    }
}
