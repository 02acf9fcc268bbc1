//! Every rule of the fixed-point types against unbounded integers.

use num_bigint::BigInt;
use proptest::prelude::*;
use yumascan_protocol::fixed::{Fixed, I32F32, I64F64, I96F32, U64F64, U96F32};

/// What the tests need of a type: raw bits in and out as unbounded integers.
trait Raw: Fixed {
    fn bits(self) -> BigInt;
    fn saturating_mul(self, other: Self) -> Self;
    fn saturating_div(self, other: Self) -> Self;
    fn round(self) -> Self;
    fn integer(self) -> (u64, i64, u16);
}

macro_rules! raw {
    ($($name:ident),*) => {$(
        impl Raw for $name {
            fn bits(self) -> BigInt { BigInt::from(self.to_bits()) }
            fn saturating_mul(self, other: Self) -> Self { $name::saturating_mul(self, other) }
            fn saturating_div(self, other: Self) -> Self { $name::saturating_div(self, other) }
            fn round(self) -> Self { $name::round(self) }
            fn integer(self) -> (u64, i64, u16) { (self.to_u64(), self.to_i64(), self.to_u16()) }
        }
    )*};
}
raw!(I32F32, I64F64, I96F32, U96F32, U64F64);

fn fits<T: Raw>(value: &BigInt) -> bool {
    *value >= T::MIN.bits() && *value <= T::MAX.bits()
}

fn clamp<T: Raw>(value: BigInt) -> BigInt {
    value.clamp(T::MIN.bits(), T::MAX.bits())
}

/// `⌊value / 2^shift⌋`; the right shift of a big integer rounds towards minus infinity.
fn floor_shift(value: &BigInt, shift: u32) -> BigInt {
    value >> shift
}

fn check<T: Raw>(a: T, b: T) -> Result<(), TestCaseError> {
    let (x, y) = (a.bits(), b.bits());
    let sum = &x + &y;
    let difference = &x - &y;
    let product = floor_shift(&(&x * &y), T::FRACTION_BITS);
    prop_assert_eq!(a.checked_add(b).map(Raw::bits), fits::<T>(&sum).then(|| sum.clone()));
    prop_assert_eq!(a.saturating_add(b).bits(), clamp::<T>(sum));
    prop_assert_eq!(a.checked_sub(b).map(Raw::bits), fits::<T>(&difference).then(|| difference.clone()));
    prop_assert_eq!(a.saturating_sub(b).bits(), clamp::<T>(difference));
    prop_assert_eq!(a.checked_mul(b).map(Raw::bits), fits::<T>(&product).then(|| product.clone()));
    prop_assert_eq!(Raw::saturating_mul(a, b).bits(), clamp::<T>(product));
    if y == BigInt::ZERO {
        prop_assert_eq!(a.checked_div(b), None);
        prop_assert_eq!(a.safe_div(b), T::ZERO);
    } else {
        // division of big integers rounds towards zero
        let quotient = (&x << T::FRACTION_BITS) / &y;
        let expected = fits::<T>(&quotient).then(|| quotient.clone());
        prop_assert_eq!(&a.checked_div(b).map(Raw::bits), &expected);
        prop_assert_eq!(a.safe_div(b).bits(), expected.unwrap_or_default());
        prop_assert_eq!(Raw::saturating_div(a, b).bits(), clamp::<T>(quotient));
    }
    let half = BigInt::from(1) << (T::FRACTION_BITS - 1);
    let magnitude = ((BigInt::from(x.magnitude().clone()) + half) >> T::FRACTION_BITS) << T::FRACTION_BITS;
    let rounded = if x < BigInt::ZERO { -magnitude } else { magnitude };
    prop_assert_eq!(Raw::round(a).bits(), clamp::<T>(rounded));
    let floor = floor_shift(&x, T::FRACTION_BITS);
    let (unsigned, signed, short) = a.integer();
    prop_assert_eq!(BigInt::from(unsigned), floor.clone().clamp(BigInt::ZERO, BigInt::from(u64::MAX)));
    prop_assert_eq!(
        BigInt::from(signed),
        floor.clone().clamp(BigInt::from(i64::MIN), BigInt::from(i64::MAX))
    );
    prop_assert_eq!(BigInt::from(short), floor.clamp(BigInt::ZERO, BigInt::from(u16::MAX)));
    check_conversion::<T, I32F32>(a)?;
    check_conversion::<T, I64F64>(a)?;
    check_conversion::<T, I96F32>(a)?;
    check_conversion::<T, U96F32>(a)?;
    check_conversion::<T, U64F64>(a)
}

