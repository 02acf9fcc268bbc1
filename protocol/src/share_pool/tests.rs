//! The chain's own sequences, and garbage.

use proptest::prelude::*;

use super::*;

fn whole(value: u64) -> U64F64 {
    U64F64::from_u64(value)
}

#[test]
fn shares_are_worth_their_part() {
    let pool = FixedPool { value_rao: 100, denominator: whole(10) };
    assert_eq!((pool.value_of(whole(3)), pool.value_of(whole(7))), (30, 70));
    let empty = FixedPool { value_rao: 100, denominator: U64F64::ZERO };
    assert_eq!(empty.value_of(whole(3)), 0);
    let pool = FloatPool { value_rao: 100, denominator: 10.into() };
    assert_eq!((pool.value_of(3.into()), pool.value_of(7.into())), (30, 70));
    let empty = FloatPool { value_rao: 100, denominator: SafeFloat::default() };
    assert_eq!(empty.value_of(3.into()), 0);
}

#[test]
fn shares_for_a_change_have_the_bits_of_the_chain() {
    let tiny = U64F64::ratio(1, 100_000);
    let shares = |rao, value_rao, denominator| FixedPool { value_rao, denominator }.shares_for(rao).to_bits();
    assert_eq!(shares(1, 1, U64F64::ONE), 1 << 64);
    // the true value is 4.76e-19, of which 8 bits of 2^-64 are left
    assert_eq!(shares(1_000, 21_000_000_000_000_000, tiny), 8);
    let all = shares(21_000_000_000_000_000, 21_000_000_000_000_000, tiny);
    assert_eq!(all, i128::try_from(tiny.to_bits()).unwrap());
    let ten_times = shares(210_000_000_000_000_000, 21_000_000_000_000_000, tiny);
    assert!(ten_times.abs_diff(10 * all) < 10, "{ten_times}");
    let many = shares(1_000, 1_000, whole(21_000_000_000_000_000)) >> 64;
    assert!(many.abs_diff(21_000_000_000_000_000) < 10_000_000_000, "{many}");
}

/// Two coldkeys on one hotkey, of both generations at once.
#[derive(Debug)]
struct Pair {
    fixed: FixedPool,
    fixed_shares: [U64F64; 2],
    float: FloatPool,
    float_shares: [SafeFloat; 2],
}

impl Pair {
    fn new() -> Self {
        Self {
            fixed: FixedPool { value_rao: 0, denominator: U64F64::ZERO },
            fixed_shares: [U64F64::ZERO; 2],
            float: FloatPool { value_rao: 0, denominator: SafeFloat::default() },
            float_shares: [SafeFloat::default(); 2],
        }
    }

    fn change(&mut self, coldkey: usize, rao: i64) {
        self.fixed.change(&mut self.fixed_shares[coldkey], rao);
        self.float.change(&mut self.float_shares[coldkey], rao);
    }

    fn emit(&mut self, rao: u64) {
        self.fixed.value_rao += rao;
        self.float.value_rao += rao;
    }

    fn fixed(&self, coldkey: usize) -> u64 {
        self.fixed.value_of(self.fixed_shares[coldkey])
    }

    fn float(&self, coldkey: usize) -> u64 {
        self.float.value_of(self.float_shares[coldkey])
    }
}

#[test]
fn small_stakes_keep_their_value() {
    let mut pair = Pair::new();
    pair.change(0, 1_000);
    assert_eq!((pair.fixed(0), pair.float(0)), (1_000, 1_000));
    pair.change(0, -990);
    pair.change(1, 1_000);
    pair.change(1, -990);
    for coldkey in [0, 1] {
        assert_eq!((pair.fixed(coldkey), pair.float(coldkey)), (10, 10));
    }
}

#[test]
fn nearly_full_exits_before_a_huge_emission() {
    let mut pair = Pair::new();
    pair.change(0, 1);
    pair.change(1, 1);
    pair.emit(999_999_999_999_998);
    pair.change(0, -499_999_999_999_990);
    pair.change(1, -499_999_999_999_990);
    pair.emit(999_999_999_999_980);
    pair.change(0, 1_000_000_000_000);
    pair.change(1, 1_000_000_000_000);
    // with fixed-point shares the exits were taken for full ones, and the emission fell to the first who came back
    assert!(pair.fixed(0).abs_diff(1_001_000_000_000_000) < 100, "{}", pair.fixed(0));
    assert!(pair.fixed(1).abs_diff(1_000_000_000_000) < 100, "{}", pair.fixed(1));
    for coldkey in [0, 1] {
        assert!(pair.float(coldkey).abs_diff(501_000_000_000_000) <= 1, "{}", pair.float(coldkey));
    }
}

