//! Accounts: what they did and where they are mentioned.

use clickhouse::Row;
use serde::Deserialize;
use yumascan_chain::{AccountId, Hash};

use crate::{
    Page, PageRequest, Table, Warehouse, WarehouseError,
    query::{
        Range,
        list::{Activity, List},
        sql::{Conditions, Sql},
    },
    rows::{EventRow, ExtrinsicRow},
};

/// What the warehouse knows of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// SS58.
    pub account: String,
    /// 0x hex of the 32 bytes.
    pub public_key: String,
    /// First block that mentions it.
    pub first_block: Option<u64>,
    /// Last block that mentions it.
    pub last_block: Option<u64>,
    /// Extrinsics it signed.
    pub signed_extrinsics: u64,
    /// Extrinsics that it signed, originated or that name it.
    pub extrinsics: u64,
    /// Events that name it.
    pub events: u64,
    /// Transfers in and out.
    pub transfers_in: u64,
    /// Transfers out.
    pub transfers_out: u64,
    /// Sum of `Balances.Transfer` to it, rao, in the stored blocks (not its balance).
    pub received_rao: u128,
    /// Sum sent, rao.
    pub sent_rao: u128,
}

impl AccountSummary {
    /// Of an account that no stored block mentions.
    #[must_use]
    pub fn unmentioned(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            public_key: public_key(account),
            first_block: None,
            last_block: None,
            signed_extrinsics: 0,
            extrinsics: 0,
            events: 0,
            transfers_in: 0,
            transfers_out: 0,
            received_rao: 0,
            sent_rao: 0,
        }
    }
}

/// Activity of an account in one kind and role.
#[derive(Row, Deserialize)]
struct RoleTotal {
    kind: String,
    role: String,
    items: u64,
    first_block: u64,
    last_block: u64,
    amount_rao: u128,
}

impl Warehouse {
    /// Summary of an account (SS58 with prefix 42); `None` when no stored block mentions it.
    pub async fn find_account(&self, account: &str) -> Result<Option<AccountSummary>, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions.equal("account", Some(account));
        self.add_visible(&mut conditions, "block_number", Range::default()).await?;
        let sql = Sql::new(
            "SELECT kind, role, count() AS items, min(block_number) AS first_block, max(block_number) AS last_block, \
             sum(toUInt128(ifNull(amount_rao, 0))) AS amount_rao FROM account_activity",
        );
        let sql = sql.append(&conditions.to_where()).push(" GROUP BY kind, role");
        let totals = self.fetch_all::<RoleTotal>("find an account", sql).await?;
        Ok(summary(account, &totals))
    }

    /// Extrinsics the account signed, originated or is named in, newest first. Cursors: major = extrinsic index.
    pub async fn list_account_extrinsics(
        &self,
        account: &str,
        page: PageRequest,
    ) -> Result<Page<ExtrinsicRow>, WarehouseError> {
        self.list_page(
            &activity_list("list an account's extrinsics", Table::Extrinsics, "extrinsic", account),
            page,
        )
        .await
    }

    /// Events that name the account, newest first. Cursors: major = event index.
    pub async fn list_account_events(
        &self,
        account: &str,
        page: PageRequest,
    ) -> Result<Page<EventRow>, WarehouseError> {
        self.list_page(&activity_list("list an account's events", Table::Events, "event", account), page)
            .await
    }
}

fn activity_list(doing: &'static str, table: Table, kind: &'static str, account: &str) -> List {
    let activity = Activity { account: account.to_owned(), kind, roles: &[], exact: true };
    List {
        doing,
        table,
        conditions: Conditions::default(),
        range: Range::default(),
        activity: Some(activity),
    }
}

fn summary(account: &str, totals: &[RoleTotal]) -> Option<AccountSummary> {
    let first_block = totals.iter().map(|total| total.first_block).min()?;
    let last_block = totals.iter().map(|total| total.last_block).max()?;
    let of = |kind: &'static str, roles: &'static [&'static str]| {
        totals.iter().filter(move |total| {
            total.kind == kind && (roles.is_empty() || roles.contains(&total.role.as_str()))
        })
    };
    let items = |kind, roles| of(kind, roles).map(|total| total.items).sum();
    let amount = |kind, roles| of(kind, roles).map(|total| total.amount_rao).sum();
    Some(AccountSummary {
        account: account.to_owned(),
        public_key: public_key(account),
        first_block: Some(first_block),
        last_block: Some(last_block),
        signed_extrinsics: items("extrinsic", &["signer"]),
        extrinsics: items("extrinsic", &[]),
        events: items("event", &[]),
        transfers_in: items("transfer", &["receiver", "self"]),
        transfers_out: items("transfer", &["sender", "self"]),
        received_rao: amount("transfer", &["receiver", "self"]),
        sent_rao: amount("transfer", &["sender", "self"]),
    })
}

/// 0x hex of the 32 bytes.
fn public_key(account: &str) -> String {
    account.parse::<AccountId>().map_or_else(|_| account.to_owned(), |id| Hash(id.0).to_string())
}
