//! The keyboard: `/` searches, `?` explains, `p` and `n` turn pages, `g` and a letter go places.

use leptos::prelude::*;

/// Keys and what they do, for the dialog and the help page.
const KEYS: [(&str, &str); 10] = [
    ("/", "search"),
    ("?", "this help"),
    ("p", "previous block or page"),
    ("n", "next block or page"),
    ("g h", "home"),
    ("g b", "blocks"),
    ("g x", "extrinsics"),
    ("g e", "events"),
    ("g t", "transfers"),
    ("Esc", "close"),
];

/// What the search box understands.
const SEARCHES: [(&str, &str); 6] = [
    ("3010, 3,010, #3010", "a block by its number"),
    ("0x701e…f157", "a block or an extrinsic by its hash"),
    ("3010-4", "an extrinsic by block and index"),
    ("5Grwva…utQY", "an account by SS58 address, of any prefix"),
    ("0xd435…a27d", "an account by its public key in hex"),
    ("balances.transfer", "calls and events by name, or its beginning"),
];

fn list(rows: &'static [(&'static str, &'static str)]) -> impl IntoView {
    rows.iter()
        .map(|(key, meaning)| view! { <div><dt><kbd>{*key}</kbd></dt><dd>{*meaning}</dd></div> })
        .collect_view()
}

/// The help: keys and searches.
pub fn help_text() -> impl IntoView {
    view! {
        <h3>"Keys"</h3>
        <dl class="keys">{list(&KEYS)}</dl>
        <h3>"What the search understands"</h3>
        <dl class="keys wide">{list(&SEARCHES)}</dl>
    }
}

/// Listens for keys and holds the help dialog.
#[island]
pub fn Keys() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    start();
    view! {
        <dialog id="help" aria-labelledby="help-title">
            <form method="dialog"><button class="close" aria-label="Close">"×"</button></form>
            <h2 id="help-title">"Help"</h2>
            {help_text()}
        </dialog>
    }
}

#[cfg(feature = "hydrate")]
fn start() {
    use super::browser;
    use std::cell::Cell;
    use wasm_bindgen::JsCast;

    let Some(document) = browser::document() else { return };
    let after_g = Cell::new(false);
    browser::listen(&document.clone(), "keydown", move |event: web_sys::KeyboardEvent| {
        let writing = browser::closest(&event, "input, textarea, select, [contenteditable]").is_some();
        if writing || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let key = event.key();
        if after_g.replace(key == "g")
            && let Some(place) = place_of(&key)
        {
            if let Some(window) = web_sys::window() {
                let _ = window.location().set_href(place);
            }
            return;
        }
        let click = |selector: &str| {
            if let Ok(Some(element)) = document.query_selector(selector)
                && let Ok(element) = element.dyn_into::<web_sys::HtmlElement>()
            {
                element.click();
            }
        };
        match key.as_str() {
            "/" => {
                event.prevent_default();
                let field = document
                    .get_element_by_id("q")
                    .and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok());
                if let Some(field) = field {
                    let _ = field.focus();
                    field.select();
                }
            }
            "?" => show_help(&document),
            "p" => click("a[rel=prev]"),
            "n" => click("a[rel=next]"),
            _ => {}
        }
    });
    let Some(document) = browser::document() else { return };
    browser::listen(&document.clone(), "click", move |event: web_sys::Event| {
        if browser::closest(&event, "a[data-help]").is_some() {
            event.prevent_default();
            show_help(&document);
        }
    });
}

#[cfg(feature = "hydrate")]
fn show_help(document: &web_sys::Document) {
    use wasm_bindgen::JsCast;
    let dialog = document
        .get_element_by_id("help")
        .and_then(|found| found.dyn_into::<web_sys::HtmlDialogElement>().ok());
    if let Some(dialog) = dialog
        && !dialog.open()
    {
        let _ = dialog.show_modal();
    }
}

#[cfg(feature = "hydrate")]
fn place_of(key: &str) -> Option<&'static str> {
    match key {
        "h" => Some("/"),
        "b" => Some("/blocks"),
        "x" => Some("/extrinsics"),
        "e" => Some("/events"),
        "t" => Some("/transfers"),
        _ => None,
    }
}
