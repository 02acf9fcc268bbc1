//! Light, dark, or as the system says; remembered in a cookie, so that the server renders it right from the start.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ui::icons;

/// What the reader chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Name in the cookie, the query and the page's `data-theme`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a name; the system's for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// Three buttons. Without script they submit the form to `/theme`, which sets the cookie and comes back.
#[island]
pub fn ThemeSwitch(theme: Theme, back: String) -> impl IntoView {
    let chosen = RwSignal::new(theme);
    let button = move |this: Theme, label: &'static str, icon: AnyView| {
        let pressed = move || if chosen.get() == this { "true" } else { "false" };
        view! {
            <button name="set" value=this.name() aria-pressed=pressed aria-label=label title=label
                on:click=move |event| { event.prevent_default(); chosen.set(this); remember(this); }>
                {icon}
            </button>
        }
    };
    view! {
        <form class="themes" action="/theme" method="get" role="group" aria-label="Colours">
            <input type="hidden" name="to" value=back/>
            {button(Theme::System, "Colours of the system", icons::half().into_any())}
            {button(Theme::Light, "Light colours", icons::sun().into_any())}
            {button(Theme::Dark, "Dark colours", icons::moon().into_any())}
        </form>
    }
}

#[cfg(feature = "hydrate")]
fn remember(theme: Theme) {
    use wasm_bindgen::JsCast;
    let Some(document) = super::browser::document() else { return };
    if let Some(root) = document.document_element() {
        let _ = root.set_attribute("data-theme", theme.name());
    }
    if let Ok(document) = document.dyn_into::<web_sys::HtmlDocument>() {
        let _ =
            document.set_cookie(&format!("theme={}; path=/; max-age=31536000; samesite=lax", theme.name()));
    }
}

#[cfg(not(feature = "hydrate"))]
fn remember(_: Theme) {}
