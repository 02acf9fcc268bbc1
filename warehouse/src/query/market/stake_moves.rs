//! Stake moves, as lists.

use crate::{
    Page, PageRequest, Slice, Table, Warehouse, WarehouseError,
    query::{
        Range,
        list::List,
        sql::{Conditions, Sql},
    },
    rows::StakeMoveRow,
};

/// Which stake moves.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct StakeMoveFilter {
    /// Blocks and times.
    pub range: Range,
    /// From or to this subnet.
    pub netuid: Option<u16>,
    /// Whose stake it was or is, SS58.
    pub coldkey: Option<String>,
    /// From or to this hotkey, SS58.
    pub hotkey: Option<String>,
    /// The event in snake case.
    pub kind: Option<String>,
    /// `buy` or `sell`: only what went through a pool.
    pub side: Option<String>,
    /// At least so much TAO, rao.
    pub min_tao_rao: Option<u64>,
}

impl StakeMoveFilter {
    fn to_list(&self) -> List {
        let mut conditions = Conditions::default();
        conditions
            .equal("kind", self.kind.as_deref())
            .equal("side", self.side.as_deref())
            .at_least("tao_rao", self.min_tao_rao);
        if let Some(netuid) = self.netuid.map(u32::from) {
            conditions.and(Sql::new("netuid = ? OR to_netuid = ?").bind(netuid).bind(netuid));
        }
        if let Some(coldkey) = self.coldkey.as_deref() {
            conditions.and(Sql::new("coldkey = ? OR to_coldkey = ?").bind(coldkey).bind(coldkey));
        }
        if let Some(hotkey) = self.hotkey.as_deref() {
            conditions.and(Sql::new("hotkey = ? OR to_hotkey = ?").bind(hotkey).bind(hotkey));
        }
        let (doing, table) = ("list stake moves", Table::StakeMoves);
        List { doing, table, conditions, range: self.range, activity: None }
    }
}

impl Warehouse {
    /// Stake moves, in list order. Cursors: major = event index.
    pub async fn list_stake_moves(
        &self,
        filter: &StakeMoveFilter,
        page: PageRequest,
    ) -> Result<Page<StakeMoveRow>, WarehouseError> {
        self.list_page(&filter.to_list(), page).await
    }

    /// Stake moves, by the place of the page.
    pub async fn slice_stake_moves(
        &self,
        filter: &StakeMoveFilter,
        slice: Slice,
    ) -> Result<Vec<StakeMoveRow>, WarehouseError> {
        self.list_slice(&filter.to_list(), slice).await
    }

    /// How many there are.
    pub async fn count_stake_moves(&self, filter: &StakeMoveFilter) -> Result<u64, WarehouseError> {
        self.count_list(&filter.to_list()).await
    }
}
