//! Tables that can be sorted by any column; the order is in the address.

use std::cmp::Ordering;

use leptos::prelude::*;

use crate::server::{Context, PageError};

/// A column: its name in the address, its label, and what rows are ordered by. Rows without a value come last, whatever
/// the direction: unknown is neither small nor great.
pub(crate) struct Column<T> {
    pub(crate) key: &'static str,
    pub(crate) label: &'static str,
    /// What it says, on hover.
    pub(crate) meaning: &'static str,
    /// Classes of its cells.
    pub(crate) class: &'static str,
    pub(crate) value: fn(&T) -> Option<f64>,
    /// Cell of a row.
    pub(crate) cell: fn(&T) -> AnyView,
    /// Text of the cell in a file.
    pub(crate) text: fn(&T) -> String,
}

/// The order of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sorted {
    pub(crate) column: usize,
    pub(crate) descending: bool,
}

impl Sorted {
    /// The order that the address asks for, or `default`.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for a column that is none.
    pub(crate) fn of<T>(context: &Context, columns: &[Column<T>], default: Self) -> Result<Self, PageError> {
        let Some(asked) = context.params.get("sort") else { return Ok(default) };
        let (key, descending) = match asked.strip_prefix('-') {
            Some(key) => (key, true),
            None => (asked, false),
        };
        let column = columns.iter().position(|column| column.key == key);
        let known = || columns.iter().map(|column| column.key).collect::<Vec<_>>().join("`, `");
        let column = column.ok_or_else(|| {
            PageError::bad(
                "Order",
                asked,
                &format!("one of `{}`, with - in front for the greatest first", known()),
            )
        })?;
        Ok(Self { column, descending })
    }

    /// Sorts rows, stably.
    pub(crate) fn sort<T>(self, columns: &[Column<T>], rows: &mut [T]) {
        let Some(column) = columns.get(self.column) else { return };
        rows.sort_by(|a, b| match ((column.value)(a), (column.value)(b)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) if self.descending => b.total_cmp(&a),
            (Some(a), Some(b)) => a.total_cmp(&b),
        });
    }
}

/// The table, its heads being links that sort it.
pub(crate) fn table<T>(context: &Context, columns: &[Column<T>], sorted: Sorted, rows: &[T]) -> AnyView {
    let heads = columns.iter().enumerate().map(|(position, column)| {
        let here = position == sorted.column;
        // another column begins with its greatest, the same one turns around
        let next = if here && sorted.descending { column.key.to_owned() } else { format!("-{}", column.key) };
        let direction = here.then_some(if sorted.descending { "descending" } else { "ascending" });
        let arrow = here.then_some(if sorted.descending { " ↓" } else { " ↑" });
        view! {
            <th scope="col" class=column.class aria-sort=direction title=column.meaning>
                <a href=context.link(&[("sort", Some(&next))]) rel="nofollow">{column.label}{arrow}</a>
            </th>
        }
        .into_any()
    });
    let body = rows.iter().map(|row| {
        let cells = columns
            .iter()
            .map(|column| view! { <td class=column.class>{(column.cell)(row)}</td> }.into_any());
        view! { <tr>{cells.collect::<Vec<_>>()}</tr> }.into_any()
    });
    view! {
        <div class="wide"><table class="list sorted">
            <thead><tr>{heads.collect::<Vec<_>>()}</tr></thead>
            <tbody>{body.collect::<Vec<_>>()}</tbody>
        </table></div>
    }
    .into_any()
}

/// The same as comma-separated values.
pub(crate) fn csv<T>(columns: &[Column<T>], rows: &[T]) -> String {
    let mut text = String::new();
    crate::csv::line(&mut text, columns.iter().map(|column| column.key));
    for row in rows {
        crate::csv::line(&mut text, columns.iter().map(|column| (column.text)(row)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_comes_last_in_both_directions() {
        let column = Column::<Option<f64>> {
            key: "x",
            label: "X",
            meaning: "",
            class: "",
            value: |value| *value,
            cell: |_| ().into_any(),
            text: |value| value.map_or_else(String::new, |value| value.to_string()),
        };
        let mut rows = [None, Some(1.0), Some(3.0), None, Some(2.0)];
        Sorted { column: 0, descending: true }.sort(std::slice::from_ref(&column), &mut rows);
        assert_eq!(rows, [Some(3.0), Some(2.0), Some(1.0), None, None]);
        Sorted { column: 0, descending: false }.sort(std::slice::from_ref(&column), &mut rows);
        assert_eq!(rows, [Some(1.0), Some(2.0), Some(3.0), None, None]);
        assert_eq!(csv(std::slice::from_ref(&column), &rows[2..4]), "x\r\n3\r\n\r\n");
    }
}
