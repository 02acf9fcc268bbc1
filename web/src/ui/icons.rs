//! Hand-made signs, drawn on a 16-unit grid in the colour of the text around them.

use leptos::prelude::*;

fn stroke(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=path fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"/>
        </svg>
    }
}

/// A tick.
pub fn check() -> impl IntoView {
    stroke("M3.5 8.5l3 3 6-7")
}

/// A cross.
pub fn cross() -> impl IntoView {
    stroke("M4.5 4.5l7 7M11.5 4.5l-7 7")
}

/// A question mark.
pub fn question() -> impl IntoView {
    stroke("M5.8 6a2.2 2.2 0 1 1 3.3 2c-.8.5-1.1.9-1.1 1.7M8 12.4v.1")
}

/// A clock: not yet.
pub fn clock() -> impl IntoView {
    stroke("M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5.2V8l2 1.4")
}

/// An arrow that turns back: undone.
pub fn undo() -> impl IntoView {
    stroke("M5.5 3.5L2.5 6.5l3 3M3 6.5h6a3.5 3.5 0 0 1 0 7H7")
}

/// A dash: did not run.
pub fn dash() -> impl IntoView {
    stroke("M4 8h8")
}

/// Two sheets: copy.
pub fn copy() -> impl IntoView {
    stroke("M6 5.8h6.2v7.2H6zM3.8 10.4V3h6.4")
}

/// A lens.
pub fn lens() -> impl IntoView {
    stroke("M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4M10.2 10.2l3.3 3.3")
}

/// A sun: light.
pub fn sun() -> impl IntoView {
    stroke(
        "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.6v1M8 13.4v1M1.6 8h1M13.4 8h1M3.5 3.5l.7.7M11.8 11.8l.7.7M3.5 12.5l.7-.7M11.8 4.2l.7-.7",
    )
}

/// A moon: dark.
pub fn moon() -> impl IntoView {
    stroke("M13 9.6A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.6")
}

/// Half light, half dark: as the system says.
pub fn half() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" stroke-width="1.75"/>
            <path d="M8 2.8a5.2 5.2 0 0 1 0 10.4z" fill="currentColor"/>
        </svg>
    }
}

/// The Yumascan sign: three neurons whose ways meet, as a Y.
pub fn logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <rect width="32" height="32" rx="8" fill="var(--accent-fill)"/>
            <path d="M9.5 9l6.5 8.5L22.5 9M16 17.5V24" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>
            <circle cx="9.5" cy="9" r="2.9" fill="#fff"/>
            <circle cx="22.5" cy="9" r="2.9" fill="#fff"/>
            <circle cx="16" cy="24" r="2.9" fill="#fff"/>
        </svg>
    }
}
