//! Blocks in the shape of mainnet's, put together from recorded extrinsics and their events.

use subxt::events::Phase;
use yumascan_chain::RawBlock;

use crate::{corpus::Corpus, peers::subxt::Subxt};

/// Extrinsics a block of mainnet has on average.
const EXTRINSICS: usize = 28;

/// Events a block of mainnet has on average.
const EVENTS: usize = 340;

/// Largest recorded extrinsic and events taken, in bytes: the batches of the recorded incident are not mainnet's.
const MODEST: usize = 2_048;

/// One extrinsic with its events, each as the bytes after the phase (event and topics).
struct Piece {
    extrinsic: Vec<u8>,
    events: Vec<Vec<u8>>,
}

/// `count` blocks of 28 extrinsics and 340 events; the same for the same recording.
pub(crate) fn mainnet_shaped(recorded: &Corpus, count: usize) -> anyhow::Result<Corpus> {
    let subxt = Subxt::new(recorded)?;
    let (mut pieces, mut inherents, mut between) = (Vec::new(), Vec::new(), Vec::new());
    for block in &recorded.blocks {
        let mut own: Vec<Piece> = block
            .extrinsics
            .iter()
            .map(|extrinsic| Piece { extrinsic: extrinsic.clone(), events: Vec::new() })
            .collect();
        for event in subxt.events(block.events.clone()).iter() {
            let event = event?;
            // the phase is a tag, and an index where it is an extrinsic's
            match event.phase() {
                Phase::ApplyExtrinsic(index) => match own.get_mut(index as usize) {
                    Some(piece) => piece.events.push(event.bytes()[5..].to_vec()),
                    None => anyhow::bail!("an event of extrinsic {index}, which is not there"),
                },
                Phase::Finalization | Phase::Initialization => between.push(event.bytes()[1..].to_vec()),
            }
        }
        let mut own = own.into_iter();
        inherents.extend(own.next());
        pieces.extend(own.filter(|piece| {
            piece.extrinsic.len() + piece.events.iter().map(Vec::len).sum::<usize>() <= MODEST
        }));
    }
    anyhow::ensure!(
        !pieces.is_empty() && !inherents.is_empty() && !between.is_empty(),
        "the recording is too small"
    );

    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut blocks = Vec::with_capacity(count);
    for (number, template) in (0..count).zip(recorded.blocks.iter().cycle()) {
        let mut chosen = vec![&inherents[number % inherents.len()]];
        chosen.extend((1..EXTRINSICS).map(|_| &pieces[dice.below(pieces.len())]));
        let mut events: Vec<u8> = Vec::new();
        let mut written = 0usize;
        let of_extrinsics: usize = chosen.iter().map(|piece| piece.events.len()).sum();
        for _ in of_extrinsics..EVENTS {
            // initialization
            events.push(2);
            events.extend_from_slice(&between[dice.below(between.len())]);
            written += 1;
        }
        for (index, piece) in (0u32..).zip(&chosen) {
            for event in &piece.events {
                events.push(0);
                events.extend_from_slice(&index.to_le_bytes());
                events.extend_from_slice(event);
                written += 1;
            }
        }
        // a compact length of two bytes, as for any count from 64 on
        anyhow::ensure!((64..1 << 14).contains(&written), "{written} events in a generated block");
        let mut value = ((written as u16) << 2 | 1).to_le_bytes().to_vec();
        value.append(&mut events);
        let extrinsics = chosen.iter().map(|piece| piece.extrinsic.clone()).collect();
        blocks.push(RawBlock { extrinsics, events: value, ..template.clone() });
    }
    let name =
        format!("generated blocks in the shape of mainnet's ({EXTRINSICS} extrinsics, {EVENTS} events)");
    Ok(Corpus { name, metadata: recorded.metadata.clone(), spec: recorded.spec, blocks })
}

/// Xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
