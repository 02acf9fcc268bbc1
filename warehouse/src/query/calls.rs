//! Calls: nodes of call trees.

use yumascan_chain::AccountId;

use crate::{
    Page, PageRequest, Slice, Table, Warehouse, WarehouseError,
    query::{
        Range,
        list::{Activity, List},
        sql::{Conditions, Sql},
    },
    rows::CallRow,
};

/// Which calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CallFilter {
    /// Blocks and times.
    pub range: Range,
    /// Pallet, exact.
    pub pallet: Option<String>,
    /// Call name, exact.
    pub call: Option<String>,
    /// Effective origin (SS58, `Root`, …).
    pub origin: Option<String>,
    /// Whether it took effect.
    pub success: Option<bool>,
    /// Of one extrinsic: (block, index).
    pub extrinsic: Option<(u64, u32)>,
}

impl CallFilter {
    fn to_list(&self) -> List {
        let mut conditions = Conditions::default();
        conditions
            .equal("pallet", self.pallet.as_deref())
            .equal("call", self.call.as_deref())
            .equal("origin", self.origin.as_deref())
            .equal("success", self.success);
        if let Some((block, index)) = self.extrinsic {
            conditions.equal("block_number", Some(block)).equal("extrinsic_index", Some(index));
        }
        // the extrinsics of an account are known; those of `Root` are found by reading
        let account = self.origin.as_ref().filter(|origin| origin.parse::<AccountId>().is_ok());
        let activity = account.map(|account| Activity {
            account: account.clone(),
            kind: "extrinsic",
            roles: &["signer", "origin"],
            exact: false,
        });
        List { doing: "list calls", table: Table::Calls, conditions, range: self.range, activity }
    }

    fn is_name_only(&self) -> bool {
        self.range.is_open() && self.origin.is_none() && self.success.is_none() && self.extrinsic.is_none()
    }
}

impl Warehouse {
    /// Calls: nodes of call trees, in list order. Cursors: major = extrinsic index, minor = call ordinal.
    pub async fn list_calls(
        &self,
        filter: &CallFilter,
        page: PageRequest,
    ) -> Result<Page<CallRow>, WarehouseError> {
        self.list_page(&filter.to_list(), page).await
    }

    /// Calls, by the place of the page.
    pub async fn slice_calls(
        &self,
        filter: &CallFilter,
        slice: Slice,
    ) -> Result<Vec<CallRow>, WarehouseError> {
        self.list_slice(&filter.to_list(), slice).await
    }

    /// How many there are.
    pub async fn count_calls(&self, filter: &CallFilter) -> Result<u64, WarehouseError> {
        if filter.is_name_only() {
            return self.count_name("call", filter.pallet.as_deref(), filter.call.as_deref()).await;
        }
        self.count_list(&filter.to_list()).await
    }

    /// All calls of these extrinsics (block, index), in one query, in pre-order. For dataloaders.
    pub async fn list_calls_of_extrinsics(
        &self,
        places: &[(u64, u32)],
    ) -> Result<Vec<CallRow>, WarehouseError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let sql = Sql::new("SELECT ?fields FROM calls WHERE (block_number, extrinsic_index) IN ")
            .push_places(places)
            .push(" ORDER BY block_number, extrinsic_index, call_index");
        let mut rows = self.fetch_all("list calls of extrinsics", sql).await?;
        self.retain_visible(&mut rows).await?;
        Ok(rows)
    }
}
