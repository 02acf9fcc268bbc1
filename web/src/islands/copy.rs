//! Copy buttons.

use leptos::prelude::*;

/// Makes every `[data-copy]` button copy its value, and says so for two seconds.
#[island]
pub fn CopyButtons() -> impl IntoView {
    let told = RwSignal::new(String::new());
    #[cfg(feature = "hydrate")]
    start(told);
    view! { <span class="told" class:shown=move || told.with(|text| !text.is_empty()) role="status">{move || told.get()}</span> }
}

#[cfg(feature = "hydrate")]
fn start(told: RwSignal<String>) {
    use super::browser;
    use wasm_bindgen_futures::JsFuture;

    let Some(document) = browser::document() else { return };
    browser::listen(&document, "click", move |event: web_sys::Event| {
        let Some(button) = browser::closest(&event, "[data-copy]") else { return };
        let Some(value) = button.get_attribute("data-copy") else { return };
        leptos::task::spawn_local(async move {
            let Some(window) = web_sys::window() else { return };
            // Browsers offer the clipboard to secure pages only; `navigator.clipboard` is undefined elsewhere.
            let clipboard = window.navigator().clipboard();
            let copied =
                !clipboard.is_undefined() && JsFuture::from(clipboard.write_text(&value)).await.is_ok();
            let _ = button.class_list().add_1(if copied { "done" } else { "refused" });
            told.set(if copied { "Copied" } else { "This browser does not let the page copy" }.to_owned());
            gloo_timers::future::TimeoutFuture::new(2_000).await;
            let _ = button.class_list().remove_2("done", "refused");
            told.set(String::new());
        });
    });
}
