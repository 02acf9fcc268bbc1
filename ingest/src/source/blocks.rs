//! Headers, extrinsics and events of given blocks, each verified.

use std::{sync::Arc, time::Duration};

use yumascan_chain::{BlockNumber, Hash, Header, matches_extrinsics_root};

use super::{BlockAt, EVENTS_KEY, Source};
use crate::{
    error::IngestError,
    rpc::{Answer, Call, Endpoint, RpcError, wire},
};

/// How often a finalized block is read again because what came was wrong or missing.
pub(super) const PATIENT: usize = 10;
/// The same for a block that may have been retracted.
pub(super) const HASTY: usize = 2;
/// Pause before reading again, growing with the rounds.
const ROUND_PAUSE: Duration = Duration::from_millis(100);
/// Value of `System.Events` where the item is absent: no events.
const NO_EVENTS: [u8; 1] = [0];

/// A block whose header and extrinsics were verified, with events that two readings agree on.
#[derive(Debug)]
pub(super) struct VerifiedBlock {
    pub(super) at: BlockAt,
    pub(super) header: Header,
    pub(super) extrinsics: Vec<Vec<u8>>,
    pub(super) events: Vec<u8>,
    /// Bytes of JSON it came in.
    pub(super) bytes: usize,
}

/// What may be wrong with the answers for a block.
enum Fault {
    /// The endpoint does not have it.
    Missing,
    /// The endpoint that gave header and extrinsics gave wrong ones.
    Block(String),
    /// Events and their witness differ: one of two is wrong, and which of them the next reading tells.
    Events { value: Hash, witness: Hash },
    /// No events where every block has some.
    NoEvents,
    /// What came is no hex.
    Garbled(String),
}

/// A claim about a block's events that another contradicts, and who made it.
struct Claim {
    number: BlockNumber,
    endpoint: Arc<Endpoint>,
    hash: Hash,
}

/// The answers for one block: block, events, and the hash (or a second reading) of the events.
struct Answers {
    block: Answer,
    events: Answer,
    witness: Answer,
}

