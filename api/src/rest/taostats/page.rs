//! The envelope: a page with its place among all.

use axum::Json;
use serde_json::{Map, Value, json};
use yumascan_warehouse::{Order, Slice};

use crate::ApiError;

/// What every path answers.
pub(super) type Answer = Result<Json<Value>, ApiError>;

/// Which page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// From 1.
    pub(super) page: u64,
    /// Rows of a page.
    pub(super) limit: u32,
    /// Direction along the chain.
    pub(super) order: Order,
}

impl Place {
    /// Rows before the page.
    fn skip(self) -> u64 {
        (self.page - 1).saturating_mul(self.limit.into())
    }

    /// As the warehouse is asked.
    pub(super) fn slice(self) -> Slice {
        Slice { skip: self.skip(), limit: self.limit, order: self.order }
    }

    /// The envelope of a page of `total` rows.
    pub(super) fn envelope(self, rows: Vec<Value>, total: u64) -> Json<Value> {
        let pages = total.div_ceil(self.limit.into()).max(1);
        let mut written = Map::new();
        let pagination = json!({
            "current_page": self.page,
            "per_page": self.limit,
            "total_items": total,
            "total_pages": pages,
            "next_page": (self.page < pages).then_some(self.page + 1),
            "prev_page": (self.page > 1).then_some(self.page - 1),
        });
        written.insert("pagination".to_owned(), pagination);
        written.insert("data".to_owned(), Value::Array(rows));
        Json(Value::Object(written))
    }

    /// The rows of this page, out of all.
    pub(super) fn cut<T>(self, rows: Vec<T>) -> (Vec<T>, u64) {
        let total = rows.len() as u64;
        let skip = usize::try_from(self.skip()).unwrap_or(usize::MAX);
        (rows.into_iter().skip(skip).take(self.limit as usize).collect(), total)
    }

    /// The envelope of a page out of rows that are all there.
    pub(super) fn envelope_of(self, rows: Vec<Value>) -> Json<Value> {
        let (rows, total) = self.cut(rows);
        self.envelope(rows, total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_know_their_neighbours() {
        let place = Place { page: 2, limit: 2, order: Order::Newest };
        let Json(page) = place.envelope_of((0..5).map(Value::from).collect());
        assert_eq!(page["data"], json!([2, 3]));
        let expected = json!({ "current_page": 2, "per_page": 2, "total_items": 5, "total_pages": 3, "next_page": 3, "prev_page": 1 });
        assert_eq!(page["pagination"], expected);
        let Json(empty) = Place { page: 1, limit: 2, order: Order::Newest }.envelope_of(Vec::new());
        assert_eq!(empty["pagination"]["next_page"], Value::Null);
    }
}
