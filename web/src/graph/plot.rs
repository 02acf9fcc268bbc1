//! A chart as SVG. Labels stand outside the picture as text, so that they keep their size on any screen.

use std::fmt::Write as _;

use leptos::prelude::*;

use super::{Candle, Graph, Kind, Series, numbers, scale::Scale};

/// Width of the picture in its own units.
pub const WIDTH: f64 = 1_000.0;
/// Height of the main field.
const HEIGHT: f64 = 240.0;
/// Height of the field below.
const BELOW: f64 = 60.0;
/// Room between the two.
const BETWEEN: f64 = 10.0;

/// Draws the part of a chart within `range`, with a line at the x value of `pointed`.
pub fn plot(graph: &Graph, range: (f64, f64), pointed: Option<usize>) -> AnyView {
    let part = graph.within(range);
    let shown = |values: &[Option<f64>]| values.get(part.clone()).unwrap_or_default().to_vec();
    let of_series = graph.series.iter().flat_map(|series| shown(&series.values)).flatten();
    let of_candles = graph.candles.get(part.clone()).unwrap_or_default().iter().flatten();
    let of_candles = of_candles.flat_map(|candle| [candle.high, candle.low]);
    let level = graph.level.iter().map(|level| level.value);
    let scale = Scale::around(of_series.chain(of_candles).chain(level), graph.from_zero);
    let Some(scale) = scale else {
        return view! { <div class="plot"><p class="none">"No value is known in this range."</p></div> }
            .into_any();
    };
    let field = Field { graph, range, part: part.clone() };
    let lower = graph.below.as_ref().and_then(|(series, _)| {
        let scale = Scale::around(shown(&series.values).into_iter().flatten(), true)?;
        Some((series, scale))
    });
    let height = HEIGHT + lower.as_ref().map_or(0.0, |_| BETWEEN + BELOW);
    let ticks = scale.ticks().into_iter().map(|tick| view! { <span>{numbers::label(tick)}</span> });
    let places = (0..5).map(|index| {
        let x = range.0 + (range.1 - range.0) * f64::from(index) / 4.0;
        view! { <span>{numbers::tick(graph.axis, x, range.1 - range.0)}</span> }
    });
    let below = lower.map(|(series, scale)| {
        let bars = field.bars(series, scale, HEIGHT + BETWEEN, BELOW);
        view! { <path class="g-bars" d=bars/> }
    });
    view! {
        <div class="plot" class:with-below=graph.below.is_some()>
            <div class="ys" aria-hidden="true">{ticks.collect_view()}</div>
            <svg viewBox=format!("0 0 {WIDTH} {height}") preserveAspectRatio="none" role="img" aria-label=spoken(graph, range, scale)>
                <path class="g-grid" d=grid()/>
                {field.marks(height)}
                {field.level(scale)}
                {field.candles(scale)}
                {field.series(scale)}
                {below}
                {pointed.and_then(|index| field.pointer(index, height))}
            </svg>
            <div class="xs" aria-hidden="true">{places.collect_view()}</div>
        </div>
    }
    .into_any()
}

/// Share of the picture's height that the main field takes.
#[must_use]
pub fn main_part(graph: &Graph) -> f64 {
    if graph.below.is_some() { HEIGHT / (HEIGHT + BETWEEN + BELOW) } else { 1.0 }
}

fn grid() -> String {
    let mut path = String::new();
    for line in 0..=super::scale::INTERVALS {
        let y = HEIGHT * line as f64 / super::scale::INTERVALS as f64;
        let _ = write!(path, "M0 {y:.1}H{WIDTH}");
    }
    path
}

fn spoken(graph: &Graph, range: (f64, f64), scale: Scale) -> String {
    format!(
        "{} in {}, {} to {}, scale {} to {}",
        graph.title,
        graph.unit,
        graph.place(range.0),
        graph.place(range.1),
        numbers::short(scale.low),
        numbers::short(scale.high)
    )
}

/// What is being drawn.
struct Field<'g> {
    graph: &'g Graph,
    range: (f64, f64),
    part: std::ops::Range<usize>,
}

