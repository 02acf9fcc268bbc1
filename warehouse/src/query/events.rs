//! Events.

use std::collections::BTreeSet;

use crate::{
    Page, PageRequest, Slice, Table, Warehouse, WarehouseError,
    query::{
        Range,
        list::{Activity, List},
        sql::{Conditions, Sql},
    },
    rows::EventRow,
};

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct EventFilter {
    /// Blocks and times.
    pub range: Range,
    /// Pallet, exact.
    pub pallet: Option<String>,
    /// Variant, exact.
    pub variant: Option<String>,
    /// Of one extrinsic: (block, index).
    pub extrinsic: Option<(u64, u32)>,
    /// `Initialization`, `ApplyExtrinsic` or `Finalization`.
    pub phase: Option<String>,
    /// Events that mention this account (SS58).
    pub account: Option<String>,
}

impl EventFilter {
    fn to_list(&self) -> List {
        let mut conditions = Conditions::default();
        conditions
            .equal("pallet", self.pallet.as_deref())
            .equal("variant", self.variant.as_deref())
            .equal("phase", self.phase.as_deref());
        if let Some((block, index)) = self.extrinsic {
            conditions.equal("block_number", Some(block)).equal("extrinsic_index", Some(index));
        }
        let activity = self.account.as_ref().map(|account| Activity {
            account: account.clone(),
            kind: "event",
            roles: &[],
            exact: conditions.is_empty(),
        });
        List { doing: "list events", table: Table::Events, conditions, range: self.range, activity }
    }

    fn is_name_only(&self) -> bool {
        self.range.is_open() && self.extrinsic.is_none() && self.phase.is_none() && self.account.is_none()
    }
}

impl Warehouse {
    /// Events, in list order. Cursors: major = event index.
    pub async fn list_events(
        &self,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Page<EventRow>, WarehouseError> {
        self.list_page(&filter.to_list(), page).await
    }

    /// Events, by the place of the page.
    pub async fn slice_events(
        &self,
        filter: &EventFilter,
        slice: Slice,
    ) -> Result<Vec<EventRow>, WarehouseError> {
        self.list_slice(&filter.to_list(), slice).await
    }

    /// How many there are.
    pub async fn count_events(&self, filter: &EventFilter) -> Result<u64, WarehouseError> {
        if filter.is_name_only() {
            return self.count_name("event", filter.pallet.as_deref(), filter.variant.as_deref()).await;
        }
        self.count_list(&filter.to_list()).await
    }

    /// All events of these extrinsics (block, index), in one query. For dataloaders.
    pub async fn list_events_of_extrinsics(
        &self,
        places: &[(u64, u32)],
    ) -> Result<Vec<EventRow>, WarehouseError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        // the sort key knows blocks, not extrinsics: bound the blocks apart
        let blocks: BTreeSet<u64> = places.iter().map(|(block, _)| *block).collect();
        let sql = Sql::new("SELECT ?fields FROM events WHERE block_number IN ?")
            .bind(blocks.into_iter().collect::<Vec<_>>())
            .push(" AND (block_number, assumeNotNull(extrinsic_index)) IN ")
            .push_places(places)
            .push(" AND extrinsic_index IS NOT NULL ORDER BY block_number, event_index");
        let mut rows = self.fetch_all("list events of extrinsics", sql).await?;
        self.retain_visible(&mut rows).await?;
        Ok(rows)
    }

    /// All events of these blocks, in one query, by block and event index. For dataloaders.
    pub async fn list_events_of_blocks(&self, blocks: &[u64]) -> Result<Vec<EventRow>, WarehouseError> {
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        let sql =
            Sql::new("SELECT ?fields FROM events WHERE block_number IN ? ORDER BY block_number, event_index")
                .bind(blocks.to_vec());
        let mut rows = self.fetch_all("list events of blocks", sql).await?;
        self.retain_visible(&mut rows).await?;
        Ok(rows)
    }

    /// How often each (pallet, variant) occurs in a block, in a phase; most frequent first. For folded sections.
    pub async fn count_events_by_name(
        &self,
        block: u64,
        phase: &str,
    ) -> Result<Vec<(String, String, u64)>, WarehouseError> {
        let sql = Sql::new(
            "SELECT pallet, variant, count() AS occurrences FROM events WHERE block_number = ? AND phase = ? \
             AND block_number IN (SELECT number FROM blocks WHERE number = ?) \
             GROUP BY pallet, variant ORDER BY occurrences DESC, pallet, variant",
        );
        self.fetch_all("count events by name", sql.bind(block).bind(phase).bind(block)).await
    }
}