impl Source {
    /// Reads the blocks `wanted`, wrong or missing ones up to `most_rounds` times.
    pub(super) async fn fetch_blocks(
        &self,
        wanted: &[BlockAt],
        avoid: &[Arc<Endpoint>],
        most_rounds: usize,
    ) -> Result<Vec<VerifiedBlock>, IngestError> {
        let mut found: Vec<Option<VerifiedBlock>> = wanted.iter().map(|_| None).collect();
        let mut todo: Vec<usize> = (0..wanted.len()).collect();
        let mut avoid = avoid.to_vec();
        let mut claims: Vec<Claim> = Vec::new();
        for round in 0.. {
            let blocks: Vec<BlockAt> = todo.iter().map(|index| wanted[*index]).collect();
            let outcomes = self.read_blocks(blocks, &avoid).await?;
            let mut again = Vec::new();
            let mut last_error = None;
            for (index, outcome) in todo.into_iter().zip(outcomes) {
                let (answers, fault) = match outcome {
                    Ok(block) => {
                        self.settle_claims(&mut claims, &block);
                        found[index] = Some(block);
                        continue;
                    }
                    Err(wrong) => *wrong,
                };
                again.push(index);
                let at = wanted[index];
                let (endpoint, error) = self.meet(at, &answers, fault, &mut claims);
                last_error = Some(error);
                if !avoid.iter().any(|other| Arc::ptr_eq(other, &endpoint)) {
                    avoid.push(endpoint);
                }
            }
            todo = again;
            match last_error {
                None => break,
                Some(error) if round + 1 >= most_rounds => return Err(error),
                Some(_) => tokio::time::sleep(ROUND_PAUSE * u32::try_from(round).unwrap_or(0)).await,
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// Draws the consequence of a fault: whom to avoid, and what to say if nobody does better.
    fn meet(
        &self,
        at: BlockAt,
        answers: &Answers,
        fault: Fault,
        claims: &mut Vec<Claim>,
    ) -> (Arc<Endpoint>, IngestError) {
        let wrong = |answer: &Answer, what: String| {
            let error = self.pool.report_wrong(&answer.endpoint, at.number, what);
            (answer.endpoint.clone(), error.into())
        };
        match fault {
            Fault::Missing => {
                let error = IngestError::MissingBlock { number: at.number, hash: at.hash.to_string() };
                (answers.block.endpoint.clone(), error)
            }
            Fault::Block(what) => wrong(&answers.block, what),
            Fault::Garbled(what) => wrong(&answers.events, what),
            Fault::NoEvents => {
                let what = "it has no events for a block with extrinsics".to_owned();
                let endpoint = answers.events.endpoint.label().to_owned();
                (
                    answers.events.endpoint.clone(),
                    RpcError::WrongAnswer { endpoint, block: at.number, what }.into(),
                )
            }
            Fault::Events { value, witness } => {
                let claim = |answer: &Answer, hash| Claim {
                    number: at.number,
                    endpoint: answer.endpoint.clone(),
                    hash,
                };
                claims.extend([claim(&answers.events, value), claim(&answers.witness, witness)]);
                let what = format!("events hash to {value}, their witness is {witness}");
                tracing::debug!(
                    block = at.number,
                    endpoint = answers.events.endpoint.label(),
                    %value,
                    %witness,
                    "events and their witness differ, reading again"
                );
                let endpoint = answers.events.endpoint.label().to_owned();
                (
                    answers.events.endpoint.clone(),
                    RpcError::WrongAnswer { endpoint, block: at.number, what }.into(),
                )
            }
        }
    }

    /// Two readings agree at last: whoever claimed otherwise is named.
    fn settle_claims(&self, claims: &mut Vec<Claim>, block: &VerifiedBlock) {
        if !claims.iter().any(|claim| claim.number == block.at.number) {
            return;
        }
        let truth = Hash::blake2_256(&block.events);
        for claim in claims.extract_if(.., |claim| claim.number == block.at.number) {
            if claim.hash != truth {
                let what = format!("corrupt events: {} instead of {truth}", claim.hash);
                self.pool.report_wrong(&claim.endpoint, claim.number, what);
            }
        }
    }

    /// One reading of each block, verified on a worker thread.
    async fn read_blocks(
        &self,
        blocks: Vec<BlockAt>,
        avoid: &[Arc<Endpoint>],
    ) -> Result<Vec<Result<VerifiedBlock, Box<(Answers, Fault)>>>, IngestError> {
        let (answers, hashed) = loop {
            let hashed = self.has_witness();
            let mut calls = Vec::with_capacity(blocks.len() * 3);
            for at in &blocks {
                calls.push(Call::block(at.hash));
                calls.push(Call::storage(EVENTS_KEY, at.hash, at.number));
                calls.push(match hashed {
                    true => Call::storage_hash(EVENTS_KEY, at.hash, at.number),
                    false => Call::storage(EVENTS_KEY, at.hash, at.number),
                });
            }
            match self.pool.ask_all(&calls, avoid).await {
                Ok(answers) => break (answers, hashed),
                Err(_) if hashed && !self.pool.serves("state_getStorageHash") => self.lose_witness(),
                Err(error) => return Err(error.into()),
            }
        };
        let verify_all = move || {
            let mut answers = answers.into_iter();
            let mut outcomes = Vec::with_capacity(blocks.len());
            for at in blocks {
                let (Some(block), Some(events), Some(witness)) =
                    (answers.next(), answers.next(), answers.next())
                else {
                    break;
                };
                let answers = Answers { block, events, witness };
                outcomes.push(verify(at, &answers, hashed).map_err(|fault| Box::new((answers, fault))));
            }
            outcomes
        };
        Ok(tokio::task::spawn_blocking(verify_all).await?)
    }
}

/// Checks everything about a block that can be computed.
fn verify(at: BlockAt, answers: &Answers, hashed: bool) -> Result<VerifiedBlock, Fault> {
    if answers.block.is_null() {
        return Err(Fault::Missing);
    }
    let json = answers.block.value.get();
    let (header, extrinsics) =
        wire::SignedBlockJson::read(json).map_err(|error| Fault::Block(error.to_string()))?;
    let hash = header.hash();
    if hash != at.hash {
        return Err(Fault::Block(format!("asked for {}, the header given hashes to {hash}", at.hash)));
    }
    if !matches_extrinsics_root(&header, &extrinsics) {
        return Err(Fault::Block("the extrinsics given are not those the header commits to".to_owned()));
    }
    let garbled = |error: wire::WireError| Fault::Garbled(error.to_string());
    let events = wire::optional_bytes(&answers.events.value).map_err(garbled)?;
    let witness = match hashed {
        true => wire::optional_hash(&answers.witness.value).map_err(garbled)?,
        false => wire::optional_bytes(&answers.witness.value)
            .map_err(garbled)?
            .map(|bytes| Hash::blake2_256(&bytes)),
    };
    let value = events.as_deref().map(Hash::blake2_256);
    if value != witness {
        return Err(Fault::Events { value: value.unwrap_or_default(), witness: witness.unwrap_or_default() });
    }
    if events.is_none() && !extrinsics.is_empty() {
        return Err(Fault::NoEvents);
    }
    let bytes = json.len() + answers.events.value.get().len();
    Ok(VerifiedBlock { at, header, extrinsics, events: events.unwrap_or_else(|| NO_EVENTS.to_vec()), bytes })
}
