//! Thin helpers over the browser's interfaces. Everything that can be missing is an `Option`: an island that cannot
//! work does nothing, and the page stays as the server made it.

use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, Event, EventTarget};

/// The page.
pub(crate) fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// Listens for as long as the page lives.
pub(crate) fn listen<E: JsCast + 'static>(
    target: &EventTarget,
    event: &str,
    mut heard: impl FnMut(E) + 'static,
) {
    let closure = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        if let Ok(event) = event.dyn_into::<E>() {
            heard(event);
        }
    });
    let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// The nearest element around the event's target that matches.
pub(crate) fn closest(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

/// All elements that match.
pub(crate) fn all(root: &Document, selector: &str) -> Vec<Element> {
    let Ok(found) = root.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
}

/// Gets a JSON answer of this server.
pub(crate) async fn fetch_json<T: serde::de::DeserializeOwned>(url: &str) -> Option<T> {
    let answer = JsFuture::from(web_sys::window()?.fetch_with_str(url)).await.ok()?;
    let response: web_sys::Response = answer.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    let body = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    serde_json::from_str(&body).ok()
}
