//! Ethereum transactions and logs of contracts.

use crate::{
    Slice, Table, Warehouse, WarehouseError,
    query::{
        Range,
        list::List,
        sql::{Conditions, Sql},
    },
    rows::{EvmLogRow, EvmTransactionRow},
};

/// Which transactions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct EvmTransactionFilter {
    /// Blocks and times.
    pub range: Range,
    /// Hash, 0x hex.
    pub hash: Option<String>,
    /// Sender, 0x hex.
    pub from: Option<String>,
    /// Receiver, 0x hex.
    pub to: Option<String>,
    /// Only those that created a contract.
    pub created: bool,
}

/// Which logs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct EvmLogFilter {
    /// Blocks and times.
    pub range: Range,
    /// Hash of the transaction, 0x hex.
    pub transaction: Option<String>,
    /// Contract, 0x hex.
    pub address: Option<String>,
    /// First topic, 0x hex.
    pub topic: Option<String>,
}

impl EvmTransactionFilter {
    fn to_list(&self) -> List {
        let mut conditions = Conditions::default();
        conditions
            .equal("hash", self.hash.as_deref())
            .equal("from_address", self.from.as_deref())
            .equal("to_address", self.to.as_deref());
        if self.created {
            conditions.and(Sql::new("isNotNull(contract_address)"));
        }
        let (doing, table) = ("list Ethereum transactions", Table::EvmTransactions);
        List { doing, table, conditions, range: self.range, activity: None }
    }
}

impl EvmLogFilter {
    fn to_list(&self) -> List {
        let mut conditions = Conditions::default();
        conditions
            .equal("transaction_hash", self.transaction.as_deref())
            .equal("address", self.address.as_deref());
        if let Some(topic) = self.topic.as_deref() {
            conditions.and(Sql::new("topics[1] = ?").bind(topic));
        }
        List { doing: "list logs", table: Table::EvmLogs, conditions, range: self.range, activity: None }
    }
}

impl Warehouse {
    /// Ethereum transactions, by the place of the page.
    pub async fn slice_evm_transactions(
        &self,
        filter: &EvmTransactionFilter,
        slice: Slice,
    ) -> Result<Vec<EvmTransactionRow>, WarehouseError> {
        self.list_slice(&filter.to_list(), slice).await
    }

    /// How many there are.
    pub async fn count_evm_transactions(&self, filter: &EvmTransactionFilter) -> Result<u64, WarehouseError> {
        self.count_list(&filter.to_list()).await
    }

    /// Logs of contracts, by the place of the page.
    pub async fn slice_evm_logs(
        &self,
        filter: &EvmLogFilter,
        slice: Slice,
    ) -> Result<Vec<EvmLogRow>, WarehouseError> {
        self.list_slice(&filter.to_list(), slice).await
    }

    /// How many there are.
    pub async fn count_evm_logs(&self, filter: &EvmLogFilter) -> Result<u64, WarehouseError> {
        self.count_list(&filter.to_list()).await
    }
}
