//! Queries of many validators at once say what those of one say; an account's past agrees with its present.

use yumascan_embedded::testing::TestDatabase;
use yumascan_warehouse::{
    Warehouse,
    query::market::{
        Moment,
        yields::{BestFilter, DAY_MS, HOUR_MS},
    },
};

use crate::{
    market_world::{
        ALICE, BOB, FIRST, OTHER, RAO, VALIDATOR, dividend_of, is_epoch, stake_of, time_of, write_blocks,
    },
    support::fresh_warehouse,
};

const LAST: u64 = 1_999;

async fn market() -> (TestDatabase, Warehouse, Moment) {
    let (database, warehouse) = fresh_warehouse().await;
    write_blocks(&warehouse, FIRST, LAST).await;
    let moment = warehouse.find_moment(None).await.unwrap().unwrap();
    (database, warehouse, moment)
}

#[tokio::test]
async fn the_best_yields_are_those_of_their_subnets() {
    let (_database, warehouse, moment) = market().await;
    let filter = BestFilter { per_subnet: 5, ..BestFilter::default() };
    let best = warehouse.list_best_yields(&filter, &moment, HOUR_MS).await.unwrap();
    let places: Vec<_> = best.iter().map(|of| (of.netuid, of.hotkey.clone())).collect();
    assert_eq!(places.len(), 4, "two validators on two subnets: {places:?}");
    for of in &best {
        let alone = warehouse.list_subnet_yields(of.netuid, &moment, HOUR_MS).await.unwrap();
        let same = alone.iter().find(|row| row.hotkey == of.hotkey).unwrap();
        assert_eq!(same, of);
    }
    assert!(
        best.windows(2)
            .all(|pair| (pair[0].netuid, pair[1].alpha.apy) <= (pair[1].netuid, pair[0].alpha.apy))
    );
    // 3 of 6000 against 1 of 3000
    let first = BestFilter { netuid: Some(1), per_subnet: 1, ..filter };
    let first = warehouse.list_best_yields(&first, &moment, HOUR_MS).await.unwrap();
    assert_eq!((first.len(), first[0].hotkey.as_deref()), (1, Some(VALIDATOR)));
    let rich = BestFilter { least_stake_rao: stake_of(VALIDATOR, 1, LAST), ..filter };
    let rich = warehouse.list_best_yields(&rich, &moment, HOUR_MS).await.unwrap();
    assert!(!rich.is_empty() && rich.iter().all(|of| of.hotkey.as_deref() == Some(VALIDATOR)));
}

#[tokio::test]
async fn root_yields_of_many_are_those_of_each() {
    let (_database, warehouse, moment) = market().await;
    let filter = BestFilter { per_subnet: 10, ..BestFilter::default() };
    for window in [HOUR_MS, DAY_MS] {
        let many = warehouse.list_root_yields(&filter, &moment, window).await.unwrap();
        let [only] = many.as_slice() else { panic!("one hotkey pays root: {many:?}") };
        let alone = warehouse.find_root_yield(VALIDATOR, &moment, window).await.unwrap().unwrap();
        assert_eq!(*only, alone);
    }
    let none = BestFilter { least_stake_rao: 5_000 * RAO, ..filter };
    assert!(warehouse.list_root_yields(&none, &moment, DAY_MS).await.unwrap().is_empty());
}

#[tokio::test]
async fn takes_payments_and_owners_of_all_agree_with_those_of_one() {
    let (_database, warehouse, moment) = market().await;
    let takes = warehouse.list_current_takes(&moment).await.unwrap();
    for hotkey in [VALIDATOR, OTHER] {
        assert_eq!(takes.get(hotkey).copied(), warehouse.find_take(hotkey, &moment).await.unwrap());
    }
    let paid = warehouse.list_paid(&moment, HOUR_MS).await.unwrap();
    let epochs =
        (FIRST..=LAST).filter(|block| is_epoch(1, *block) && time_of(*block) > time_of(LAST) - HOUR_MS);
    let prices = warehouse.list_subnets(&moment).await.unwrap();
    let price = prices.iter().find(|row| row.netuid == 1).unwrap().price_bits.unwrap();
    let alpha = u128::from(dividend_of(OTHER)) * epochs.count() as u128;
    assert_eq!(paid.by_hotkey[OTHER][&1].alpha_worth_rao, Some((alpha * price) >> 32));
    assert_eq!(paid.by_hotkey[OTHER][&1].root_worth_rao, Some(0));
    assert_eq!(paid.covered_ms, HOUR_MS);
    let owners = warehouse.list_owners(vec![VALIDATOR.to_owned(), BOB.to_owned()], &moment).await.unwrap();
    assert_eq!(owners.into_iter().collect::<Vec<_>>(), [(VALIDATOR.to_owned(), ALICE.to_owned())]);
}

#[tokio::test]
async fn the_worth_of_an_account_over_time_is_what_it_held_then() {
    let (_database, warehouse, moment) = market().await;
    for points in [7, 40, 5_000] {
        let worths = warehouse.list_worths(ALICE, &moment, points).await.unwrap();
        assert!(
            worths.len() as u64 <= points.min(1_000) + 2 && worths.len() > 6,
            "{points}: {}",
            worths.len()
        );
        assert_eq!(worths.last().unwrap().block_number, LAST);
        for worth in worths.iter().step_by((worths.len() / 7).max(1)) {
            let then = warehouse.find_moment(Some(worth.block_number)).await.unwrap().unwrap();
            let positions = warehouse.list_positions(ALICE, &then).await.unwrap();
            let alpha: u128 =
                positions.iter().filter(|of| of.netuid != 0).map(|of| of.worth_rao.unwrap()).sum();
            let root: u64 = positions.iter().filter(|of| of.netuid == 0).map(|of| of.alpha_rao).sum();
            let balance = warehouse.find_balance(ALICE, &then).await.unwrap();
            assert_eq!(
                (worth.alpha_rao, worth.root_rao),
                (Some(alpha), root),
                "block {}",
                worth.block_number
            );
            assert_eq!(worth.balance_rao, balance.map(|row| row.free_rao), "block {}", worth.block_number);
        }
    }
    let stranger = warehouse.list_worths(OTHER, &moment, 10).await.unwrap();
    assert!(stranger.iter().all(|worth| worth.balance_rao.is_none() && worth.total_rao() == Some(0)));
}

#[tokio::test]
async fn what_was_earned_is_what_positions_grew_by() {
    let (_database, warehouse, moment) = market().await;
    let start = warehouse.find_moment(Some(FIRST)).await.unwrap().unwrap();
    let held = async |moment: &Moment| {
        let positions = warehouse.list_positions(ALICE, moment).await.unwrap();
        positions.iter().filter(|of| of.netuid == 1).map(|of| of.alpha_rao).sum::<u64>()
    };
    let grown = held(&moment).await - held(&start).await;
    let earned = warehouse.list_earned(ALICE, (FIRST, LAST), 10_000).await.unwrap();
    assert!(earned.iter().all(|of| of.netuid == 1 && !of.is_tao && of.price_bits.is_some()));
    assert_eq!(earned.iter().map(|of| of.amount_rao).sum::<u64>(), grown);
    assert!(warehouse.list_earned(OTHER, (FIRST, LAST), 10).await.unwrap().is_empty());
    assert!(warehouse.list_root_claims(ALICE, (FIRST, LAST), 10).await.unwrap().is_empty());
}
