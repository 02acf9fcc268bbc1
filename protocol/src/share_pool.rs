//! Share pools: how the stake on a hotkey divides among its coldkeys.
//!
//! A hotkey's stake on a subnet is one amount, `TotalHotkeyAlpha`; each coldkey has shares of it, `Alpha`, and all
//! shares sum to `TotalHotkeyShares`. Emission to all raises the amount and touches no share. Shares are never
//! amounts: what a coldkey has is its part of the amount.
//!
//! Until spec 393 shares are fixed-point numbers. From 401 they are decimal floats ([`SafeFloat`]) in `AlphaV2` and
//! `TotalHotkeySharesV2`; an entry moves there when it is next written, so that both maps live side by side and the
//! older one is read first.

mod safe_float;

pub use safe_float::SafeFloat;

use serde::{Deserialize, Serialize};

use crate::fixed::{I64F64, U64F64};

/// Below this part of what it was, a share is taken for the rounding of a full exit.
const LEAST_REST: U64F64 = U64F64::ratio(1, 100_000);
/// A year of emission, in rao: the amount for each share must stay expressible for so long.
const YEAR_OF_EMISSION: U64F64 = U64F64::from_u64(2_628_000_000_000_000);

/// An amount of shares, of either generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shares {
    /// Storage `Alpha`, `TotalHotkeyShares`.
    Fixed(U64F64),
    /// Storage `AlphaV2`, `TotalHotkeySharesV2`.
    Float(SafeFloat),
}

/// The stake on one hotkey on one subnet, until spec 393.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedPool {
    /// Storage `TotalHotkeyAlpha`.
    pub value_rao: u64,
    /// Storage `TotalHotkeyShares`.
    pub denominator: U64F64,
}

/// The stake on one hotkey on one subnet, from spec 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloatPool {
    /// Storage `TotalHotkeyAlpha`.
    pub value_rao: u64,
    /// Storage `TotalHotkeyShares` or, where that has no entry, `TotalHotkeySharesV2`.
    pub denominator: SafeFloat,
}

impl Shares {
    /// The shares as the runtime from spec 401 reads them.
    #[must_use]
    pub fn to_float(self) -> SafeFloat {
        match self {
            Self::Fixed(shares) => shares.into(),
            Self::Float(shares) => shares,
        }
    }
}

impl FixedPool {
    /// What these shares are worth, in rao.
    #[must_use]
    pub fn value_of(&self, shares: U64F64) -> u64 {
        let value = U64F64::from_u64(self.value_rao);
        let worth = match value.checked_div(self.denominator) {
            Some(for_each) => for_each.saturating_mul(shares),
            None => value.saturating_mul(shares).safe_div(self.denominator),
        };
        worth.to_u64()
    }

    /// Changes the stake of the coldkey with these shares and tells by how much it did change: a withdrawal that
    /// leaves next to nothing takes all.
    pub fn change(&mut self, shares: &mut U64F64, rao: i64) -> i64 {
        let mut changed = rao;
        if self.denominator == U64F64::ZERO {
            // the first coldkey has all; a withdrawal from nothing leaves nothing
            let all = U64F64::from_u64(u64::try_from(rao).unwrap_or(0));
            (self.denominator, *shares) = (all, all);
        } else {
            let moved = self.shares_for(rao);
            let amount: U64F64 = I64F64::from_bits(moved.to_bits().saturating_abs()).convert();
            if moved >= I64F64::ZERO {
                self.denominator = self.denominator.saturating_add(amount);
                *shares = shares.saturating_add(amount);
            } else {
                let rest = shares.saturating_sub(amount);
                let denominator = self.denominator.saturating_sub(amount);
                if rest.safe_div(*shares) < LEAST_REST || self.overflows_in_a_year(denominator) {
                    changed = i64::try_from(self.value_of(*shares)).unwrap_or(i64::MAX).saturating_neg();
                    self.denominator = self.denominator.saturating_sub(*shares);
                    *shares = U64F64::ZERO;
                } else {
                    (self.denominator, *shares) = (denominator, rest);
                }
            }
        }
        self.value_rao = self.value_rao.saturating_add_signed(changed);
        changed
    }

    fn overflows_in_a_year(&self, denominator: U64F64) -> bool {
        U64F64::from_u64(self.value_rao).saturating_add(YEAR_OF_EMISSION).checked_div(denominator).is_none()
    }

    /// How many shares such a change is.
    fn shares_for(&self, rao: i64) -> I64F64 {
        let value = U64F64::from_u64(self.value_rao);
        let rao = I64F64::from_i64(rao);
        match value.checked_div(self.denominator) {
            Some(for_each) => rao.safe_div(for_each.convert()),
            None => rao.safe_div(value.convert()).saturating_mul(self.denominator.convert()),
        }
    }
}

impl FloatPool {
    /// What these shares are worth, in rao.
    #[must_use]
    pub fn value_of(&self, shares: SafeFloat) -> u64 {
        SafeFloat::from(self.value_rao).mul_div(shares, self.denominator).unwrap_or_default().to_u64()
    }

    /// Changes the stake of the coldkey with these shares.
    pub fn change(&mut self, shares: &mut SafeFloat, rao: i64) {
        let amount = SafeFloat::from(rao.unsigned_abs());
        if self.denominator.is_zero() {
            (self.denominator, *shares) = (amount, amount);
        } else {
            let moved = amount.mul_div(self.denominator, self.value_rao.into()).unwrap_or_default();
            let apply = |to: SafeFloat| if rao > 0 { to.plus(moved) } else { to.minus(moved) };
            self.denominator = apply(self.denominator).unwrap_or(self.denominator);
            *shares = apply(*shares).unwrap_or(*shares);
        }
        self.value_rao = self.value_rao.saturating_add_signed(rao);
    }
}

#[cfg(test)]
mod tests;
