//! Relative times that stay true while the page is open.

use leptos::prelude::*;

/// Rewrites every `<time data-ms>` once a second, only where its text changes.
#[island]
pub fn RelativeTimes() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    gloo_timers::callback::Interval::new(1_000, tick).forget();
    view! { <span hidden></span> }
}

#[cfg(feature = "hydrate")]
fn tick() {
    use super::browser;
    let Some(document) = browser::document() else { return };
    if document.hidden() {
        return;
    }
    let now_ms = browser::now_ms();
    for element in browser::all(&document, "time[data-ms]") {
        let Some(ms) = element.get_attribute("data-ms").and_then(|text| text.parse().ok()) else { continue };
        let relative = crate::text::relative(ms, now_ms);
        // The text node is changed, not replaced: the live feed's rows hold on to theirs.
        if let Some(node) = element.first_child()
            && node.node_value().as_deref() != Some(relative.as_str())
        {
            node.set_node_value(Some(&relative));
        }
    }
}
