//! A warehouse of its own for each test, and chains of made-up blocks.

use yumascan_chain::{AccountId, AccountMention, Hash, Header, MentionRole};
use yumascan_embedded::testing::{TestDatabase, fresh_database};
use yumascan_warehouse::{
    BlockRows, Warehouse, WarehouseConfig, Window, WindowRows,
    rows::{
        ActivityRow, BlockRow, CallRow, EventRow, ExtrinsicRow, QuarantineRow, RawBlockRow, RawBytes,
        TransferRow,
    },
};

/// An empty, migrated warehouse; the database goes with the first part.
pub(crate) async fn fresh_warehouse() -> (TestDatabase, Warehouse) {
    let (database, warehouse) = empty_warehouse().await;
    warehouse.migrate().await.unwrap();
    (database, warehouse)
}

/// A database without tables.
pub(crate) async fn empty_warehouse() -> (TestDatabase, Warehouse) {
    let database = fresh_database().unwrap();
    let config = WarehouseConfig {
        url: database.url().to_owned(),
        database: database.database().to_owned(),
        user: database.user().to_owned(),
        password: database.password().to_owned(),
    };
    let warehouse = Warehouse::connect(config).await.unwrap();
    (database, warehouse)
}

/// Small repeatable numbers (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

/// One of five accounts.
pub(crate) fn account(number: u64) -> AccountId {
    AccountId([u8::try_from(number % 5).unwrap() + 1; 32])
}

const CALLS: [(&str, &str); 4] = [
    ("Balances", "transfer_keep_alive"),
    ("Utility", "batch"),
    ("SubtensorModule", "set_weights"),
    ("Sudo", "sudo"),
];
const EVENTS: [(&str, &str); 5] = [
    ("System", "ExtrinsicSuccess"),
    ("Balances", "Transfer"),
    ("Balances", "Withdraw"),
    ("SubtensorModule", "WeightsSet"),
    ("Drand", "NewPulse"),
];

/// Blocks `first..=last` of the chain that `seed` names: linked, hashed, counted.
pub(crate) fn chain(seed: u64, first: u64, last: u64) -> Vec<BlockRows> {
    let mut blocks = Vec::new();
    let mut parent = Hash([9; 32]);
    for number in 0..=last {
        let block = block(seed, number, parent);
        parent = block.raw.hash.parse().unwrap();
        if number >= first {
            blocks.push(block);
        }
    }
    blocks
}

fn block(seed: u64, number: u64, parent_hash: Hash) -> BlockRows {
    let mut dice = Dice::new(seed ^ (number + 1).wrapping_mul(0x51_7c_c1_b7_27_22_0a_95));
    let header = Header {
        parent_hash,
        number,
        state_root: Hash([3; 32]),
        extrinsics_root: Hash([4; 32]),
        logs: vec![vec![8]],
    };
    let timestamp_ms = (number > 0).then_some(1_700_000_000_000 + number * 12_000);
    let block = BlockRow {
        number,
        hash: header.hash().to_string(),
        parent_hash: parent_hash.to_string(),
        state_root: header.state_root.to_string(),
        extrinsics_root: header.extrinsics_root.to_string(),
        timestamp_ms,
        author: (!dice.below(4).eq(&0)).then(|| account(number).to_ss58()),
        spec_version: 100 + u32::try_from(number / 20).unwrap(),
        digest: r#"["RuntimeEnvironmentUpdated"]"#.to_owned(),
        weight_ref_time: dice.below(1 << 40),
        weight_proof_size: dice.below(1 << 20),
        ..BlockRow::default()
    };
    let mut rows = BlockRows { block, ..BlockRows::default() };
    let mut mentions = Vec::new();
    for index in 0..u32::try_from(dice.below(4)).unwrap() {
        push_extrinsic(&mut rows, &mut mentions, &mut dice, index);
    }
    push_event(&mut rows, &mut mentions, &mut dice, None);
    if dice.below(10) == 0 {
        rows.quarantine.push(QuarantineRow {
            block_number: number,
            kind: "digest_log".to_owned(),
            item_index: 0,
            start: 0,
            end: 2,
            spec_version: rows.block.spec_version,
            reason: "unknown log".to_owned(),
            raw: "0xff00".to_owned(),
        });
    }
    rows.raw = RawBlockRow {
        number,
        hash: rows.block.hash.clone(),
        spec_version: rows.block.spec_version,
        header: RawBytes(header.encode()),
        extrinsics: rows.extrinsics.iter().map(|row| RawBytes(row.args.clone().into_bytes())).collect(),
        events: RawBytes(vec![0xff, 0, u8::try_from(number % 256).unwrap()]),
        authorities: RawBytes(Vec::new()),
    };
    count_rows(&mut rows);
    rows.activity =
        ActivityRow::of_block(&rows.block, &mentions, &rows.extrinsics, &rows.calls, &rows.transfers);
    rows
}

/// Sets the counts of the block's row.
pub(crate) fn count_rows(rows: &mut BlockRows) {
    let count = |items: usize| u32::try_from(items).unwrap();
    rows.block.extrinsic_count = count(rows.extrinsics.len());
    rows.block.signed_count = count(rows.extrinsics.iter().filter(|row| row.signer.is_some()).count());
    rows.block.call_count = count(rows.calls.len());
    rows.block.event_count = count(rows.events.len());
    rows.block.quarantined_count = count(rows.quarantine.len());
}

