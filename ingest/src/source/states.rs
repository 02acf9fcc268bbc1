//! What the states along a window say about its blocks: which runtime executes, who may author.

use std::{collections::BTreeSet, sync::Arc};

use yumascan_chain::{Hash, Header, SpecVersion};

use super::{AUTHORITIES_KEY, BlockAt, Source, sampling::Sampling};
use crate::{
    error::IngestError,
    rpc::{Answer, Call, wire},
};

/// How often a state is read again because what came was wrong.
const MOST_ROUNDS: usize = 8;

/// What a block takes from its parent's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParentState {
    /// The runtime that executes it.
    pub(super) spec_version: SpecVersion,
    /// SCALE `Vec<[u8; 32]>` of the Aura authorities; empty where there are none.
    pub(super) authorities: Arc<[u8]>,
}

impl Source {
    /// The parent state of each of the blocks `headers` (a run), where `parents[i]` is the block whose state it is.
    ///
    /// Both values change rarely: they are read at the ends of the run and around the blocks whose digest announces
    /// a change, and bisected where two readings differ.
    pub(super) async fn parent_states(
        &self,
        parents: &[BlockAt],
        headers: &[&Header],
    ) -> Result<Vec<ParentState>, IngestError> {
        let mut points = BTreeSet::new();
        for (index, header) in headers.iter().enumerate() {
            if header.logs.iter().any(|log| announces_change(log)) {
                points.extend([index, index + 1]);
            }
        }
        let mut sampling = Sampling::new(parents.len(), &points);
        while !sampling.places().is_empty() {
            let states: Vec<BlockAt> = sampling.places().iter().map(|place| parents[*place]).collect();
            let values = self.read_states(&states).await?;
            sampling.learn(values);
        }
        Ok(sampling.into_values())
    }

    async fn read_states(&self, states: &[BlockAt]) -> Result<Vec<ParentState>, IngestError> {
        let mut avoid = Vec::new();
        for round in 1.. {
            let hashed = self.has_witness();
            let mut calls = Vec::with_capacity(states.len() * 3);
            for at in states {
                calls.push(Call::runtime_version(at.hash, at.number));
                calls.push(Call::storage(AUTHORITIES_KEY, at.hash, at.number));
                if hashed {
                    calls.push(Call::storage_hash(AUTHORITIES_KEY, at.hash, at.number));
                }
            }
            let answers = match self.pool.ask_all(&calls, &avoid).await {
                Ok(answers) => answers,
                Err(_) if hashed && !self.pool.serves("state_getStorageHash") => {
                    self.lose_witness();
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let read: Result<Vec<ParentState>, (Answer, BlockAt, String)> = answers
                .chunks(if hashed { 3 } else { 2 })
                .zip(states)
                .map(|(answers, at)| read_state(answers, *at))
                .collect();
            match read {
                Ok(read) => return Ok(read),
                Err((answer, at, what)) => {
                    let error = self.pool.report_wrong(&answer.endpoint, at.number, what);
                    if round >= MOST_ROUNDS {
                        return Err(error.into());
                    }
                    avoid.push(answer.endpoint);
                }
            }
        }
        Ok(Vec::new())
    }
}

fn read_state(answers: &[Answer], at: BlockAt) -> Result<ParentState, (Answer, BlockAt, String)> {
    let [version, authorities, witness @ ..] = answers else {
        let spec_version = SpecVersion(0);
        return Ok(ParentState { spec_version, authorities: Arc::from([]) });
    };
    let wrong = |answer: &Answer, what: String| (answer.clone(), at, what);
    let spec_version =
        wire::spec_version(version.value.get()).map_err(|error| wrong(version, error.to_string()))?;
    let value =
        wire::optional_bytes(&authorities.value).map_err(|error| wrong(authorities, error.to_string()))?;
    if let [witness] = witness {
        let hash = wire::optional_hash(&witness.value).map_err(|error| wrong(witness, error.to_string()))?;
        if hash != value.as_deref().map(Hash::blake2_256) {
            return Err(wrong(authorities, "corrupt authorities: they do not match their hash".to_owned()));
        }
    }
    Ok(ParentState { spec_version, authorities: Arc::from(value.unwrap_or_default()) })
}

/// Whether a digest log says that the runtime or the Aura authorities change with its block.
fn announces_change(log: &[u8]) -> bool {
    // 8 = RuntimeEnvironmentUpdated; 4 = Consensus, then the engine id
    matches!(log, [8, ..] | [4, b'a', b'u', b'r', b'a', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_that_announce_a_change_are_known() {
        assert!(announces_change(&[8]));
        assert!(announces_change(b"\x04aura\x84\x01"));
        assert!(!announces_change(b"\x06aura\x20\x00\x00\x00\x00\x00\x00\x00\x00"));
        assert!(!announces_change(b"\x04frnk"));
        assert!(!announces_change(&[]));
    }
}
