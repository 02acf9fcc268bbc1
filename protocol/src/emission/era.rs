//! Which rules a runtime has.

use serde::{Deserialize, Serialize};

use super::EmissionError;

const SUBTENSOR: &str = "SubtensorModule";

/// The rules of emission and distribution, each named for the first spec known to have them.
///
/// Proven on recorded chains: [`Era::Spec365`] (at 377) and [`Era::Spec401`] (at 402). The older two differ from
/// them in the rules named by the methods, and are as specified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Era {
    /// 343–352: server and validator emission are pending apart; root dividends count as alpha dividends.
    Spec343,
    /// 361: root dividends have a map of their own.
    Spec361,
    /// 365–393: alpha injection is capped by the block's TAO emission too; `RootProp` is stored.
    Spec365,
    /// 401–410: only subnets whose registration is open receive; fees leave the pools.
    Spec401,
}

impl Era {
    /// The era of a runtime, from its spec version and the storage items (pallet, item) its metadata has.
    ///
    /// # Errors
    /// [`EmissionError::Unsupported`] for every runtime whose rules are not implemented.
    pub fn detect(spec_version: u32, has: impl Fn(&str, &str) -> bool) -> Result<Self, EmissionError> {
        let unsupported = |reason| Err(EmissionError::Unsupported { spec_version, reason });
        if has("Swap", "SwapBalancer") {
            return unsupported("weighted pools (`Swap.SwapBalancer`)");
        }
        if has(SUBTENSOR, "SubnetProtocolFlow") || has(SUBTENSOR, "SubnetEmissionEnabled") {
            return unsupported(
                "protocol flows and switched emission (`SubnetEmissionEnabled`, spec 411 on)",
            );
        }
        if !has(SUBTENSOR, "PendingServerEmission") || !has(SUBTENSOR, "SubnetEmaTaoFlow") {
            return unsupported("it is older than 343 (no `PendingServerEmission`)");
        }
        if has(SUBTENSOR, "AlphaV2") {
            return Ok(Self::Spec401);
        }
        if has(SUBTENSOR, "RootProp") {
            return Ok(Self::Spec365);
        }
        if spec_version > 361 {
            return unsupported("the cap of alpha injection changed between 361 and 365, at a spec unknown");
        }
        Ok(if has(SUBTENSOR, "RootAlphaDividendsPerSubnet") { Self::Spec361 } else { Self::Spec343 })
    }

    /// Whether these rules gave what a chain stored on every recorded block, and are not only as specified. A
    /// difference under rules that are not proven may be a fault of the rules.
    #[must_use]
    pub const fn is_proven(self) -> bool {
        matches!(self, Self::Spec365 | Self::Spec401)
    }

    /// Whether alpha injection is capped by the block's TAO emission, not only by the subnet's alpha emission.
    pub(super) const fn caps_by_tao_emission(self) -> bool {
        matches!(self, Self::Spec365 | Self::Spec401)
    }

    /// Whether a subnet open to proof-of-work registration alone receives.
    pub(super) const fn counts_pow_registration(self) -> bool {
        !matches!(self, Self::Spec401)
    }

    /// Whether root dividends are recorded in `RootAlphaDividendsPerSubnet`; before, among the alpha dividends.
    pub(super) const fn records_root_dividends_apart(self) -> bool {
        !matches!(self, Self::Spec343)
    }

    /// Whether `RootProp` is stored at the end of the block step.
    #[must_use]
    pub const fn stores_root_proportion(self) -> bool {
        matches!(self, Self::Spec365 | Self::Spec401)
    }

    /// Whether swap fees stay in the pool (see [`crate::amm::Concentrated::fees_stay`]).
    #[must_use]
    pub const fn fees_stay_in_pool(self) -> bool {
        !matches!(self, Self::Spec401)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEMS_343: [(&str, &str); 3] =
        [("Swap", "AlphaSqrtPrice"), (SUBTENSOR, "PendingServerEmission"), (SUBTENSOR, "SubnetEmaTaoFlow")];

    fn detect(spec_version: u32, more: &[(&str, &str)]) -> Result<Era, EmissionError> {
        Era::detect(spec_version, |pallet, item| {
            ITEMS_343.contains(&(pallet, item)) || more.contains(&(pallet, item))
        })
    }

    #[test]
    fn eras_are_told_by_the_items_of_the_metadata() {
        let root_dividends = (SUBTENSOR, "RootAlphaDividendsPerSubnet");
        let root_prop = (SUBTENSOR, "RootProp");
        assert_eq!(detect(343, &[]), Ok(Era::Spec343));
        assert_eq!(detect(361, &[root_dividends]), Ok(Era::Spec361));
        assert_eq!(detect(377, &[root_dividends, root_prop]), Ok(Era::Spec365));
        assert_eq!(detect(402, &[root_dividends, root_prop, (SUBTENSOR, "AlphaV2")]), Ok(Era::Spec401));
    }

    #[test]
    fn runtimes_without_implemented_rules_are_refused() {
        let unsupported = |result| matches!(result, Err(EmissionError::Unsupported { .. }));
        assert!(unsupported(Era::detect(342, |_, _| false)), "older");
        assert!(unsupported(detect(380, &[("Swap", "SwapBalancer")])), "weighted pools");
        assert!(unsupported(detect(411, &[(SUBTENSOR, "SubnetEmissionEnabled")])), "switched emission");
        assert!(unsupported(detect(363, &[(SUBTENSOR, "RootAlphaDividendsPerSubnet")])), "between the tags");
    }
}
