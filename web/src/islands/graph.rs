//! A chart that can be read off, zoomed into and taken away. Without script it is a picture with its table.

use leptos::prelude::*;

use crate::graph::{Graph, plot, table};

#[cfg(feature = "hydrate")]
mod export;

/// A chart: drag over it or use `+`, `−` and the arrow keys to zoom and move, `Esc` for the whole.
#[island]
pub fn GraphView(graph: Graph) -> impl IntoView {
    let whole = graph.whole();
    let range = RwSignal::new(whole);
    let pointed = RwSignal::new(None::<usize>);
    let dragged = RwSignal::new(None::<f64>);
    let graph = StoredValue::new(graph);

    let moved = move |event: leptos::ev::PointerEvent| {
        let Some(part) = part_of(&event) else { return };
        let (from, to) = range.get_untracked();
        let nearest = graph.with_value(|graph| graph.nearest(from + (to - from) * part));
        if pointed.get_untracked() != nearest {
            pointed.set(nearest);
        }
    };
    let pressed = move |event: leptos::ev::PointerEvent| dragged.set(part_of(&event));
    let released = move |event: leptos::ev::PointerEvent| {
        let (Some(start), Some(end)) = (dragged.get_untracked(), part_of(&event)) else { return };
        dragged.set(None);
        let (from, to) = range.get_untracked();
        // a click is no zoom
        if (end - start).abs() > 0.02 {
            let at = |part: f64| from + (to - from) * part;
            range.set((at(start.min(end)), at(start.max(end))));
        }
    };
    let keyed = move |event: leptos::ev::KeyboardEvent| {
        let (from, to) = range.get_untracked();
        let span = to - from;
        let next = match event.key().as_str() {
            "+" | "=" => (from + span * 0.2, to - span * 0.2),
            "-" | "−" => (from - span * 0.3, to + span * 0.3),
            "ArrowLeft" => (from - span * 0.2, to - span * 0.2),
            "ArrowRight" => (from + span * 0.2, to + span * 0.2),
            "Escape" => whole,
            _ => return,
        };
        event.prevent_default();
        range.set(held_within(next, whole));
    };
    let reading = move || {
        graph.with_value(|graph| match pointed.get() {
            Some(index) => graph.reading(index),
            None => graph.reading(graph.xs.len().saturating_sub(1)),
        })
    };
    let is_zoomed = move || range.get() != whole;
    let (title, legend) =
        graph.with_value(|graph| (format!("{}, {}", graph.title, graph.unit), legend(graph)));
    let name = graph.with_value(|graph| graph.id.clone());
    view! {
        <figure class="graph" id=name>
            <figcaption><span class="what">{title}</span>{legend}
                <span class="tools">
                    <button type="button" disabled=move || !is_zoomed() on:click=move |_| range.set(whole)>"Whole"</button>
                    <button type="button" on:click=move |event| save_picture(&event, &graph.get_value())>"PNG"</button>
                    <button type="button" on:click=move |_| save_values(&graph.get_value())>"CSV"</button>
                </span>
            </figcaption>
            <p class="reading">{reading}</p>
            <div class="field-of" tabindex="0" role="group" aria-label="Chart: plus and minus zoom, arrows move, Escape shows all"
                on:pointermove=moved on:pointerdown=pressed on:pointerup=released on:pointerleave=move |_| pointed.set(None) on:keydown=keyed>
                {move || graph.with_value(|graph| plot::plot(graph, range.get(), pointed.get()))}
            </div>
            <details class="values"><summary>"Values as a table"</summary>{graph.with_value(table::table)}</details>
        </figure>
    }
}

fn legend(graph: &Graph) -> AnyView {
    if graph.series.len() < 2 {
        return ().into_any();
    }
    let names = graph.series.iter().enumerate().map(|(position, series)| {
        view! { <span class=format!("key g-{}", position % 6)>{series.name.clone()}</span> }
    });
    view! { <span class="legend">{names.collect_view()}</span> }.into_any()
}

/// A range that neither leaves the data nor becomes too short to see anything.
fn held_within((from, to): (f64, f64), whole: (f64, f64)) -> (f64, f64) {
    let most = whole.1 - whole.0;
    let span = (to - from).clamp(most / 2_000.0, most);
    let from = from.clamp(whole.0, whole.1 - span);
    (from, from + span)
}

/// Where the pointer is: 0 at the left end of the picture, 1 at the right.
#[cfg(feature = "hydrate")]
fn part_of(event: &leptos::ev::PointerEvent) -> Option<f64> {
    use wasm_bindgen::JsCast;

    let field = event.current_target()?.dyn_into::<web_sys::Element>().ok()?;
    let place = field.query_selector("svg").ok()??.get_bounding_client_rect();
    let part = (f64::from(event.client_x()) - place.left()) / place.width().max(1.0);
    Some(part.clamp(0.0, 1.0))
}

#[cfg(not(feature = "hydrate"))]
fn part_of(_: &leptos::ev::PointerEvent) -> Option<f64> {
    None
}

#[cfg(feature = "hydrate")]
fn save_picture(event: &leptos::ev::MouseEvent, graph: &Graph) {
    if let Some(figure) = super::browser::closest(event, "figure.graph") {
        export::picture(&figure, graph);
    }
}

#[cfg(not(feature = "hydrate"))]
fn save_picture(_: &leptos::ev::MouseEvent, _: &Graph) {}

#[cfg(feature = "hydrate")]
fn save_values(graph: &Graph) {
    export::values(graph);
}

#[cfg(not(feature = "hydrate"))]
fn save_values(_: &Graph) {}

#[cfg(test)]
mod tests {
    use super::held_within;

    #[test]
    fn a_zoom_stays_within_the_data() {
        assert_eq!(held_within((-50.0, 20.0), (0.0, 100.0)), (0.0, 70.0));
        assert_eq!(held_within((90.0, 130.0), (0.0, 100.0)), (60.0, 100.0));
        assert_eq!(held_within((-10.0, 200.0), (0.0, 100.0)), (0.0, 100.0));
        let (from, to) = held_within((50.0, 50.0), (0.0, 100.0));
        assert!(to > from);
    }
}
