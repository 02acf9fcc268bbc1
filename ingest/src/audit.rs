//! Does what is stored hold together, from the raw bytes up?
//!
//! The warehouse checks its tables against each other; here the raw rows are read again and everything that can be
//! recomputed is: header hash, extrinsics root, announced counts. Sealed windows are compared with what is there.

use std::fmt;

use futures::StreamExt;
use serde::Serialize;
use yumascan_chain::{BlockNumber, RawBlock, matches_extrinsics_root};
use yumascan_store::{BlockRange, Store, ranges};
use yumascan_warehouse::{Warehouse, WarehouseError, rows::BlockRow};

use crate::IngestError;

/// Blocks compared at a time.
const STEP: u64 = 256;
/// Findings that are listed; all are counted.
const LISTED: usize = 1000;

/// What to audit; `None` is the end of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditScope {
    /// Lowest block.
    pub from: Option<BlockNumber>,
    /// Highest block.
    pub to: Option<BlockNumber>,
}

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Blocks between stored ones are missing.
    Gap,
    /// A block does not name the block before it as its parent.
    BrokenLink,
    /// A raw row does not hash to what it claims, or differs from the `blocks` row.
    BadRoot,
    /// Rows, the `blocks` row and the raw bytes count differently.
    CountMismatch,
    /// Rows stored more than once.
    Duplicate,
    /// Rows of blocks that are not in `blocks`.
    Orphan,
    /// A window that was begun and not sealed, or sealed and not stored.
    Unsealed,
    /// A runtime whose metadata is not stored.
    MissingMetadata,
    /// Items that could not be decoded.
    Quarantined,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The (first) block concerned, where there is one.
    pub block: Option<BlockNumber>,
    /// In words.
    pub detail: String,
}

/// What an audit found. All counts are 0 when everything is right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Lowest block audited.
    pub from: BlockNumber,
    /// Highest block audited.
    pub to: BlockNumber,
    /// Stored blocks in between.
    pub blocks: u64,
    /// Missing blocks.
    pub gaps: u64,
    /// Blocks that do not name the block before them as their parent.
    pub broken_links: u64,
    /// Blocks whose header hash or extrinsics root does not come out when computed from the raw row, or whose raw
    /// row is missing or differs from the row in `blocks`.
    pub bad_roots: u64,
    /// Counts of rows that differ from the block's row or from what the raw bytes announce.
    pub count_mismatches: u64,
    /// Rows stored more than once.
    pub duplicates: u64,
    /// Rows of blocks that are not in `blocks`.
    pub orphans: u64,
    /// Windows begun and not sealed, or sealed and not stored.
    pub unsealed: u64,
    /// Runtimes that executed stored blocks and whose metadata is not stored.
    pub missing_metadata: u64,
    /// Items that could not be decoded.
    pub quarantined: u64,
    /// Whether nothing is wrong.
    pub ok: bool,
    /// The first thousand findings.
    pub findings: Vec<Finding>,
}

impl AuditReport {
    /// Whether nothing is wrong. Quarantined items count as wrong: something is not decoded.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.ok
    }

    fn add(&mut self, kind: FindingKind, block: Option<BlockNumber>, count: u64, detail: String) {
        let counter = match kind {
            FindingKind::Gap => &mut self.gaps,
            FindingKind::BrokenLink => &mut self.broken_links,
            FindingKind::BadRoot => &mut self.bad_roots,
            FindingKind::CountMismatch => &mut self.count_mismatches,
            FindingKind::Duplicate => &mut self.duplicates,
            FindingKind::Orphan => &mut self.orphans,
            FindingKind::Unsealed => &mut self.unsealed,
            FindingKind::MissingMetadata => &mut self.missing_metadata,
            FindingKind::Quarantined => &mut self.quarantined,
        };
        *counter += count;
        if self.findings.len() < LISTED {
            self.findings.push(Finding { kind, block, detail });
        }
    }
}

