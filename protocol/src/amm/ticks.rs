//! Ticks of concentrated liquidity: prices a hundredth of a percent apart.
//!
//! The price at tick `t` is `1.0001^t`. Its root is built from the bits of `t`, each with its own constant of 128
//! fraction bits, so that every implementation of the rule has the same bits.

use crate::fixed::{U64F64, wide};

/// The least tick that has a root, and negated the greatest; positions end at half of it.
pub const MOST_TICK: i32 = 887_272;
/// Fraction bits of a root.
const ROOT_BITS: u32 = 96;

/// `⌊2^128 · 1.0001^(−2^bit / 2)⌉` for each bit of a tick.
const STEPS: [u128; 20] = [
    0xfffc_b933_bd6f_ad37_aa2d_162d_1a59_4001,
    0xfff9_7272_373d_4132_59a4_6990_580e_213a,
    0xfff2_e50f_5f65_6932_ef12_357c_f3c7_fdcc,
    0xffe5_caca_7e10_e4e6_1c36_24ea_a094_1cd0,
    0xffcb_9843_d60f_6159_c9db_5883_5c92_6644,
    0xff97_3b41_fa98_c081_472e_6896_dfb2_54c0,
    0xff2e_a164_66c9_6a38_43ec_78b3_26b5_2861,
    0xfe5d_ee04_6a99_a2a8_11c4_61f1_969c_3053,
    0xfcbe_86c7_900a_88ae_dcff_c83b_479a_a3a4,
    0xf987_a725_3ac4_1317_6f2b_074c_f781_5e54,
    0xf339_2b08_22b7_0005_940c_7a39_8e4b_70f3,
    0xe715_9475_a2c2_9b74_43b2_9c7f_a6e8_89d9,
    0xd097_f3bd_fd20_22b8_845a_d8f7_92aa_5825,
    0xa9f7_4646_2d87_0fdf_8a65_dc1f_90e0_61e5,
    0x70d8_69a1_56d2_a1b8_90bb_3df6_2baf_32f7,
    0x31be_135f_97d0_8fd9_8123_1505_542f_cfa6,
    0x09aa_508b_5b7a_84e1_c677_de54_f3e9_9bc9,
    0x005d_6af8_dedb_8119_6699_c329_225e_e604,
    0x0000_2216_e584_f5fa_1ea9_2604_1bed_fe98,
    0x0000_0000_048a_1703_91f7_dc42_444e_8fa2,
];

/// Root of the price at a tick with 96 fraction bits, rounded up at its last bit; the halves of a 256-bit integer,
/// higher first. `None` beyond [`MOST_TICK`].
#[must_use]
pub fn sqrt_ratio_x96(tick: i32) -> Option<(u128, u128)> {
    let distance = tick.unsigned_abs();
    if distance > MOST_TICK.unsigned_abs() {
        return None;
    }
    // 1.0001^(−|t|/2) with 128 fraction bits; none for one itself, which does not fit
    let mut ratio: Option<u128> = None;
    for (bit, step) in STEPS.iter().enumerate() {
        if distance >> bit & 1 == 1 {
            ratio = Some(ratio.map_or(*step, |ratio| wide::mul(ratio, *step).0));
        }
    }
    let Some(ratio) = ratio else { return Some((0, 1 << ROOT_BITS)) };
    let (high, low) = match tick > 0 {
        true => inverse(ratio)?,
        false => (0, ratio),
    };
    // from 128 fraction bits to 96
    let cut = 128 - ROOT_BITS;
    let up = u128::from(low & ((1 << cut) - 1) != 0);
    let (low, carry) = ((low >> cut) | (high << ROOT_BITS)).overflowing_add(up);
    Some(((high >> cut) + u128::from(carry), low))
}

/// Root of the price at a tick, as pools store it: the bits below 2^−64 dropped. `None` beyond [`MOST_TICK`].
#[must_use]
pub fn sqrt_price(tick: i32) -> Option<U64F64> {
    let (high, low) = sqrt_ratio_x96(tick)?;
    let cut = ROOT_BITS - U64F64::FRACTION_BITS;
    Some(U64F64::from_bits(high << (128 - cut) | low >> cut))
}

/// `⌊(2^256 − 1) / ratio⌋`.
fn inverse(ratio: u128) -> Option<(u128, u128)> {
    let high = u128::MAX.checked_div(ratio)?;
    let low = wide::div(u128::MAX % ratio, u128::MAX, ratio)?;
    Some((high, low))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::amm::concentrated::{FULL_RANGE_TICK, GREATEST_SQRT_PRICE, LEAST_SQRT_PRICE};

    #[test]
    fn roots_have_the_bits_of_the_chain() {
        for (tick, root) in [
            (0, 79_228_162_514_264_337_593_543_950_336),
            (50, 79_426_470_787_362_580_746_886_972_461),
            (100, 79_625_275_426_524_748_796_330_556_128),
            (250, 80_224_679_980_005_306_637_834_519_095),
            (500, 81_233_731_461_783_161_732_293_370_115),
            (1000, 83_290_069_058_676_223_003_182_343_270),
            (2500, 89_776_708_723_587_163_891_445_672_585),
            (5000, 101_729_702_841_318_637_793_976_746_270),
            (50_000, 965_075_977_353_221_155_028_623_082_916),
            (-MOST_TICK, 4_295_128_739),
        ] {
            assert_eq!(sqrt_ratio_x96(tick), Some((0, root)), "tick {tick}");
        }
        // 1461446703485210103287273052203988822378723970342
        let greatest = sqrt_ratio_x96(MOST_TICK).unwrap();
        let expected =
            num_bigint::BigUint::parse_bytes(b"1461446703485210103287273052203988822378723970342", 10);
        assert_eq!(Some((num_bigint::BigUint::from(greatest.0) << 128) + greatest.1), expected);
        assert_eq!(sqrt_ratio_x96(MOST_TICK + 1), None);
        assert_eq!(sqrt_ratio_x96(i32::MIN), None);
    }

    #[test]
    fn the_ends_of_a_full_range_have_the_prices_that_pools_stop_at() {
        // which the chain has as decimals of its own, the lesser of them rounded up
        let least = sqrt_price(-FULL_RANGE_TICK).unwrap();
        assert_eq!(least.to_bits() + 1, LEAST_SQRT_PRICE.to_bits());
        assert_eq!(sqrt_price(FULL_RANGE_TICK), Some(GREATEST_SQRT_PRICE));
        assert_eq!(sqrt_price(0), Some(U64F64::ONE));
        assert!(
            sqrt_price(MOST_TICK).unwrap() > U64F64::from_u64(u64::MAX / 1000 * 999),
            "the greatest still fits"
        );
        assert_eq!(sqrt_price(MOST_TICK + 1), None);
    }

    proptest! {
        #[test]
        fn roots_rise_with_the_tick_and_invert_with_its_sign(tick in -MOST_TICK..MOST_TICK) {
            prop_assert!(sqrt_ratio_x96(tick) < sqrt_ratio_x96(tick + 1));
            if let (Some(root), Some(inverse)) = (sqrt_price(tick), sqrt_price(-tick)) {
                let one = root.saturating_mul(inverse);
                let slack = u128::from(root.to_u64().max(inverse.to_u64())) * 2 + 4;
                prop_assert!(one.to_bits().abs_diff(U64F64::ONE.to_bits()) <= slack, "{one}");
            }
        }
    }
}
