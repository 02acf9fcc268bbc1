//! Transfers of TAO.

use crate::{
    Page, PageRequest, Slice, Table, Warehouse, WarehouseError,
    query::{
        Range,
        list::{Activity, List},
        sql::Conditions,
    },
    rows::TransferRow,
};

/// Which transfers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TransferFilter {
    /// Blocks and times.
    pub range: Range,
    /// Sender or receiver (SS58).
    pub account: Option<String>,
    /// Sender.
    pub from: Option<String>,
    /// Receiver.
    pub to: Option<String>,
    /// At least this much, rao.
    pub min_amount_rao: Option<u64>,
}

impl TransferFilter {
    fn to_list(&self) -> List {
        let mut conditions = Conditions::default();
        conditions.at_least("amount_rao", self.min_amount_rao);
        // one account leads the way; the others are conditions
        let mut accounts = [
            (&self.from, &["sender", "self"][..], "from_account"),
            (&self.to, &["receiver", "self"][..], "to_account"),
        ]
        .into_iter();
        let mut lead = self.account.as_ref().map(|account| (account, &[][..]));
        for (account, roles, column) in &mut accounts {
            let Some(account) = account else { continue };
            if lead.is_none() {
                lead = Some((account, roles));
            } else {
                conditions.equal(column, Some(account.as_str()));
            }
        }
        let activity = lead.map(|(account, roles)| Activity {
            account: account.clone(),
            kind: "transfer",
            roles,
            exact: conditions.is_empty(),
        });
        List { doing: "list transfers", table: Table::Transfers, conditions, range: self.range, activity }
    }
}

impl Warehouse {
    /// Transfers of TAO, in list order. Cursors: major = event index.
    pub async fn list_transfers(
        &self,
        filter: &TransferFilter,
        page: PageRequest,
    ) -> Result<Page<TransferRow>, WarehouseError> {
        self.list_page(&filter.to_list(), page).await
    }

    /// Transfers, by the place of the page.
    pub async fn slice_transfers(
        &self,
        filter: &TransferFilter,
        slice: Slice,
    ) -> Result<Vec<TransferRow>, WarehouseError> {
        self.list_slice(&filter.to_list(), slice).await
    }

    /// How many there are.
    pub async fn count_transfers(&self, filter: &TransferFilter) -> Result<u64, WarehouseError> {
        self.count_list(&filter.to_list()).await
    }
}