fn check_conversion<T: Raw, Into: Raw>(value: T) -> Result<(), TestCaseError> {
    let scaled = if Into::FRACTION_BITS >= T::FRACTION_BITS {
        value.bits() << (Into::FRACTION_BITS - T::FRACTION_BITS)
    } else {
        floor_shift(&value.bits(), T::FRACTION_BITS - Into::FRACTION_BITS)
    };
    prop_assert_eq!(value.convert::<Into>().bits(), clamp::<Into>(scaled));
    Ok(())
}

fn check_text<T>(value: T) -> Result<(), TestCaseError>
where
    T: Raw + serde::Serialize + serde::de::DeserializeOwned,
{
    let json = serde_json::to_string(&value).unwrap();
    prop_assert_eq!(&json, &format!("\"{}\"", value.bits()));
    prop_assert_eq!(serde_json::from_str::<T>(&json).unwrap(), value);
    Ok(())
}

/// Bits of every order of magnitude, the ends and their neighbours among them.
fn any_i128() -> impl Strategy<Value = i128> {
    prop_oneof![
        6 => (any::<i128>(), 0_u32..128).prop_map(|(bits, shift)| bits >> shift),
        2 => (0_u32..127, -2_i128..=2, any::<bool>()).prop_map(|(shift, offset, negative)| {
            let value = (1_i128 << shift) + offset;
            if negative { -value } else { value }
        }),
        1 => prop_oneof![Just(i128::MIN), Just(i128::MAX), Just(i128::MIN + 1), Just(0), Just(-1)],
    ]
}

fn any_u128() -> impl Strategy<Value = u128> {
    prop_oneof![
        6 => (any::<u128>(), 0_u32..128).prop_map(|(bits, shift)| bits >> shift),
        2 => (0_u32..128, any::<bool>())
            .prop_map(|(shift, less)| if less { (1_u128 << shift) - 1 } else { 1_u128 << shift }),
        1 => prop_oneof![Just(u128::MAX), Just(u128::MAX - 1), Just(0)],
    ]
}

fn any_i64() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => (any::<i64>(), 0_u32..64).prop_map(|(bits, shift)| bits >> shift),
        // values between zero and one, which an epoch is made of
        3 => 0_i64..=(1 << 32),
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(i64::MIN + 1), Just(0), Just(-1)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn every_rule_of_64_bits_equals_unbounded_integers(a in any_i64(), b in any_i64()) {
        check(I32F32::from_bits(a), I32F32::from_bits(b))?;
        check_text(I32F32::from_bits(a))?;
    }

    #[test]
    fn every_rule_of_signed_128_bits_equals_unbounded_integers(a in any_i128(), b in any_i128()) {
        check(I64F64::from_bits(a), I64F64::from_bits(b))?;
        check(I96F32::from_bits(a), I96F32::from_bits(b))?;
        check_text(I64F64::from_bits(a))?;
        check_text(I96F32::from_bits(a))?;
    }

    #[test]
    fn every_rule_of_unsigned_128_bits_equals_unbounded_integers(a in any_u128(), b in any_u128()) {
        check(U64F64::from_bits(a), U64F64::from_bits(b))?;
        check(U96F32::from_bits(a), U96F32::from_bits(b))?;
        check_text(U64F64::from_bits(a))?;
        check_text(U96F32::from_bits(a))?;
    }

    #[test]
    fn integers_and_ratios_are_exact(a in any_u128(), b in any_i64(), n in any::<u64>(), d in any::<u64>()) {
        let shifted = |value: BigInt, bits: u32| value << bits;
        prop_assert_eq!(I32F32::from_u128(a).bits(), clamp::<I32F32>(shifted(a.into(), 32)));
        prop_assert_eq!(U96F32::from_u128(a).bits(), clamp::<U96F32>(shifted(a.into(), 32)));
        prop_assert_eq!(I64F64::from_i64(b).bits(), clamp::<I64F64>(shifted(b.into(), 64)));
        prop_assert_eq!(U64F64::from_i64(b).bits(), clamp::<U64F64>(shifted(b.into(), 64)));
        let quotient = |bits: u32| shifted(n.into(), bits).checked_div(&d.into()).unwrap_or_default();
        prop_assert_eq!(U64F64::ratio(n, d).bits(), quotient(64));
        prop_assert_eq!(I96F32::ratio(n, d).bits(), quotient(32));
        let narrow = quotient(32);
        prop_assert_eq!(I32F32::ratio(n, d).bits(), if fits::<I32F32>(&narrow) { narrow } else { 0.into() });
    }
}

