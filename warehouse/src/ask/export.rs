//! Whole lists, block by block: parts that end between two blocks, so that the next part begins there.

use super::{Answer, AskFormat, AskLimits, views::is_view};
use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// A part of a list that is taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPart {
    /// The view.
    view: String,
    /// Its column with the height of the block.
    column: &'static str,
    /// First block.
    pub from: u64,
    /// Last block.
    pub to: u64,
    /// Where the next part begins; `None` at the end.
    pub next: Option<u64>,
}

/// The view and the column of its blocks, by the name of the list with or without `v_`.
///
/// Lists whose rows do not belong to blocks are none.
#[must_use]
pub fn find_list(name: &str) -> Option<(String, &'static str)> {
    let view = if name.starts_with("v_") { name.to_owned() } else { format!("v_{name}") };
    let column = match view.as_str() {
        "v_blocks" => "number",
        "v_incidents" => "first_block",
        "v_runtimes" | "v_coverage" | "v_name_counts" | "v_subnet_hours" | "v_subnet_days" => return None,
        _ => "block_number",
    };
    is_view(&view).then_some((view, column))
}

impl Warehouse {
    /// Cuts the first part of at most `max_rows` rows (or one block, if that has more) from the blocks `from..=to` of a list.
    ///
    /// # Errors
    /// When the warehouse fails, or finding the cut takes more than `limits`.
    pub async fn cut_export(
        &self,
        list: &(String, &'static str),
        from: u64,
        to: u64,
        max_rows: u64,
        limits: &AskLimits,
    ) -> Result<ExportPart, WarehouseError> {
        let (view, column) = list;
        // the row that is one too many: its block begins the next part; read in order, so that it stops there
        let text = format!(
            "SELECT {column} FROM {view} WHERE {column} BETWEEN {from} AND {to} ORDER BY {column} LIMIT 1 OFFSET {max_rows}"
        );
        let found = self.ask_unchecked(&text, AskFormat::Tsv, limits)?.collect().await?;
        // behind the column's name
        let over = String::from_utf8_lossy(&found).lines().nth(1).and_then(|block| block.parse::<u64>().ok());
        // a block larger than a part is a part of its own
        let next = over.map(|block| if block <= from { block + 1 } else { block }).filter(|next| *next <= to);
        let end = next.map_or(to, |next| next.saturating_sub(1));
        Ok(ExportPart { view: view.clone(), column, from, to: end, next })
    }

    /// Rows of a part.
    ///
    /// # Errors
    /// When the warehouse fails.
    pub async fn count_export(&self, part: &ExportPart) -> Result<u64, WarehouseError> {
        let text = format!("SELECT count() FROM {} WHERE {} BETWEEN ? AND ?", part.view, part.column);
        self.fetch_count("count an export", Sql::new(text).bind(part.from).bind(part.to)).await
    }

    /// The rows of a part, in the order of blocks.
    ///
    /// # Errors
    /// When the statement cannot be sent. What fails later comes from the answer.
    pub fn export(
        &self,
        part: &ExportPart,
        format: AskFormat,
        limits: &AskLimits,
    ) -> Result<Answer, WarehouseError> {
        let ExportPart { view, column, from, to, .. } = part;
        let text = format!("SELECT * FROM {view} WHERE {column} BETWEEN {from} AND {to} ORDER BY ALL");
        self.ask_unchecked(&text, format, &AskLimits { result_rows: 0, ..limits.clone() })
    }
}
