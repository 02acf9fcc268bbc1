//! The types: one macro writes them all, with the arithmetic of their width.

use super::{Fixed, Parts, sealed::Sealed, wide};

/// Products and quotients of 64-bit values, which fit in 128 bits.
mod narrow {
    use super::Parts;

    pub(super) const fn parts(bits: i64) -> Parts {
        Parts { negative: bits < 0, magnitude: bits.unsigned_abs() as u128 }
    }

    pub(super) const fn from_parts(parts: Parts) -> Option<i64> {
        let Some(bits) = super::signed::from_parts(parts) else { return None };
        fit(bits)
    }

    pub(super) const fn mul(a: i64, b: i64, fraction_bits: u32) -> Option<i64> {
        fit((a as i128 * b as i128) >> fraction_bits)
    }

    pub(super) const fn div(a: i64, b: i64, fraction_bits: u32) -> Option<i64> {
        if b == 0 {
            return None;
        }
        // whole numbers: the fraction bits of both cancel out, here and in the quotient
        let fraction = (1 << fraction_bits) - 1;
        let (a, b) = if (a | b) & fraction == 0 { (a >> fraction_bits, b >> fraction_bits) } else { (a, b) };
        // nearly every quotient of an epoch is of values from 0 to 1: one machine division
        if a >= 0 && b > 0 && a < (1 << (64 - fraction_bits)) {
            let quotient = ((a as u64) << fraction_bits) / b as u64;
            return if quotient <= i64::MAX as u64 { Some(quotient as i64) } else { None };
        }
        fit(((a as i128) << fraction_bits) / b as i128)
    }

    const fn fit(value: i128) -> Option<i64> {
        if value < i64::MIN as i128 || value > i64::MAX as i128 { None } else { Some(value as i64) }
    }
}

/// Products and quotients of signed 128-bit values.
mod signed {
    use super::{Parts, unsigned};

    pub(super) const fn parts(bits: i128) -> Parts {
        Parts { negative: bits < 0, magnitude: bits.unsigned_abs() }
    }

    pub(super) const fn from_parts(parts: Parts) -> Option<i128> {
        if parts.negative {
            // the magnitude of the minimum is one more than that of the maximum
            if parts.magnitude > 1 << 127 { None } else { Some((parts.magnitude as i128).wrapping_neg()) }
        } else if parts.magnitude > i128::MAX as u128 {
            None
        } else {
            Some(parts.magnitude as i128)
        }
    }

    pub(super) const fn mul(a: i128, b: i128, fraction_bits: u32) -> Option<i128> {
        let negative = (a < 0) != (b < 0);
        let Some((floor, exact)) =
            unsigned::shifted_product(a.unsigned_abs(), b.unsigned_abs(), fraction_bits)
        else {
            return None;
        };
        if negative && !exact {
            // towards minus infinity; a floor of u128::MAX is beyond the type anyway
            return from_parts(Parts { negative, magnitude: floor.saturating_add(1) });
        }
        from_parts(Parts { negative, magnitude: floor })
    }

    pub(super) const fn div(a: i128, b: i128, fraction_bits: u32) -> Option<i128> {
        match unsigned::div(a.unsigned_abs(), b.unsigned_abs(), fraction_bits) {
            Some(magnitude) => from_parts(Parts { negative: (a < 0) != (b < 0), magnitude }),
            None => None,
        }
    }
}

/// Products and quotients of unsigned 128-bit values.
mod unsigned {
    use super::{Parts, wide};

    pub(super) const fn parts(bits: u128) -> Parts {
        Parts { negative: false, magnitude: bits }
    }

    pub(super) const fn from_parts(parts: Parts) -> Option<u128> {
        if parts.negative && parts.magnitude != 0 { None } else { Some(parts.magnitude) }
    }

    /// `⌊a·b / 2^fraction_bits⌋` and whether nothing was dropped.
    pub(super) const fn shifted_product(a: u128, b: u128, fraction_bits: u32) -> Option<(u128, bool)> {
        let (high, low) = wide::mul(a, b);
        if high >> fraction_bits != 0 {
            return None;
        }
        let floor = (high << (128 - fraction_bits)) | (low >> fraction_bits);
        Some((floor, low & ((1 << fraction_bits) - 1) == 0))
    }

    pub(super) const fn mul(a: u128, b: u128, fraction_bits: u32) -> Option<u128> {
        match shifted_product(a, b, fraction_bits) {
            Some((floor, _)) => Some(floor),
            None => None,
        }
    }

