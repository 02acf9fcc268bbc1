//! Keyset pages of any table.
//!
//! A page is read along the table's sort order from the cursor on, with one row more than asked to learn whether
//! there are more. Rows of blocks that are not visible are dropped and the reading goes on behind them.

use clickhouse::{RowOwned, RowRead};

use crate::{
    Cursor, Keyed, Page, PageRequest, Slice, Table, Warehouse, WarehouseError,
    query::{
        Range,
        sql::{Conditions, Sql},
    },
};

/// A list: a table in its sort order, and which of its rows.
pub(crate) struct List {
    pub(crate) doing: &'static str,
    pub(crate) table: Table,
    pub(crate) conditions: Conditions,
    pub(crate) range: Range,
    /// Only items in which an account takes part.
    pub(crate) activity: Option<Activity>,
}

/// Items of `account_activity`.
pub(crate) struct Activity {
    pub(crate) account: String,
    /// `extrinsic`, `event` or `transfer`.
    pub(crate) kind: &'static str,
    /// Roles wanted; empty for all.
    pub(crate) roles: &'static [&'static str],
    /// Whether one item is one row of the list, and no further condition drops it: then only a page of them is read.
    pub(crate) exact: bool,
}

impl List {
    /// Columns that make up the cursor: the table's sort key.
    fn keys(&self) -> &'static [&'static str] {
        self.table.key_columns()
    }

    /// Columns that name an item of `account_activity`: block and index.
    fn item_columns(&self) -> String {
        self.keys()[..2].join(", ")
    }

    /// The query for `wanted` rows beyond `position`.
    fn to_sql(&self, page: PageRequest, position: Option<Cursor>, wanted: u32) -> Sql {
        let ascending = page.reads_ascending();
        let keys = self.keys();
        let mut conditions = self.conditions.clone();
        add_range(&mut conditions, self.table.block_column(), self.range);
        if let Some(cursor) = position {
            add_bound(&mut conditions, keys, cursor, ascending);
        }
        if let (Some(_), Some(after)) = (page.before, page.after) {
            add_bound(&mut conditions, keys, after, !ascending);
        }
        if let Some(activity) = &self.activity {
            let items = self.activity_sql(activity, page, position, wanted);
            conditions.and(Sql::new(format!("({}) IN (", self.item_columns())).append(&items).push(")"));
        }
        Sql::new(format!("SELECT ?fields FROM {}", self.table))
            .append(&conditions.to_where())
            .push(" ORDER BY ")
            .push(&order_by(keys, ascending))
            .push(" LIMIT ?")
            .bind(wanted)
    }

    /// The query for the key of the row that `skip` rows precede.
    fn to_seek_sql(&self, page: PageRequest, skip: u64) -> Sql {
        let keys = self.keys();
        let mut conditions = self.conditions.clone();
        add_range(&mut conditions, self.table.block_column(), self.range);
        if let Some(activity) = &self.activity {
            let mut items = activity.conditions();
            add_range(&mut items, "block_number", self.range);
            let items =
                Sql::new("SELECT block_number, item_index FROM account_activity").append(&items.to_where());
            conditions.and(Sql::new(format!("({}) IN (", self.item_columns())).append(&items).push(")"));
        }
        let key = |place: usize| keys.get(place).copied().unwrap_or("0");
        let columns = format!("toUInt64({}), toUInt32({}), toUInt32({})", key(0), key(1), key(2));
        Sql::new(format!("SELECT {columns} FROM {}", self.table))
            .append(&conditions.to_where())
            .push(" ORDER BY ")
            .push(&order_by(keys, page.reads_ascending()))
            .push(" LIMIT 1 OFFSET ?")
            .bind(skip)
    }

    fn activity_sql(
        &self,
        activity: &Activity,
        page: PageRequest,
        position: Option<Cursor>,
        wanted: u32,
    ) -> Sql {
        const KEYS: [&str; 2] = ["block_number", "item_index"];
        let ascending = page.reads_ascending();
        let mut conditions = activity.conditions();
        add_range(&mut conditions, "block_number", self.range);
        let sql = Sql::new("SELECT block_number, item_index FROM account_activity");
        if !activity.exact {
            return sql.append(&conditions.to_where());
        }
        if let Some(cursor) = position {
            add_bound(&mut conditions, &KEYS, cursor, ascending);
        }
        if let (Some(_), Some(after)) = (page.before, page.after) {
            add_bound(&mut conditions, &KEYS, after, !ascending);
        }
        // the leading columns are fixed by the conditions: with them the order is the table's own
        let direction = if ascending { "ASC" } else { "DESC" };
        sql.append(&conditions.to_where())
            .push(&format!(" ORDER BY account {direction}, kind {direction}, "))
            .push(&order_by(&KEYS, ascending))
            .push(" LIMIT ?")
            .bind(wanted)
    }
}

impl Activity {
    /// Account, kind and roles.
    pub(crate) fn conditions(&self) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.equal("account", Some(self.account.as_str())).equal("kind", Some(self.kind));
        if !self.roles.is_empty() {
            let roles: Vec<String> = self.roles.iter().map(|role| (*role).to_owned()).collect();
            conditions.and(Sql::new("role IN ?").bind(roles));
        }
        conditions
    }
}

/// Blocks and times of `range`.
pub(crate) fn add_range(conditions: &mut Conditions, block_column: &str, range: Range) {
    conditions
        .at_least(block_column, range.from_block)
        .at_most(block_column, range.to_block)
        .at_least("timestamp_ms", range.from_ms)
        .at_most("timestamp_ms", range.to_ms);
}

