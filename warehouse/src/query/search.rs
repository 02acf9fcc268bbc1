//! One box, every kind of thing.

use clickhouse::Row;
use serde::Deserialize;
use yumascan_chain::{AccountId, Hash};

use crate::{
    Warehouse, WarehouseError,
    query::{
        Range,
        sql::{Conditions, Sql},
    },
    rows::ExtrinsicRow,
};

/// Something a search text can mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchHit {
    /// A stored block.
    Block {
        /// Height.
        number: u64,
        /// 0x hash.
        hash: String,
    },
    /// A stored extrinsic.
    Extrinsic {
        /// Block.
        block: u64,
        /// Index.
        index: u32,
        /// `Pallet.call`.
        name: String,
    },
    /// An account, mentioned or not.
    Account {
        /// SS58 with prefix 42.
        account: String,
        /// Whether a stored block mentions it.
        known: bool,
    },
    /// A call name that occurs.
    Call {
        /// Pallet.
        pallet: String,
        /// Call.
        call: String,
        /// How often.
        count: u64,
    },
    /// An event name that occurs.
    Event {
        /// Pallet.
        pallet: String,
        /// Variant.
        variant: String,
        /// How often.
        count: u64,
    },
}

/// A name with how often it occurs.
#[derive(Row, Deserialize)]
struct NameTotal {
    kind: String,
    pallet: String,
    name: String,
    occurrences: u64,
}

impl Warehouse {
    /// What `text` can mean, best first: block number (`3010`, `3,010`, `#3010`), block or extrinsic hash,
    /// extrinsic id (`3010-4`, `3010-0004`), SS58 of any prefix, hex public key, `pallet.call` or
    /// `Pallet.Event` (case-insensitive, prefixes too).
    pub async fn search(&self, text: &str, limit: u32) -> Result<Vec<SearchHit>, WarehouseError> {
        let mut hits = match Meaning::of(text) {
            Meaning::Nothing => Vec::new(),
            Meaning::Number(number) => self.search_block(number).await?,
            Meaning::Place(block, index) => self.search_place(block, index).await?,
            Meaning::Hex(bytes) => self.search_hex(bytes).await?,
            Meaning::Account(account) => vec![self.account_hit(account).await?],
            Meaning::Name { pallet, name } => self.search_names(&pallet, name.as_deref(), limit).await?,
        };
        hits.truncate(limit as usize);
        Ok(hits)
    }

    async fn search_block(&self, number: u64) -> Result<Vec<SearchHit>, WarehouseError> {
        let found = self.find_block(number).await?;
        Ok(found.into_iter().map(|row| SearchHit::Block { number: row.number, hash: row.hash }).collect())
    }

    async fn search_place(&self, block: u64, index: u32) -> Result<Vec<SearchHit>, WarehouseError> {
        Ok(self.find_extrinsic(block, index).await?.iter().map(extrinsic_hit).collect())
    }

    /// 32 bytes are a block, extrinsics, or an account's key.
    async fn search_hex(&self, bytes: Hash) -> Result<Vec<SearchHit>, WarehouseError> {
        let text = bytes.to_string();
        let (block, extrinsics, account) = futures::try_join!(
            self.find_block_by_hash(&text),
            self.list_extrinsics_by_hash(&text),
            self.account_hit(AccountId(bytes.0)),
        )?;
        let block = block.map(|row| SearchHit::Block { number: row.number, hash: row.hash });
        let mut hits: Vec<_> = block.into_iter().chain(extrinsics.iter().map(extrinsic_hit)).collect();
        // any 32 bytes could be a key: one that nothing mentions is offered only when there is nothing else
        if hits.is_empty() || matches!(account, SearchHit::Account { known: true, .. }) {
            hits.push(account);
        }
        Ok(hits)
    }

    async fn account_hit(&self, account: AccountId) -> Result<SearchHit, WarehouseError> {
        let account = account.to_ss58();
        let sql = Sql::new("SELECT block_number FROM account_activity WHERE account = ? LIMIT 1")
            .bind(account.as_str());
        let known = self.fetch_optional::<u64>("look an account up", sql).await?.is_some();
        Ok(SearchHit::Account { account, known })
    }

    /// Calls and events by the beginning of pallet and name; without a name, of either.
    async fn search_names(
        &self,
        pallet: &str,
        name: Option<&str>,
        limit: u32,
    ) -> Result<Vec<SearchHit>, WarehouseError> {
        let matching = match name {
            Some(name) => Sql::new("startsWith(lower(pallet), ?) AND startsWith(lower(name), ?)")
                .bind(pallet)
                .bind(name),
            None => Sql::new("startsWith(lower(pallet), ?) OR startsWith(lower(name), ?)")
                .bind(pallet)
                .bind(pallet),
        };
        let wanted = name.unwrap_or(pallet);
        let sql = Sql::new(
            "SELECT kind, pallet, name, sum(name_counts.occurrences) AS occurrences FROM name_counts \
             WHERE kind IN ('call', 'event') AND (",
        );
        let sql = sql
            .append(&matching)
            .push(") GROUP BY kind, pallet, name ORDER BY lower(name) = ? DESC, occurrences DESC, pallet, name, kind")
            .push(" LIMIT ?")
            .bind(wanted)
            .bind(limit);
        let found = self.fetch_all::<NameTotal>("search names", sql).await?;
        Ok(found.into_iter().map(name_hit).collect())
    }

