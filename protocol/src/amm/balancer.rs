//! Weighted pools (423 on): the price from the reserves and the weight of TAO.

use serde::{Deserialize, Serialize};

use crate::fixed::U64F64;

/// A weight of one, as the chain stores weights.
const WHOLE: u64 = 1_000_000_000_000_000_000;

/// Storage `Swap.SwapBalancer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balancer {
    /// Weight of TAO, in parts of 10^18; alpha has the rest.
    pub quote_weight: u64,
}

impl Balancer {
    /// TAO for one alpha: `⌊trunc(w_alpha / w_tao) · trunc(tao / alpha)⌋`.
    ///
    /// Zero without alpha in the pool or without weight of TAO.
    pub fn price(self, tao_rao: u64, alpha_rao: u64) -> U64F64 {
        let weights = U64F64::ratio(WHOLE.saturating_sub(self.quote_weight), self.quote_weight);
        weights.saturating_mul(U64F64::ratio(tao_rao, alpha_rao))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn price_equals_the_chain_s_examples() {
        let even = Balancer { quote_weight: WHOLE / 2 };
        assert_eq!(even.price(5, 2), U64F64::ratio(5, 2));
        let third = Balancer { quote_weight: WHOLE / 3 };
        let price = third.price(10, 4);
        let five = U64F64::from_u64(5);
        let error = price.saturating_sub(five).saturating_add(five.saturating_sub(price));
        assert!(error < U64F64::ratio(1, 1_000_000_000_000), "{price}");
    }

    #[test]
    fn no_weight_or_no_alpha_is_no_price() {
        assert_eq!(Balancer { quote_weight: 0 }.price(5, 2), U64F64::ZERO);
        assert_eq!(Balancer { quote_weight: u64::MAX }.price(5, 2), U64F64::ZERO);
        assert_eq!(Balancer { quote_weight: WHOLE / 2 }.price(5, 0), U64F64::ZERO);
    }
}
