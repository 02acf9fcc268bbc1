//! From shares to what is stored.

use crate::fixed::I32F32;

const GREATEST: I32F32 = I32F32::from_u64(u16::MAX as u64);

/// A share of one as a share of 65535, rounded down.
#[must_use]
pub fn to_u16_share(value: I32F32) -> u16 {
    value.saturating_mul(GREATEST).to_u16()
}

/// `⌊share · rao⌋`.
#[must_use]
pub fn to_rao(share: I32F32, rao: u64) -> u64 {
    let Ok(bits) = u128::try_from(share.to_bits()) else { return 0 };
    u64::try_from((bits * u128::from(rao)) >> I32F32::FRACTION_BITS).unwrap_or(u64::MAX)
}

/// A vector scaled so that its greatest value becomes 65535, each value rounded to the nearest.
///
/// The chain scales weights when they are set, and pruning scores, this way; above 32768 it divides before it
/// multiplies.
#[must_use]
pub fn upscale_to_u16(values: &[I32F32]) -> Vec<u16> {
    const LARGE: I32F32 = I32F32::from_u64(32_768);
    let greatest = values.iter().copied().max().unwrap_or_default();
    if greatest <= I32F32::ZERO {
        return vec![0; values.len()];
    }
    let factor = GREATEST.safe_div(greatest);
    let scale = |value: &I32F32| {
        let scaled = if greatest > LARGE {
            value.saturating_mul(factor)
        } else {
            value.saturating_mul(GREATEST).safe_div(greatest)
        };
        scaled.round().to_u16()
    };
    values.iter().map(scale).collect()
}
