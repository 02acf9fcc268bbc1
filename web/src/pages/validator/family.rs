//! Hotkeys that lend a validator their stake, and those to which it lends its own.

use std::collections::BTreeMap;

use leptos::prelude::*;
use yumascan_warehouse::query::market::validators::{Family, Relation};

use crate::{
    pages::{as_of, parts},
    server::Context,
    text, ui,
};

/// Relations listed of each kind.
const LISTED: usize = 200;

pub(super) fn section(
    context: &Context,
    family: &Family,
    subnets: &BTreeMap<u16, (Option<String>, Option<String>)>,
) -> AnyView {
    if family.parents.is_empty() && family.children.is_empty() {
        return ().into_any();
    }
    view! {
        <section aria-labelledby="family"><h2 id="family">"Family"</h2>
            <p class="lead">"A child key sets weights with the stake that its parents lend it, a part of theirs on one subnet."</p>
            <div class="columns">
                {side(context, "Parents", "Lends it", &family.parents, subnets)}
                {side(context, "Children", "Lent", &family.children, subnets)}
            </div>
        </section>
    }
    .into_any()
}

fn side(
    context: &Context,
    title: &'static str,
    part: &'static str,
    relations: &[Relation],
    subnets: &BTreeMap<u16, (Option<String>, Option<String>)>,
) -> AnyView {
    if relations.is_empty() {
        return view! { <div><h3>{title}</h3><p class="none">"None."</p></div> }.into_any();
    }
    let rows = relations.iter().take(LISTED).map(|relation| {
        let href = as_of::keep(context, &format!("/subnet/{}", relation.netuid));
        let (name, symbol) = subnets.get(&relation.netuid).cloned().unwrap_or_default();
        let ppm = u128::from(relation.proportion) * 1_000_000 / u128::from(u64::MAX);
        let part = text::percent_ppm(u64::try_from(ppm).unwrap_or(0));
        view! {
            <tr><td>{ui::subnet_link(&href, relation.netuid, name.as_deref(), symbol.as_deref())}</td>
                <td>{parts::validator_link(&parts::validator_href(context, &relation.hotkey), &relation.hotkey, None)}</td>
                <td class="r num">{part}</td><td class="r num p2">{ui::block_link(relation.since_block)}</td></tr>
        }
        .into_any()
    });
    let rest = relations.len().saturating_sub(LISTED);
    view! {
        <div><h3>{title}</h3>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"Subnet"</th><th scope="col">"Hotkey"</th><th scope="col" class="r">{part}</th><th scope="col" class="r p2">"Since"</th></tr></thead>
                <tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
            {(rest > 0).then(|| view! { <p class="count">{format!("and {} more", text::group(rest as u64))}</p> })}
        </div>
    }
    .into_any()
}
