//! Attacks that only the state shows.

use yumascan_watch::{
    Kind, Lane, Scope, Severity, WatchConfig,
    input::{NetworkState, NeuronState, SubnetState, WeightRow},
};

use crate::world::{Builder, Dice, account, chain, is_closed, of, only, titles, watch, watch_with};

const TAO: u64 = 1_000_000_000;

fn subnet(netuid: u16) -> SubnetState {
    SubnetState {
        netuid,
        registered_at: Some(1),
        first_emission_block: Some(2),
        tao_in_rao: Some(50_000 * TAO),
        price: Some(0.05),
        moving_price: Some(0.05),
        tao_in_emission_rao: Some(TAO / 4),
        alpha_out_emission_rao: Some(TAO),
        tempo: Some(20),
        blocks_since_last_step: Some(3),
        burn_rao: Some(TAO / 10),
        neuron_count: Some(20),
        subtoken_enabled: Some(true),
        registration_allowed: Some(true),
        owner: Some(account(990)),
        ..SubnetState::default()
    }
}

fn network(number: u64) -> NetworkState {
    NetworkState {
        total_issuance_rao: Some(9_000_000 * TAO + number * TAO / 2),
        balances_issuance_rao: Some(8_000_000 * TAO + number * TAO / 2),
        block_emission_rao: Some(TAO),
        subnet_limit: Some(128),
        subnet_count: Some(5),
        ..NetworkState::default()
    }
}

/// Adds an ordinary state: a network that grows, four subnets, an epoch of subnet 2 every 21 blocks.
fn ordinary(block: &mut Builder) {
    let number = block.number();
    let state = block.state();
    state.network = Some(network(number));
    state.subnets = (0..5).map(subnet).collect();
    if number.is_multiple_of(21) {
        epoch(block, 2);
    }
    // validators give weights to every subnet
    for netuid in 1..5 {
        block.event("SubtensorModule", "WeightsSet", format!("[{netuid},{}]", number % 6), None);
    }
}

/// Six validators of opinions that wander, ten miners.
fn epoch(block: &mut Builder, netuid: u16) {
    let number = block.number();
    let wander = |validator: u64, miner: u64| {
        let mut dice = Dice::new(number / 21 * 1_000 + miner * 10 + validator / 2);
        u16::try_from(1_000 + dice.below(30_000)).unwrap()
    };
    let state = block.state();
    for uid in 0..16_u16 {
        let is_validator = uid < 6;
        state.neurons.push(NeuronState {
            netuid,
            uid,
            hotkey: account(2_000 + u64::from(uid)),
            coldkey: account(3_000 + u64::from(uid)),
            last_update: Some(number - 4),
            active: Some(is_validator),
            validator_permit: Some(is_validator),
            stake_weight: Some(if is_validator { 10_000 } else { 0 }),
            consensus: Some(if is_validator { 0 } else { wander(0, u64::from(uid)) }),
            incentive: Some(if is_validator { 0 } else { 6_553 }),
            validator_trust: Some(if is_validator { 60_000 } else { 0 }),
            ..NeuronState::default()
        });
        if is_validator {
            let values = (6..16).map(|miner| wander(u64::from(uid) + 7, miner)).collect();
            state.weights.push(WeightRow { netuid, mechid: 0, uid, targets: (6..16).collect(), values });
        }
    }
}

#[test]
fn a_quiet_state_has_no_incidents() {
    let found = watch(Lane::State, &chain(2_000, ordinary));
    assert!(found.incidents.is_empty(), "{:?}", titles(&found));
}

#[test]
fn wallets_emptied_into_one_are_a_drain_and_deposits_gathered_are_not() {
    let drained = |known: bool, victims: u64| {
        let found = watch(
            Lane::State,
            &chain(1_200, |block| {
                ordinary(block);
                let number = block.number();
                for victim in 0..victims {
                    let from = account(400 + victim);
                    // deposits were swept to the same account long before
                    if known && number == 100 + victim {
                        block.transfer(&from, &account(666), TAO);
                        block.state().balances.push((from.clone(), 300 * TAO));
                    }
                    if number == 800 + victim {
                        block.transfer(&from, &account(666), 299 * TAO);
                        block.state().balances.push((from, TAO));
                    }
                }
            }),
        );
        of(&found, Kind::WalletDrain)
            .first()
            .map(|incident| (incident.severity, incident.first_block, incident.scope.clone()))
    };
    let into = Scope::Account(account(666));
    assert_eq!(drained(false, 22), Some((Severity::S1, 800, into.clone())));
    assert_eq!(drained(false, 6), Some((Severity::S2, 800, into)));
    assert_eq!(drained(true, 22), None);
}