#[test]
fn constants_have_the_bits_of_the_chain() {
    assert_eq!(I32F32::from_u16_share(32767).to_bits(), 2_147_450_879);
    assert_eq!(I32F32::from_u16_share(u16::MAX), I32F32::ONE);
    assert_eq!(I32F32::from_u16_share(45875).to_bits(), 3_006_509_875);
    assert_eq!(I32F32::from_u16_share(58982).to_bits(), 3_865_503_334);
    assert_eq!(U96F32::from_u64_share(971_718_665_099_567_868).to_bits(), 226_245_882);
    assert_eq!(U96F32::from_u64_share(3_320_413_933_267_719_290).to_bits(), 773_094_113);
    assert_eq!(U96F32::from_u64_share(u64::MAX).to_bits(), 4_294_967_296);
    assert_eq!(U96F32::from_u64_share(1 << 63).to_bits(), 2_147_483_648);
    assert_eq!(U96F32::from_u64_share(u64::MAX / 2).to_bits(), 2_147_483_647);
    assert_eq!(U96F32::from_u64_share(u64::MAX / 3).to_bits(), 1_431_655_765);
    assert_eq!(U96F32::from_u64_share(u64::MAX / 10).to_bits(), 429_496_729);
    assert_eq!(U96F32::from_u16_share(11796).to_bits(), 773_074_452);
    // the chain reads its literal 0.000003 to the nearest bit, a quotient is cut
    assert_eq!(I96F32::ratio(3, 1_000_000).to_bits() + 1, 12_885);
    assert_eq!(I32F32::ZERO.safe_div(I32F32::ZERO), I32F32::ZERO);
    assert_eq!(I32F32::ONE.safe_div(I32F32::ZERO), I32F32::ZERO);
    assert_eq!(I64F64::ratio(29_597_889_189_277, i64::MAX.unsigned_abs()).to_bits(), 59_195_778_378_554);
}

#[test]
fn bits_are_read_from_strings_and_integers_and_nothing_else() {
    let read = |json: &str| serde_json::from_str::<I32F32>(json);
    assert_eq!(read("\"-5\"").unwrap(), I32F32::from_bits(-5));
    assert_eq!(read("7").unwrap(), I32F32::from_bits(7));
    assert_eq!(read("-7").unwrap(), I32F32::from_bits(-7));
    for wrong in ["\"+5\"", "\"\"", "\"-\"", "\"1.5\"", "1.5", "\"9223372036854775808\"", "null"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    assert!(serde_json::from_str::<U96F32>("-1").is_err());
}

#[test]
fn decimals_are_cut_not_rounded() {
    assert_eq!(I32F32::from_bits(1 << 31).to_string(), "0.500000000");
    assert_eq!(format!("{:.2}", I32F32::from_u16_share(65534)), "0.99");
    assert_eq!(format!("{:.1}", I32F32::from_bits(-(3 << 31))), "-1.5");
    assert_eq!(format!("{:.0}", U64F64::from_u64(12)), "12");
    assert_eq!(format!("{:?}", I32F32::ONE), "I32F32(4294967296 = 1.000000000)");
}
