//! Panes: two forms of the same thing (decoded, raw) behind two links.

use leptos::prelude::*;

/// Switches panes in place. Without it the links load the page with the other pane.
#[island]
pub fn Panes() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    start();
    view! { <span hidden></span> }
}

#[cfg(feature = "hydrate")]
fn start() {
    use super::browser;

    let Some(document) = browser::document() else { return };
    browser::listen(&document.clone(), "click", move |event: web_sys::Event| {
        let Some(link) = browser::closest(&event, "a[data-pane]") else { return };
        let Some(wanted) = link.get_attribute("data-pane") else { return };
        event.prevent_default();
        for other in browser::all(&document, "a[data-pane]") {
            let current = other.get_attribute("data-pane").as_deref() == Some(wanted.as_str());
            let _ = other.set_attribute("aria-current", if current { "true" } else { "false" });
        }
        for body in browser::all(&document, "[data-pane-body]") {
            let shown = body.get_attribute("data-pane-body").as_deref() == Some(wanted.as_str());
            let _ = if shown { body.remove_attribute("hidden") } else { body.set_attribute("hidden", "") };
        }
        let history = web_sys::window().and_then(|window| window.history().ok());
        if let (Some(history), Some(href)) = (history, link.get_attribute("href")) {
            let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&href));
        }
    });
}
