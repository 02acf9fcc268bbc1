//! Raw blocks, read back for another decoding.

use futures::Stream;
use parity_scale_codec::{Compact, Decode, Input};
use yumascan_chain::{Hash, Header, RawBlock, SpecVersion};

use crate::{Warehouse, WarehouseError, query::sql::Sql, rows::RawBlockRow};

/// Blocks fetched at a time while streaming.
const BATCH: u64 = 64;

impl Warehouse {
    /// Stored raw blocks of `from..=to`, ascending; missing ones are left out. Each header is hashed again: a row that
    /// does not match its own hash is an error.
    pub fn list_raw_blocks(
        &self,
        from: u64,
        to: u64,
    ) -> impl Stream<Item = Result<RawBlock, WarehouseError>> + Send + 'static {
        use futures::{StreamExt, TryStreamExt};
        let warehouse = self.clone();
        let batches = futures::stream::try_unfold(Some(from), move |next| {
            let warehouse = warehouse.clone();
            async move {
                let Some(start) = next.filter(|start| *start <= to) else { return Ok(None) };
                let sql = Sql::new(
                    "SELECT ?fields FROM raw_blocks WHERE number BETWEEN ? AND ? ORDER BY number LIMIT ?",
                )
                .bind(start)
                .bind(to)
                .bind(BATCH);
                let rows = warehouse.fetch_all::<RawBlockRow>("read raw blocks", sql).await?;
                let following = rows.last().map(|row| row.number + 1);
                Ok::<_, WarehouseError>((!rows.is_empty()).then_some((rows, following)))
            }
        });
        batches
            .map_ok(|rows| futures::stream::iter(rows.into_iter().map(|row| RawBlock::try_from(&row))))
            .try_flatten()
            .boxed()
    }
}

impl TryFrom<&RawBlockRow> for RawBlock {
    type Error = WarehouseError;

    fn try_from(row: &RawBlockRow) -> Result<Self, WarehouseError> {
        let damaged =
            |reason: &str| WarehouseError::DamagedRaw { number: row.number, reason: reason.to_owned() };
        let hash: Hash = row.hash.parse().map_err(|_| damaged("its hash is no hash"))?;
        let header = decode_header(&row.header.0).ok_or_else(|| damaged("its header does not decode"))?;
        if header.hash() != hash || header.number != row.number {
            return Err(damaged("its header is that of another block"));
        }
        Ok(Self {
            hash,
            header,
            extrinsics: row.extrinsics.iter().map(|bytes| bytes.0.clone()).collect(),
            events: row.events.0.clone(),
            authorities: row.authorities.0.clone(),
            spec_version: SpecVersion(row.spec_version),
        })
    }
}

/// The inverse of [`Header::encode`].
fn decode_header(bytes: &[u8]) -> Option<Header> {
    let input = &mut &*bytes;
    let parent_hash = Hash(Decode::decode(input).ok()?);
    let Compact(number) = Compact::<u64>::decode(input).ok()?;
    let state_root = Hash(Decode::decode(input).ok()?);
    let extrinsics_root = Hash(Decode::decode(input).ok()?);
    let Compact(count) = Compact::<u32>::decode(input).ok()?;
    let mut logs = Vec::new();
    for _ in 0..count {
        let before = *input;
        skip_digest_item(input)?;
        logs.push(before[..before.len() - input.len()].to_vec());
    }
    input.is_empty().then_some(Header { parent_hash, number, state_root, extrinsics_root, logs })
}

/// Moves past one `sp_runtime::generic::DigestItem`.
fn skip_digest_item(input: &mut &[u8]) -> Option<()> {
    match input.read_byte().ok()? {
        // Other
        0 => skip_bytes(input),
        // Consensus, Seal, PreRuntime: an engine id of 4 bytes first
        4..=6 => {
            <[u8; 4]>::decode(input).ok()?;
            skip_bytes(input)
        }
        // RuntimeEnvironmentUpdated
        8 => Some(()),
        _ => None,
    }
}

fn skip_bytes(input: &mut &[u8]) -> Option<()> {
    let Compact(length) = Compact::<u32>::decode(input).ok()?;
    *input = input.get(usize::try_from(length).ok()?..)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_being_stored() {
        let logs = vec![
            vec![6, b'a', b'u', b'r', b'a', 8, 1, 2],
            vec![8],
            vec![0, 4, 9],
            [vec![5, b'a', b'u', b'r', b'a', 0x01, 0x01], vec![7; 64]].concat(),
        ];
        let header = Header {
            parent_hash: Hash([1; 32]),
            number: 70_000,
            state_root: Hash([2; 32]),
            extrinsics_root: Hash([3; 32]),
            logs,
        };
        assert_eq!(decode_header(&header.encode()), Some(header.clone()));
        let truncated = &header.encode()[..100];
        assert_eq!(decode_header(truncated), None);
    }
}
