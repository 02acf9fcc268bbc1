//! What calls put on blocks: the evidence of a runaway batch, from the blocks themselves.

use std::collections::HashMap;

use clickhouse::Row;
use serde::Deserialize;

use super::density::Buckets;
use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// Load of a span of blocks. Leaves are calls that hold no others, of signed extrinsics.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct LoadRow {
    /// Which span, from 0.
    pub bucket: u64,
    /// Leaves of its fullest block.
    pub leaves: u64,
    /// Leaves of its largest extrinsic.
    pub largest: u64,
    /// Computation of its fullest block, picoseconds.
    pub weight_ref_time: u64,
    /// Encoded extrinsics of its longest block, bytes.
    pub length: u64,
    /// Fees of all its blocks, rao.
    pub fees_rao: u64,
}

/// What a signer put on a range of blocks.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct LoadSigner {
    /// Who, SS58.
    pub signer: String,
    /// Extrinsics.
    pub extrinsics: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Leaves.
    pub leaves: u64,
    /// Fees, rao.
    pub fees_rao: u64,
}

/// A large extrinsic.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct LargeTree {
    /// Block.
    pub block_number: u64,
    /// Position in the block.
    pub extrinsic_index: u32,
    /// Who signed, SS58.
    pub signer: String,
    /// Leaves.
    pub leaves: u64,
    /// Depth of the deepest call, 0 for the outer one.
    pub depth: u32,
    /// Fee, rao; `None` where the events do not tell.
    pub fee_rao: Option<u64>,
    /// Whether it succeeded.
    pub success: Option<bool>,
}

/// Calls of one name within the same kind of call: a call tree with equal branches laid over each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeNode {
    /// 0 for the outer call.
    pub depth: u32,
    /// Pallet.
    pub pallet: String,
    /// Call.
    pub call: String,
    /// How many.
    pub calls: u64,
    /// How many of them had no effect.
    pub failed: u64,
}

#[derive(Debug, Row, Deserialize)]
struct TreeRow {
    call_index: u32,
    parent_index: Option<u32>,
    pallet: String,
    call: String,
    success: Option<bool>,
}

/// Leaves of every signed extrinsic of a range.
const LEAVES: &str = "SELECT block_number, extrinsic_index, toUInt64(count() - uniqExact(parent_index)) AS leaves, max(depth) AS depth \
     FROM calls WHERE block_number BETWEEN ? AND ? GROUP BY block_number, extrinsic_index";

impl Warehouse {
    /// Load by span; spans without stored blocks are left out.
    pub async fn list_block_loads(&self, buckets: Buckets) -> Result<Vec<LoadRow>, WarehouseError> {
        let (from, to) = (buckets.from, buckets.to);
        let sql = Sql::new(format!(
            "SELECT toUInt64(intDiv(b.number - toUInt64(?), toUInt64(?))) AS bucket, max(s.leaves) AS leaves, max(s.largest) AS largest, \
             max(b.weight_ref_time) AS weight_ref_time, max(s.length) AS length, sum(s.fees_rao) AS fees_rao FROM \
             (SELECT number, weight_ref_time FROM blocks WHERE number BETWEEN ? AND ?) AS b LEFT JOIN \
             (SELECT e.block_number AS number, sumIf(l.leaves, isNotNull(e.signer)) AS leaves, maxIf(l.leaves, isNotNull(e.signer)) AS largest, \
              toUInt64(sum(e.length)) AS length, toUInt64(sum(ifNull(e.fee_rao, 0))) AS fees_rao FROM \
              (SELECT block_number, extrinsic_index, signer, length, fee_rao FROM extrinsics WHERE block_number BETWEEN ? AND ?) AS e \
              LEFT JOIN ({LEAVES}) AS l ON l.block_number = e.block_number AND l.extrinsic_index = e.extrinsic_index \
              GROUP BY number) AS s ON s.number = b.number GROUP BY bucket ORDER BY bucket"
        ));
        let sql = sql.bind(from).bind(buckets.width);
        let sql = sql.bind(from).bind(to).bind(from).bind(to).bind(from).bind(to);
        self.fetch_all("sum up the load of blocks", sql).await
    }

    /// Signers by leaves, the most first.
    pub async fn list_load_signers(
        &self,
        (from, to): (u64, u64),
        limit: u32,
    ) -> Result<Vec<LoadSigner>, WarehouseError> {
        let sql = Sql::new(format!(
            "SELECT assumeNotNull(e.signer) AS signer, count() AS extrinsics, countIf(e.success = false) AS failed, \
             sum(l.leaves) AS leaves, toUInt64(sum(ifNull(e.fee_rao, 0))) AS fees_rao FROM \
             (SELECT block_number, extrinsic_index, signer, success, fee_rao FROM extrinsics \
              WHERE block_number BETWEEN ? AND ? AND isNotNull(signer)) AS e INNER JOIN ({LEAVES}) AS l \
             ON l.block_number = e.block_number AND l.extrinsic_index = e.extrinsic_index \
             GROUP BY signer ORDER BY leaves DESC, signer LIMIT ?"
        ));
        let sql = sql.bind(from).bind(to).bind(from).bind(to).bind(limit);
        self.fetch_all("sum up what signers put on blocks", sql).await
    }