    /// How often a name occurs, from the kept counts.
    pub(crate) async fn count_name(
        &self,
        kind: &str,
        pallet: Option<&str>,
        name: Option<&str>,
    ) -> Result<u64, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions.equal("kind", Some(kind)).equal("pallet", pallet).equal("name", name);
        self.add_visible(&mut conditions, "first_block", Range::default()).await?;
        let sql = Sql::new("SELECT sum(occurrences) FROM name_counts").append(&conditions.to_where());
        self.fetch_count("count a name", sql).await
    }
}

fn extrinsic_hit(row: &ExtrinsicRow) -> SearchHit {
    let name = format!("{}.{}", row.pallet, row.call);
    SearchHit::Extrinsic { block: row.block_number, index: row.extrinsic_index, name }
}

fn name_hit(total: NameTotal) -> SearchHit {
    let NameTotal { kind, pallet, name, occurrences } = total;
    if kind == "event" {
        return SearchHit::Event { pallet, variant: name, count: occurrences };
    }
    SearchHit::Call { pallet, call: name, count: occurrences }
}

/// What kind of thing a search text names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    Nothing,
    Number(u64),
    Place(u64, u32),
    Hex(Hash),
    Account(AccountId),
    /// Lower case beginnings.
    Name {
        pallet: String,
        name: Option<String>,
    },
}

impl Meaning {
    fn of(text: &str) -> Self {
        let text = text.trim();
        if let Some(number) = parse_number(text.strip_prefix('#').unwrap_or(text)) {
            return Self::Number(number);
        }
        if let Some((block, index)) = text.trim_start_matches('#').split_once('-')
            && let (Some(block), Ok(index)) = (parse_number(block), index.trim().parse())
        {
            return Self::Place(block, index);
        }
        if let Ok(bytes) = text.to_ascii_lowercase().parse::<Hash>() {
            return Self::Hex(bytes);
        }
        if let Ok(account) = text.parse::<AccountId>() {
            return Self::Account(account);
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let lower = text.replace("::", ".").to_ascii_lowercase();
        let (pallet, name) = match lower.split_once('.') {
            Some((pallet, name)) => (pallet, Some(name)),
            None => (lower.as_str(), None),
        };
        let is_empty = pallet.is_empty() && name.is_none_or(str::is_empty);
        if is_empty || !pallet.chars().all(is_name) || !name.unwrap_or_default().chars().all(is_name) {
            return Self::Nothing;
        }
        Self::Name { pallet: pallet.to_owned(), name: name.map(str::to_owned) }
    }
}

/// A height, with or without separators of thousands.
fn parse_number(text: &str) -> Option<u64> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let is_separator = |c: char| matches!(c, ',' | '_' | ' ' | '\u{a0}' | '\u{202f}' | '\'');
    text.replace(is_separator, "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_thing_is_understood() {
        for text in ["3010", "3,010", "#3010", " 3 010 ", "3_010"] {
            assert_eq!(Meaning::of(text), Meaning::Number(3010), "{text}");
        }
        for text in ["3010-4", "3010-0004", "3,010-4"] {
            assert_eq!(Meaning::of(text), Meaning::Place(3010, 4), "{text}");
        }
        let alice =
            "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d".parse::<Hash>().unwrap();
        assert_eq!(Meaning::of(&alice.to_string().to_uppercase().replace("0X", "0x")), Meaning::Hex(alice));
        assert_eq!(Meaning::of(&alice.to_string()[2..]), Meaning::Hex(alice));
        // a Polkadot address of the same key
        let polkadot = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5";
        assert_eq!(Meaning::of(polkadot), Meaning::Account(AccountId(alice.0)));
        let name = |pallet: &str, name: Option<&str>| Meaning::Name {
            pallet: pallet.to_owned(),
            name: name.map(str::to_owned),
        };
        assert_eq!(Meaning::of("Balances.Transfer"), name("balances", Some("transfer")));
        assert_eq!(Meaning::of("balances::transfer"), name("balances", Some("transfer")));
        assert_eq!(Meaning::of("set_weights"), name("set_weights", None));
        for text in ["", "  ", ".", "%' OR 1=1", "-"] {
            assert_eq!(Meaning::of(text), Meaning::Nothing, "{text}");
        }
    }
}
