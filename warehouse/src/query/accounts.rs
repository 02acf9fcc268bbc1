//! Accounts: what they did and where they are mentioned.

use crate::{
    Page, PageRequest, Warehouse, WarehouseError,
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

impl Warehouse {
    /// Summary of an account (SS58 with prefix 42); `None` when no stored block mentions it.
    pub async fn find_account(&self, account: &str) -> Result<Option<AccountSummary>, WarehouseError> {
        let _ = account;
        Ok(None)
    }
    /// Extrinsics the account signed, originated or is named in, newest first. Cursors: major = extrinsic index.
    pub async fn list_account_extrinsics(
        &self,
        account: &str,
        page: PageRequest,
    ) -> Result<Page<ExtrinsicRow>, WarehouseError> {
        let _ = (account, page);
        Ok(Page { rows: Vec::new(), has_previous: false, has_next: false })
    }
    /// Events that name the account, newest first. Cursors: major = event index.
    pub async fn list_account_events(
        &self,
        account: &str,
        page: PageRequest,
    ) -> Result<Page<EventRow>, WarehouseError> {
        let _ = (account, page);
        Ok(Page { rows: Vec::new(), has_previous: false, has_next: false })
    }
}
