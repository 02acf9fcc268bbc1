//! Shares by the votes of the root network (before 233): its validators weighed subnets, and the chain paid those
//! that a majority of stake was for.

use crate::{
    epoch::StoredRow,
    fixed::{I64F64, exp},
};

/// What an epoch of the root network reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RootVotes {
    /// What there is to share, in rao: the emission of a block.
    pub emission_rao: u64,
    /// Storage `Rho[0]`: how steeply a majority counts.
    pub rho: u16,
    /// Storage `Kappa[0]`, of 65535: the stake that is a majority.
    pub kappa: u16,
    /// Keys of `NetworksAdded`, root's among them.
    pub netuids: Vec<u16>,
    /// One for each uid of root.
    pub validators: Vec<RootValidator>,
}

/// A validator of the root network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RootValidator {
    /// Storage `TotalHotkeyStake`, in rao.
    pub stake_rao: u64,
    /// Storage `Weights[0, uid]`, by netuid; those of subnets that are not there do not count.
    pub weights: StoredRow,
}

/// Why an epoch of the root network shares nothing. `EmissionValues` stays what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootVotesError {
    /// No validator, no subnet, or no stake.
    #[error("the root network has no subnet or no stake; the chain keeps the emission values it has")]
    NobodyVotes,
    /// The majority's curve leaves the type; the chain itself would stop there.
    #[error("rho {rho} is too steep for the chain's exponential; read `Rho[0]` again")]
    TooSteep {
        /// Storage `Rho[0]`.
        rho: u16,
    },
}

/// Rao a block for each of [`RootVotes::netuids`], stored as `EmissionValues` until the next epoch of root.
///
/// With stake and each row of weights as shares of their sums, a subnet has the rank `Σ stake · weight`, the trust `t`
/// of all stake that gives it any weight, and the consensus `1 / (1 + e^(−rho·(t − kappa)))`; it receives by rank ·
/// consensus. Root's own part is issued to nobody. Weights are shares of their rows as in release 1.1.5; in older ones
/// they counted as stored.
///
/// # Errors
///
/// See [`RootVotesError`].
pub fn by_root_votes(votes: &RootVotes) -> Result<Vec<u64>, RootVotesError> {
    let stakes: Vec<I64F64> =
        votes.validators.iter().map(|validator| I64F64::from_u64(validator.stake_rao)).collect();
    let stakes = shares(stakes);
    let total = sum(&stakes);
    if votes.netuids.is_empty() || total == I64F64::ZERO {
        return Err(RootVotesError::NobodyVotes);
    }
    let mut ranks = vec![I64F64::ZERO; votes.netuids.len()];
    let mut trust = ranks.clone();
    for (validator, stake) in votes.validators.iter().zip(&stakes) {
        let weights = shares(row(&validator.weights, &votes.netuids));
        for ((weight, rank), trust) in weights.iter().zip(&mut ranks).zip(&mut trust) {
            *rank = rank.saturating_add(stake.saturating_mul(*weight));
            if *weight > I64F64::ZERO {
                *trust = trust.saturating_add(*stake);
            }
        }
    }
    let weighted: Option<Vec<I64F64>> = ranks
        .iter()
        .zip(&trust)
        .map(|(rank, trust)| Some(consensus(votes, trust.safe_div(total))?.saturating_mul(*rank)))
        .collect();
    let weighted = weighted.ok_or(RootVotesError::TooSteep { rho: votes.rho })?;
    let emission = I64F64::from_u64(votes.emission_rao);
    Ok(shares(weighted).into_iter().map(|share| share.saturating_mul(emission).to_u64()).collect())
}

/// How far stake of this share is a majority; `None` where the exponential overflows.
fn consensus(votes: &RootVotes, trust: I64F64) -> Option<I64F64> {
    let above = trust.saturating_sub(I64F64::from_u16_share(votes.kappa));
    let steep = above.saturating_mul(I64F64::from_u64(u64::from(votes.rho)));
    let power = exp(I64F64::ZERO.saturating_sub(steep))?;
    Some(I64F64::ONE.safe_div(I64F64::ONE.saturating_add(power)))
}

/// A row of weights over all subnets; of two for one subnet the later counts.
fn row(weights: &[(u16, u16)], netuids: &[u16]) -> Vec<I64F64> {
    let mut row = vec![I64F64::ZERO; netuids.len()];
    for (netuid, weight) in weights {
        let column = netuids.iter().position(|known| known == netuid);
        if let Some(value) = column.and_then(|column| row.get_mut(column)) {
            *value = I64F64::from_u64(u64::from(*weight));
        }
    }
    row
}

