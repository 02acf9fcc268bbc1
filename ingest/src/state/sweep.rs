//! Everything that is held, read page by page: the base below a first window, the check of what was followed block by
//! block, and the comparison across an upgrade, whose migrations name nothing.

use std::collections::{BTreeSet, HashMap};

use yumascan_chain::{AccountId, BlockNumber, Hash};
use yumascan_warehouse::{
    Holdings,
    query::state::Held,
    rows::{AccountBalanceRow, HotkeyPoolRow, RootClaimableRow, StakeShareRow, SweepDifferenceRow, SweepRow},
};

use super::{
    StateLane,
    block::{Known, Pallets},
    holdings::{self, Holding},
    reach::stake_of,
    subnets::unreadable,
    touched::Touched,
};
use crate::{
    IngestError,
    source::BlockAt,
    verify::{
        items::{Items, account_of, number_of},
        state::{States, page_of_keys},
    },
};

/// What is held, item by item; the first that has a key tells of it.
const HELD: [(&str, &str); 7] = [
    ("System", "Account"),
    ("SubtensorModule", "Alpha"),
    ("SubtensorModule", "AlphaV2"),
    ("SubtensorModule", "TotalHotkeyAlpha"),
    ("SubtensorModule", "TotalHotkeyShares"),
    ("SubtensorModule", "TotalHotkeySharesV2"),
    ("SubtensorModule", "RootClaimable"),
];

/// Most differences of a sweep that are told one by one.
const MOST_TOLD: usize = 1000;

/// Goes through all keys of a state, a page at a time.
struct Pages<'p> {
    pallets: &'p Pallets<'p>,
    at: BlockAt,
    item: usize,
    start: Option<Vec<u8>>,
}

impl<'p> Pages<'p> {
    fn new(pallets: &'p Pallets<'p>, at: BlockAt) -> Self {
        Self { pallets, at, item: 0, start: None }
    }

    fn items(&self, pallet: &str) -> &'p Items<'p> {
        match pallet {
            "System" => &self.pallets.system,
            _ => &self.pallets.subtensor,
        }
    }

    /// What the next page of keys names; `None` at the end.
    async fn next(&mut self, lane: &StateLane) -> Result<Option<Touched>, IngestError> {
        loop {
            let Some((pallet, name)) = HELD.get(self.item) else { return Ok(None) };
            let Some(item) = self.items(pallet).find(name) else {
                self.item += 1;
                continue;
            };
            let keys =
                page_of_keys(lane.source.pool(), self.at, &item.prefix(), self.start.as_deref()).await?;
            self.start = keys.last().cloned();
            if keys.is_empty() {
                self.item += 1;
                continue;
            }
            let mut touched = Touched::default();
            for key in &keys {
                let Ok(parts) = item.parse_key(key) else {
                    unreadable(self.at.number, name, "a key is not of the form its metadata gives");
                    continue;
                };
                match *name {
                    "Account" => touched.accounts.extend(parts.first().and_then(account_of)),
                    "Alpha" | "AlphaV2" => touched.stakes.extend(stake_of(&parts)),
                    "RootClaimable" => touched.rates.extend(parts.first().and_then(account_of)),
                    _ => {
                        let hotkey = parts.first().and_then(account_of);
                        touched.pools.extend(hotkey.zip(parts.get(1).and_then(number_of)));
                    }
                }
            }
            return Ok(Some(touched));
        }
    }
}

