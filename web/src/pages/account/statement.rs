//! An account's statement as a file: one row an event, UTC, amounts in TAO or alpha, worth in TAO.

use yumascan_protocol::{fixed::U96F32, valuation::worth_rao};
use yumascan_warehouse::{
    Order, PageRequest,
    query::{
        Range,
        extrinsics::ExtrinsicFilter,
        market::{registrations::RegistrationFilter, stake_moves::StakeMoveFilter, statement::Earned},
        transfers::TransferFilter,
    },
    rows::{ExtrinsicRow, RegistrationRow, RootClaimRow, StakeMoveRow, TransferRow},
};

use crate::{
    csv,
    server::{Answer, Context, FileContent, PageError},
    text,
};

/// Rows of each kind at most; a file that would have more says so.
const MOST: u32 = 100_000;

const HEADS: [&str; 15] = [
    "utc",
    "block",
    "place",
    "event",
    "part_of",
    "sent",
    "sent_unit",
    "received",
    "received_unit",
    "fee",
    "fee_unit",
    "worth_tao",
    "netuid",
    "hotkey",
    "counterparty",
];

/// A row of the file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Entry {
    timestamp_ms: Option<u64>,
    block: u64,
    /// Event, else extrinsic: orders the rows of a block.
    order: u32,
    place: String,
    event: String,
    part_of: String,
    sent: Option<(u64, Unit)>,
    received: Option<(u64, Unit)>,
    fee: Option<(u64, Unit)>,
    worth_rao: Option<u128>,
    netuid: Option<u16>,
    hotkey: Option<String>,
    counterparty: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Tao,
    Alpha(Option<u16>),
}

impl Unit {
    fn name(self) -> String {
        match self {
            Self::Tao => "TAO".to_owned(),
            Self::Alpha(Some(netuid)) => format!("ALPHA-{netuid}"),
            Self::Alpha(None) => "ALPHA".to_owned(),
        }
    }

    /// Of stake on a subnet: on root it is TAO.
    const fn of_stake(netuid: Option<u16>) -> Self {
        match netuid {
            Some(0) => Self::Tao,
            netuid => Self::Alpha(netuid),
        }
    }
}

pub(super) async fn load(context: &Context, address: &str) -> Result<Answer, PageError> {
    let mut range = context.params.range()?;
    if let Some(at) = context.params.number("at", "Block")? {
        range.to_block = Some(range.to_block.map_or(at, |to| to.min(at)));
    }
    let (mut entries, is_cut) = read(context, address, range).await?;
    entries.sort_by_key(|entry| (entry.block, entry.order));
    let mut content = String::new();
    csv::line(&mut content, HEADS);
    for entry in &entries {
        csv::line(&mut content, entry.fields());
    }
    if is_cut {
        let why = format!(
            "incomplete: more than {MOST} rows of a kind; ask for a shorter time with since= and until="
        );
        let fields: Vec<String> =
            HEADS.iter().map(|head| if *head == "event" { why.clone() } else { String::new() }).collect();
        csv::line(&mut content, fields);
    }
    Ok(Answer::File { name: format!("statement-{address}.csv"), content: FileContent::Csv(content) })
}

async fn read(context: &Context, address: &str, range: Range) -> Result<(Vec<Entry>, bool), PageError> {
    let warehouse = &context.state.warehouse;
    let all = PageRequest { limit: MOST, order: Order::Oldest, after: None, before: None };
    let account = Some(address.to_owned());
    let transfers = TransferFilter { account: account.clone(), range, ..TransferFilter::default() };
    let extrinsics = ExtrinsicFilter { signer: account.clone(), range, ..ExtrinsicFilter::default() };
    let moves = StakeMoveFilter { coldkey: account.clone(), range, ..StakeMoveFilter::default() };
    let registrations = RegistrationFilter { account, range, ..RegistrationFilter::default() };
    let blocks = (range.from_block.unwrap_or(0), range.to_block.unwrap_or(u64::MAX));
    let (transfers, extrinsics, moves, registrations, claims, earned) = tokio::try_join!(
        warehouse.list_transfers(&transfers, all),
        warehouse.list_extrinsics(&extrinsics, all),
        warehouse.list_stake_moves(&moves, all),
        warehouse.list_registrations(&registrations, all),
        warehouse.list_root_claims(address, blocks, MOST),
        warehouse.list_earned(address, blocks, MOST),
    )?;
    let is_cut = transfers.has_next
        || extrinsics.has_next
        || moves.has_next
        || registrations.has_next
        || [claims.len(), earned.len()].iter().any(|rows| *rows >= MOST as usize);
    let within = |entry: &Entry| {
        let ms = entry.timestamp_ms.unwrap_or(0);
        range.from_ms.is_none_or(|from| ms >= from) && range.to_ms.is_none_or(|to| ms <= to)
    };
    let mut entries: Vec<Entry> = Vec::new();
    entries.extend(transfers.rows.iter().flat_map(|row| of_transfer(row, address)));
    entries.extend(extrinsics.rows.iter().filter_map(of_fee));
    entries.extend(moves.rows.iter().filter_map(|row| of_move(row, &moves.rows, address)));
    entries.extend(registrations.rows.iter().filter_map(|row| of_registration(row, address)));
    entries.extend(claims.iter().map(of_claim));
    entries.extend(earned.iter().map(of_earned));
    entries.retain(within);
    Ok((entries, is_cut))
}

