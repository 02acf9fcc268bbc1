//! Profit and loss of stake, by average cost.
//!
//! What was bought or received has a cost: the TAO paid for it, or what it was worth when it came in. A sale takes the
//! average cost of what is held with it. What was earned has no cost and is taken for sold only after all that has one:
//! so realised and unrealised profit together are always what came out plus what is left less what went in.

/// Stake of one coldkey on one subnet, as its stake moves tell it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Alpha held that has a cost, alpha-rao.
    pub costed_alpha_rao: u128,
    /// What that cost, rao.
    pub cost_rao: u128,
    /// Proceeds of sales less the cost of what was sold, rao.
    pub realised_rao: i128,
    /// TAO paid for alpha, fees included, rao.
    pub bought_rao: u128,
    /// TAO received for alpha, rao.
    pub sold_rao: u128,
    /// Alpha bought, alpha-rao.
    pub bought_alpha_rao: u128,
    /// Alpha sold, alpha-rao.
    pub sold_alpha_rao: u128,
    /// Worth of alpha received from others or held at the start, when it came in, rao.
    pub received_rao: u128,
    /// Cost of alpha given to others, rao.
    pub given_rao: u128,
}

/// A change of stake that somebody made; dividends and emission are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// TAO for alpha.
    Bought {
        /// Alpha received, alpha-rao.
        alpha_rao: u64,
        /// TAO paid, fee included, rao.
        tao_rao: u64,
    },
    /// Alpha for TAO.
    Sold {
        /// Alpha paid, fee included, alpha-rao.
        alpha_rao: u64,
        /// TAO received, rao.
        tao_rao: u64,
    },
    /// Alpha from somebody else, or what was there when the history begins.
    Received {
        /// Alpha, alpha-rao.
        alpha_rao: u64,
        /// What it was worth then, rao.
        worth_rao: u64,
    },
    /// Alpha to somebody else: it takes its cost along and realises nothing.
    Given {
        /// Alpha, alpha-rao.
        alpha_rao: u64,
    },
}

impl Ledger {
    /// Enters a flow. Flows come in the order in which they happened.
    pub fn enter(&mut self, flow: Flow) {
        match flow {
            Flow::Bought { alpha_rao, tao_rao } => {
                self.add(alpha_rao, tao_rao);
                self.bought_rao = self.bought_rao.saturating_add(tao_rao.into());
                self.bought_alpha_rao = self.bought_alpha_rao.saturating_add(alpha_rao.into());
            }
            Flow::Received { alpha_rao, worth_rao } => {
                self.add(alpha_rao, worth_rao);
                self.received_rao = self.received_rao.saturating_add(worth_rao.into());
            }
            Flow::Sold { alpha_rao, tao_rao } => {
                let cost = self.take(alpha_rao);
                let profit = i128::from(tao_rao).saturating_sub(i128::try_from(cost).unwrap_or(i128::MAX));
                self.realised_rao = self.realised_rao.saturating_add(profit);
                self.sold_rao = self.sold_rao.saturating_add(tao_rao.into());
                self.sold_alpha_rao = self.sold_alpha_rao.saturating_add(alpha_rao.into());
            }
            Flow::Given { alpha_rao } => {
                let cost = self.take(alpha_rao);
                self.given_rao = self.given_rao.saturating_add(cost);
            }
        }
    }

    /// Worth of what is held less its cost, rao.
    #[must_use]
    pub fn unrealised_rao(&self, worth_rao: u128) -> i128 {
        let signed = |rao: u128| i128::try_from(rao).unwrap_or(i128::MAX);
        signed(worth_rao).saturating_sub(signed(self.cost_rao))
    }

    /// What is held beyond all that has a cost: earned, alpha-rao.
    #[must_use]
    pub fn earned_alpha_rao(&self, held_alpha_rao: u64) -> u128 {
        u128::from(held_alpha_rao).saturating_sub(self.costed_alpha_rao)
    }

    fn add(&mut self, alpha_rao: u64, cost_rao: u64) {
        self.costed_alpha_rao = self.costed_alpha_rao.saturating_add(alpha_rao.into());
        self.cost_rao = self.cost_rao.saturating_add(cost_rao.into());
    }

    /// Takes alpha out and tells its cost, rounded down.
    fn take(&mut self, alpha_rao: u64) -> u128 {
        let alpha = u128::from(alpha_rao).min(self.costed_alpha_rao);
        let cost = if alpha == self.costed_alpha_rao {
            self.cost_rao
        } else {
            let (high, low) = crate::fixed::wide::mul(self.cost_rao, alpha);
            crate::fixed::wide::div(high, low, self.costed_alpha_rao).unwrap_or(self.cost_rao)
        };
        self.costed_alpha_rao -= alpha;
        self.cost_rao -= cost.min(self.cost_rao);
        cost
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sale_realises_against_the_average_cost() {
        let mut ledger = Ledger::default();
        ledger.enter(Flow::Bought { alpha_rao: 100, tao_rao: 50 });
        ledger.enter(Flow::Bought { alpha_rao: 100, tao_rao: 150 });
        ledger.enter(Flow::Sold { alpha_rao: 50, tao_rao: 60 });
        assert_eq!((ledger.cost_rao, ledger.realised_rao), (150, 10));
        assert_eq!(ledger.unrealised_rao(200), 50);
        assert_eq!(ledger.earned_alpha_rao(170), 20);
        ledger.enter(Flow::Sold { alpha_rao: 170, tao_rao: 300 });
        assert_eq!((ledger.costed_alpha_rao, ledger.cost_rao, ledger.realised_rao), (0, 0, 160));
    }

    #[test]
    fn a_gift_takes_its_cost_along() {
        let mut ledger = Ledger::default();
        ledger.enter(Flow::Received { alpha_rao: 10, worth_rao: 40 });
        ledger.enter(Flow::Given { alpha_rao: 5 });
        assert_eq!((ledger.cost_rao, ledger.given_rao, ledger.realised_rao), (20, 20, 0));
    }

    fn flows() -> impl Strategy<Value = Flow> {
        (0_u8..4, 0_u64..1 << 50, 0_u64..1 << 50).prop_map(|(kind, alpha_rao, tao_rao)| match kind {
            0 => Flow::Bought { alpha_rao, tao_rao },
            1 => Flow::Sold { alpha_rao, tao_rao },
            2 => Flow::Received { alpha_rao, worth_rao: tao_rao },
            _ => Flow::Given { alpha_rao },
        })
    }

    proptest! {
        #[test]
        fn profit_is_what_came_out_and_is_left_less_what_went_in(
            flows in prop::collection::vec(flows(), 0..40), worth in 0_u128..1 << 60,
        ) {
            let mut ledger = Ledger::default();
            flows.iter().for_each(|flow| ledger.enter(*flow));
            let profit = ledger.realised_rao + ledger.unrealised_rao(worth);
            let out = (ledger.sold_rao + worth + ledger.given_rao) as i128;
            prop_assert_eq!(profit, out - (ledger.bought_rao + ledger.received_rao) as i128);
        }
    }
}