/// Everything that a page names, that is not nothing, once.
fn read_page(
    pallets: &Pallets<'_>,
    states: &States,
    at: BlockNumber,
    page: &Touched,
    seen: &mut Seen,
) -> Holdings {
    let mut rows = Holdings::default();
    let told =
        |result: Result<(), String>| result.unwrap_or_else(|reason| unreadable(at, "holdings", &reason));
    for account in &page.accounts {
        told(holdings::read_account(pallets, states, at, account).map(|row| rows.accounts.push(row)));
    }
    for stake in
        page.stakes.iter().filter(|stake| seen.stakes.insert((stake.hotkey, stake.coldkey, stake.netuid)))
    {
        told(holdings::read_stake(pallets, states, at, stake).map(|row| rows.stakes.push(row)));
    }
    for (hotkey, netuid) in page.pools.iter().filter(|pool| seen.pools.insert(**pool)) {
        told(holdings::read_pool(pallets, states, at, hotkey, *netuid).map(|row| rows.pools.push(row)));
    }
    for hotkey in &page.rates {
        told(holdings::read_rates(pallets, states, at, hotkey).map(|rates| {
            rows.rates.extend(rates.into_iter().map(|(netuid, rate_bits)| RootClaimableRow {
                block_number: at,
                hotkey: hotkey.to_ss58(),
                netuid,
                rate_bits,
            }));
        }));
    }
    rows.accounts.retain(|row| !row.is_nothing());
    rows.stakes.retain(|row| !row.is_nothing());
    rows.pools.retain(|row| !row.is_nothing());
    rows
}

/// Keys that more than one item has.
#[derive(Debug, Default)]
struct Seen {
    stakes: BTreeSet<(AccountId, AccountId, u16)>,
    pools: BTreeSet<(AccountId, u16)>,
}

fn want_page(pallets: &Pallets<'_>, states: &mut States, at: BlockAt, page: &Touched) {
    page.accounts.iter().for_each(|account| holdings::want_account(pallets, states, at, account));
    page.stakes.iter().for_each(|stake| holdings::want_stake(pallets, states, at, stake));
    page.pools.iter().for_each(|(hotkey, netuid)| holdings::want_pool(pallets, states, at, hotkey, *netuid));
    page.rates.iter().for_each(|hotkey| holdings::want_rates(pallets, states, at, hotkey));
}

impl StateLane {
    /// Stores all holdings of a state as the base of what follows.
    pub(crate) async fn store_base(
        &self,
        pallets: &Pallets<'_>,
        at: BlockAt,
    ) -> Result<SweepRow, IngestError> {
        self.warehouse.clear_holdings(at.number).await?;
        let mut sweep =
            SweepRow { block_number: at.number, kind: "initial".to_owned(), ..SweepRow::default() };
        let (mut pages, mut seen) = (Pages::new(pallets, at), Seen::default());
        let mut piece = Holdings::default();
        while let Some(page) = pages.next(self).await? {
            let mut states = States::default();
            want_page(pallets, &mut states, at, &page);
            states.fetch(self.source.pool()).await?;
            let rows = read_page(pallets, &states, at.number, &page, &mut seen);
            note(&mut sweep, &rows);
            piece.append(rows);
            if piece.len() >= PIECE {
                self.warehouse.add_holdings(at.number, &std::mem::take(&mut piece)).await?;
            }
        }
        self.warehouse.add_holdings(at.number, &piece).await?;
        self.warehouse.record_sweep(&sweep, &[]).await?;
        Ok(sweep)
    }

    /// Compares all holdings of a state with what was followed. What differs is recorded, and the right value stored.
    pub(crate) async fn check(
        &self,
        pallets: &Pallets<'_>,
        at: BlockAt,
    ) -> Result<(SweepRow, Vec<SweepDifferenceRow>), IngestError> {
        let mut sweep = SweepRow { block_number: at.number, kind: "check".to_owned(), ..SweepRow::default() };
        let mut followed = Followed {
            accounts: self.followed::<AccountBalanceRow>(at.number).await?,
            stakes: self.followed::<StakeShareRow>(at.number).await?,
            pools: self.followed::<HotkeyPoolRow>(at.number).await?,
            rates: self.followed::<RootClaimableRow>(at.number).await?,
        };
        let (mut pages, mut seen) = (Pages::new(pallets, at), Seen::default());
        let mut findings = Findings { block: at.number, ..Findings::default() };
        while let Some(page) = pages.next(self).await? {
            let mut states = States::default();
            want_page(pallets, &mut states, at, &page);
            states.fetch(self.source.pool()).await?;
            let rows = read_page(pallets, &states, at.number, &page, &mut seen);
            note(&mut sweep, &rows);
            findings.compare(rows.accounts, &mut followed.accounts, |right| &mut right.accounts);
            findings.compare(rows.stakes, &mut followed.stakes, |right| &mut right.stakes);
            findings.compare(rows.pools, &mut followed.pools, |right| &mut right.pools);
            findings.compare(rows.rates, &mut followed.rates, |right| &mut right.rates);
        }
        findings.missing(followed.accounts, |right| &mut right.accounts);
        findings.missing(followed.stakes, |right| &mut right.stakes);
        findings.missing(followed.pools, |right| &mut right.pools);
        findings.missing(followed.rates, |right| &mut right.rates);
        sweep.differences = findings.count;
        self.warehouse.add_holdings(at.number, &findings.right).await?;
        self.warehouse.record_sweep(&sweep, &findings.told).await?;
        metrics::counter!("yumascan_ingest_state_sweep_differences_total").increment(findings.count);
        if findings.count > 0 {
            tracing::warn!(
                block = at.number,
                differences = findings.count,
                "a sweep found holdings other than followed; the right values are stored, see sweep_differences"
            );
        }
        Ok((sweep, findings.told))
    }

