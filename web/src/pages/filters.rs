//! Filter forms: plain GET forms whose fields are the page's parameters.

use leptos::prelude::*;

use crate::server::Context;

/// One field of a form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    name: &'static str,
    label: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Text, with an example.
    Text(&'static str),
    /// A day.
    Day,
    /// One of (value, label); the first is the one that is meant without the parameter.
    Choice(&'static [(&'static str, &'static str)]),
}

impl Field {
    pub(crate) const fn text(name: &'static str, label: &'static str, example: &'static str) -> Self {
        Self { name, label, kind: Kind::Text(example) }
    }
    pub(crate) const fn choice(
        name: &'static str,
        label: &'static str,
        choices: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { name, label, kind: Kind::Choice(choices) }
    }
}

/// The range that every list can be cut to.
const RANGE: [Field; 4] = [
    Field::text("from", "From block", "1"),
    Field::text("to", "To block", "5000"),
    Field { name: "since", label: "Since (UTC)", kind: Kind::Day },
    Field { name: "until", label: "Until (UTC)", kind: Kind::Day },
];

/// Names of the range's parameters.
pub(crate) const RANGE_NAMES: [&str; 4] = ["from", "to", "since", "until"];

/// The form of a list page. `keep` names parameters that are no filters but stay.
pub(crate) fn form(context: &Context, fields: &[Field], keep: &[&'static str]) -> AnyView {
    let inputs = fields.iter().map(|field| input(context, *field)).collect_view();
    let range = RANGE.iter().map(|field| input(context, *field)).collect_view();
    let ranged = context.params.has_any(&RANGE_NAMES);
    let names: Vec<&str> = fields.iter().map(|field| field.name).chain(RANGE_NAMES).collect();
    let filtered = context.params.has_any(&names);
    let kept = keep
        .iter()
        .filter_map(|name| {
            context
                .params
                .get(name)
                .map(|value| view! { <input type="hidden" name=*name value=value.to_owned()/> })
        })
        .collect_view();
    let cleared: Vec<(&str, Option<&str>)> = names
        .iter()
        .map(|name| (*name, None))
        .chain([("after", None), ("before", None), ("count", None)])
        .collect();
    let clear = filtered.then(|| view! { <a class="clear" href=context.link(&cleared)>"Clear"</a> });
    view! {
        <form class="filters" method="get" action=context.path.clone() aria-label="Filters">
            {kept}
            <div class="fields">{inputs}<span class="go"><button type="submit">"Filter"</button>{clear}</span></div>
            <details open=ranged><summary>"Blocks and days"</summary><div class="fields">{range}</div></details>
        </form>
    }
    .into_any()
}

fn input(context: &Context, field: Field) -> AnyView {
    let value = context.params.get(field.name).unwrap_or_default().to_owned();
    let control = match field.kind {
        Kind::Text(example) => view! { <input name=field.name value=value placeholder=example autocomplete="off" spellcheck="false"/> }.into_any(),
        Kind::Day => {
            // A moment in the address (from a link) is kept as it is; the day picker could not show it.
            let kind = if value.is_empty() || value.len() == 10 { "date" } else { "text" };
            view! { <input name=field.name type=kind value=value/> }.into_any()
        }
        Kind::Choice(choices) => {
            let options = choices
                .iter()
                .enumerate()
                .map(|(position, (key, label))| {
                    let selected = *key == value || (value.is_empty() && position == 0);
                    view! { <option value=*key selected=selected>{*label}</option> }
                })
                .collect_view();
            view! { <select name=field.name>{options}</select> }.into_any()
        }
    };
    view! { <label class=format!("field f-{}", field.name)><span>{field.label}</span>{control}</label> }
        .into_any()
}