/// Only keys beyond `cursor`. The index knows ranges of one column, so the block is bounded apart.
fn add_bound(conditions: &mut Conditions, keys: &[&str], cursor: Cursor, ascending: bool) {
    let block = keys[0];
    if keys.len() == 1 {
        let comparison = if ascending { ">" } else { "<" };
        conditions.and(Sql::new(format!("{block} {comparison} ?")).bind(cursor.block));
        return;
    }
    if ascending {
        conditions.at_least(block, Some(cursor.block));
    } else {
        conditions.at_most(block, Some(cursor.block));
    }
    let marks = vec!["?"; keys.len()].join(", ");
    let comparison = if ascending { ">" } else { "<" };
    let mut beyond = Sql::new(format!("({}) {comparison} ({marks})", keys.join(", "))).bind(cursor.block);
    for part in [cursor.major, cursor.minor].iter().take(keys.len() - 1) {
        beyond = beyond.bind(*part);
    }
    conditions.and(beyond);
}

fn order_by(keys: &[&str], ascending: bool) -> String {
    let direction = if ascending { "ASC" } else { "DESC" };
    keys.iter().map(|key| format!("{key} {direction}")).collect::<Vec<_>>().join(", ")
}

impl Warehouse {
    /// A page of a list.
    pub(crate) async fn list_page<R>(&self, list: &List, page: PageRequest) -> Result<Page<R>, WarehouseError>
    where
        R: RowOwned + RowRead + Keyed,
    {
        let wanted = page.limit.saturating_add(1);
        let mut rows: Vec<R> = Vec::new();
        let mut position = if page.is_backward() { page.before } else { page.after };
        loop {
            let missing = wanted.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
            let mut batch = self.fetch_all::<R>(list.doing, list.to_sql(page, position, missing)).await?;
            let is_last = batch.len() < missing as usize;
            position = batch.last().map(Keyed::cursor).or(position);
            if list.table.follows_blocks() {
                self.retain_visible(&mut batch).await?;
            }
            rows.append(&mut batch);
            if is_last || rows.len() >= wanted as usize {
                break;
            }
        }
        let has_more = rows.len() >= wanted as usize;
        rows.truncate(page.limit as usize);
        if page.is_backward() {
            rows.reverse();
            return Ok(Page { rows, has_previous: has_more || page.after.is_some(), has_next: true });
        }
        Ok(Page { rows, has_previous: page.after.is_some(), has_next: has_more })
    }

    /// A page by its place: the row before it is looked for first, then it is read as any other page.
    pub(crate) async fn list_slice<R>(&self, list: &List, slice: Slice) -> Result<Vec<R>, WarehouseError>
    where
        R: RowOwned + RowRead + Keyed,
    {
        let mut page = PageRequest { limit: slice.limit, order: slice.order, after: None, before: None };
        if slice.skip > 0 {
            let before = list.to_seek_sql(page, slice.skip - 1);
            let found = self.fetch_optional::<(u64, u32, u32)>(list.doing, before).await?;
            let Some((block, major, minor)) = found else { return Ok(Vec::new()) };
            page.after = Some(Cursor { block, major, minor });
        }
        Ok(self.list_page(list, page).await?.rows)
    }

    /// How many rows a list has.
    pub(crate) async fn count_list(&self, list: &List) -> Result<u64, WarehouseError> {
        let block_column = list.table.block_column();
        let mut conditions = list.conditions.clone();
        add_range(&mut conditions, block_column, list.range);
        if list.table.follows_blocks() {
            self.add_visible(&mut conditions, block_column, list.range).await?;
        }
        let sql = match &list.activity {
            Some(activity) if activity.exact => {
                let mut items = activity.conditions();
                add_range(&mut items, "block_number", list.range);
                self.add_visible(&mut items, "block_number", list.range).await?;
                Sql::new("SELECT count() FROM account_activity").append(&items.to_where())
            }
            Some(activity) => {
                let mut items = activity.conditions();
                add_range(&mut items, "block_number", list.range);
                let items = Sql::new("SELECT block_number, item_index FROM account_activity")
                    .append(&items.to_where());
                conditions.and(Sql::new(format!("({}) IN (", list.item_columns())).append(&items).push(")"));
                Sql::new(format!("SELECT count() FROM {}", list.table)).append(&conditions.to_where())
            }
            None => Sql::new(format!("SELECT count() FROM {}", list.table)).append(&conditions.to_where()),
        };
        self.fetch_count(list.doing, sql).await
    }

    /// Only rows of visible blocks: a bound where blocks are contiguous (known from part metadata), else a set.
    pub(crate) async fn add_visible(
        &self,
        conditions: &mut Conditions,
        block_column: &str,
        range: Range,
    ) -> Result<(), WarehouseError> {
        let Some(extent) = self.find_extent().await? else {
            conditions.and(Sql::new("0"));
            return Ok(());
        };
        if extent.is_contiguous() {
            conditions
                .and(Sql::new(format!("{block_column} BETWEEN ? AND ?")).bind(extent.from).bind(extent.to));
            return Ok(());
        }
        let mut of_blocks = Conditions::default();
        add_range(&mut of_blocks, "number", range);
        let set = Sql::new("SELECT number FROM blocks").append(&of_blocks.to_where());
        conditions.and(Sql::new(format!("{block_column} IN (")).append(&set).push(")"));
        Ok(())
    }
}