#[test]
fn stake_taken_back_and_sent_away_counts_as_a_drain() {
    let found = watch(
        Lane::State,
        &chain(600, |block| {
            ordinary(block);
            let number = block.number();
            for victim in 0..6 {
                let from = account(400 + victim);
                match number {
                    50 => block.staked(&from, 1, 200 * TAO),
                    500 => {
                        block.unstaked(&from, 1, 200 * TAO);
                        block.transfer(&from, &account(666), 199 * TAO);
                        block.state().balances.push((from, TAO));
                    }
                    _ => {}
                }
            }
        }),
    );
    assert_eq!(only(&found, Kind::WalletDrain).severity, Severity::S2, "{:?}", titles(&found));
}

#[test]
fn a_validator_that_repeats_the_consensus_is_found_and_honest_ones_are_not() {
    let mut last: Vec<u16> = Vec::new();
    let found = watch(
        Lane::State,
        &chain(1_500, |block| {
            ordinary(block);
            let state = block.state();
            if state.neurons.is_empty() {
                return;
            }
            let consensus: Vec<u16> = state
                .neurons
                .iter()
                .filter(|neuron| neuron.uid >= 6)
                .map(|neuron| neuron.consensus.unwrap())
                .collect();
            let copier = state.weights.iter_mut().find(|row| row.uid == 5).unwrap();
            if !last.is_empty() {
                copier.values.clone_from(&last);
            }
            last = consensus;
        }),
    );
    let incident = only(&found, Kind::WeightCopying);
    assert_eq!(incident.scope, Scope::Neuron(2, account(2_005)), "{:?}", titles(&found));
    assert_eq!(incident.severity, Severity::S3);
}

#[test]
fn a_validator_that_feeds_its_own_neurons_is_out_of_consensus() {
    let found = watch(
        Lane::State,
        &chain(1_000, |block| {
            ordinary(block);
            let state = block.state();
            for neuron in &mut state.neurons {
                if neuron.uid == 15 {
                    neuron.consensus = Some(0);
                    neuron.coldkey = account(3_004);
                }
                if neuron.uid == 4 {
                    neuron.validator_trust = Some(9_000);
                }
            }
            for row in state.weights.iter_mut().filter(|row| row.uid == 4) {
                *row = WeightRow {
                    netuid: 2,
                    mechid: 0,
                    uid: 4,
                    targets: vec![6, 15],
                    values: vec![1_000, 60_000],
                };
            }
        }),
    );
    let incident = only(&found, Kind::OutOfConsensus);
    assert_eq!(
        (incident.severity, &incident.scope),
        (Severity::S2, &Scope::Neuron(2, account(2_004))),
        "{:?}",
        titles(&found)
    );
}

#[test]
fn stale_and_flaky_validators_are_named() {
    let found = watch(
        Lane::State,
        &chain(2_000, |block| {
            ordinary(block);
            let number = block.number();
            for neuron in &mut block.state().neurons {
                if neuron.uid == 1 && number > 700 {
                    neuron.active = Some(false);
                    neuron.last_update = Some(400);
                }
                if neuron.uid == 2 && number > 700 {
                    neuron.active = Some(number / 84 % 2 == 0);
                }
            }
        }),
    );
    let stale = of(&found, Kind::InactiveValidator);
    assert!(
        stale.iter().any(|incident| incident.scope == Scope::Neuron(2, account(2_001))),
        "{:?}",
        titles(&found)
    );
    let flaky = only(&found, Kind::FlakyValidator);
    assert_eq!(flaky.scope, Scope::Neuron(2, account(2_002)));
}

#[test]
fn a_bought_subnet_without_work_is_a_pump() {
    let found = watch(
        Lane::State,
        &chain(2_500, |block| {
            ordinary(block);
            let number = block.number();
            block
                .input
                .events
                .retain(|event| !(event.variant == "WeightsSet" && event.args.starts_with("[4,")));
            if number > 1_000 && number % 10 == 0 {
                block.staked(&account(1 + number / 10 % 2), 4, 20 * TAO);
            }
            let price = if number > 1_000 { 0.05 + (number - 1_000) as f64 * 1e-4 } else { 0.05 };
            block.state().subnets[4].price = Some(price);
        }),
    );
    let incident = only(&found, Kind::AlphaPump);
    assert_eq!(
        (&incident.scope, incident.severity),
        (&Scope::Subnet(4), Severity::S3),
        "{:?}",
        titles(&found)
    );
}

#[test]
fn stake_that_leaves_a_pool_is_told_and_so_is_who_left() {
    let found = watch(
        Lane::State,
        &chain(900, |block| {
            ordinary(block);
            if (500..520).contains(&block.number()) {
                block.unstaked(&account(5), 3, 2_000 * TAO);
            }
        }),
    );
    let incident = only(&found, Kind::StakeExit);
    assert_eq!(
        (&incident.scope, incident.severity),
        (&Scope::Subnet(3), Severity::S2),
        "{:?}",
        titles(&found)
    );
    assert_eq!(incident.evidence["single_exit"], true);
    assert!(incident.accounts.contains(&account(5)));
}