/// A transfer in, out, or both.
fn of_transfer(row: &TransferRow, address: &str) -> Vec<Entry> {
    let entry = |event: &str, other: &str| Entry {
        timestamp_ms: row.timestamp_ms,
        block: row.block_number,
        order: row.event_index,
        place: format!("{}-{}", row.block_number, row.event_index),
        event: event.to_owned(),
        worth_rao: Some(u128::from(row.amount_rao)),
        counterparty: Some(other.to_owned()),
        ..Entry::default()
    };
    let amount = Some((row.amount_rao, Unit::Tao));
    let mut entries = Vec::new();
    if row.from_account == address {
        entries.push(Entry { sent: amount, ..entry("transfer_out", &row.to_account) });
    }
    if row.to_account == address {
        entries.push(Entry { received: amount, ..entry("transfer_in", &row.from_account) });
    }
    entries
}

fn of_fee(row: &ExtrinsicRow) -> Option<Entry> {
    let fee = row.fee_rao.filter(|rao| *rao > 0 && row.pays_fee != Some(false))?;
    Some(Entry {
        timestamp_ms: row.timestamp_ms,
        block: row.block_number,
        order: u32::MAX,
        place: format!("extrinsic {}-{}", row.block_number, row.extrinsic_index),
        event: format!("transaction_fee {}.{}", row.pallet, row.call),
        fee: Some((fee, Unit::Tao)),
        worth_rao: Some(u128::from(fee)),
        ..Entry::default()
    })
}

/// Legs only: what they are part of is said beside them, and would count twice as rows of their own.
fn of_move(row: &StakeMoveRow, all: &[StakeMoveRow], address: &str) -> Option<Entry> {
    if row.coldkey.as_deref() != Some(address) {
        return None;
    }
    let tao = row.tao_rao.map(|rao| (rao, Unit::Tao));
    let alpha = row.alpha_rao.map(|rao| (rao, Unit::of_stake(row.netuid)));
    let (sent, received) = match row.kind.as_str() {
        "stake_added" => (tao, alpha),
        "stake_removed" => (alpha, tao),
        "alpha_recycled" | "alpha_burned" | "fee_paid_with_alpha" => (alpha, None),
        _ => return None,
    };
    let fee = row.fee.map(|fee| match row.fee_unit.as_deref() {
        Some("alpha_rao") => (fee, Unit::of_stake(row.netuid)),
        _ => (fee, Unit::Tao),
    });
    let worth_rao = row
        .tao_rao
        .map(u128::from)
        .or_else(|| Some(worth_rao(row.alpha_rao?, U96F32::from_bits(row.price_bits?))));
    let summary = row.summary_event.and_then(|event| {
        all.iter().find(|other| other.block_number == row.block_number && other.event_index == event)
    });
    Some(Entry {
        timestamp_ms: row.timestamp_ms,
        block: row.block_number,
        order: row.event_index,
        place: format!("{}-{}", row.block_number, row.event_index),
        event: row.kind.clone(),
        part_of: summary.map_or_else(String::new, |row| row.kind.clone()),
        sent,
        received,
        fee,
        worth_rao,
        netuid: row.netuid,
        hotkey: row.hotkey.clone(),
        counterparty: summary.and_then(|row| row.to_coldkey.clone()).filter(|to| to != address),
    })
}

fn of_registration(row: &RegistrationRow, address: &str) -> Option<Entry> {
    if row.coldkey.as_deref() != Some(address) {
        return None;
    }
    Some(Entry {
        timestamp_ms: row.timestamp_ms,
        block: row.block_number,
        order: row.event_index,
        place: format!("{}-{}", row.block_number, row.event_index),
        event: format!("{}_registration", row.kind),
        sent: row.cost_rao.map(|rao| (rao, Unit::Tao)),
        worth_rao: row.cost_rao.map(u128::from),
        netuid: Some(row.netuid),
        hotkey: row.hotkey.clone(),
        ..Entry::default()
    })
}

