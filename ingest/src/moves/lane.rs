//! Moves as part of the state lane: blocks of a window are looked at until nothing is missing, all at once.

use yumascan_warehouse::rows::MoveRows;

use super::{Answer, Key, Moment, MovesOf, Read, State, collect};
use crate::{
    IngestError,
    rpc::Pool,
    source::BlockAt,
    state::block::{Known, Pallets},
    verify::{items::Items, state::States},
};

/// How often blocks are looked at: what is missing leads to what is missing next, a few times.
const MOST_ROUNDS: usize = 12;

/// The moves of a window's blocks.
pub(crate) async fn read(
    pool: &Pool,
    blocks: &[Known<'_>],
    states: &mut States,
) -> Result<MoveRows, IngestError> {
    let mut found: Vec<Option<MoveRows>> = blocks.iter().map(|_| None).collect();
    for round in 1..=MOST_ROUNDS {
        let mut is_whole = true;
        for (block, found) in blocks.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            let about = MovesOf {
                number: block.at.number,
                timestamp_ms: block.timestamp_ms,
                spec_version: block.spec_version,
            };
            let moves = collect(about, block.decoded, &Around { block, states });
            if moves.missing.is_empty() || round == MOST_ROUNDS {
                *found = Some(moves.rows);
                continue;
            }
            is_whole = false;
            for read in moves.missing {
                let (items, at) = place(block, &read);
                if let Some(key) = items.and_then(|items| key(items, &read)) {
                    states.want(at, key);
                }
            }
        }
        if is_whole {
            break;
        }
        states.fetch(pool).await?;
    }
    let mut rows = MoveRows::default();
    found.into_iter().flatten().for_each(|of_block| rows.append(of_block));
    Ok(rows)
}

/// The states around a block.
struct Around<'s> {
    block: &'s Known<'s>,
    states: &'s States,
}

impl State for Around<'_> {
    fn has(&self, moment: Moment, pallet: &str, item: &str) -> bool {
        items(layout(self.block, moment), pallet).is_some_and(|items| items.has(item))
    }

    fn read(&self, read: &Read) -> Answer {
        let (items, at) = place(self.block, read);
        let Some((item, key)) = items.and_then(|items| Some((items.find(read.item)?, key(items, read)?)))
        else {
            return Answer::Nothing;
        };
        if !self.states.has_read(at.number, &key) {
            return Answer::Unread;
        }
        match item.value(self.states.get(at.number, &key)) {
            Ok(Some(value)) => Answer::Value(value.json),
            Ok(None) => Answer::Nothing,
            Err(error) => {
                tracing::warn!(block = at.number, %error, "a value of the state cannot be read");
                Answer::Nothing
            }
        }
    }
}

fn place<'k>(block: &'k Known<'k>, read: &Read) -> (Option<&'k Items<'k>>, BlockAt) {
    let at = match read.moment {
        Moment::Before => block.parent,
        Moment::After => block.at,
    };
    (items(layout(block, read.moment), read.pallet), at)
}

fn layout<'k>(block: &'k Known<'k>, moment: Moment) -> &'k Pallets<'k> {
    match moment {
        Moment::Before => block.before,
        Moment::After => block.after,
    }
}

fn items<'k>(pallets: &'k Pallets<'k>, pallet: &str) -> Option<&'k Items<'k>> {
    match pallet {
        "SubtensorModule" => Some(&pallets.subtensor),
        "Swap" => Some(&pallets.swap),
        "Ethereum" => Some(&pallets.ethereum),
        "Registry" => Some(&pallets.registry),
        _ => None,
    }
}

fn key(items: &Items<'_>, read: &Read) -> Option<Vec<u8>> {
    let parts: Vec<Vec<u8>> = read.keys.iter().map(Key::encode).collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    items.find(read.item)?.key(&parts).ok()
}