    /// Signed extrinsics by leaves, the most first.
    pub async fn list_large_trees(
        &self,
        (from, to): (u64, u64),
        limit: u32,
    ) -> Result<Vec<LargeTree>, WarehouseError> {
        let sql = Sql::new(format!(
            "SELECT e.block_number AS block_number, e.extrinsic_index AS extrinsic_index, assumeNotNull(e.signer) AS signer, \
             l.leaves AS leaves, l.depth AS depth, e.fee_rao AS fee_rao, e.success AS success FROM \
             (SELECT block_number, extrinsic_index, signer, success, fee_rao FROM extrinsics \
              WHERE block_number BETWEEN ? AND ? AND isNotNull(signer)) AS e INNER JOIN ({LEAVES}) AS l \
             ON l.block_number = e.block_number AND l.extrinsic_index = e.extrinsic_index \
             ORDER BY leaves DESC, block_number, extrinsic_index LIMIT ?"
        ));
        let sql = sql.bind(from).bind(to).bind(from).bind(to).bind(limit);
        self.fetch_all("list large extrinsics", sql).await
    }

    /// The shape of an extrinsic's call tree, outer call first; empty where it is not stored.
    pub async fn list_call_shape(
        &self,
        block: u64,
        extrinsic_index: u32,
    ) -> Result<Vec<ShapeNode>, WarehouseError> {
        let sql = Sql::new(
            "SELECT call_index, parent_index, pallet, call, success FROM calls \
             WHERE block_number = ? AND extrinsic_index = ? ORDER BY call_index",
        );
        let rows = self
            .fetch_all::<TreeRow>("read the shape of a call tree", sql.bind(block).bind(extrinsic_index))
            .await?;
        Ok(shape_of(rows))
    }
}

/// Lays equal branches over each other. Rows are in pre-order, so a parent comes before its children.
fn shape_of(rows: Vec<TreeRow>) -> Vec<ShapeNode> {
    let mut nodes: Vec<ShapeNode> = Vec::new();
    let mut children: Vec<Vec<usize>> = Vec::new();
    let mut node_of_call: HashMap<u32, usize> = HashMap::new();
    let mut places: HashMap<(Option<usize>, String, String), usize> = HashMap::new();
    for row in rows {
        let parent = row.parent_index.and_then(|parent| node_of_call.get(&parent).copied());
        let depth = parent.map_or(0, |parent| nodes[parent].depth + 1);
        let place = *places.entry((parent, row.pallet.clone(), row.call.clone())).or_insert_with(|| {
            nodes.push(ShapeNode { depth, pallet: row.pallet, call: row.call, calls: 0, failed: 0 });
            children.push(Vec::new());
            if let Some(parent) = parent {
                children[parent].push(nodes.len() - 1);
            }
            nodes.len() - 1
        });
        node_of_call.insert(row.call_index, place);
        nodes[place].calls += 1;
        nodes[place].failed += u64::from(row.success == Some(false));
    }
    let mut order = Vec::with_capacity(nodes.len());
    let roots = nodes.iter().enumerate().filter(|(_, node)| node.depth == 0).map(|(place, _)| place);
    let mut open: Vec<usize> = roots.collect();
    open.reverse();
    while let Some(place) = open.pop() {
        order.push(nodes[place].clone());
        open.extend(children[place].iter().rev());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(call_index: u32, parent_index: Option<u32>, call: &str, success: bool) -> TreeRow {
        let pallet = "Utility".to_owned();
        TreeRow { call_index, parent_index, pallet, call: call.to_owned(), success: Some(success) }
    }

    #[test]
    fn equal_branches_are_counted_and_others_kept_apart() {
        let shape = shape_of(vec![
            row(0, None, "batch", true),
            row(1, Some(0), "as_derivative", true),
            row(2, Some(1), "remark", true),
            row(3, Some(0), "as_derivative", true),
            row(4, Some(3), "remark", false),
            row(5, Some(0), "remark", true),
        ]);
        let said: Vec<_> =
            shape.iter().map(|node| (node.depth, node.call.as_str(), node.calls, node.failed)).collect();
        assert_eq!(
            said,
            [(0, "batch", 1, 0), (1, "as_derivative", 2, 0), (2, "remark", 2, 1), (1, "remark", 1, 0)]
        );
        assert!(shape_of(Vec::new()).is_empty());
    }
}
