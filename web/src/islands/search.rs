//! The search box, with suggestions while one types. Without script it is a plain GET form.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ui::icons;

/// One suggestion, as `/search.json` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// `Block`, `Extrinsic`, `Account`, `Call` or `Event`.
    pub kind: String,
    /// What it is called.
    pub label: String,
    /// What tells it from others.
    pub detail: String,
    /// Where it leads.
    pub href: String,
}

/// The box in the header.
#[island]
pub fn SearchBox(query: String) -> impl IntoView {
    let suggestions = RwSignal::new(Vec::<Suggestion>::new());
    let active = RwSignal::new(None::<usize>);
    let open = move || suggestions.with(|found| !found.is_empty());
    let close = move || {
        suggestions.set(Vec::new());
        active.set(None);
    };

    let typed = move |event: leptos::ev::Event| ask(event_target_value(&event), suggestions, active);
    let pressed = move |event: leptos::ev::KeyboardEvent| {
        let count = suggestions.with(Vec::len);
        match event.key().as_str() {
            "Escape" => close(),
            "ArrowDown" if count > 0 => {
                event.prevent_default();
                active.update(|row| *row = Some(row.map_or(0, |row| (row + 1) % count)));
            }
            "ArrowUp" if count > 0 => {
                event.prevent_default();
                active.update(|row| *row = Some(row.map_or(count - 1, |row| (row + count - 1) % count)));
            }
            "Enter" => {
                let chosen = active.get().and_then(|row| suggestions.with(|found| found.get(row).cloned()));
                if let Some(suggestion) = chosen {
                    event.prevent_default();
                    follow(&suggestion.href);
                }
            }
            _ => {}
        }
    };
    let left = move |_| later(close);
    let rows = move || {
        let mut rows = Vec::new();
        for (row, suggestion) in suggestions.get().into_iter().enumerate() {
            let selected = move || if active.get() == Some(row) { "true" } else { "false" };
            rows.push(view! {
                <li role="option" id=format!("hit-{row}") aria-selected=selected>
                    <a href=suggestion.href tabindex="-1">
                        <span class="kind">{suggestion.kind}</span>
                        <span class="label">{suggestion.label}</span>
                        <span class="detail">{suggestion.detail}</span>
                    </a>
                </li>
            });
        }
        rows
    };
    view! {
        <form class="search" action="/search" method="get" role="search">
            <label class="sr" for="q">"Search blocks, extrinsics, accounts, calls and events"</label>
            {icons::lens()}
            <input id="q" name="q" type="search" value=query placeholder="Block, hash, account, pallet.call" maxlength="200"
                autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="search"
                role="combobox" aria-autocomplete="list" aria-controls="hits"
                aria-expanded=move || if open() { "true" } else { "false" }
                aria-activedescendant=move || active.get().map(|row| format!("hit-{row}"))
                on:input=typed on:keydown=pressed on:blur=left/>
            <kbd aria-hidden="true">"/"</kbd>
            <ul id="hits" role="listbox" aria-label="Suggestions" hidden=move || !open()>{rows}</ul>
        </form>
    }
}

/// Asks the server once the typist pauses; an answer that comes late is dropped.
#[cfg(feature = "hydrate")]
fn ask(text: String, suggestions: RwSignal<Vec<Suggestion>>, active: RwSignal<Option<usize>>) {
    use std::cell::Cell;
    thread_local!(static LATEST: Cell<u64> = const { Cell::new(0) });
    let turn = LATEST.get() + 1;
    LATEST.set(turn);
    leptos::task::spawn_local(async move {
        gloo_timers::future::TimeoutFuture::new(150).await;
        if LATEST.get() != turn {
            return;
        }
        let url = format!("/search.json?q={}", crate::text::encode(text.trim()));
        let found = if text.trim().is_empty() { None } else { super::browser::fetch_json(&url).await };
        if LATEST.get() == turn {
            active.set(None);
            suggestions.set(found.unwrap_or_default());
        }
    });
}

#[cfg(not(feature = "hydrate"))]
fn ask(_: String, _: RwSignal<Vec<Suggestion>>, _: RwSignal<Option<usize>>) {}

#[cfg(feature = "hydrate")]
fn follow(href: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.location().set_href(href);
    }
}

#[cfg(not(feature = "hydrate"))]
fn follow(_: &str) {}

/// Waits a moment before closing: a click on a suggestion takes the focus away first.
#[cfg(feature = "hydrate")]
fn later(close: impl Fn() + 'static) {
    gloo_timers::callback::Timeout::new(200, close).forget();
}

#[cfg(not(feature = "hydrate"))]
fn later(_: impl Fn() + 'static) {}
