//! Finalized objects kept between requests, weighed by their bytes.
//!
//! A finalized block never changes, so what is kept is right for as long as the decoder does not change; the time to
//! live bounds how long a redecoded block may still be answered from memory. What is not stored is never remembered.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use yumascan_warehouse::rows::{BlockRow, ExtrinsicRow};

use crate::metrics::names;

/// Place of an extrinsic: block and index.
pub(crate) type Place = (u64, u32);

/// Blocks and extrinsics by what they are asked by.
#[derive(Debug)]
pub(crate) struct FinalizedCache {
    blocks: Cache<u64, Arc<BlockRow>>,
    numbers: Cache<String, u64>,
    extrinsics: Cache<Place, Arc<ExtrinsicRow>>,
}

/// Memory of a key, its `Arc`s and the cache's own bookkeeping, roughly.
const OVERHEAD: usize = 160;

fn weigh_block(row: &BlockRow) -> u32 {
    let texts = row.hash.len()
        + row.parent_hash.len()
        + row.state_root.len()
        + row.extrinsics_root.len()
        + row.author.as_ref().map_or(0, String::len)
        + row.digest.len();
    weight(size_of::<BlockRow>() + texts)
}

fn weigh_extrinsic(row: &ExtrinsicRow) -> u32 {
    let optional = [&row.signer, &row.signature, &row.error];
    let texts = row.hash.len()
        + row.kind.len()
        + row.extensions.len()
        + row.pallet.len()
        + row.call.len()
        + row.args.len()
        + optional.iter().map(|text| text.as_ref().map_or(0, String::len)).sum::<usize>();
    weight(size_of::<ExtrinsicRow>() + texts)
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes + OVERHEAD).unwrap_or(u32::MAX)
}

impl FinalizedCache {
    /// At most `bytes` in all: a quarter for blocks, the rest for extrinsics, a little for hashes.
    pub(crate) fn new(bytes: u64, ttl: Duration) -> Self {
        let for_hashes = bytes / 16;
        let for_blocks = bytes / 4 - for_hashes;
        Self {
            blocks: Cache::builder()
                .max_capacity(for_blocks)
                .weigher(|_: &u64, row: &Arc<BlockRow>| weigh_block(row))
                .time_to_live(ttl)
                .build(),
            numbers: Cache::builder()
                .max_capacity(for_hashes)
                .weigher(|hash: &String, _: &u64| weight(hash.len()))
                .time_to_live(ttl)
                .build(),
            extrinsics: Cache::builder()
                .max_capacity(bytes - for_blocks - for_hashes)
                .weigher(|_: &Place, row: &Arc<ExtrinsicRow>| weigh_extrinsic(row))
                .time_to_live(ttl)
                .build(),
        }
    }

    pub(crate) async fn find_block(&self, number: u64) -> Option<Arc<BlockRow>> {
        let found = self.blocks.get(&number).await;
        count("block", found.is_some());
        found
    }

    pub(crate) async fn find_number(&self, hash: &str) -> Option<u64> {
        let found = self.numbers.get(hash).await;
        count("block_hash", found.is_some());
        found
    }

    pub(crate) async fn find_extrinsic(&self, place: Place) -> Option<Arc<ExtrinsicRow>> {
        let found = self.extrinsics.get(&place).await;
        count("extrinsic", found.is_some());
        found
    }

    pub(crate) async fn keep_block(&self, row: &Arc<BlockRow>) {
        self.numbers.insert(row.hash.clone(), row.number).await;
        self.blocks.insert(row.number, row.clone()).await;
    }

    pub(crate) async fn keep_extrinsic(&self, row: &Arc<ExtrinsicRow>) {
        self.extrinsics.insert((row.block_number, row.extrinsic_index), row.clone()).await;
    }

    /// Sets the gauges of size; called when metrics are asked for.
    pub(crate) fn report(&self) {
        let caches = [
            ("block", self.blocks.weighted_size(), self.blocks.entry_count()),
            ("block_hash", self.numbers.weighted_size(), self.numbers.entry_count()),
            ("extrinsic", self.extrinsics.weighted_size(), self.extrinsics.entry_count()),
        ];
        for (cache, bytes, entries) in caches {
            metrics::gauge!(names::CACHE_BYTES, "cache" => cache).set(bytes as f64);
            metrics::gauge!(names::CACHE_ENTRIES, "cache" => cache).set(entries as f64);
        }
    }
}

fn count(cache: &'static str, hit: bool) {
    let name = if hit { names::CACHE_HITS } else { names::CACHE_MISSES };
    metrics::counter!(name, "cache" => cache).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extrinsic(index: u32, args: usize) -> Arc<ExtrinsicRow> {
        Arc::new(ExtrinsicRow {
            block_number: 7,
            extrinsic_index: index,
            timestamp_ms: None,
            hash: "0x".into(),
            length: 0,
            version: 4,
            kind: "bare".into(),
            signer: None,
            signature: None,
            nonce: None,
            tip_rao: None,
            era_birth: None,
            era_death: None,
            extensions: "{}".into(),
            pallet: "System".into(),
            call: "remark".into(),
            success: None,
            error: None,
            fee_rao: None,
            pays_fee: None,
            weight_ref_time: None,
            weight_proof_size: None,
            call_count: 1,
            event_count: 0,
            args: "x".repeat(args),
        })
    }

    #[tokio::test]
    async fn memory_stays_below_the_limit_whatever_the_size_of_the_rows() {
        let limit = 1 << 20;
        let cache = FinalizedCache::new(limit, Duration::from_secs(60));
        for index in 0..200 {
            cache.keep_extrinsic(&extrinsic(index, 40_000)).await;
        }
        cache.extrinsics.run_pending_tasks().await;
        assert!(cache.extrinsics.weighted_size() <= limit);
        assert!(cache.extrinsics.entry_count() > 0, "and something is kept");
    }

    #[tokio::test]
    async fn a_row_larger_than_the_cache_is_not_kept() {
        let cache = FinalizedCache::new(1 << 16, Duration::from_secs(60));
        cache.keep_extrinsic(&extrinsic(0, 1 << 17)).await;
        cache.extrinsics.run_pending_tasks().await;
        assert!(cache.find_extrinsic((7, 0)).await.is_none());
    }
}
