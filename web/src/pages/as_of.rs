//! State pages speak of a block: the newest one with state, or the one that `?at=` names.

use leptos::prelude::*;
use yumascan_warehouse::query::market::{Moment, NoMoment};

use crate::{
    server::{Context, PageError},
    text, ui,
};

/// The moment that a page is asked to show.
///
/// # Errors
/// [`PageError::NoState`] where the state of that block is not known, with the nearest blocks that have one.
pub(crate) async fn moment(context: &Context) -> Result<Moment, PageError> {
    let at = context.params.number("at", "Block")?;
    let found = context.state.warehouse.find_moment(at).await?;
    found.map_err(|why| no_state(context, at, why))
}

fn no_state(context: &Context, at: Option<u64>, why: NoMoment) -> PageError {
    let (before, after) = why.nearest();
    let nearest = before.or(after).map(|block| context.link(&[("at", Some(&block.to_string()))]));
    let what = match at {
        Some(at) => format!("No state of block {}", text::group(at)),
        None => "No state has been read yet".to_owned(),
    };
    PageError::NoState { what, why: why.to_string(), nearest }
}

/// Of which block a page speaks, with a field for another one.
pub(crate) fn line(context: &Context, moment: &Moment) -> AnyView {
    let given = context.params.get("at").map(str::to_owned);
    let is_past = given.is_some();
    let newest = is_past.then(|| {
        view! { <a href=context.link(&[("at", None)])>"Newest block"</a> }
    });
    let kept = context.params.others("at").map(|(name, value)| {
        view! { <input type="hidden" name=name.to_owned() value=value.to_owned()/> }
    });
    let read_at = (moment.read_at != moment.block).then(|| {
        view! { <span class="none">{format!("state last read at block {}", text::group(moment.read_at))}</span> }
    });
    view! {
        <form class="as-of" class:past=is_past method="get" action=context.path.clone() aria-label="Block">
            {kept.collect_view()}
            <span>"State after block "{ui::block_link(moment.block)}", "{ui::time(moment.timestamp_ms, context.now_ms)}</span>
            {read_at}
            <label><span class="sr">"Another block"</span><input name="at" inputmode="numeric" autocomplete="off" placeholder="another block" value=given.unwrap_or_default()/></label>
            <button type="submit">"Go"</button>
            {newest}
        </form>
    }
    .into_any()
}

/// A link to another page that keeps the block which this one shows.
pub(crate) fn keep(context: &Context, path: &str) -> String {
    match context.params.get("at") {
        Some(at) => format!("{path}{}at={}", if path.contains('?') { '&' } else { '?' }, text::encode(at)),
        None => path.to_owned(),
    }
}
