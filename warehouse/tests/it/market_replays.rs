//! Replays of the coinbase beside the market of the tests.

use yumascan_warehouse::{
    VerifiedWindow, Warehouse,
    rows::{EmissionVerificationRow, Verdict},
};

use crate::market_world::{registered_at, time_of};

/// What the replay of the coinbase says of these blocks: the chain bought alpha of subnet 1 alone, for 1,000 rao.
pub(crate) async fn write_replays(warehouse: &Warehouse, first: u64, last: u64) {
    let mut window = VerifiedWindow { first, last, generation: 1, ..VerifiedWindow::default() };
    for (block, netuid) in (first..=last).flat_map(|block| [(block, 1_u16), (block, 2)]) {
        if registered_at(netuid, block).is_some() {
            window.emissions.push(EmissionVerificationRow {
                block_number: block,
                netuid,
                timestamp_ms: Some(time_of(block)),
                spec_version: 377,
                verdict: Verdict::Verified.name().to_owned(),
                tao_in_rao: Some(u64::from(netuid) * 1_000),
                chain_buy_rao: Some(if netuid == 1 { 1_000 } else { 0 }),
                ..EmissionVerificationRow::default()
            });
        }
    }
    warehouse.write_verified(&window).await.unwrap();
}