fn of_claim(row: &RootClaimRow) -> Entry {
    let received = match row.tao_rao {
        Some(rao) => (rao, Unit::Tao),
        None => (row.alpha_rao, Unit::of_stake(Some(row.netuid))),
    };
    Entry {
        timestamp_ms: row.timestamp_ms,
        block: row.block_number,
        order: row.event_index,
        place: format!("{}-{}", row.block_number, row.event_index),
        event: "root_claim".to_owned(),
        received: Some(received),
        worth_rao: row.tao_rao.map(u128::from),
        netuid: Some(row.netuid),
        hotkey: Some(row.hotkey.clone()),
        ..Entry::default()
    }
}

fn of_earned(row: &Earned) -> Entry {
    let unit = if row.is_tao { Unit::Tao } else { Unit::of_stake(Some(row.netuid)) };
    let worth_rao = if unit == Unit::Tao {
        Some(u128::from(row.amount_rao))
    } else {
        row.price_bits.map(|bits| worth_rao(row.amount_rao, U96F32::from_bits(bits)))
    };
    Entry {
        timestamp_ms: row.timestamp_ms,
        block: row.block_number,
        order: 0,
        place: format!("epoch {}-{}", row.netuid, row.block_number),
        event: "dividend".to_owned(),
        received: Some((row.amount_rao, unit)),
        worth_rao,
        netuid: Some(row.netuid),
        hotkey: Some(row.hotkey.clone()),
        ..Entry::default()
    }
}

impl Entry {
    fn fields(&self) -> [String; 15] {
        // without separators between thousands: the file is read by programs
        let plain = |rao: u128| text::tao(rao).replace(" TAO", "").replace(',', "");
        let amount = |of: Option<(u64, Unit)>| of.map_or_else(String::new, |(rao, _)| plain(u128::from(rao)));
        let unit = |of: Option<(u64, Unit)>| of.map_or_else(String::new, |(_, unit)| unit.name());
        [
            self.timestamp_ms.map_or_else(String::new, text::iso),
            self.block.to_string(),
            self.place.clone(),
            self.event.clone(),
            self.part_of.clone(),
            amount(self.sent),
            unit(self.sent),
            amount(self.received),
            unit(self.received),
            amount(self.fee),
            unit(self.fee),
            self.worth_rao.map_or_else(String::new, plain),
            self.netuid.map_or_else(String::new, |netuid| netuid.to_string()),
            self.hotkey.clone().unwrap_or_default(),
            self.counterparty.clone().unwrap_or_default(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(kind: &str, event_index: u32) -> StakeMoveRow {
        StakeMoveRow {
            block_number: 9,
            event_index,
            timestamp_ms: Some(0),
            kind: kind.to_owned(),
            coldkey: Some("me".to_owned()),
            netuid: Some(7),
            tao_rao: Some(1_500_000_000),
            alpha_rao: Some(3_000_000_000),
            fee: Some(1_000_000),
            fee_unit: Some("rao".to_owned()),
            summary_event: Some(5),
            ..StakeMoveRow::default()
        }
    }

    #[test]
    fn a_purchase_is_tao_sent_and_alpha_received() {
        let summary = StakeMoveRow { kind: "stake_swapped".to_owned(), ..leg("", 5) };
        let rows = [leg("stake_added", 3), summary.clone()];
        let entry = of_move(&rows[0], &rows, "me").unwrap();
        let fields = entry.fields();
        assert_eq!(fields[..3], ["1970-01-01T00:00:00Z", "9", "9-3"]);
        assert_eq!(
            fields[3..12],
            ["stake_added", "stake_swapped", "1.5", "TAO", "3", "ALPHA-7", "0.001", "TAO", "1.5"]
        );
        assert_eq!(of_move(&summary, &rows, "me"), None, "what it is part of would count twice");
        assert_eq!(of_move(&rows[0], &rows, "you"), None);
    }

    #[test]
    fn a_transfer_to_oneself_is_there_twice() {
        let row = TransferRow {
            block_number: 9,
            event_index: 1,
            extrinsic_index: None,
            timestamp_ms: None,
            from_account: "me".to_owned(),
            to_account: "me".to_owned(),
            amount_rao: 2_500_000_000_000,
        };
        let entries = of_transfer(&row, "me");
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[0].fields()[5].as_str(), entries[1].fields()[7].as_str()), ("2500", "2500"));
        assert!(of_transfer(&row, "you").is_empty());
    }
}