    /// What is held at a block as followed, by key; nothing is left out.
    async fn followed<R: Followable>(&self, at: BlockNumber) -> Result<HashMap<Hash, R>, IngestError> {
        let mut rows = HashMap::new();
        self.warehouse
            .for_each_held::<R>(at, |row| {
                let row = R::own(row);
                if !row.is_nothing() {
                    rows.insert(Hash::blake2_256(row.key().as_bytes()), row);
                }
            })
            .await?;
        Ok(rows)
    }

    /// All holdings that an upgrade's block changed.
    pub(crate) async fn compare_all(&self, block: &Known<'_>) -> Result<Holdings, IngestError> {
        let mut found = Holdings::default();
        // keys of either state: what was there before may be gone
        for (pallets, at) in [(block.before, block.parent), (block.after, block.at)] {
            let mut pages = Pages::new(pallets, at);
            while let Some(page) = pages.next(self).await? {
                let mut states = States::default();
                holdings::want(block, &page, &mut states);
                states.fetch(self.source.pool()).await?;
                if let Err(reason) = holdings::read_changes(block, &page, &states, &mut found) {
                    unreadable(block.at.number, "holdings", &reason);
                }
            }
        }
        found.sort();
        found.accounts.dedup();
        found.stakes.dedup();
        found.pools.dedup();
        found.rates.dedup();
        Ok(found)
    }
}

/// Rows of a base that are stored at a time.
const PIECE: usize = 100_000;

fn note(sweep: &mut SweepRow, rows: &Holdings) {
    sweep.accounts += rows.accounts.len() as u64;
    sweep.stakes += rows.stakes.len() as u64;
    sweep.pools += rows.pools.len() as u64;
    sweep.rates += rows.rates.len() as u64;
}

/// What was followed and not yet found in the state.
struct Followed {
    accounts: HashMap<Hash, AccountBalanceRow>,
    stakes: HashMap<Hash, StakeShareRow>,
    pools: HashMap<Hash, HotkeyPoolRow>,
    rates: HashMap<Hash, RootClaimableRow>,
}

/// What a sweep found to be other.
#[derive(Debug, Default)]
struct Findings {
    block: BlockNumber,
    count: u64,
    told: Vec<SweepDifferenceRow>,
    right: Holdings,
}

impl Findings {
    fn compare<R: Followable>(
        &mut self,
        rows: Vec<R>,
        followed: &mut HashMap<Hash, R>,
        right: impl Fn(&mut Holdings) -> &mut Vec<R>,
    ) {
        for row in rows {
            let known = followed.remove(&Hash::blake2_256(row.key().as_bytes()));
            if known.as_ref().is_some_and(|known| known.holds_as(&row)) {
                continue;
            }
            self.tell::<R>(row.key(), known.map(|known| known.value()), Some(row.value()));
            right(&mut self.right).push(row);
        }
    }

    /// What was followed and is not there.
    fn missing<R: Followable>(
        &mut self,
        followed: HashMap<Hash, R>,
        right: impl Fn(&mut Holdings) -> &mut Vec<R>,
    ) {
        for row in followed.into_values() {
            self.tell::<R>(row.key(), Some(row.value()), None);
            right(&mut self.right).push(row.emptied(self.block));
        }
    }

