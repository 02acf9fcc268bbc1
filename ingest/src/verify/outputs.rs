//! What the chain stored after an epoch.

use yumascan_protocol::epoch::{
    StoredRow,
    compare::{StoredEpoch, StoredMechanism},
};

use super::{
    effects::Effects,
    items::{Items, Part, Reason, Wide},
    load::index_of,
    state::States,
};
use crate::source::BlockAt;

const VECTORS: [&str; 10] = [
    "Active",
    "ValidatorPermit",
    "Emission",
    "Consensus",
    "Dividends",
    "ValidatorTrust",
    "StakeWeight",
    "Rank",
    "Trust",
    "PruningScores",
];

/// Which subnet, and how large it was when its epoch ran.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) netuid: u16,
    pub(crate) neurons: u16,
    pub(crate) mechanisms: u8,
}

/// Wants what the chain stored.
pub(crate) fn want(
    items: &Items<'_>,
    states: &mut States,
    at: BlockAt,
    extent: Extent,
) -> Result<(), Reason> {
    let Extent { netuid, neurons, mechanisms } = extent;
    for name in VECTORS {
        items.want(states, at, name, &[Part::U16(netuid)]);
    }
    for mechid in 0..mechanisms {
        let index = Part::U16(index_of(netuid, mechid)?);
        items.want(states, at, "Incentive", &[index]);
        for uid in 0..neurons {
            items.want(states, at, "Bonds", &[index, Part::U16(uid)]);
        }
    }
    Ok(())
}

/// Reads them. `announces` tells that the runtime announces incentives by an event in every epoch.
pub(crate) fn read(
    items: &Items<'_>,
    states: &States,
    at: BlockAt,
    extent: Extent,
    effects: &Effects,
    announces: bool,
) -> Result<StoredEpoch, Reason> {
    let Extent { netuid, neurons, mechanisms } = extent;
    let key = [Part::U16(netuid)];
    let shares =
        |name: &str| -> Result<Option<Vec<u16>>, Reason> { items.read(states, at.number, name, &key) };
    let flags =
        |name: &str| -> Result<Option<Vec<bool>>, Reason> { items.read(states, at.number, name, &key) };
    let emission: Option<Vec<Wide<u64>>> = items.read(states, at.number, "Emission", &key)?;
    let mut stored = StoredEpoch {
        active: flags("Active")?,
        validator_permit: flags("ValidatorPermit")?,
        emission: emission.map(|amounts| amounts.into_iter().map(|amount| amount.0).collect()),
        consensus: shares("Consensus")?,
        dividends: shares("Dividends")?,
        validator_trust: shares("ValidatorTrust")?,
        stake_weight: shares("StakeWeight")?,
        rank: shares("Rank")?,
        trust: shares("Trust")?,
        pruning_scores: shares("PruningScores")?,
        mechanisms: Vec::new(),
    };
    for mechid in 0..mechanisms {
        let index = index_of(netuid, mechid)?;
        let row = |uid| -> Result<StoredRow, Reason> {
            let row = items.read(states, at.number, "Bonds", &[Part::U16(index), Part::U16(uid)])?;
            Ok(row.unwrap_or_default())
        };
        let announced = effects.incentives(index).map(<[u64]>::to_vec);
        stored.mechanisms.push(StoredMechanism {
            incentive: items.read(states, at.number, "Incentive", &[Part::U16(index)])?,
            bonds: Some((0..neurons).map(row).collect::<Result<_, _>>()?),
            server_emission: announced.or_else(|| announces.then(Vec::new)),
        });
    }
    Ok(stored)
}
