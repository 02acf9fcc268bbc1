//! Plain integers with 32 fraction bits.

use yumascan_protocol::fixed::I32F32;

/// Bits of a value with 32 fraction bits.
pub(super) type Bits = i128;
/// A row in its stored order.
pub(super) type Row = Vec<(usize, Bits)>;

pub(super) const ONE: Bits = 1 << 32;

pub(super) fn mul(a: Bits, b: Bits) -> Bits {
    (a * b) >> 32
}

pub(super) fn div(a: Bits, b: Bits) -> Bits {
    if b == 0 { 0 } else { (a << 32) / b }
}

pub(super) fn share(value: u16) -> Bits {
    div(Bits::from(value), 65535)
}

pub(super) fn to_share(value: Bits) -> u16 {
    u16::try_from(((value * 65535) >> 32).clamp(0, 65535)).unwrap()
}

pub(super) fn normalised(values: &[Bits]) -> Vec<Bits> {
    let sum: Bits = values.iter().sum();
    values.iter().map(|value| if sum == 0 { *value } else { div(*value, sum) }).collect()
}

pub(super) fn fixed(bits: Bits) -> I32F32 {
    I32F32::from_bits(i64::try_from(bits).unwrap())
}

pub(super) fn bits(value: I32F32) -> Bits {
    Bits::from(value.to_bits())
}
