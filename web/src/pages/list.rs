//! Lists: their pages, their counts and their empty state.

use leptos::prelude::*;
use yumascan_warehouse::Cursor;

use crate::{server::Context, text, ui};

/// Where a page of a list begins and ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// Its first row.
    pub(crate) first: Option<Cursor>,
    /// Its last row.
    pub(crate) last: Option<Cursor>,
    /// Whether rows come before.
    pub(crate) has_previous: bool,
    /// Whether rows come after.
    pub(crate) has_next: bool,
}

/// Names of the parameters that page a list, so that two lists can share a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turns {
    pub(crate) after: &'static str,
    pub(crate) before: &'static str,
    /// What the links are called: (towards the first row, towards the last row).
    pub(crate) labels: (&'static str, &'static str),
    /// Whether the keys `p` and `n` turn this list.
    pub(crate) keyed: bool,
}

impl Turns {
    /// The one list of a page, newest rows first.
    pub(crate) const NEWEST: Self =
        Self { after: "after", before: "before", labels: ("Newer", "Older"), keyed: true };
}

/// Links to the pages around this one; nothing when there are none.
pub(crate) fn pager(context: &Context, span: Span, turns: Turns, anchor: &str) -> AnyView {
    if !span.has_previous && !span.has_next {
        return ().into_any();
    }
    let link = |name: &str, cursor: Option<Cursor>| {
        let cursor = cursor.map(crate::server::cursor_text);
        let mut changes = vec![(turns.after, None), (turns.before, None)];
        changes.push((if name == turns.after { turns.after } else { turns.before }, cursor.as_deref()));
        // `link` drops every changed name first, so the last entry for a name wins.
        format!("{}{anchor}", context.link(&changes))
    };
    let first = format!("{}{anchor}", context.link(&[(turns.after, None), (turns.before, None)]));
    let (rel_previous, rel_next) = if turns.keyed { (Some("prev"), Some("next")) } else { (None, None) };
    let towards_first = if span.has_previous {
        view! { <a href=first>"First"</a> <a rel=rel_previous href=link(turns.before, span.first)>"← "{turns.labels.0}</a> }.into_any()
    } else {
        view! { <span aria-hidden="true">"First"</span> <span aria-hidden="true">"← "{turns.labels.0}</span> }
            .into_any()
    };
    let towards_last = if span.has_next {
        view! { <a rel=rel_next href=link(turns.after, span.last)>{turns.labels.1}" →"</a> }.into_any()
    } else {
        view! { <span aria-hidden="true">{turns.labels.1}" →"</span> }.into_any()
    };
    view! { <nav class="pager" aria-label="Pages">{towards_first}{towards_last}</nav> }.into_any()
}

/// How many rows match: counted only when asked, as counting may take longer than the page.
pub(crate) fn count_line(context: &Context, shown: usize, counted: Option<u64>, noun: &str) -> AnyView {
    let count = match counted {
        Some(count) => view! { <span>{format!("{} {noun} match.", text::group(count))}</span> }.into_any(),
        None => {
            view! { <a href=context.link(&[("count", Some("1"))]) rel="nofollow">"Count all that match"</a> }
                .into_any()
        }
    };
    view! { <p class="count"><span>{format!("{shown} {noun} shown. ")}</span>{count}</p> }.into_any()
}

/// An empty list: because of its filters, or because nothing is stored.
pub(crate) fn nothing(context: &Context, noun: &str, filtered: bool) -> AnyView {
    let path = context.path.clone();
    if filtered {
        let hint = view! {
            "Names are exact and case-sensitive (“Balances.Transfer”); the search finds the right spelling. "
            <a href=path>"Show all"</a>
        };
        return ui::empty(&format!("No {noun} match these filters."), hint.into_any());
    }
    ui::empty(
        &format!("No {noun} are stored yet."),
        view! { "They appear here as blocks are ingested." }.into_any(),
    )
}
