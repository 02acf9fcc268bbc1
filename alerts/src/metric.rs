//! Metrics that rules can watch. docs/alerts.md is generated from this table.

use crate::quantity::{ONE, Quantity};

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Metric {
    AlphaPrice,
    MovingPrice,
    EmissionShare,
    RegistrationCost,
    DeregistrationRank,
    SubnetCost,
    ValidatorTrust,
    Dividends,
    Incentive,
    BlocksSinceUpdate,
    Apy,
    Take,
    Stake,
    Balance,
    ChainLag,
}

/// What a metric is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The chain.
    Chain,
    /// A subnet, or every subnet when none is named.
    Subnet,
    /// A hotkey on a subnet.
    Neuron,
    /// A hotkey.
    Hotkey,
    /// An account.
    Account,
}

/// What is known of a metric.
#[derive(Debug, Clone, Copy)]
pub struct MetricInfo {
    /// The metric.
    pub metric: Metric,
    /// Its name in rules.
    pub name: &'static str,
    /// What it is asked of.
    pub subject: Subject,
    /// Unit.
    pub unit: &'static str,
    /// Most it can be.
    pub most: Option<Quantity>,
    /// What it is, and where it comes from.
    pub about: &'static str,
}

const SHARE: Option<Quantity> = Some(Quantity(ONE));

macro_rules! metrics {
    ($($metric:ident $name:literal $subject:ident $unit:literal $most:expr, $about:literal;)*) => {
        /// All metrics.
        pub const METRICS: &[MetricInfo] = &[$(MetricInfo {
            metric: Metric::$metric, name: $name, subject: Subject::$subject, unit: $unit, most: $most, about: $about,
        }),*];
    };
}

metrics! {
    AlphaPrice "alpha_price" Subnet "TAO" None, "Price of alpha by the chain's own rule, at every block whose state was read (subnet_state.price_bits).";
    MovingPrice "moving_price" Subnet "TAO" None, "The chain's moving price of alpha (subnet_state.moving_price_bits).";
    EmissionShare "emission_share" Subnet "share" SHARE, "Share of the block's TAO emission, what bought alpha included (subnet_state.tao_in_emission_rao, excess_tao_rao).";
    RegistrationCost "registration_cost" Subnet "TAO" None, "Cost of registering a neuron (subnet_state.burn_rao).";
    DeregistrationRank "deregistration_rank" Subnet "place" None, "Place among the subnets that may be pruned, 1 is next: lowest moving price first, then the oldest; immune subnets have none (subnet_state, network_parameters).";
    SubnetCost "subnet_cost" Chain "TAO" None, "Cost of registering a subnet (network_state.lock_cost_rao).";
    ValidatorTrust "vtrust" Neuron "share" SHARE, "Trust of a validator, at every epoch of the subnet (neuron_state.validator_trust).";
    Dividends "dividends" Neuron "share" SHARE, "Share of the dividends, at every epoch of the subnet (neuron_state.dividends).";
    Incentive "incentive" Neuron "share" SHARE, "Share of the incentive, at every epoch of the subnet (neuron_state.incentive).";
    BlocksSinceUpdate "blocks_since_update" Neuron "blocks" None, "Blocks since a neuron set weights, looked at whenever an epoch of the subnet ran (neuron_state.last_update).";
    Apy "apy" Neuron "share a year" None, "What staking to a hotkey on a subnet earned in its last epoch, compounded over a year; the take is off already (dividends.alpha_dividends_rao over alpha_stake_before_rao).";
    Take "take" Hotkey "share" SHARE, "What a hotkey keeps of its delegators' earnings (delegate_takes).";
    Stake "stake" Neuron "alpha, on root TAO" None, "All that is staked to a hotkey on a subnet (hotkey_pools.total_alpha_rao).";
    Balance "balance" Account "TAO" None, "Free and reserved TAO of an account (account_balances).";
    ChainLag "chain_lag" Chain "seconds" None, "How old the newest stored block is by this machine's clock; only while following.";
}

impl Metric {
    /// What is known of it.
    #[must_use]
    pub fn info(self) -> &'static MetricInfo {
        &METRICS[self as usize]
    }

    /// By name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        METRICS.iter().find(|info| info.name == name).map(|info| info.metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_finds_its_own_entry() {
        for (position, info) in METRICS.iter().enumerate() {
            assert_eq!(info.metric as usize, position, "{}", info.name);
            assert_eq!(Metric::from_name(info.name), Some(info.metric));
        }
    }

    #[test]
    fn the_documentation_has_every_metric_as_it_is_here() {
        let docs = include_str!("../../docs/alerts.md");
        for info in METRICS {
            let row = docs.lines().find(|line| line.starts_with(&format!("| `{}` |", info.name)));
            assert!(
                row.is_some_and(|row| row.ends_with(&format!("| {} | {} |", info.unit, info.about))),
                "{}",
                info.name
            );
        }
    }
}
