//! From values to stored shares: the tables of the chain's own tests.

use yumascan_protocol::{
    epoch::quantise::{to_rao, to_u16_share, upscale_to_u16},
    fixed::I32F32,
};

#[test]
fn shares_and_rao_are_cut_not_rounded() {
    assert_eq!(to_u16_share(I32F32::ONE), 65535);
    assert_eq!(to_u16_share(I32F32::from_bits((1 << 32) - 1)), 65534);
    assert_eq!(to_u16_share(I32F32::from_i64(2)), 65535);
    assert_eq!(to_u16_share(I32F32::from_i64(-1)), 0);
    assert_eq!(to_rao(I32F32::from_bits(1 << 31), 3), 1);
    assert_eq!(to_rao(I32F32::from_bits(-1), 3), 0);
    assert_eq!(to_rao(I32F32::MAX, u64::MAX), u64::MAX);
}

#[test]
fn weights_scale_up_to_the_greatest() {
    let near = |value: f64| I32F32::from_bits((value * 4_294_967_296.0).round_ties_even() as i64);
    let cases: [(&[f64], &[u16]); 11] = [
        (&[], &[]),
        (&[0.0], &[0]),
        (&[0.0, 0.0], &[0, 0]),
        (&[0.0, 1.0], &[0, 65535]),
        (&[0.0, 1e-9], &[0, 65535]),
        (&[0.0, 0.000_016, 1.0], &[0, 1, 65535]),
        (&[1e-9, 1e-9], &[65535, 65535]),
        (
            &[1e-6, 6e-6, 7e-6, 1e-4, 1e-3, 0.01, 0.1, 0.2, 0.3, 0.4],
            &[0, 1, 1, 16, 164, 1638, 16384, 32768, 49151, 65535],
        ),
        (&[0.0, 1.0, 65535.0], &[0, 1, 65535]),
        (&[0.0, 0.5, 1.0, 1.5, 2.0, 32768.0], &[0, 1, 2, 3, 4, 65535]),
        (&[0.0, 0.5, 1.0, 1.5, 2.0, 32768.0, 32769.0], &[0, 1, 2, 3, 4, 65533, 65535]),
    ];
    for (values, expected) in cases {
        let values: Vec<_> = values.iter().copied().map(near).collect();
        assert_eq!(upscale_to_u16(&values), expected, "{values:?}");
    }
    let mut ends = [0.0, 1.0, 32768.0, 32769.0].map(near).to_vec();
    ends.push(I32F32::MAX);
    assert_eq!(upscale_to_u16(&ends), [0, 0, 1, 1, 65535]);
    let whole = |values: &[u16]| {
        let values: Vec<_> = values.iter().map(|value| I32F32::from_u64(u64::from(*value))).collect();
        upscale_to_u16(&values)
    };
    assert_eq!(whole(&[0, 1, 65534]), [0, 1, 65535]);
    assert_eq!(whole(&[65534]), [65535]);
    assert_eq!(whole(&[16383, 32767, 49149, 65535]), [16383, 32767, 49149, 65535]);
    assert_eq!(whole(&[43690, 21845]), [65535, 32768]);
    assert_eq!(whole(&[32767, 32767]), [65535, 65535]);
}