    fn tell<R: Followable>(&mut self, key: String, expected: Option<String>, found: Option<String>) {
        self.count += 1;
        if self.told.len() < MOST_TOLD {
            let null = || "null".to_owned();
            self.told.push(SweepDifferenceRow {
                block_number: self.block,
                item: R::TABLE.to_owned(),
                key,
                expected: expected.unwrap_or_else(null),
                found: found.unwrap_or_else(null),
            });
        }
    }
}

/// A row that sweeps compare.
trait Followable: Held + Holding {
    fn own(value: Self::Value<'_>) -> Self;
    fn key(&self) -> String;
    fn value(&self) -> String;
    /// The same key with nothing, at a block.
    fn emptied(&self, block: BlockNumber) -> Self;
}

impl Followable for AccountBalanceRow {
    fn own(value: Self) -> Self {
        value
    }
    fn key(&self) -> String {
        serde_json::json!([self.account]).to_string()
    }
    fn value(&self) -> String {
        let Self { free_rao, reserved_rao, frozen_rao, nonce, .. } = self;
        serde_json::json!({
            "free_rao": free_rao.to_string(),
            "reserved_rao": reserved_rao.to_string(),
            "frozen_rao": frozen_rao.to_string(),
            "nonce": nonce,
        })
        .to_string()
    }
    fn emptied(&self, block: BlockNumber) -> Self {
        Self { block_number: block, account: self.account.clone(), ..Self::default() }
    }
}

impl Followable for StakeShareRow {
    fn own(value: Self) -> Self {
        value
    }
    fn key(&self) -> String {
        serde_json::json!([self.coldkey, self.hotkey, self.netuid]).to_string()
    }
    fn value(&self) -> String {
        shares_json(self.shares_bits, self.shares_mantissa, self.shares_exponent, None)
    }
    fn emptied(&self, block: BlockNumber) -> Self {
        Self {
            block_number: block,
            shares_bits: self.shares_bits.map(|_| 0),
            shares_mantissa: self.shares_mantissa.map(|_| 0),
            shares_exponent: self.shares_exponent.map(|_| 0),
            ..self.clone()
        }
    }
}

impl Followable for HotkeyPoolRow {
    fn own(value: Self) -> Self {
        value
    }
    fn key(&self) -> String {
        serde_json::json!([self.hotkey, self.netuid]).to_string()
    }
    fn value(&self) -> String {
        shares_json(self.shares_bits, self.shares_mantissa, self.shares_exponent, self.total_alpha_rao)
    }
    fn emptied(&self, block: BlockNumber) -> Self {
        Self {
            block_number: block,
            total_alpha_rao: self.total_alpha_rao.map(|_| 0),
            shares_bits: self.shares_bits.map(|_| 0),
            shares_mantissa: self.shares_mantissa.map(|_| 0),
            shares_exponent: self.shares_exponent.map(|_| 0),
            ..self.clone()
        }
    }
}

impl Followable for RootClaimableRow {
    fn own(value: Self) -> Self {
        value
    }
    fn key(&self) -> String {
        serde_json::json!([self.hotkey, self.netuid]).to_string()
    }
    fn value(&self) -> String {
        serde_json::json!({ "rate_bits": self.rate_bits.to_string() }).to_string()
    }
    fn emptied(&self, block: BlockNumber) -> Self {
        Self { block_number: block, rate_bits: 0, ..self.clone() }
    }
}

fn shares_json(
    bits: Option<u128>,
    mantissa: Option<u128>,
    exponent: Option<i64>,
    total_alpha_rao: Option<u64>,
) -> String {
    serde_json::json!({
        "total_alpha_rao": total_alpha_rao.map(|rao| rao.to_string()),
        "shares_bits": bits.map(|bits| bits.to_string()),
        "shares_mantissa": mantissa.map(|mantissa| mantissa.to_string()),
        "shares_exponent": exponent.map(|exponent| exponent.to_string()),
    })
    .to_string()
}
