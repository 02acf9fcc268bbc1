//! A chart as a table, and as comma-separated values.

use leptos::prelude::*;

use super::{Axis, Graph, numbers};
use crate::csv;

/// Rows shown at most; the export has all.
const MOST_ROWS: usize = 400;

/// The newest values first.
pub fn table(graph: &Graph) -> AnyView {
    let names = columns(graph);
    let heads = names.iter().map(|name| view! { <th scope="col" class="r">{name.clone()}</th> });
    let rows = (0..graph.xs.len()).rev().take(MOST_ROWS).map(|index| {
        let cells = cells(graph, index).into_iter().map(|value| {
            let shown = value.map_or_else(|| "unknown".to_owned(), numbers::short);
            view! { <td class="r num">{shown}</td> }
        });
        view! { <tr><td class="num">{graph.place(graph.xs[index])}</td>{cells.collect_view()}</tr> }
            .into_any()
    });
    let cut = graph.xs.len().saturating_sub(MOST_ROWS);
    view! {
        <div class="wide"><table class="list">
            <thead><tr><th scope="col">{place_name(graph.axis)}</th>{heads.collect_view()}</tr></thead>
            <tbody>{rows.collect::<Vec<_>>()}</tbody>
        </table></div>
        {(cut > 0).then(|| view! { <p class="lead">{format!("{cut} older rows are left out here; the CSV file has them.")}</p> })}
    }
    .into_any()
}

/// All values, oldest first; what is not known is empty.
#[must_use]
pub fn csv(graph: &Graph) -> String {
    let place = match graph.axis {
        Axis::Blocks => "block",
        Axis::Time => "timestamp_ms",
        Axis::Ranks => "rank",
    };
    let mut text = String::new();
    csv::line(&mut text, std::iter::once(place.to_owned()).chain(columns(graph)));
    for (index, x) in graph.xs.iter().enumerate() {
        let known = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let values = cells(graph, index).into_iter().map(known);
        csv::line(&mut text, std::iter::once(x.to_string()).chain(values));
    }
    text
}

fn place_name(axis: Axis) -> &'static str {
    match axis {
        Axis::Blocks => "Block",
        Axis::Time => "Time (UTC)",
        Axis::Ranks => "Rank",
    }
}

fn columns(graph: &Graph) -> Vec<String> {
    let mut names = Vec::new();
    if !graph.candles.is_empty() {
        names.extend(["open", "high", "low", "close"].map(|name| format!("{name} ({})", graph.unit)));
    }
    names.extend(graph.series.iter().map(|series| format!("{} ({})", series.name, graph.unit)));
    names.extend(graph.below.iter().map(|(series, unit)| format!("{} ({unit})", series.name)));
    names
}

fn cells(graph: &Graph, index: usize) -> Vec<Option<f64>> {
    let mut cells = Vec::new();
    if !graph.candles.is_empty() {
        let candle = graph.candles.get(index).copied().flatten();
        let values = candle.map(|candle| [candle.open, candle.high, candle.low, candle.close]);
        cells.extend((0..4).map(|place| values.map(|values| values[place])));
    }
    let at = |values: &[Option<f64>]| values.get(index).copied().flatten();
    cells.extend(graph.series.iter().map(|series| at(&series.values)));
    cells.extend(graph.below.iter().map(|(series, _)| at(&series.values)));
    cells
}

#[cfg(test)]
mod tests {
    use super::super::{Graph, Kind};
    use super::*;

    #[test]
    fn unknown_is_empty_in_the_file_and_names_are_quoted() {
        let points = vec![(1.0, Some(0.5)), (2.0, None)];
        let graph = Graph::new("g", "Price", "TAO", Axis::Blocks).with("a, b", Kind::Line, points);
        assert_eq!(csv(&graph), "block,\"a, b (TAO)\"\r\n1,0.5\r\n2,\r\n");
    }
}
