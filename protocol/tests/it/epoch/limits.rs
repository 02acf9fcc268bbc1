//! What is accepted and what is refused: the figures of the chain's own tests.

use yumascan_protocol::{
    epoch::{
        limits::{AlphaValuesError, LEAST_ALPHA, check_alpha_values, weights_accepted, within_max_weight},
        quantise::to_u16_share,
    },
    fixed::I32F32,
};

#[test]
fn a_weight_may_have_its_limit_and_no_more() {
    for (values, limit, accepted) in [
        (&[0, 65535, 65535][..], 32767, false),
        (&[0, 65535, 65535], 32768, true),
        (&[0, 65535, 65535, 65535], 21844, false),
        (&[0, 65535, 65535, 65535], 21845, true),
        (&[65535], 65534, false),
        (&[65535], 65535, true),
        // the share counts, not the value
        (&[1, 1], 32767, false),
        (&[1, 1], 32768, true),
        (&[], 0, true),
        (&[0, 0], 0, true),
        (&[0, 1], 0, false),
    ] {
        assert_eq!(within_max_weight(values, limit), accepted, "{values:?} at {limit}");
    }
    assert!(!within_max_weight(&[65535; 40_000], 0), "a sum beyond the type does not pass");
}

#[test]
fn a_single_weight_to_oneself_has_no_limit() {
    assert!(weights_accepted(3, &[3], &[65535], 1));
    assert!(!weights_accepted(3, &[4], &[65535], 1));
    assert!(!weights_accepted(3, &[3, 4], &[65535, 0], 1));
    assert!(!weights_accepted(3, &[], &[65535], 1));
}

#[test]
fn alpha_values_are_accepted_from_a_fortieth_and_in_order() {
    assert_eq!(LEAST_ALPHA, 1638);
    for (low, high) in [(1638, 65525), (1638, 1638), (45875, 58982), (6553, 19660), (65535, 65535)] {
        assert_eq!(check_alpha_values(true, low, high), Ok(()), "{low}, {high}");
    }
    let refused = |low, high| check_alpha_values(true, low, high).unwrap_err();
    let too_low = |alpha_high| AlphaValuesError::AlphaHighTooLow { alpha_high };
    assert_eq!(refused(1638, 1637), too_low(1637));
    assert_eq!(refused(0, 0), too_low(0), "the greater one is asked for first");
    let out_of_range = |alpha_low, alpha_high| AlphaValuesError::AlphaLowOutOfRange { alpha_low, alpha_high };
    assert_eq!(refused(1637, 65525), out_of_range(1637, 65525));
    assert_eq!(refused(0, 65525), out_of_range(0, 65525));
    assert_eq!(refused(53083, 53082), out_of_range(53083, 53082));
    let disabled = Err(AlphaValuesError::LiquidAlphaDisabled);
    assert_eq!(check_alpha_values(false, 1638, 65525), disabled);
    assert_eq!(check_alpha_values(false, 0, 0), disabled, "that it is off is asked for first");
}

#[test]
fn decimals_become_the_stored_alpha_values() {
    let tenths = |n: i64| to_u16_share(I32F32::from_bits((n * (1 << 33) + 10) / 20));
    assert_eq!((tenths(1), tenths(3)), (6553, 19660));
}
