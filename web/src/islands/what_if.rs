//! What-if: the form and its outcome. The browser runs the epoch again at every keystroke; without script the form is
//! sent and the server does.

use leptos::prelude::*;

use crate::{
    text,
    what_if::{Effect, Fields, Now},
};

/// Neurons listed.
const LISTED: usize = 40;

/// What came of a change: `None` while nothing is changed.
pub type Outcome = Option<Result<Vec<Effect>, String>>;

/// The form of an epoch and what its change does. `url`: where the epoch's inputs are.
#[island]
pub fn WhatIf(
    action: String,
    url: String,
    mechid: u8,
    fields: Fields,
    now: Now,
    outcome: Outcome,
) -> impl IntoView {
    let fields = RwSignal::new(fields);
    let outcome = RwSignal::new(outcome);
    let typed = move |event: leptos::ev::Event| {
        let named = event_target::<leptos::web_sys::Element>(&event).get_attribute("name");
        let value = event_target_value(&event);
        fields.update(|fields| fields.set(&named.unwrap_or_default(), value));
        again(&url, mechid, fields.get_untracked(), outcome);
    };
    let start = fields.get_untracked();
    let field = |name: &'static str, label: &'static str, value: &str, placeholder: String| {
        view! { <label class="field f-from"><span>{label}</span><input name=name value=value.to_owned() placeholder=placeholder inputmode="numeric" autocomplete="off"/></label> }
            .into_any()
    };
    let switch = |name: &'static str, label: &'static str, value: &str, on: bool| {
        let chosen = if value.is_empty() { "any" } else { value }.to_owned();
        let current = if on { "as it is (on)" } else { "as it is (off)" };
        let options = [("any", current), ("on", "on"), ("off", "off")].map(|(value, label)| {
            view! { <option value=value selected=chosen == value>{label}</option> }
        });
        view! { <label class="field f-from"><span>{label}</span><select name=name>{options.into_iter().collect_view()}</select></label> }
            .into_any()
    };
    let inputs = [
        field("by", "Validator (uid)", &start.by, "2".to_owned()),
        field("on", "gives neuron (uid)", &start.on, "7".to_owned()),
        field("weight", "the weight", &start.weight, "65535".to_owned()),
        field("whose", "Stake of (uid)", &start.whose, "2".to_owned()),
        field("percent", "becomes percent", &start.percent, "200".to_owned()),
        field("kappa", "Kappa", &start.kappa, now.kappa.to_string()),
        field("penalty", "Bonds penalty", &start.penalty, now.bonds_penalty.to_string()),
        switch("liquid", "Liquid alpha", &start.liquid, now.liquid_alpha),
        switch("yuma3", "Yuma3", &start.yuma3, now.yuma3),
    ];
    view! {
        <form class="filters" method="get" action=action aria-label="What if" on:input=typed>
            <input type="hidden" name="mechid" value=mechid.to_string()/>
            <div class="fields">{inputs.into_iter().collect_view()}<span class="go"><button type="submit">"Run again"</button></span></div>
        </form>
        <div aria-live="polite">{move || outcome.get().map(|outcome| shown(&outcome))}</div>
    }
}

/// Runs the epoch again; its inputs are fetched once.
#[cfg(feature = "hydrate")]
fn again(url: &str, mechid: u8, fields: Fields, outcome: RwSignal<Outcome>) {
    use std::{cell::RefCell, rc::Rc};
    use yumascan_protocol::epoch::EpochInputs;

    thread_local!(static INPUTS: RefCell<Option<Rc<EpochInputs>>> = const { RefCell::new(None) });
    let url = url.to_owned();
    leptos::task::spawn_local(async move {
        let kept = INPUTS.with_borrow(Clone::clone);
        let inputs = match kept {
            Some(inputs) => inputs,
            None => {
                let Some(inputs) = super::browser::fetch_json::<EpochInputs>(&url).await else { return };
                let inputs = Rc::new(inputs);
                INPUTS.set(Some(inputs.clone()));
                inputs
            }
        };
        outcome.set(fields.outcome(&inputs, mechid));
    });
}

#[cfg(not(feature = "hydrate"))]
fn again(_: &str, _: u8, _: Fields, _: RwSignal<Outcome>) {}

fn shown(outcome: &Result<Vec<Effect>, String>) -> AnyView {
    let effects = match outcome {
        Ok(effects) if effects.is_empty() => {
            return view! { <p class="notice">"Nothing changes: every stored number stays the same."</p> }
                .into_any();
        }
        Ok(effects) => effects,
        Err(reason) => return view! { <p class="notice bad">{reason.clone()}</p> }.into_any(),
    };
    let rows = effects.iter().take(LISTED).map(|effect| {
        let pair = |(old, new): (u16, u16)| match old == new {
            true => text::share(old),
            false => format!("{} → {}", text::share(old), text::share(new)),
        };
        let (old, new) = effect.emission_rao;
        let sign = if new >= old { '+' } else { '−' };
        let change = format!("{sign}{}", text::amount(old.abs_diff(new)));
        view! {
            <tr><td class="num">{effect.uid}</td><td class="r num">{pair(effect.incentive)}</td><td class="r num">{pair(effect.dividends)}</td>
                <td class="r num">{text::amount(new)}" α"</td><td class="r num">{change}" α"</td></tr>
        }
        .into_any()
    });
    let rows = rows.collect::<Vec<_>>();
    let more = effects.len().saturating_sub(LISTED);
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Uid"</th><th scope="col" class="r">"Incentive"</th><th scope="col" class="r">"Dividends"</th>
            <th scope="col" class="r">"Emission"</th><th scope="col" class="r">"Change"</th></tr></thead><tbody>{rows}</tbody></table></div>
        {(more > 0).then(|| view! { <p class="lead">{format!("{more} more neurons change.")}</p> })}
    }
    .into_any()
}