/// Audits what is stored.
///
/// # Errors
/// When warehouse or store cannot be read. What is wrong with the data is in the report.
pub async fn audit(
    warehouse: &Warehouse,
    store: &Store,
    scope: AuditScope,
) -> Result<AuditReport, IngestError> {
    let tables = warehouse.audit(scope.from, scope.to).await?;
    let mut report =
        AuditReport { from: tables.from, to: tables.to, blocks: tables.blocks, ..AuditReport::default() };
    for gap in &tables.gaps {
        report.add(
            FindingKind::Gap,
            Some(gap.from),
            gap.to - gap.from + 1,
            format!("blocks {} to {} are missing", gap.from, gap.to),
        );
    }
    for block in &tables.broken_links {
        report.add(
            FindingKind::BrokenLink,
            Some(*block),
            1,
            "its parent is not the block stored before it".to_owned(),
        );
    }
    for mismatch in &tables.count_mismatches {
        let detail = format!("{}: {} rows, {} expected", mismatch.table, mismatch.found, mismatch.expected);
        report.add(FindingKind::CountMismatch, Some(mismatch.block), 1, detail);
    }
    for duplicate in &tables.duplicates {
        report.add(
            FindingKind::Duplicate,
            None,
            duplicate.rows,
            format!("{}: {} rows too many", duplicate.table, duplicate.rows),
        );
    }
    if tables.orphan_rows > 0 {
        report.add(
            FindingKind::Orphan,
            None,
            tables.orphan_rows,
            "rows of blocks that are not in `blocks`".to_owned(),
        );
    }
    for spec in &tables.missing_metadata {
        report.add(FindingKind::MissingMetadata, None, 1, format!("metadata of spec {spec} is not stored"));
    }
    if tables.quarantined > 0 {
        report.add(
            FindingKind::Quarantined,
            None,
            tables.quarantined,
            "items could not be decoded; see table `quarantine`".to_owned(),
        );
    }
    if report.blocks > 0 {
        audit_raw(warehouse, &mut report).await?;
    }
    audit_windows(warehouse, store, &mut report).await?;
    report.ok = report.findings.is_empty();
    Ok(report)
}

/// Reads every raw row again and recomputes what it must hash to.
async fn audit_raw(warehouse: &Warehouse, report: &mut AuditReport) -> Result<(), IngestError> {
    let mut start = report.from;
    while start <= report.to {
        let end = report.to.min(start.saturating_add(STEP - 1));
        let numbers: Vec<u64> = (start..=end).collect();
        let rows = warehouse.list_blocks_by_number(&numbers).await?;
        let (raws, damaged) = read_raws(warehouse, start, end).await?;
        for (number, detail) in damaged {
            report.add(FindingKind::BadRoot, Some(number), 1, detail);
        }
        // hashing is work for a worker thread
        let findings = tokio::task::spawn_blocking(move || compare(&rows, &raws)).await?;
        for (kind, number, detail) in findings {
            report.add(kind, Some(number), 1, detail);
        }
        let Some(next) = end.checked_add(1) else { break };
        start = next;
    }
    Ok(())
}

/// Raw rows of a range, and those that are damaged.
async fn read_raws(
    warehouse: &Warehouse,
    from: BlockNumber,
    to: BlockNumber,
) -> Result<(Vec<RawBlock>, Vec<(BlockNumber, String)>), IngestError> {
    let (mut raws, mut damaged) = (Vec::new(), Vec::new());
    let mut start = from;
    'again: loop {
        let mut stream = std::pin::pin!(warehouse.list_raw_blocks(start, to));
        while let Some(raw) = stream.next().await {
            match raw {
                Ok(raw) => raws.push(raw),
                Err(WarehouseError::DamagedRaw { number, reason }) => {
                    damaged.push((number, format!("raw row is damaged: {reason}")));
                    if number >= to {
                        break 'again;
                    }
                    raws.retain(|raw: &RawBlock| raw.header.number < number);
                    start = number + 1;
                    continue 'again;
                }
                Err(error) => return Err(error.into()),
            }
        }
        break;
    }
    Ok((raws, damaged))
}

