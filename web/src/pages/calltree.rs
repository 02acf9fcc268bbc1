//! A call tree, drawn as one: a line per node, guides for its place, and the outcome of every node.

use leptos::prelude::*;
use yumascan_warehouse::rows::CallRow;

use crate::{
    json_view::{self, Names},
    text,
    ui::{self, icons},
};

/// Guides drawn; deeper nodes say their depth in figures.
const GUIDES: u32 = 10;

/// The outcome of a node, by sign, word and colour.
fn outcome(call: &CallRow) -> AnyView {
    match call.outcome.as_str() {
        "success" => ui::badge("ok", icons::check().into_any(), "success"),
        "failed" => ui::badge("bad", icons::cross().into_any(), call.error.as_deref().unwrap_or("failed")),
        "reverted" => ui::badge("bad", icons::undo().into_any(), "reverted"),
        "not_executed" => ui::badge("dim", icons::dash().into_any(), "not executed"),
        "deferred" => ui::badge("wait", icons::clock().into_any(), "deferred"),
        _ => ui::badge("dim", icons::question().into_any(), "unknown"),
    }
}

/// For every node and every level above it: whether that level goes on below (a guide is drawn through).
fn guides(calls: &[CallRow]) -> Vec<Vec<bool>> {
    let mut goes_on: Vec<bool> = Vec::new();
    let mut lines = vec![Vec::new(); calls.len()];
    for (position, call) in calls.iter().enumerate().rev() {
        let depth = call.depth.min(GUIDES) as usize;
        goes_on.resize(goes_on.len().max(depth + 1), false);
        lines[position] = (1..=depth).map(|level| goes_on[level]).collect();
        goes_on[depth] = true;
        goes_on.truncate(depth + 1);
    }
    lines
}

/// The nodes, in pre-order. `origin` is the one above the first (the signer): only changes are shown.
/// With `drawn` false (filtered lists) the nodes are not related, and no guides are drawn.
pub(crate) fn tree(calls: &[CallRow], signer: Option<&str>, drawn: bool) -> AnyView {
    let lines = guides(calls);
    let open = calls.len() <= 4;
    let nodes = calls
        .iter()
        .zip(lines)
        .map(|(call, lines)| {
            let guides = if drawn { guide_cells(call, &lines) } else { ().into_any() };
            node(call, guides, changed_origin(call, calls, signer), open)
        })
        .collect::<Vec<_>>();
    view! { <ol class="tree">{nodes}</ol> }.into_any()
}

fn guide_cells(call: &CallRow, lines: &[bool]) -> AnyView {
    let last = lines.len();
    let cells = lines
        .iter()
        .enumerate()
        .map(|(level, goes_on)| {
            let class = match (level + 1 == last, *goes_on) {
                (true, true) => "g tee",
                (true, false) => "g elbow",
                (false, true) => "g line",
                (false, false) => "g",
            };
            view! { <span class=class></span> }
        })
        .collect_view();
    let deep = (call.depth > GUIDES)
        .then(|| view! { <span class="deep" title="depth">{format!("+{}", call.depth - GUIDES)}</span> });
    view! { <span class="guides" aria-hidden="true">{cells}{deep}</span> }.into_any()
}

/// The origin of a node where it is not its parent's.
fn changed_origin<'a>(call: &'a CallRow, calls: &[CallRow], signer: Option<&str>) -> Option<&'a str> {
    let parent = call.parent_index.and_then(|parent| {
        // Pre-order and without gaps within a page: the parent is found by its ordinal.
        calls
            .binary_search_by_key(&parent, |other| other.call_index)
            .ok()
            .and_then(|position| calls.get(position))
    });
    let above = match (call.parent_index, parent) {
        (_, Some(parent)) => Some(parent.origin.as_str()),
        (None, None) => signer.or(Some("None")),
        // The parent is on another page: better to show it than to hide a change.
        (Some(_), None) => None,
    };
    (above != Some(call.origin.as_str())).then_some(call.origin.as_str())
}

fn node(call: &CallRow, guides: AnyView, origin: Option<&str>, open: bool) -> AnyView {
    let names = Names { pallet: &call.pallet, item: &call.call };
    let origin = origin.map(|origin| view! { <span class="as">"as "{ui::account(origin)}</span> });
    let role = (call.depth > 0 && !matches!(call.role.as_str(), "" | "call" | "calls"))
        .then(|| view! { <span class="none">{call.role.clone()}</span> });
    let huge = call.args.len() > 200_000;
    let arguments = if huge {
        view! { <p class="none">{format!("{} of arguments: see the raw JSON.", text::bytes(call.args.len() as u64))}</p> }
            .into_any()
    } else {
        json_view::full(&call.args, names)
    };
    // Closed nodes show their arguments in brief, so that a long batch reads like a list.
    let brief = (!open && !huge).then(|| json_view::inline(&call.args, names));
    view! {
        <li id=format!("c-{}", call.path)>
            {guides}
            <details open=open>
                <summary>
                    <span class="path num">{call.path.clone()}</span>
                    <span class="call">{ui::name(&call.pallet, &call.call)}</span>
                    {role}{origin}{brief}
                    {outcome(call)}
                </summary>
                {arguments}
            </details>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(index: u32, parent: Option<u32>, path: &str) -> CallRow {
        CallRow {
            block_number: 1,
            extrinsic_index: 0,
            call_index: index,
            parent_index: parent,
            timestamp_ms: None,
            path: path.to_owned(),
            depth: path.matches('.').count() as u32,
            pallet: "Utility".to_owned(),
            call: "batch".to_owned(),
            role: "calls".to_owned(),
            origin: "5Alice".to_owned(),
            outcome: "success".to_owned(),
            success: Some(true),
            error: None,
            args: "{}".to_owned(),
        }
    }

    #[test]
    fn guides_go_on_only_where_a_sibling_follows() {
        let calls =
            [call(0, None, "0"), call(1, Some(0), "0.0"), call(2, Some(1), "0.0.0"), call(3, Some(0), "0.1")];
        assert_eq!(guides(&calls), vec![vec![], vec![true], vec![true, false], vec![false]]);
    }

    #[test]
    fn a_changed_origin_is_shown_once() {
        let mut calls = [call(0, None, "0"), call(1, Some(0), "0.0"), call(2, Some(1), "0.0.0")];
        calls[1].origin = "5Bob".to_owned();
        calls[2].origin = "5Bob".to_owned();
        let shown: Vec<_> = calls.iter().map(|node| changed_origin(node, &calls, Some("5Alice"))).collect();
        assert_eq!(shown, vec![None, Some("5Bob"), None]);
    }

    #[test]
    fn every_outcome_has_its_word() {
        for (stored, word) in [
            ("success", "success"),
            ("failed", "failed"),
            ("reverted", "reverted"),
            ("not_executed", "not executed"),
            ("deferred", "deferred"),
            ("unknown", "unknown"),
        ] {
            let mut node = call(0, None, "0");
            node.outcome = stored.to_owned();
            assert!(outcome(&node).to_html().contains(word), "{stored}");
        }
    }
}