impl Field<'_> {
    fn x(&self, x: f64) -> f64 {
        let span = self.range.1 - self.range.0;
        let place = if span > 0.0 { (x - self.range.0) / span } else { 0.5 };
        place.clamp(-0.5, 1.5) * WIDTH
    }

    /// Width of a bar or candle.
    fn width(&self) -> f64 {
        let count = self.part.len().max(1) as f64;
        (WIDTH / count * 0.7).clamp(0.6, 24.0)
    }

    fn points<'a, T: Copy>(&'a self, values: &'a [Option<T>]) -> impl Iterator<Item = (f64, Option<T>)> + 'a {
        self.part
            .clone()
            .map(move |index| (self.x(self.graph.xs[index]), values.get(index).copied().flatten()))
    }

    fn series(&self, scale: Scale) -> AnyView {
        let drawn = self.graph.series.iter().enumerate().map(|(position, series)| {
            let class = format!("g-{}", position % 6);
            match series.kind {
                Kind::Bars => {
                    view! { <path class=format!("g-bars {class}") d=self.bars(series, scale, 0.0, HEIGHT)/> }
                        .into_any()
                }
                Kind::Line => {
                    view! { <path class=format!("g-line {class}") d=self.line(series, scale)/> }.into_any()
                }
                Kind::Area => view! {
                    <path class=format!("g-area {class}") d=self.area(series, scale)/>
                    <path class=format!("g-line {class}") d=self.line(series, scale)/>
                }
                .into_any(),
            }
        });
        drawn.collect::<Vec<_>>().into_any()
    }

    fn line(&self, series: &Series, scale: Scale) -> String {
        let mut path = String::new();
        let mut pen_down = false;
        for (x, value) in self.points(&series.values) {
            let Some(value) = value else {
                pen_down = false;
                continue;
            };
            let y = HEIGHT * (1.0 - scale.place(value));
            let _ = write!(path, "{}{x:.1} {y:.1}", if pen_down { 'L' } else { 'M' });
            if !pen_down {
                // a lone value is a dot: a line of no length with round ends
                path.push_str("h0");
            }
            pen_down = true;
        }
        path
    }

    fn area(&self, series: &Series, scale: Scale) -> String {
        let ground = HEIGHT * (1.0 - scale.place(scale.low.max(0.0).min(scale.high)));
        let mut path = String::new();
        let mut last: Option<f64> = None;
        for (x, value) in self.points(&series.values) {
            match (value, last) {
                (Some(value), None) => {
                    let _ =
                        write!(path, "M{x:.1} {ground:.1}L{x:.1} {:.1}", HEIGHT * (1.0 - scale.place(value)));
                    last = Some(x);
                }
                (Some(value), Some(_)) => {
                    let _ = write!(path, "L{x:.1} {:.1}", HEIGHT * (1.0 - scale.place(value)));
                    last = Some(x);
                }
                (None, Some(before)) => {
                    let _ = write!(path, "L{before:.1} {ground:.1}Z");
                    last = None;
                }
                (None, None) => {}
            }
        }
        if let Some(before) = last {
            let _ = write!(path, "L{before:.1} {ground:.1}Z");
        }
        path
    }

    fn bars(&self, series: &Series, scale: Scale, top: f64, height: f64) -> String {
        let width = self.width();
        let ground = scale.place(0.0f64.clamp(scale.low, scale.high));
        let mut path = String::new();
        for (x, value) in self.points(&series.values) {
            let Some(value) = value else { continue };
            let (from, to) = (ground, scale.place(value));
            let (high, low) = (from.max(to), from.min(to));
            let y = top + height * (1.0 - high);
            let tall = (height * (high - low)).max(0.5);
            let _ = write!(path, "M{:.1} {y:.1}h{width:.1}v{tall:.1}h-{width:.1}z", x - width / 2.0);
        }
        path
    }

    fn candles(&self, scale: Scale) -> AnyView {
        let (mut rising, mut falling) = (String::new(), String::new());
        let width = self.width();
        for (x, candle) in self.points(&self.graph.candles) {
            let Some(Candle { open, high, low, close }) = candle else { continue };
            let path = if close >= open { &mut rising } else { &mut falling };
            let y = |value: f64| HEIGHT * (1.0 - scale.place(value));
            let (top, bottom) = (y(open.max(close)), y(open.min(close)));
            let tall = (bottom - top).max(0.8);
            let _ = write!(path, "M{x:.1} {:.1}h0.01V{:.1}h-0.01z", y(high), y(low));
            let _ = write!(path, "M{:.1} {top:.1}h{width:.1}v{tall:.1}h-{width:.1}z", x - width / 2.0);
        }
        view! { <path class="g-up" d=rising/><path class="g-down" d=falling/> }.into_any()
    }

    fn marks(&self, height: f64) -> AnyView {
        let visible =
            self.graph.marks.iter().filter(|mark| mark.to >= self.range.0 && mark.from <= self.range.1);
        let drawn = visible.map(|mark| {
            let (from, to) = (self.x(mark.from).max(0.0), self.x(mark.to).min(WIDTH));
            let width = (to - from).max(2.0);
            let band = view! {
                <rect class="g-mark" x=format!("{from:.1}") y="0" width=format!("{width:.1}") height=height.to_string()>
                    <title>{mark.label.clone()}</title>
                </rect>
            };
            match mark.href.is_empty() {
                true => band.into_any(),
                false => view! { <a href=mark.href.clone() aria-label=mark.label.clone()>{band}</a> }.into_any(),
            }
        });
        drawn.collect::<Vec<_>>().into_any()
    }

    fn level(&self, scale: Scale) -> AnyView {
        let drawn = self.graph.level.as_ref().map(|level| {
            let y = HEIGHT * (1.0 - scale.place(level.value));
            view! { <path class="g-level" d=format!("M0 {y:.1}H{WIDTH}")><title>{level.label.clone()}</title></path> }
        });
        drawn.into_any()
    }

    fn pointer(&self, index: usize, height: f64) -> Option<AnyView> {
        let x = self.x(*self.graph.xs.get(index)?);
        Some(view! { <path class="g-pointer" d=format!("M{x:.1} 0V{height}")/> }.into_any())
    }
}