fn compare(rows: &[BlockRow], raws: &[RawBlock]) -> Vec<(FindingKind, BlockNumber, String)> {
    let mut findings = Vec::new();
    let mut raws = raws.iter().peekable();
    for row in rows {
        let number = row.number;
        while raws.next_if(|raw| raw.header.number < number).is_some() {}
        let Some(raw) = raws.next_if(|raw| raw.header.number == number) else {
            findings.push((FindingKind::BadRoot, number, "its raw row is missing or damaged".to_owned()));
            continue;
        };
        let header = &raw.header;
        let agree = row.hash == header.hash().to_string()
            && row.parent_hash == header.parent_hash.to_string()
            && row.state_root == header.state_root.to_string()
            && row.extrinsics_root == header.extrinsics_root.to_string();
        if !agree {
            findings.push((FindingKind::BadRoot, number, "its row and its raw header differ".to_owned()));
        }
        if !matches_extrinsics_root(header, &raw.extrinsics) {
            findings.push((
                FindingKind::BadRoot,
                number,
                "its raw extrinsics do not give the root in its header".to_owned(),
            ));
        }
        let announced = announced_events(&raw.events);
        if announced != Some(u64::from(row.event_count)) {
            let announced =
                announced.map_or_else(|| "an unreadable number of".to_owned(), |count| count.to_string());
            let detail =
                format!("its raw bytes announce {announced} events, its row says {}", row.event_count);
            findings.push((FindingKind::CountMismatch, number, detail));
        }
        if raw.extrinsics.len() as u64 != u64::from(row.extrinsic_count) {
            let detail = format!(
                "its raw row has {} extrinsics, its row says {}",
                raw.extrinsics.len(),
                row.extrinsic_count
            );
            findings.push((FindingKind::CountMismatch, number, detail));
        }
    }
    findings
}

/// The number of events that a `System.Events` value announces: its compact length.
fn announced_events(blob: &[u8]) -> Option<u64> {
    let first = *blob.first()?;
    match first & 0b11 {
        0 => Some(u64::from(first >> 2)),
        1 => Some(u64::from(u16::from_le_bytes(blob.get(..2)?.try_into().ok()?) >> 2)),
        2 => Some(u64::from(u32::from_le_bytes(blob.get(..4)?.try_into().ok()?) >> 2)),
        _ => None,
    }
}

/// Sealed windows must be stored, and no window may be left half done.
async fn audit_windows(
    warehouse: &Warehouse,
    store: &Store,
    report: &mut AuditReport,
) -> Result<(), IngestError> {
    let scope = BlockRange { from: report.from, to: report.to };
    for window in store.list_open_windows().await? {
        if window.first <= scope.to && window.last >= scope.from {
            let detail = format!(
                "window {} to {} was begun and not sealed; the next ingest finishes it",
                window.first, window.last
            );
            report.add(FindingKind::Unsealed, Some(window.first), 1, detail);
        }
    }
    let stored = warehouse.get_coverage(Some(scope.from), Some(scope.to)).await?.stored;
    let stored: Vec<BlockRange> =
        stored.into_iter().map(|run| BlockRange { from: run.from, to: run.to }).collect();
    for sealed in store.list_sealed_ranges().await? {
        let (from, to) = (sealed.from.max(scope.from), sealed.to.min(scope.to));
        if from > to {
            continue;
        }
        for lost in ranges::gaps(from, to, stored.clone()) {
            let detail = format!(
                "blocks {} to {} are sealed but not stored; the next ingest restores them",
                lost.from, lost.to
            );
            report.add(FindingKind::Unsealed, Some(lost.from), 1, detail);
        }
    }
    Ok(())
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.blocks == 0 && self.findings.is_empty() {
            return f.write_str("nothing is stored yet");
        }
        writeln!(f, "blocks {} to {}: {} stored", self.from, self.to, self.blocks)?;
        for finding in &self.findings {
            match finding.block {
                Some(block) => writeln!(f, "  block {block}: {}", finding.detail)?,
                None => writeln!(f, "  {}", finding.detail)?,
            }
        }
        match self.ok {
            true => f.write_str("no gaps, every hash, root, link and count is right"),
            false => f.write_str("something is wrong, see above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announced_counts_are_read_in_every_length() {
        assert_eq!(announced_events(&[0]), Some(0));
        assert_eq!(announced_events(&[4, 1, 2]), Some(1));
        assert_eq!(announced_events(&[0x01, 0x01]), Some(64));
        assert_eq!(announced_events(&[0x02, 0x00, 0x01, 0x00]), Some(16384));
        assert_eq!(announced_events(&[]), None);
        assert_eq!(announced_events(&[0x02, 0x00]), None);
    }

    #[test]
    fn one_finding_is_enough_to_fail() {
        let mut report = AuditReport::default();
        report.add(FindingKind::Gap, Some(7), 3, "blocks 7 to 9 are missing".to_owned());
        assert_eq!((report.gaps, report.findings.len()), (3, 1));
        assert!(report.to_string().contains("7 to 9"));
    }
}
