//! An answer as a table and, where its columns allow it, as a chart.

use leptos::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    graph::{Axis, Graph, Kind},
    text, ui,
};

/// Series of a chart at most: more cannot be told apart.
const MAX_SERIES: usize = 4;
/// Bars at most where the first column is a name.
const MAX_BARS: usize = 60;

/// `JSONCompact`.
#[derive(Deserialize)]
struct Read {
    meta: Vec<Column>,
    data: Vec<Vec<Value>>,
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Deserialize, Default)]
struct Statistics {
    #[serde(default)]
    elapsed: f64,
    #[serde(default)]
    rows_read: u64,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Value>>,
    pub(super) is_cut: bool,
    pub(super) read_rows: u64,
    elapsed_s: f64,
}

impl Column {
    fn bare_kind(&self) -> &str {
        let kind = self.kind.trim_start_matches("LowCardinality(").trim_start_matches("Nullable(");
        kind.trim_end_matches(')')
    }

    fn is_time(&self) -> bool {
        self.bare_kind().starts_with("Date")
    }

    fn is_number(&self) -> bool {
        ["UInt", "Int", "Float", "Decimal"].iter().any(|kind| self.bare_kind().starts_with(kind))
    }

    fn is_block(&self) -> bool {
        self.is_number() && matches!(self.name.as_str(), "number" | "block_number" | "block")
    }
}

/// A number for the eye.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// `2026-02-11`, with or without a time and its fraction, as milliseconds.
fn moment(value: &Value) -> Option<f64> {
    let text = value.as_str()?;
    let whole = text.split('.').next().unwrap_or(text);
    text::parse_utc(whole).map(|ms| ms as f64)
}

impl Table {
    /// Reads an answer; `max_rows` is where it was cut.
    pub(super) fn read(bytes: &[u8], max_rows: u64) -> Option<Self> {
        let read: Read = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            is_cut: read.data.len() as u64 >= max_rows,
            columns: read.meta,
            rows: read.data,
            read_rows: read.statistics.rows_read,
            elapsed_s: read.statistics.elapsed,
        })
    }

    pub(super) fn elapsed(&self) -> String {
        format!("{:.0} ms", self.elapsed_s * 1_000.0)
    }

    /// A chart of the numbers over the first column: over time or blocks as lines, over names as bars.
    pub(super) fn graph(&self) -> Option<Graph> {
        let first = self.columns.first()?;
        let series: Vec<usize> = (1..self.columns.len())
            .filter(|at| self.columns[*at].is_number() && !self.columns[*at].is_block())
            .take(MAX_SERIES)
            .collect();
        if series.is_empty() || self.rows.len() < 2 {
            return None;
        }
        let (axis, kind) = match first {
            _ if first.is_time() => (Axis::Time, Kind::Line),
            _ if first.is_block() => (Axis::Blocks, Kind::Line),
            _ if self.rows.len() <= MAX_BARS => (Axis::Ranks, Kind::Bars),
            _ => return None,
        };
        let mut points: Vec<(f64, &Vec<Value>)> = Vec::with_capacity(self.rows.len());
        for (index, row) in self.rows.iter().enumerate() {
            let x = match axis {
                Axis::Time => moment(row.first()?)?,
                Axis::Blocks => number(row.first()?)?,
                Axis::Ranks => (index + 1) as f64,
            };
            points.push((x, row));
        }
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        // a chart has one value an x
        if points.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return None;
        }
        let mut graph = Graph::new("answer", format!("By {}", first.name), "as asked", axis);
        for at in series {
            let values = points.iter().map(|(x, row)| (*x, row.get(at).and_then(number))).collect();
            graph = graph.with(self.columns[at].name.clone(), kind, values);
        }
        Some(if kind == Kind::Bars { graph.from_zero() } else { graph })
    }

    pub(super) fn view(&self) -> AnyView {
        let head = self
            .columns
            .iter()
            .map(|column| {
                let class = if column.is_number() { "r" } else { "" };
                view! { <th scope="col" class=class title=column.kind.clone()>{column.name.clone()}</th> }
            })
            .collect_view();
        let rows = self
            .rows
            .iter()
            .map(|row| {
                let cells =
                    row.iter().zip(&self.columns).map(|(value, column)| cell(value, column)).collect_view();
                view! { <tr>{cells}</tr> }
            })
            .collect_view();
        view! { <table class="list sql"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table> }
            .into_any()
    }
}

fn cell(value: &Value, column: &Column) -> AnyView {
    let shown = match value {
        Value::Null => return view! { <td>{ui::unknown("NULL: not known, or not there")}</td> }.into_any(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if column.is_block()
        && let Ok(number) = shown.parse::<u64>()
    {
        return view! { <td class="r">{ui::block_link(number)}</td> }.into_any();
    }
    if text::looks_like_account(&shown) {
        return view! { <td>{ui::account(&shown)}</td> }.into_any();
    }
    let class = if column.is_number() { "r num" } else { "text" };
    view! { <td class=class>{shown}</td> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(meta: &str, data: &str) -> Table {
        let text =
            format!(r#"{{"meta":{meta},"data":{data},"statistics":{{"elapsed":0.01,"rows_read":7}}}}"#);
        Table::read(text.as_bytes(), 500).unwrap()
    }

    #[test]
    fn numbers_over_time_become_lines_and_over_names_bars() {
        let time = r#"[{"name":"day","type":"Date"},{"name":"n","type":"UInt64"},{"name":"tao","type":"Nullable(Decimal(38, 9))"}]"#;
        let graph = table(time, r#"[["2026-02-12","7",null],["2026-02-11","5","1.5"]]"#).graph().unwrap();
        assert_eq!(graph.axis, Axis::Time);
        assert!(graph.xs[0] < graph.xs[1], "ascending, however the answer is sorted");
        assert_eq!(graph.series[0].values, [Some(5.0), Some(7.0)]);
        assert_eq!(graph.series[1].values, [Some(1.5), None], "NULL is not drawn as 0");
        let names = r#"[{"name":"pallet","type":"LowCardinality(String)"},{"name":"n","type":"UInt64"}]"#;
        let graph = table(names, r#"[["System","7"],["Balances","5"]]"#).graph().unwrap();
        assert_eq!((graph.axis, graph.series[0].kind), (Axis::Ranks, Kind::Bars));
    }

    #[test]
    fn what_makes_no_chart_is_a_table_only() {
        let texts = r#"[{"name":"a","type":"String"},{"name":"b","type":"String"}]"#;
        assert_eq!(table(texts, r#"[["x","y"],["z","w"]]"#).graph(), None);
        let twice = r#"[{"name":"number","type":"UInt64"},{"name":"n","type":"UInt64"}]"#;
        assert_eq!(table(twice, r#"[["1","7"],["1","5"]]"#).graph(), None);
        assert_eq!(table(twice, r#"[["1","7"]]"#).graph(), None);
    }
}
