//! Fixed-point numbers with the rounding and saturation of the chain.
//!
//! A value is an integer of `bits` read as `bits / 2^F`. The rules, the same for every type:
//!
//! * addition and subtraction are exact on the bits; the `saturating` forms stop at the ends of the type;
//! * a product is rounded towards minus infinity, a quotient towards zero;
//! * `safe_div` is a quotient that is zero where the divisor is zero or the quotient does not fit;
//! * a conversion to fewer fraction bits, or to an integer, rounds towards minus infinity and saturates;
//! * `round` goes to the nearest integer, halves away from zero.
//!
//! Nothing here panics, and nothing uses floating point: the same bits come out natively and in wasm.
//! Values serialise as decimal strings of their raw bits, which JSON numbers cannot hold.

mod parts;
mod power;
mod series;
mod text;
mod types;
pub(crate) mod wide;

pub use parts::Parts;
pub use power::power;
pub use series::{checked_sqrt, exp, exp_safe, exp_unclamped, ln, ln_or_zero, log2};
pub use types::{I32F32, I64F64, I96F32, U64F64, U96F32};

/// What all the fixed-point types share, for code that works with any of them.
///
/// The same operations exist as `const` methods on the types themselves.
pub trait Fixed: Copy + Ord + Default + std::fmt::Debug + sealed::Sealed {
    /// Number of fraction bits.
    const FRACTION_BITS: u32;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The least value of the type.
    const MIN: Self;
    /// The greatest value of the type.
    const MAX: Self;

    /// The bits as a sign and a magnitude.
    fn parts(self) -> Parts;
    /// The value of these bits, `None` where they do not fit.
    fn from_parts(parts: Parts) -> Option<Self>;
    /// Sum, `None` on overflow.
    fn checked_add(self, other: Self) -> Option<Self>;
    /// Difference, `None` on overflow.
    fn checked_sub(self, other: Self) -> Option<Self>;
    /// Product rounded down, `None` on overflow.
    fn checked_mul(self, other: Self) -> Option<Self>;
    /// Quotient rounded towards zero, `None` on overflow or where `other` is zero.
    fn checked_div(self, other: Self) -> Option<Self>;

    /// Sum, stopped at the ends of the type.
    fn saturating_add(self, other: Self) -> Self {
        let end = if other < Self::ZERO { Self::MIN } else { Self::MAX };
        self.checked_add(other).unwrap_or(end)
    }

    /// Difference, stopped at the ends of the type.
    fn saturating_sub(self, other: Self) -> Self {
        let end = if other < Self::ZERO { Self::MAX } else { Self::MIN };
        self.checked_sub(other).unwrap_or(end)
    }

    /// Quotient rounded towards zero; zero where `other` is zero or the quotient does not fit.
    fn safe_div(self, other: Self) -> Self {
        self.checked_div(other).unwrap_or(Self::ZERO)
    }

    /// The same value in another type: rounded down to its fraction bits, stopped at its ends.
    fn convert<T: Fixed>(self) -> T {
        let parts = self.parts().rescale(Self::FRACTION_BITS, T::FRACTION_BITS);
        parts.and_then(T::from_parts).unwrap_or(if self < Self::ZERO { T::MIN } else { T::MAX })
    }
}

mod sealed {
    /// Keeps [`super::Fixed`] to the types of this module.
    pub trait Sealed {}
}
