//! Extrinsics.

use crate::{
    Page, PageRequest, Slice, Table, Warehouse, WarehouseError,
    query::{
        Range,
        list::{Activity, List},
        sql::{Conditions, Sql},
    },
    rows::{ExtrinsicRow, hash_key},
};

/// Which extrinsics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ExtrinsicFilter {
    /// Blocks and times.
    pub range: Range,
    /// SS58 (or other stored text) of the signer.
    pub signer: Option<String>,
    /// Pallet, exact.
    pub pallet: Option<String>,
    /// Call name, exact.
    pub call: Option<String>,
    /// Whether it succeeded.
    pub success: Option<bool>,
    /// Only signed (true) or only unsigned (false) ones.
    pub signed: Option<bool>,
}

impl ExtrinsicFilter {
    fn to_list(&self) -> List {
        let mut conditions = Conditions::default();
        conditions
            .equal("pallet", self.pallet.as_deref())
            .equal("call", self.call.as_deref())
            .equal("success", self.success);
        match self.signed {
            Some(true) => conditions.and(Sql::new("signer IS NOT NULL")),
            Some(false) => conditions.and(Sql::new("signer IS NULL")),
            None => &mut conditions,
        };
        let activity = self.signer.as_ref().map(|signer| Activity {
            account: signer.clone(),
            kind: "extrinsic",
            roles: &["signer"],
            exact: conditions.is_empty(),
        });
        List { doing: "list extrinsics", table: Table::Extrinsics, conditions, range: self.range, activity }
    }

    /// Whether nothing but a name is asked, so that the kept counts know the answer.
    fn is_name_only(&self) -> bool {
        self.range.is_open() && self.signer.is_none() && self.success.is_none() && self.signed.is_none()
    }
}

impl Warehouse {
    /// Extrinsics, in list order. Cursors: major = extrinsic index.
    pub async fn list_extrinsics(
        &self,
        filter: &ExtrinsicFilter,
        page: PageRequest,
    ) -> Result<Page<ExtrinsicRow>, WarehouseError> {
        self.list_page(&filter.to_list(), page).await
    }

    /// Extrinsics, by the place of the page.
    pub async fn slice_extrinsics(
        &self,
        filter: &ExtrinsicFilter,
        slice: Slice,
    ) -> Result<Vec<ExtrinsicRow>, WarehouseError> {
        self.list_slice(&filter.to_list(), slice).await
    }

    /// How many there are.
    pub async fn count_extrinsics(&self, filter: &ExtrinsicFilter) -> Result<u64, WarehouseError> {
        if filter.is_name_only() {
            return self.count_name("extrinsic", filter.pallet.as_deref(), filter.call.as_deref()).await;
        }
        self.count_list(&filter.to_list()).await
    }

    /// An extrinsic by its place.
    pub async fn find_extrinsic(
        &self,
        block: u64,
        index: u32,
    ) -> Result<Option<ExtrinsicRow>, WarehouseError> {
        Ok(self.list_extrinsics_by_place(&[(block, index)]).await?.pop())
    }

    /// Extrinsics of this 0x hash (hashes are not unique), newest first, at most 100.
    pub async fn list_extrinsics_by_hash(&self, hash: &str) -> Result<Vec<ExtrinsicRow>, WarehouseError> {
        let hash = hash.to_ascii_lowercase();
        let Some(key) = hash_key(&hash) else { return Ok(Vec::new()) };
        let sql = Sql::new(
            "SELECT ?fields FROM extrinsics WHERE hash = ? AND (block_number, extrinsic_index) IN \
             (SELECT block_number, item_index FROM hash_index WHERE hash_key = ? AND kind = 'extrinsic') \
             ORDER BY block_number DESC, extrinsic_index DESC LIMIT 100",
        );
        let sql = sql.bind(hash.as_str()).bind(key);
        let mut rows = self.fetch_all("list extrinsics by hash", sql).await?;
        self.retain_visible(&mut rows).await?;
        Ok(rows)
    }

    /// Extrinsics by (block, index), in one query. For dataloaders.
    pub async fn list_extrinsics_by_place(
        &self,
        places: &[(u64, u32)],
    ) -> Result<Vec<ExtrinsicRow>, WarehouseError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let sql = Sql::new("SELECT ?fields FROM extrinsics WHERE (block_number, extrinsic_index) IN ")
            .push_places(places)
            .push(" ORDER BY block_number, extrinsic_index");
        let mut rows = self.fetch_all("list extrinsics by place", sql).await?;
        self.retain_visible(&mut rows).await?;
        Ok(rows)
    }

    /// All extrinsics of these blocks, in one query, by block and index. For dataloaders.
    pub async fn list_extrinsics_of_blocks(
        &self,
        blocks: &[u64],
    ) -> Result<Vec<ExtrinsicRow>, WarehouseError> {
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        let sql = Sql::new(
            "SELECT ?fields FROM extrinsics WHERE block_number IN ? ORDER BY block_number, extrinsic_index",
        )
        .bind(blocks.to_vec());
        let mut rows = self.fetch_all("list extrinsics of blocks", sql).await?;
        self.retain_visible(&mut rows).await?;
        Ok(rows)
    }
}