/// Each as a share of the sum; zeros stay.
fn shares(mut values: Vec<I64F64>) -> Vec<I64F64> {
    let total = sum(&values);
    if total != I64F64::ZERO {
        values.iter_mut().for_each(|value| *value = value.safe_div(total));
    }
    values
}

fn sum(values: &[I64F64]) -> I64F64 {
    values.iter().copied().fold(I64F64::ZERO, I64F64::saturating_add)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::epoch::schedule::due;

    /// Ten validators with a thousand rao each, of whom `weights` tells the subnets they vote for.
    fn ten(weights: impl Fn(u16) -> Vec<u16>) -> RootVotes {
        let validator = |uid| RootValidator {
            stake_rao: 1_000,
            weights: weights(uid).into_iter().map(|netuid| (netuid, u16::MAX)).collect(),
        };
        RootVotes {
            emission_rao: 1_000_000_000,
            rho: 30,
            kappa: 32_767,
            netuids: (0..=10).collect(),
            validators: (0..10).map(validator).collect(),
        }
    }

    /// `PendingEmission` after these blocks, where every subnet but root has the tempo 1.
    fn pending(emission_rao: &[u64], blocks: std::ops::RangeInclusive<u64>) -> Vec<u64> {
        let mut pending = vec![0; emission_rao.len()];
        for block in blocks {
            for ((netuid, rao), pending) in (0_u16..).zip(emission_rao).zip(&mut pending).skip(1) {
                *pending = if due(netuid, 1, block) { 0 } else { *pending + rao };
            }
        }
        pending
    }

    #[test]
    fn a_majority_of_stake_has_the_emission_in_the_chain_s_example() {
        let shared = by_root_votes(&ten(|uid| (0..uid).collect())).unwrap();
        assert_eq!(shared[..6], [385_861_815, 249_435_914, 180_819_837, 129_362_980, 50_857_187, 3_530_356]);
        assert_eq!(shared[9..], [0, 0], "the last is voted for by none");
        assert_eq!(pending(&shared, 2..=2)[..6], [0, 249_435_914, 0, 129_362_980, 0, 3_530_356]);
    }

    #[test]
    fn subnets_with_a_vote_each_share_evenly_and_lose_the_dust() {
        let shared = by_root_votes(&ten(|uid| vec![uid + 1])).unwrap();
        assert_eq!(shared[0], 0);
        assert_eq!(shared[1..], [99_999_999; 10]);
        assert_eq!([2, 3].map(|blocks| shared[1] * blocks), [199_999_998, 299_999_997]);
    }

    #[test]
    fn without_votes_the_old_values_stay() {
        let nobody = Err(RootVotesError::NobodyVotes);
        assert_eq!(by_root_votes(&RootVotes::default()), nobody);
        assert_eq!(by_root_votes(&RootVotes { netuids: Vec::new(), ..ten(|uid| vec![uid]) }), nobody);
        let mut poor = ten(|uid| vec![uid]);
        poor.validators.iter_mut().for_each(|validator| validator.stake_rao = 0);
        assert_eq!(by_root_votes(&poor), nobody);
        let steep = RootVotes { rho: u16::MAX, ..ten(|uid| vec![uid]) };
        assert_eq!(by_root_votes(&steep), Err(RootVotesError::TooSteep { rho: u16::MAX }));
        // stake without votes shares nothing, and votes for what is not there neither
        assert_eq!(by_root_votes(&ten(|_| Vec::new())).unwrap(), [0; 11]);
        assert_eq!(by_root_votes(&ten(|_| vec![11])).unwrap(), [0; 11]);
    }

    proptest! {
        #[test]
        fn no_votes_panic_and_none_share_more_than_there_is(
            emission_rao in 0_u64..=1_000_000_000, rho: u16, kappa: u16, netuids: [u16; 4],
            validators in prop::collection::vec((any::<u64>(), any::<[u16; 4]>()), 0..6),
        ) {
            let validators = validators.into_iter().map(|(stake_rao, weights)| RootValidator {
                stake_rao,
                weights: netuids.into_iter().zip(weights).collect(),
            });
            let votes = RootVotes {
                emission_rao, rho: rho % 60, kappa, netuids: netuids.to_vec(), validators: validators.collect(),
            };
            if let Ok(shared) = by_root_votes(&votes) {
                prop_assert!(shared.iter().sum::<u64>() <= emission_rao);
            }
            let _ = by_root_votes(&RootVotes { rho, emission_rao: u64::MAX, ..votes });
        }
    }
}