fn push_extrinsic(rows: &mut BlockRows, mentions: &mut Vec<AccountMention>, dice: &mut Dice, index: u32) {
    let (block_number, timestamp_ms) = (rows.block.number, rows.block.timestamp_ms);
    let signer = (dice.below(4) > 0).then(|| account(dice.below(5)));
    let (pallet, call) = CALLS[usize::try_from(dice.below(4)).unwrap()];
    let success = dice.below(5) > 0;
    let args = format!(r#"{{"value":"{}","text":"it's ? \\ é"}}"#, dice.below(1 << 50));
    let depth = u32::try_from(dice.below(3)).unwrap();
    rows.extrinsics.push(ExtrinsicRow {
        block_number,
        extrinsic_index: index,
        timestamp_ms,
        hash: Hash::blake2_256(args.as_bytes()).to_string(),
        length: 120,
        version: 4,
        kind: if signer.is_some() { "signed" } else { "bare" }.to_owned(),
        signer: signer.map(|id| id.to_ss58()),
        nonce: signer.map(|_| dice.below(100)),
        tip_rao: signer.map(|_| 0),
        extensions: "{}".to_owned(),
        pallet: pallet.to_owned(),
        call: call.to_owned(),
        success: Some(success),
        error: (!success).then(|| "Balances.InsufficientBalance".to_owned()),
        fee_rao: signer.map(|_| dice.below(1_000_000)),
        pays_fee: Some(signer.is_some()),
        weight_ref_time: Some(dice.below(1 << 40)),
        call_count: depth + 1,
        args: args.clone(),
        ..ExtrinsicRow::default()
    });
    for level in 0..=depth {
        let (pallet, call) =
            if level == 0 { (pallet, call) } else { CALLS[usize::try_from(dice.below(4)).unwrap()] };
        let origin = if dice.below(6) == 0 {
            account(dice.below(5)).to_ss58()
        } else {
            signer.map_or_else(|| "None".to_owned(), |id| id.to_ss58())
        };
        rows.calls.push(CallRow {
            block_number,
            extrinsic_index: index,
            call_index: level,
            parent_index: level.checked_sub(1),
            timestamp_ms,
            path: "0".to_owned() + &".0".repeat(level as usize),
            depth: level,
            pallet: pallet.to_owned(),
            call: call.to_owned(),
            role: if level == 0 { "" } else { "calls" }.to_owned(),
            origin,
            outcome: if success { "success" } else { "failed" }.to_owned(),
            success: Some(success),
            error: None,
            args: args.clone(),
        });
    }
    mentions.push(AccountMention {
        account: account(dice.below(5)),
        role: MentionRole::Argument,
        extrinsic_index: Some(index),
        event_index: None,
    });
    for _ in 0..dice.below(4) {
        push_event(rows, mentions, dice, Some(index));
    }
}

fn push_event(
    rows: &mut BlockRows,
    mentions: &mut Vec<AccountMention>,
    dice: &mut Dice,
    extrinsic: Option<u32>,
) {
    let (block_number, timestamp_ms) = (rows.block.number, rows.block.timestamp_ms);
    let event_index = u32::try_from(rows.events.len()).unwrap();
    let (pallet, variant) = EVENTS[usize::try_from(dice.below(5)).unwrap()];
    let (from, to) = (account(dice.below(5)), account(dice.below(5)));
    let amount_rao = dice.below(5_000_000_000);
    let args = match variant {
        "Transfer" => format!(r#"{{"from":"{from}","to":"{to}","amount":"{amount_rao}"}}"#),
        _ => format!(r#"{{"who":"{from}"}}"#),
    };
    rows.events.push(EventRow {
        block_number,
        event_index,
        extrinsic_index: extrinsic,
        timestamp_ms,
        phase: if extrinsic.is_some() { "ApplyExtrinsic" } else { "Finalization" }.to_owned(),
        pallet: pallet.to_owned(),
        variant: variant.to_owned(),
        args,
        topics: "[]".to_owned(),
    });
    let mention = |account| AccountMention {
        account,
        role: MentionRole::Event,
        extrinsic_index: extrinsic,
        event_index: Some(event_index),
    };
    mentions.push(mention(from));
    if variant == "Transfer" {
        if from != to {
            mentions.push(mention(to));
        }
        rows.transfers.push(TransferRow {
            block_number,
            event_index,
            extrinsic_index: extrinsic,
            timestamp_ms,
            from_account: from.to_ss58(),
            to_account: to.to_ss58(),
            amount_rao,
        });
    }
}

/// A window of these blocks.
pub(crate) fn window(blocks: &[BlockRows]) -> Window {
    window_of_generation(blocks, yumascan_chain::DECODER_GENERATION)
}

/// A window of these blocks, as another decoder would have made it.
pub(crate) fn window_of_generation(blocks: &[BlockRows], generation: u32) -> Window {
    let (first, last) = (blocks[0].block.number, blocks[blocks.len() - 1].block.number);
    let mut rows = WindowRows::new(first, last).with_generation(generation);
    for block in blocks {
        rows.push_rows(block).unwrap();
    }
    rows.finish().unwrap()
}

/// Writes blocks in windows of `width`.
pub(crate) async fn write_chain(warehouse: &Warehouse, blocks: &[BlockRows], width: usize) {
    for part in blocks.chunks(width) {
        warehouse.write_window(&window(part)).await.unwrap();
    }
}
