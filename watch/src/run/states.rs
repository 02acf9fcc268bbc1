//! The state lane's rows as detectors see them.

use std::vec::IntoIter;

use yumascan_warehouse::{
    query::{watched::Grouped, watched_state::WatchedState},
    rows::{
        AccountBalanceRow, NetworkStateRow, NeuronStateRow, SubnetStateRow, SweepDifferenceRow, WeightsRow,
    },
};

use crate::input::{NetworkState, NeuronState, StateInput, SubnetState, WeightRow};

type Rows<T> = Grouped<T, fn(&T) -> u64>;

/// Rows of a few blocks, taken block by block.
pub(super) struct States {
    network: Rows<NetworkStateRow>,
    subnets: Rows<SubnetStateRow>,
    neurons: Rows<NeuronStateRow>,
    weights: Rows<WeightsRow>,
    balances: Rows<AccountBalanceRow>,
    differences: Rows<SweepDifferenceRow>,
    root_paid: Vec<u64>,
}

impl States {
    pub(super) fn new(rows: WatchedState) -> Self {
        Self {
            network: Grouped::new(rows.network, |row| row.block_number),
            subnets: Grouped::new(rows.subnets, |row| row.block_number),
            neurons: Grouped::new(rows.neurons, |row| row.block_number),
            weights: Grouped::new(rows.weights, |row| row.block_number),
            balances: Grouped::new(rows.balances, |row| row.block_number),
            differences: Grouped::new(rows.sweep_differences, |row| row.block_number),
            root_paid: rows.root_paid,
        }
    }

    /// What is known of a block.
    pub(super) fn take(&mut self, number: u64) -> StateInput {
        fn all<T, R>(rows: IntoIter<T>, make: impl Fn(T) -> R) -> Vec<R> {
            rows.map(make).collect()
        }
        StateInput {
            network: self.network.take(number).first().map(network_of),
            subnets: all(self.subnets.take(number).into_iter(), subnet_of),
            neurons: self.neurons.take(number).into_iter().filter_map(neuron_of).collect(),
            weights: all(self.weights.take(number).into_iter(), |row| WeightRow {
                netuid: row.netuid,
                mechid: row.mechid,
                uid: row.uid,
                targets: row.targets,
                values: row.values,
            }),
            balances: all(self.balances.take(number).into_iter(), |row| (row.account, row.free_rao)),
            root_paid: self.root_paid.binary_search(&number).is_ok(),
            sweep_differences: all(self.differences.take(number).into_iter(), |row| (row.item, row.key)),
        }
    }
}

fn network_of(row: &NetworkStateRow) -> NetworkState {
    NetworkState {
        total_issuance_rao: row.total_issuance_rao,
        balances_issuance_rao: row.balances_issuance_rao,
        block_emission_rao: row.block_emission_rao,
        subnet_limit: row.subnet_limit.map(u64::from),
        subnet_count: row.subnet_count.map(u64::from),
        lock_cost_rao: row.lock_cost_rao,
        last_lock_cost_rao: row.last_lock_cost_rao,
    }
}

/// Raw bits with 32 binary places as a number for comparison.
#[allow(clippy::cast_precision_loss)]
fn from_bits(bits: i128) -> f64 {
    bits as f64 / 4_294_967_296.0
}

fn subnet_of(row: SubnetStateRow) -> SubnetState {
    SubnetState {
        netuid: row.netuid,
        registered_at: row.registered_at,
        first_emission_block: row.first_emission_block,
        tao_in_rao: row.tao_in_rao,
        price: row.price_bits.and_then(|bits| i128::try_from(bits).ok()).map(from_bits),
        moving_price: row.moving_price_bits.map(from_bits),
        tao_in_emission_rao: row.tao_in_emission_rao,
        alpha_out_emission_rao: row.alpha_out_emission_rao,
        tempo: row.tempo.map(u64::from),
        blocks_since_last_step: row.blocks_since_last_step,
        burn_rao: row.burn_rao,
        neuron_count: row.neuron_count.map(u64::from),
        subtoken_enabled: row.subtoken_enabled,
        registration_allowed: row.registration_allowed,
        emission_enabled: row.emission_enabled,
        owner: row.owner,
        owner_hotkey: row.owner_hotkey,
    }
}

fn neuron_of(row: NeuronStateRow) -> Option<NeuronState> {
    Some(NeuronState {
        netuid: row.netuid,
        uid: row.uid,
        hotkey: row.hotkey?,
        coldkey: row.coldkey.unwrap_or_default(),
        registered_at: row.registered_at,
        last_update: row.last_update,
        active: row.active,
        validator_permit: row.validator_permit,
        stake_weight: row.stake_weight.map(u64::from),
        root_stake_rao: row.root_stake_rao,
        consensus: row.consensus,
        incentive: row.incentive,
        dividends: row.dividends,
        validator_trust: row.validator_trust,
    })
}
