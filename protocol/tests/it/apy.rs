//! Yields by their definitions.

use proptest::prelude::*;
use yumascan_protocol::{
    apy::{
        Confidence, EpochYield, RootPayment, YEAR_SECONDS, annual, compounded, gross, realised, root_return,
    },
    fixed::U64F64,
    supply::RAO,
};

const DAY_MS: u64 = 86_400_000;
const EPOCH_MS: u64 = DAY_MS / 20;

fn float(value: U64F64) -> f64 {
    value.to_bits() as f64 / 2_f64.powi(64)
}

fn epoch(dividends_rao: u64, stake_before_rao: u64) -> EpochYield {
    EpochYield { dividends_rao, stake_before_rao, duration_ms: Some(EPOCH_MS), ..EpochYield::default() }
}

#[test]
fn a_day_of_twenty_epochs_is_annualised() {
    let epochs = [epoch(RAO, 10_000 * RAO); 20];
    let found = realised(&epochs, DAY_MS);
    let year = YEAR_SECONDS as f64 / 86_400.0;
    assert!((float(found.apr.unwrap()) - 20.0 * 1e-4 * year).abs() < 1e-9);
    assert!((float(found.apy.unwrap()) - (1.0001_f64.powf(20.0 * year) - 1.0)).abs() < 1e-9);
    let median = float(found.median_apy.unwrap());
    assert!((float(found.apy.unwrap()) - median).abs() < 1e-12, "all are the median");
    assert_eq!((found.epochs_used, found.coverage, found.confidence), (20, U64F64::ONE, Confidence::High));
}

#[test]
fn epochs_that_say_nothing_do_not_count_and_are_told() {
    let good = epoch(RAO, 10_000 * RAO);
    let moved = EpochYield { stake_after_last_rao: Some(8_000 * RAO), ..good };
    let kept = EpochYield { stake_after_last_rao: Some(8_400 * RAO), ..good };
    let epochs = [
        EpochYield { duration_ms: None, ..good },
        epoch(5, RAO - 1),
        EpochYield { young: true, ..good },
        moved,
        kept,
    ];
    let found = realised(&epochs, DAY_MS);
    let skipped = found.skipped;
    assert_eq!((found.epochs, found.epochs_used), (5, 1));
    assert_eq!(
        [skipped.unknown_time, skipped.little_stake, skipped.young, skipped.changed_stake],
        [1, 1, 1, 1]
    );
    assert_eq!(found.apr, realised(&[good], DAY_MS).apr, "the time of the others does not dilute");
    assert_eq!(found.confidence, Confidence::Low);
}

#[test]
fn nothing_is_no_yield_and_no_dividend_is_a_yield_of_zero() {
    let nothing = realised(&[], DAY_MS);
    assert_eq!((nothing.apr, nothing.apy, nothing.growth), (None, None, None));
    assert_eq!(nothing.confidence, Confidence::None);
    let zero = realised(&[epoch(0, RAO); 20], DAY_MS);
    assert_eq!((zero.apr, zero.apy), (Some(U64F64::ZERO), Some(U64F64::ZERO)));
}

#[test]
fn takes_and_root_are_told_apart() {
    let net = U64F64::ratio(82, 100);
    assert!((float(gross(net, 11_796).unwrap()) - 0.82 / (1.0 - 11_796.0 / 65_535.0)).abs() < 1e-12);
    assert_eq!(gross(net, u16::MAX), None);
    let payments = [
        RootPayment { tao_rao: RAO, root_stake_before_rao: 1_000 * RAO },
        RootPayment { tao_rao: 3 * RAO, root_stake_before_rao: 1_000 * RAO },
        RootPayment { tao_rao: 3, root_stake_before_rao: 4 },
    ];
    let (sum, skipped) = root_return(&payments);
    assert_eq!((sum, skipped), (U64F64::ratio(1, 1000).saturating_add(U64F64::ratio(3, 1000)), 1));
    assert!((float(annual(sum, DAY_MS).unwrap()) - 0.004 * 365.25).abs() < 1e-12);
    assert_eq!((annual(sum, 0), compounded(sum, 0)), (None, None));
}

#[test]
fn a_fall_of_the_price_is_a_loss_in_tao() {
    let found = realised(&[epoch(RAO, 100 * RAO)], DAY_MS);
    let tao = found.tao_growth(U64F64::ratio(2, 10), U64F64::ratio(1, 10)).unwrap();
    assert!((float(tao) - 1.01 / 2.0).abs() < 1e-12);
    assert!(float(found.annual_factor(tao).unwrap()) < 1e-9);
}

proptest! {
    #[test]
    fn rates_agree_with_floats(
        epochs in prop::collection::vec((0_u64..RAO, RAO..1 << 50, 600_000_u64..10_000_000), 1..60),
    ) {
        let epochs: Vec<_> = epochs.into_iter().map(|(dividends_rao, stake_before_rao, duration)| EpochYield {
            dividends_rao, stake_before_rao, duration_ms: Some(duration), ..EpochYield::default()
        }).collect();
        let found = realised(&epochs, DAY_MS);
        let returns = epochs.iter().map(|epoch| epoch.dividends_rao as f64 / epoch.stake_before_rao as f64);
        let time: u64 = epochs.iter().map(|epoch| epoch.duration_ms.unwrap()).sum();
        let years = YEAR_SECONDS as f64 * 1000.0 / time as f64;
        let apr = returns.clone().sum::<f64>() * years;
        prop_assert!((float(found.apr.unwrap()) / apr - 1.0).abs() < 1e-9 || apr < 1e-9);
        let apy = (returns.map(f64::ln_1p).sum::<f64>() * years).exp_m1();
        if apy < 1e9 {
            prop_assert!((float(found.apy.unwrap()) - apy).abs() <= 1e-9 * (1.0 + apy), "{} {apy}", float(found.apy.unwrap()));
        }
    }

    #[test]
    fn no_input_panics(
        epochs in prop::collection::vec((any::<u64>(), any::<u64>(), any::<Option<u64>>(), any::<Option<u64>>(), any::<bool>()), 0..20),
        window: u64,
    ) {
        let epochs: Vec<_> = epochs.into_iter().map(|(dividends_rao, stake_before_rao, last, duration_ms, young)| EpochYield {
            dividends_rao, stake_before_rao, stake_after_last_rao: last, duration_ms, young,
        }).collect();
        let found = realised(&epochs, window);
        prop_assert_eq!(found.epochs as usize, epochs.len());
        prop_assert!(found.coverage <= U64F64::ONE);
    }
}
