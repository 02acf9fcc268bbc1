//! Charts of series over blocks or time: what they show, how they are drawn, and the same as a table.
//!
//! A [`Graph`] is plain data. The server draws it whole ([`plot`]) with its table ([`table`]); the island of the same
//! name draws it again in the browser for the part that was zoomed into. Values are numbers for the eye: amounts are
//! exact in the tables and the API, not here.

use serde::{Deserialize, Serialize};

pub mod numbers;
pub mod plot;
pub mod scale;
pub mod table;

/// What the x values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Axis {
    /// Block heights.
    Blocks,
    /// Milliseconds since the Unix epoch.
    Time,
    /// Ranks, from 1.
    Ranks,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A line, broken where there is no value.
    Line,
    /// A line with the ground below it.
    Area,
    /// A bar a value, from zero.
    Bars,
}

/// One series; its values stand beside the graph's x values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Name, for the legend and the table.
    pub name: String,
    /// How it is drawn.
    pub kind: Kind,
    /// A value an x; `None` where nothing is known, which is never drawn as 0.
    pub values: Vec<Option<f64>>,
}

/// First, highest, lowest, last of a span.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candle {
    /// Value at the start of the span.
    pub open: f64,
    /// Highest value.
    pub high: f64,
    /// Lowest value.
    pub low: f64,
    /// Value at the end.
    pub close: f64,
}

/// Something that happened, on the x axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Where it begins.
    pub from: f64,
    /// Where it ends; equal to `from` for a moment.
    pub to: f64,
    /// What it is.
    pub label: String,
    /// Where more is told; empty for nowhere.
    pub href: String,
}

/// A level to compare values with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The value.
    pub value: f64,
    /// What it is.
    pub label: String,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Name of exported files; unique on its page.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// Unit of the values, such as `TAO`.
    pub unit: String,
    /// What the x values are.
    pub axis: Axis,
    /// Ascending x values.
    pub xs: Vec<f64>,
    /// The series of the main field.
    pub series: Vec<Series>,
    /// Candles of the main field, one an x; empty for none.
    pub candles: Vec<Option<Candle>>,
    /// A series in a field of its own below, with its unit.
    pub below: Option<(Series, String)>,
    /// What happened meanwhile.
    pub marks: Vec<Mark>,
    /// A threshold.
    pub level: Option<Level>,
    /// Whether the scale begins at zero.
    pub from_zero: bool,
}

impl Graph {
    /// A chart without series.
    #[must_use]
    pub fn new(id: impl Into<String>, title: impl Into<String>, unit: impl Into<String>, axis: Axis) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            unit: unit.into(),
            axis,
            xs: Vec::new(),
            series: Vec::new(),
            candles: Vec::new(),
            below: None,
            marks: Vec::new(),
            level: None,
            from_zero: false,
        }
    }

    /// With a series of (x, value); the x values of the first series are those of the chart.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, kind: Kind, points: Vec<(f64, Option<f64>)>) -> Self {
        if self.xs.is_empty() {
            self.xs = points.iter().map(|(x, _)| *x).collect();
        }
        let values = points.into_iter().map(|(_, value)| value.filter(|value| value.is_finite())).collect();
        self.series.push(Series { name: name.into(), kind, values });
        self
    }

    /// With the scale beginning at zero.
    #[must_use]
    pub fn from_zero(mut self) -> Self {
        self.from_zero = true;
        self
    }

    /// Whether there is a line to draw.
    #[must_use]
    pub fn is_drawable(&self) -> bool {
        self.xs.len() >= 2
    }

    /// The x value in words.
    #[must_use]
    pub fn place(&self, x: f64) -> String {
        numbers::place(self.axis, x)
    }

    /// Index range of the x values within `range`, with one more on each side so that lines reach the edges.
    #[must_use]
    pub fn within(&self, range: (f64, f64)) -> std::ops::Range<usize> {
        let first = self.xs.partition_point(|x| *x < range.0).saturating_sub(1);
        let last = self.xs.partition_point(|x| *x <= range.1).saturating_add(1).min(self.xs.len());
        first..last.max(first)
    }

    /// From the first to the last x value.
    #[must_use]
    pub fn whole(&self) -> (f64, f64) {
        (self.xs.first().copied().unwrap_or(0.0), self.xs.last().copied().unwrap_or(1.0))
    }

    /// Index of the x value nearest to `x`; `None` without any.
    #[must_use]
    pub fn nearest(&self, x: f64) -> Option<usize> {
        let after = self.xs.partition_point(|known| *known < x);
        let candidates = [after.checked_sub(1), Some(after)];
        let near = candidates.into_iter().flatten().filter(|index| *index < self.xs.len());
        near.min_by(|a, b| (self.xs[*a] - x).abs().total_cmp(&(self.xs[*b] - x).abs()))
    }

    /// What stands at an x value, in words.
    #[must_use]
    pub fn reading(&self, index: usize) -> String {
        let Some(x) = self.xs.get(index) else { return String::new() };
        let mut parts = vec![self.place(*x)];
        if let Some(Some(candle)) = self.candles.get(index) {
            let Candle { open, high, low, close } = *candle;
            let [open, high, low, close] = [open, high, low, close].map(numbers::short);
            parts.push(format!("open {open}, high {high}, low {low}, close {close} {}", self.unit));
        }
        for series in &self.series {
            parts.push(said(series, index, &self.unit));
        }
        if let Some((series, unit)) = &self.below {
            parts.push(said(series, index, unit));
        }
        parts.join(" · ")
    }
}

fn said(series: &Series, index: usize, unit: &str) -> String {
    match series.values.get(index) {
        Some(Some(value)) => format!("{} {} {unit}", series.name, numbers::short(*value)),
        _ => format!("{} unknown", series.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        let points = vec![(10.0, Some(1.0)), (20.0, None), (30.0, Some(3.0))];
        Graph::new("g", "Price", "TAO", Axis::Blocks).with("price", Kind::Line, points)
    }

    #[test]
    fn the_nearest_value_is_found_from_both_sides() {
        let graph = graph();
        assert_eq!(graph.nearest(0.0), Some(0));
        assert_eq!(graph.nearest(14.0), Some(0));
        assert_eq!(graph.nearest(16.0), Some(1));
        assert_eq!(graph.nearest(99.0), Some(2));
        assert_eq!(Graph::new("g", "", "", Axis::Blocks).nearest(1.0), None);
    }

    #[test]
    fn what_is_not_known_is_said_and_not_drawn_as_zero() {
        assert_eq!(graph().reading(1), "block 20 · price unknown");
        assert_eq!(graph().reading(2), "block 30 · price 3 TAO");
    }

    #[test]
    fn lines_reach_the_edges_of_a_zoom() {
        assert_eq!(graph().within((15.0, 25.0)), 0..3);
        assert_eq!(graph().within((0.0, 5.0)), 0..1);
    }
}