#[test]
fn many_small_withdrawals_lose_nothing() {
    // half a thousand of alpha each, and half of what was there
    for each in [1_000, 500_000] {
        let mut pair = Pair::new();
        pair.change(0, 1);
        pair.change(1, 1);
        pair.emit(1_000_000_000_000_000);
        for _ in 0..each {
            pair.change(0, -500_000_000);
            pair.change(1, -500_000_000);
        }
        pair.emit(1_000_000_000_000_000);
        pair.change(0, 1_000_000_000_000);
        pair.change(1, 1_000_000_000_000);
        let expected = 1_001_000_000_000_000 - each * 500_000_000;
        for coldkey in [0, 1] {
            assert!(pair.float(coldkey).abs_diff(expected) <= 10, "{}", pair.float(coldkey));
            assert!(pair.fixed(coldkey).abs_diff(expected) <= 10, "{}", pair.fixed(coldkey));
        }
    }
}

#[test]
fn floats_are_normal_and_truncate() {
    let one = SafeFloat { mantissa: 1_000_000_000_000_000_000_000, exponent: -21 };
    assert_eq!(SafeFloat::from(1), one);
    assert_eq!(one.plus(one), Some(SafeFloat { mantissa: 200_000_000_000_000_000_000, exponent: -20 }));
    assert_eq!(one.minus(one), Some(SafeFloat::default()));
    assert_eq!(SafeFloat::default().minus(one), None);
    let third = one.mul_div(one, 3.into()).unwrap();
    assert_eq!(third, SafeFloat { mantissa: 333_333_333_333_333_333_333, exponent: -21 });
    assert_eq!(one.mul_div(one, SafeFloat::default()), None);
    assert_eq!(
        SafeFloat::from(U64F64::ratio(5, 2)),
        SafeFloat { mantissa: 250_000_000_000_000_000_000, exponent: -20 }
    );
    assert_eq!(SafeFloat::from(u64::MAX).to_u64(), u64::MAX);
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(text, r#"{"mantissa":"1000000000000000000000","exponent":-21}"#);
    assert_eq!(serde_json::from_str::<SafeFloat>(&text).unwrap(), one);
}

proptest! {
    #[test]
    fn integers_survive_the_float(value: u64) {
        prop_assert_eq!(SafeFloat::from(value).to_u64(), value);
        prop_assert_eq!(SafeFloat::from(U64F64::from_u64(value)).to_u64(), value);
    }

    #[test]
    fn no_pool_makes_a_change_panic(value_rao: u64, bits: (u128, u128), rao: i64, floats: [(u128, i64); 2]) {
        let mut pool = FixedPool { value_rao, denominator: U64F64::from_bits(bits.0) };
        let mut shares = U64F64::from_bits(bits.1);
        pool.change(&mut shares, rao);
        let _ = pool.value_of(shares);
        let [denominator, mut shares] = floats.map(|(mantissa, exponent)| SafeFloat { mantissa, exponent });
        let mut pool = FloatPool { value_rao, denominator };
        pool.change(&mut shares, rao);
        let _ = pool.value_of(shares);
    }

    #[test]
    fn coldkeys_never_have_more_than_the_hotkey(
        changes in prop::collection::vec((0_usize..2, -1_000_000_000_i64..1_000_000_000_000, 0_u64..1_000_000_000), 1..40),
    ) {
        let mut pair = Pair::new();
        for (coldkey, rao, emission) in changes {
            let rao = rao.max(-i64::try_from(pair.fixed(coldkey).min(pair.float(coldkey))).unwrap());
            if pair.fixed.denominator == U64F64::ZERO && rao <= 0 {
                continue;
            }
            pair.change(coldkey, rao);
            if pair.fixed.value_rao > 0 {
                pair.emit(emission);
            }
            // each change may round by a rao or so in favour of one
            let slack = 80;
            prop_assert!(pair.float(0) + pair.float(1) <= pair.float.value_rao + slack, "{pair:?}");
        }
    }
}
