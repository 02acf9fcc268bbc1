//! Who has to go when a place is needed: subnets by moving price, neurons by emission.

use crate::fixed::{I96F32, U96F32};

/// A subnet that may be pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    /// Number, not 0.
    pub netuid: u16,
    /// Storage `NetworkRegisteredAt`.
    pub registered_at: u64,
    /// Storage `SubnetMovingPrice`.
    pub moving_price: I96F32,
}

/// Where something stands in the order of pruning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<T> {
    /// What stands there.
    pub of: T,
    /// 1 is next to go; `None` while it is immune.
    pub position: Option<u32>,
    /// First block at which it is not immune.
    pub immune_until: u64,
}

/// Subnets in the order in which they would be pruned at `block`, immune ones behind them by the end of immunity.
///
/// The lowest moving price goes first, of equals the one registered first. `immunity_period` is `NetworkImmunityPeriod`.
#[must_use]
pub fn rank_subnets(subnets: &[Subnet], block: u64, immunity_period: u64) -> Vec<Place<Subnet>> {
    rank(
        subnets,
        block,
        immunity_period,
        |subnet| subnet.registered_at,
        |subnet| (subnet.moving_price, subnet.registered_at, subnet.netuid),
    )
}

/// A neuron that may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neuron {
    /// Place on the subnet.
    pub uid: u16,
    /// Storage `BlockAtRegistration`.
    pub registered_at: u64,
    /// Storage `Emission` (from 362) or `PruningScores` (before).
    pub score: u64,
}

/// Neurons in the order in which a registration at `block` would replace them, immune ones last by score.
///
/// The lowest score goes first, of equals the one registered first, then the lowest uid. Leave out hotkeys of the owner
/// that the chain spares. `immunity_period` is `ImmunityPeriod`; where there are not more than `least_mortal`
/// (`MinNonImmuneUids`, from 365; 0 before) that are not immune, immune ones go first.
#[must_use]
pub fn rank_neurons(
    neurons: &[Neuron],
    block: u64,
    immunity_period: u64,
    least_mortal: usize,
) -> Vec<Place<Neuron>> {
    let mut places = rank(
        neurons,
        block,
        immunity_period,
        |neuron| neuron.registered_at,
        |neuron| (neuron.score, neuron.registered_at, neuron.uid),
    );
    let mortal = places.iter().filter(|place| place.position.is_some()).count();
    places[mortal..].sort_by_key(|place| (place.of.score, place.of.registered_at, place.of.uid));
    if mortal <= least_mortal {
        places.rotate_left(mortal);
    }
    if mortal <= least_mortal || mortal == 0 {
        for (position, place) in (1..).zip(&mut places) {
            place.position = Some(position);
        }
    }
    places
}

fn rank<T: Copy, K: Ord>(
    all: &[T],
    block: u64,
    immunity_period: u64,
    registered_at: impl Fn(&T) -> u64,
    key: impl Fn(&T) -> K,
) -> Vec<Place<T>> {
    let immune_until = |of: &T| registered_at(of).saturating_add(immunity_period);
    let (mut immune, mut mortal): (Vec<T>, Vec<T>) = all.iter().partition(|of| block < immune_until(of));
    mortal.sort_by_key(&key);
    immune.sort_by_key(|of| (immune_until(of), key(of)));
    let places = (1..).zip(mortal).map(|(position, of)| (Some(position), of));
    places
        .chain(immune.into_iter().map(|of| (None, of)))
        .map(|(position, of)| Place { of, position, immune_until: immune_until(&of) })
        .collect()
}

/// What one alpha would be worth in TAO if the subnet were dissolved: its TAO divided among all alpha that has a claim
/// to it. `None` without such alpha.
///
/// On dissolution all stakers share `SubnetTAO` in proportion to their alpha: `SubnetAlphaOut`, of which a little is
/// pending and not yet anybody's.
#[must_use]
pub fn liquidation_price(tao_rao: u64, alpha_out_rao: u64) -> Option<U96F32> {
    (alpha_out_rao > 0).then(|| U96F32::ratio(tao_rao, alpha_out_rao))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subnet(netuid: u16, registered_at: u64, price: u64) -> Subnet {
        Subnet { netuid, registered_at, moving_price: I96F32::ratio(price, 100) }
    }

    #[test]
    fn the_lowest_price_goes_first_the_elder_of_equals_and_the_immune_last() {
        let subnets =
            [subnet(1, 10, 7), subnet(2, 5, 3), subnet(3, 4, 3), subnet(4, 95, 1), subnet(5, 91, 2)];
        let places = rank_subnets(&subnets, 100, 10);
        let order: Vec<_> = places.iter().map(|place| (place.of.netuid, place.position)).collect();
        assert_eq!(order, [(3, Some(1)), (2, Some(2)), (1, Some(3)), (5, None), (4, None)]);
        assert_eq!(places[4].immune_until, 105);
        assert_eq!(rank_subnets(&subnets, 101, 10)[0].of.netuid, 5, "immunity ends with its last block");
    }

    #[test]
    fn immune_neurons_go_first_where_too_few_others_are_left() {
        let neuron = |uid, registered_at, score| Neuron { uid, registered_at, score };
        let neurons = [neuron(0, 1, 50), neuron(1, 2, 0), neuron(2, 99, 9), neuron(3, 98, 4)];
        let uids = |least| {
            rank_neurons(&neurons, 100, 10, least).iter().map(|place| place.of.uid).collect::<Vec<_>>()
        };
        assert_eq!(uids(0), [1, 0, 3, 2]);
        assert_eq!(uids(2), [3, 2, 1, 0]);
        assert_eq!(rank_neurons(&neurons, 100, 10, 0)[2].position, None);
    }

    #[test]
    fn liquidation_divides_the_tao_among_the_alpha() {
        assert_eq!(liquidation_price(10, 40), Some(U96F32::ratio(1, 4)));
        assert_eq!(liquidation_price(10, 0), None);
    }

    proptest! {
        #[test]
        fn every_neuron_has_one_place(
            neurons in prop::collection::vec((0_u64..50, 0_u64..4), 0..40), block in 0_u64..60, immunity in 0_u64..30, least in 0_usize..12,
        ) {
            let neurons: Vec<_> = (0_u16..).zip(neurons).map(|(uid, (registered_at, score))| Neuron { uid, registered_at, score }).collect();
            let places = rank_neurons(&neurons, block, immunity, least);
            let mut uids: Vec<_> = places.iter().map(|place| place.of.uid).collect();
            uids.sort_unstable();
            prop_assert_eq!(uids, (0..neurons.len() as u16).collect::<Vec<_>>());
            let positions: Vec<_> = places.iter().filter_map(|place| place.position).collect();
            prop_assert_eq!(&positions, &(1..=positions.len() as u32).collect::<Vec<_>>());
        }
    }
}