    pub(super) const fn div(a: u128, b: u128, fraction_bits: u32) -> Option<u128> {
        wide::div(a >> (128 - fraction_bits), a << fraction_bits, b)
    }
}

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident($bits:ty), fraction $fraction:literal, $width:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[must_use]
        pub struct $name($bits);

        impl $name {
            /// Number of fraction bits.
            pub const FRACTION_BITS: u32 = $fraction;
            /// Zero.
            pub const ZERO: Self = Self(0);
            /// One.
            pub const ONE: Self = Self(1 << $fraction);
            /// The least value of the type.
            pub const MIN: Self = Self(<$bits>::MIN);
            /// The greatest value of the type.
            pub const MAX: Self = Self(<$bits>::MAX);

            /// The value of these raw bits.
            pub const fn from_bits(bits: $bits) -> Self {
                Self(bits)
            }

            /// The raw bits.
            #[must_use]
            pub const fn to_bits(self) -> $bits {
                self.0
            }

            /// An unsigned integer, stopped at the greatest value of the type.
            pub const fn from_u128(value: u128) -> Self {
                Self::from_integer(Parts { negative: false, magnitude: value })
            }

            /// An unsigned integer, stopped at the greatest value of the type.
            pub const fn from_u64(value: u64) -> Self {
                Self::from_u128(value as u128)
            }

            /// A signed integer, stopped at the ends of the type.
            pub const fn from_i64(value: i64) -> Self {
                Self::from_integer(Parts { negative: value < 0, magnitude: value.unsigned_abs() as u128 })
            }

            /// `numerator / denominator` truncated; zero where the denominator is zero or it does not fit.
            pub const fn ratio(numerator: u64, denominator: u64) -> Self {
                let high = (numerator as u128) >> (128 - $fraction);
                let low = (numerator as u128) << $fraction;
                match wide::div(high, low, denominator as u128) {
                    Some(magnitude) => match $width::from_parts(Parts { negative: false, magnitude }) {
                        Some(bits) => Self(bits),
                        None => Self::ZERO,
                    },
                    None => Self::ZERO,
                }
            }

            /// A share stored as `u16`, of which 65535 is one.
            pub const fn from_u16_share(share: u16) -> Self {
                Self::ratio(share as u64, u16::MAX as u64)
            }

            /// A share stored as `u64`, of which 2^64 − 1 is one.
            pub const fn from_u64_share(share: u64) -> Self {
                Self::ratio(share, u64::MAX)
            }

            const fn from_integer(integer: Parts) -> Self {
                let end = if integer.negative { Self::MIN } else { Self::MAX };
                match integer.rescale(0, $fraction) {
                    Some(parts) => match $width::from_parts(parts) {
                        Some(bits) => Self(bits),
                        None => end,
                    },
                    None => end,
                }
            }

            /// The integer below, a negative value as 0, stopped at `u64::MAX`.
            #[must_use]
            pub const fn to_u64(self) -> u64 {
                let value = self.to_u128();
                if value > u64::MAX as u128 { u64::MAX } else { value as u64 }
            }

            /// The integer below, a negative value as 0, stopped at `u16::MAX`.
            #[must_use]
            pub const fn to_u16(self) -> u16 {
                let value = self.to_u128();
                if value > u16::MAX as u128 { u16::MAX } else { value as u16 }
            }

            /// The integer below, a negative value as 0.
            #[must_use]
            pub const fn to_u128(self) -> u128 {
                let parts = $width::parts(self.0);
                if parts.negative { 0 } else { parts.magnitude >> $fraction }
            }

            /// The integer below, stopped at the ends of `i64`.
            #[must_use]
            pub const fn to_i64(self) -> i64 {
                let parts = $width::parts(self.0);
                match parts.rescale($fraction, 0) {
                    Some(floor) => match narrow::from_parts(floor) {
                        Some(value) => value,
                        None => if floor.negative { i64::MIN } else { i64::MAX },
                    },
                    None => 0,
                }
            }

            /// The greatest integer that is not above.
            pub const fn floor(self) -> Self {
                Self(self.0 >> $fraction << $fraction)
            }

            /// Nearest integer, halves away from zero, stopped at the ends of the type.
            pub const fn round(self) -> Self {
                let parts = $width::parts(self.0);
                let half = 1 << ($fraction - 1);
                let whole = match parts.magnitude.checked_add(half) {
                    Some(sum) => sum >> $fraction,
                    // past 128 bits, so the whole part is the one above the greatest
                    None => (u128::MAX >> $fraction) + 1,
                };
                Self::from_integer(Parts { negative: parts.negative && whole != 0, magnitude: whole })
            }

            /// Sum, `None` on overflow.
            #[must_use]
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(bits) => Some(Self(bits)),
                    None => None,
                }
            }

            /// Sum, stopped at the ends of the type.
            pub const fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }

            /// Difference, `None` on overflow.
            #[must_use]
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(bits) => Some(Self(bits)),
                    None => None,
                }
            }

            /// Difference, stopped at the ends of the type: an unsigned one at zero.
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }

            /// Product rounded towards minus infinity, `None` on overflow.
            #[must_use]
            pub const fn checked_mul(self, other: Self) -> Option<Self> {
                match $width::mul(self.0, other.0, $fraction) {
                    Some(bits) => Some(Self(bits)),
                    None => None,
                }
            }

            /// Product rounded towards minus infinity, stopped at the ends of the type.
            pub const fn saturating_mul(self, other: Self) -> Self {
                match self.checked_mul(other) {
                    Some(product) => product,
                    None => self.end(other),
                }
            }

            /// Quotient rounded towards zero, `None` on overflow or where `other` is zero.
            #[must_use]
            pub const fn checked_div(self, other: Self) -> Option<Self> {
                match $width::div(self.0, other.0, $fraction) {
                    Some(bits) => Some(Self(bits)),
                    None => None,
                }
            }

            /// Quotient rounded towards zero; zero where `other` is zero or the quotient does not fit.
            pub const fn safe_div(self, other: Self) -> Self {
                match self.checked_div(other) {
                    Some(quotient) => quotient,
                    None => Self::ZERO,
                }
            }

            /// Quotient rounded towards zero, stopped at the ends of the type; by zero it is zero.
            pub const fn saturating_div(self, other: Self) -> Self {
                match self.checked_div(other) {
                    Some(quotient) => quotient,
                    None => if other.0 == 0 { Self::ZERO } else { self.end(other) },
                }
            }

            /// The end of the type on which a product or a quotient of these saturates.
            const fn end(self, other: Self) -> Self {
                let same_sign = $width::parts(self.0).negative == $width::parts(other.0).negative;
                if same_sign { Self::MAX } else { Self::MIN }
            }

            /// The same value in another type: rounded down to its fraction bits, stopped at its ends.
            pub fn convert<T: Fixed>(self) -> T {
                Fixed::convert(self)
            }
        }

        impl Sealed for $name {}

        impl Fixed for $name {
            const FRACTION_BITS: u32 = $fraction;
            const ZERO: Self = Self::ZERO;
            const ONE: Self = Self::ONE;
            const MIN: Self = Self::MIN;
            const MAX: Self = Self::MAX;

            fn parts(self) -> Parts {
                $width::parts(self.0)
            }

            fn from_parts(parts: Parts) -> Option<Self> {
                $width::from_parts(parts).map(Self)
            }

            fn checked_add(self, other: Self) -> Option<Self> {
                self.checked_add(other)
            }

            fn checked_sub(self, other: Self) -> Option<Self> {
                self.checked_sub(other)
            }

            fn checked_mul(self, other: Self) -> Option<Self> {
                self.checked_mul(other)
            }

            fn checked_div(self, other: Self) -> Option<Self> {
                self.checked_div(other)
            }
        }
    };
}

fixed! {
    /// 64 bits, 32 of them fraction, signed: the vectors and matrices of an epoch.
    I32F32(i64), fraction 32, narrow
}
fixed! {
    /// 128 bits, 64 of them fraction, signed: stake before it is normalised, flow averages.
    I64F64(i128), fraction 64, signed
}
fixed! {
    /// 128 bits, 32 of them fraction, signed: emission products, moving prices, root claim rates.
    I96F32(i128), fraction 32, signed
}
fixed! {
    /// 128 bits, 32 of them fraction, unsigned: stake inheritance, the coinbase, dividends.
    U96F32(u128), fraction 32, unsigned
}
fixed! {
    /// 128 bits, 64 of them fraction, unsigned: share pools, emission shares, mechanism weights.
    U64F64(u128), fraction 64, unsigned
}
