//! One block as rows.

use parity_scale_codec::{Compact, Decode};
use yumascan_chain::{DecodedBlock, ExtrinsicView, Phase, RawBlock};

use super::{
    ActivityRow, BlockRow, CallRow, EventRow, ExtrinsicRow, QuarantineRow, RawBlockRow, RawBytes, TransferRow,
};
use crate::live::TipBlock;

/// Everything that is stored of one block but the lookups that follow from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct BlockRows {
    pub raw: RawBlockRow,
    pub block: BlockRow,
    pub extrinsics: Vec<ExtrinsicRow>,
    pub calls: Vec<CallRow>,
    pub events: Vec<EventRow>,
    pub transfers: Vec<TransferRow>,
    pub quarantine: Vec<QuarantineRow>,
    pub activity: Vec<ActivityRow>,
}

impl BlockRows {
    /// Rows of a block from its bytes and what was decoded of them.
    #[must_use]
    pub fn new(raw: &RawBlock, decoded: &DecodedBlock) -> Self {
        let block = block_row(raw, decoded);
        let extrinsics: Vec<_> = decoded.extrinsics().map(|view| extrinsic_row(&block, &view)).collect();
        let calls = call_rows(&block, decoded);
        let transfers = transfer_rows(&block, decoded);
        let activity = ActivityRow::of_block(&block, &decoded.mentions, &extrinsics, &calls, &transfers);
        Self {
            raw: raw_row(raw),
            events: event_rows(&block, decoded),
            quarantine: quarantine_rows(&block, decoded),
            block,
            extrinsics,
            calls,
            transfers,
            activity,
        }
    }
}

impl TipBlock {
    /// The parts of an unfinalized block that pages show.
    #[must_use]
    pub fn new(raw: &RawBlock, decoded: &DecodedBlock) -> Self {
        let block = block_row(raw, decoded);
        let extrinsics = decoded.extrinsics().map(|view| extrinsic_row(&block, &view)).collect();
        Self { block, extrinsics }
    }
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

fn raw_row(raw: &RawBlock) -> RawBlockRow {
    RawBlockRow {
        number: raw.header.number,
        hash: raw.hash.to_string(),
        spec_version: raw.spec_version.0,
        header: RawBytes(raw.header.encode()),
        extrinsics: raw.extrinsics.iter().map(|bytes| RawBytes(bytes.clone())).collect(),
        events: RawBytes(raw.events.clone()),
        authorities: RawBytes(raw.authorities.clone()),
    }
}

fn block_row(raw: &RawBlock, decoded: &DecodedBlock) -> BlockRow {
    let summary = &decoded.summary;
    let announced = Compact::<u32>::decode(&mut raw.events.as_slice());
    BlockRow {
        number: summary.number,
        hash: summary.hash.to_string(),
        parent_hash: summary.parent_hash.to_string(),
        state_root: summary.state_root.to_string(),
        extrinsics_root: summary.extrinsics_root.to_string(),
        timestamp_ms: summary.timestamp_ms,
        author: summary.author.map(|account| account.to_ss58()),
        spec_version: summary.spec_version.0,
        extrinsic_count: count(raw.extrinsics.len()),
        signed_count: count(decoded.extrinsics().filter(|view| view.signer.is_some()).count()),
        // a blob without a readable length is in quarantine, and its events are as many as were decoded
        event_count: announced.map_or_else(|_| count(decoded.events().len()), |Compact(number)| number),
        call_count: count(decoded.calls().len()),
        weight_ref_time: summary.weight_ref_time,
        weight_proof_size: summary.weight_proof_size,
        digest: summary.digest.clone(),
        quarantined_count: count(decoded.quarantined.len()),
    }
}

fn extrinsic_row(block: &BlockRow, view: &ExtrinsicView<'_>) -> ExtrinsicRow {
    ExtrinsicRow {
        block_number: block.number,
        extrinsic_index: view.index,
        timestamp_ms: block.timestamp_ms,
        hash: view.hash.to_string(),
        length: view.length,
        version: view.version,
        kind: view.kind.to_owned(),
        signer: view.signer.map(str::to_owned),
        signature: view.signature.map(str::to_owned),
        nonce: view.nonce,
        tip_rao: view.tip_rao,
        era_birth: view.era_birth,
        era_death: view.era_death,
        extensions: view.extensions.to_owned(),
        pallet: view.pallet.to_owned(),
        call: view.call.to_owned(),
        success: view.success,
        error: view.error.map(str::to_owned),
        fee_rao: view.fee_rao,
        pays_fee: view.pays_fee,
        weight_ref_time: view.weight_ref_time,
        weight_proof_size: view.weight_proof_size,
        call_count: view.call_count,
        event_count: view.event_count,
        args: view.args.to_owned(),
    }
}

fn call_rows(block: &BlockRow, decoded: &DecodedBlock) -> Vec<CallRow> {
    let row = |view: yumascan_chain::CallView<'_>| CallRow {
        block_number: block.number,
        extrinsic_index: view.extrinsic_index,
        call_index: view.call_index,
        parent_index: view.parent_index,
        timestamp_ms: block.timestamp_ms,
        path: view.path.to_owned(),
        depth: view.depth,
        pallet: view.pallet.to_owned(),
        call: view.call.to_owned(),
        role: view.role.to_owned(),
        origin: view.origin.to_owned(),
        outcome: view.outcome.name().to_owned(),
        success: view.outcome.success(),
        error: view.error.map(str::to_owned),
        args: view.args.to_owned(),
    };
    decoded.calls().map(row).collect()
}

fn event_rows(block: &BlockRow, decoded: &DecodedBlock) -> Vec<EventRow> {
    let row = |view: yumascan_chain::EventView<'_>| EventRow {
        block_number: block.number,
        event_index: view.index,
        extrinsic_index: view.extrinsic_index(),
        timestamp_ms: block.timestamp_ms,
        phase: phase_name(view.phase).to_owned(),
        pallet: view.pallet.to_owned(),
        variant: view.variant.to_owned(),
        args: view.args.to_owned(),
        topics: view.topics.to_owned(),
    };
    decoded.events().map(row).collect()
}

fn transfer_rows(block: &BlockRow, decoded: &DecodedBlock) -> Vec<TransferRow> {
    let row = |transfer: &yumascan_chain::Transfer| TransferRow {
        block_number: block.number,
        event_index: transfer.event_index,
        extrinsic_index: transfer.extrinsic_index,
        timestamp_ms: block.timestamp_ms,
        from_account: transfer.from.to_ss58(),
        to_account: transfer.to.to_ss58(),
        amount_rao: transfer.amount_rao,
    };
    decoded.transfers.iter().map(row).collect()
}

fn quarantine_rows(block: &BlockRow, decoded: &DecodedBlock) -> Vec<QuarantineRow> {
    let row = |item: &yumascan_chain::Quarantined| QuarantineRow {
        block_number: block.number,
        kind: item.kind.name().to_owned(),
        item_index: item.index,
        start: item.start,
        end: item.end,
        spec_version: block.spec_version,
        reason: item.reason.clone(),
        raw: hex_text(&item.raw),
    };
    decoded.quarantined.iter().map(row).collect()
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Initialization => "Initialization",
        Phase::ApplyExtrinsic(_) => "ApplyExtrinsic",
        Phase::Finalization => "Finalization",
    }
}

fn hex_text(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        // writing to a string cannot fail
        let _ = write!(text, "{byte:02x}");
    }
    text
}