#[test]
fn a_crash_of_one_price_is_told_where_the_subnet_is_old_enough() {
    let crash = |young_blocks: u64| {
        let mut config = WatchConfig::default();
        config.subnets.young_blocks = young_blocks;
        let blocks = chain(2_000, |block| {
            ordinary(block);
            let fallen = block.number() > 1_500;
            block.state().subnets[3].price = Some(if fallen { 0.03 } else { 0.05 });
        });
        let found = watch_with(config, Lane::State, &blocks);
        of(&found, Kind::PriceMove).first().map(|incident| (incident.severity, incident.scope.clone()))
    };
    assert_eq!(crash(1_000), Some((Severity::S3, Scope::Subnet(3))));
    assert_eq!(crash(21_600), None);
}

#[test]
fn lost_emission_names_its_cause_and_ends_when_it_returns() {
    let found = watch(
        Lane::State,
        &chain(800, |block| {
            ordinary(block);
            if (300..400).contains(&block.number()) {
                let row = &mut block.state().subnets[3];
                row.tao_in_emission_rao = Some(0);
                row.alpha_out_emission_rao = Some(0);
                row.subtoken_enabled = Some(false);
            }
        }),
    );
    let incident = only(&found, Kind::EmissionDisabled);
    assert_eq!((incident.first_block, incident.last_block), (300, 400), "{:?}", titles(&found));
    assert!(is_closed(incident) && incident.evidence["cause"].as_str().unwrap().contains("token"));
}

#[test]
fn a_late_epoch_is_serious() {
    let found = watch(
        Lane::State,
        &chain(300, |block| {
            ordinary(block);
            if (200..220).contains(&block.number()) {
                block.state().subnets[2].blocks_since_last_step = Some(40);
            }
        }),
    );
    assert_eq!(only(&found, Kind::EpochOverdue).severity, Severity::S2);
}

#[test]
fn tao_from_nowhere_is_critical_and_a_halving_is_not() {
    let found = watch(
        Lane::State,
        &chain(400, |block| {
            ordinary(block);
            let number = block.number();
            let network = block.state().network.as_mut().unwrap();
            if number >= 200 {
                network.block_emission_rao = Some(TAO / 2);
            }
            if number >= 300 {
                for issuance in [&mut network.total_issuance_rao, &mut network.balances_issuance_rao] {
                    *issuance = issuance.map(|rao| rao + 5_000 * TAO);
                }
            }
        }),
    );
    let anomaly = only(&found, Kind::IssuanceAnomaly);
    assert_eq!((anomaly.first_block, anomaly.severity), (300, Severity::S1));
    let halving = only(&found, Kind::Halving);
    assert_eq!((halving.first_block, halving.severity), (200, Severity::S4));
    assert_eq!(found.incidents.len(), 2, "{:?}", titles(&found));
}

#[test]
fn two_sides_that_drift_apart_are_serious() {
    let found = watch(
        Lane::State,
        &chain(600, |block| {
            ordinary(block);
            let number = block.number();
            let network = block.state().network.as_mut().unwrap();
            network.balances_issuance_rao = network.balances_issuance_rao.map(|rao| rao - number * TAO / 20);
        }),
    );
    assert_eq!(only(&found, Kind::AccountingDrift).severity, Severity::S2, "{:?}", titles(&found));
}

#[test]
fn concentrated_root_stake_is_told_where_there_are_enough_validators() {
    let found = watch(
        Lane::State,
        &chain(50, |block| {
            ordinary(block);
            if block.number() == 40 {
                for uid in 0..12 {
                    let stake = if uid == 0 { 500_000 * TAO } else { 20_000 * TAO };
                    let neuron = NeuronState {
                        uid,
                        hotkey: account(u64::from(uid)),
                        root_stake_rao: Some(stake),
                        ..Default::default()
                    };
                    block.state().neurons.insert(usize::from(uid), neuron);
                }
            }
        }),
    );
    let incident = only(&found, Kind::StakeConcentration);
    assert_eq!((incident.severity, incident.evidence["nakamoto"].as_u64()), (Severity::S2, Some(1)));
}

#[test]
fn subnets_at_risk_are_those_of_the_lowest_price_while_all_places_are_taken() {
    let blocks = (900_001..=900_200).map(Builder::quiet).map(|mut builder| {
        ordinary(&mut builder);
        let state = builder.state();
        for row in &mut state.subnets {
            row.moving_price = Some(f64::from(row.netuid) / 10.0);
        }
        let network = state.network.as_mut().unwrap();
        (network.subnet_count, network.subnet_limit) = (Some(4), Some(4));
        (network.lock_cost_rao, network.last_lock_cost_rao) = (Some(TAO), Some(TAO));
        builder.input
    });
    let found = watch(Lane::State, &blocks.collect::<Vec<_>>());
    let risks = of(&found, Kind::DeregistrationRisk);
    assert_eq!(risks.len(), 4, "{:?}", titles(&found));
    assert_eq!(risks[0].evidence["rank"].as_u64(), Some(1));
}
