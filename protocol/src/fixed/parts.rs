//! Sign and magnitude: the form in which the types meet.

/// An integer of up to 128 bits and its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Below zero.
    pub negative: bool,
    /// The absolute value.
    pub magnitude: u128,
}

impl Parts {
    /// Moves the binary point from `from` to `to` fraction bits: exact to the left, towards minus infinity to
    /// the right. `None` where the result exceeds 128 bits.
    pub(crate) const fn rescale(self, from: u32, to: u32) -> Option<Self> {
        if to >= from {
            let shift = to - from;
            if self.magnitude.leading_zeros() < shift {
                return None;
            }
            return Some(Self { negative: self.negative, magnitude: self.magnitude.unbounded_shl(shift) });
        }
        let shift = from - to;
        let floor = self.magnitude.unbounded_shr(shift);
        let inexact = floor.unbounded_shl(shift) != self.magnitude;
        // one more where a negative value loses bits: the shift is arithmetic
        let magnitude = if self.negative && inexact { floor + 1 } else { floor };
        Some(Self { negative: self.negative && magnitude != 0, magnitude })
    }
}
