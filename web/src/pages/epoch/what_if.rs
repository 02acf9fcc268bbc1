//! The form of what-if and its outcome. Works without script: the server runs the epoch again.

use leptos::prelude::*;

use super::{Shown, alpha_text, share};
use crate::{
    server::{Context, PageError, Params},
    what_if::{Change, Effect},
};

/// Neurons listed.
const LISTED: usize = 40;

/// Reads the change from the query.
pub(super) fn read(params: &Params, mechid: u8) -> Result<Change, PageError> {
    let small = |name: &str, label: &str| -> Result<Option<u16>, PageError> {
        let Some(number) = params.number(name, label)? else { return Ok(None) };
        u16::try_from(number).map(Some).map_err(|_| PageError::bad(label, &number.to_string(), "0 to 65535"))
    };
    let validator = small("by", "Validator")?;
    let neuron = small("on", "Neuron")?;
    let weight = small("weight", "Weight")?;
    let staked = small("whose", "Whose stake")?;
    let percent = params.number("percent", "Stake")?;
    let percent = percent.map(|percent| u32::try_from(percent).unwrap_or(u32::MAX));
    Ok(Change {
        mechid,
        weight: validator.zip(neuron).zip(weight).map(|((by, on), weight)| (by, on, weight)),
        stake: staked.zip(percent),
        kappa: small("kappa", "Kappa")?,
        bonds_penalty: small("penalty", "Bonds penalty")?,
        liquid_alpha: params.choice("liquid", "Liquid alpha", "on", "off")?,
        yuma3: params.choice("yuma3", "Yuma3", "on", "off")?,
    })
}

pub(super) fn section(
    context: &Context,
    shown: &Shown,
    effects: Option<Result<Vec<Effect>, String>>,
) -> AnyView {
    let Some(replay) = &shown.replay else { return ().into_any() };
    let parameters = &replay.inputs.parameters;
    let field = |name: &'static str, label: &'static str, placeholder: String| {
        let value = context.params.get(name).unwrap_or_default().to_owned();
        view! { <label class="field f-from"><span>{label}</span><input name=name value=value placeholder=placeholder inputmode="numeric" autocomplete="off"/></label> }
            .into_any()
    };
    let switch = |name: &'static str, label: &'static str, on: bool| {
        let chosen = context.params.get(name).unwrap_or("any").to_owned();
        let now = if on { "as it is (on)" } else { "as it is (off)" };
        let options = [("any", now), ("on", "on"), ("off", "off")].map(|(value, label)| {
            view! { <option value=value selected=chosen == value>{label}</option> }
        });
        view! { <label class="field f-from"><span>{label}</span><select name=name>{options.into_iter().collect_view()}</select></label> }.into_any()
    };
    let mechid = shown.row.mechid.to_string();
    let outcome = effects.map(|effects| match effects {
        Ok(effects) => outcome(&effects),
        Err(reason) => view! { <p class="notice bad">{reason}</p> }.into_any(),
    });
    let fields = [
        field("by", "Validator (uid)", "2".to_owned()),
        field("on", "gives neuron (uid)", "7".to_owned()),
        field("weight", "the weight", "65535".to_owned()),
        field("whose", "Stake of (uid)", "2".to_owned()),
        field("percent", "becomes % of itself", "200".to_owned()),
        field("kappa", "Kappa", parameters.kappa.to_string()),
        field("penalty", "Bonds penalty", parameters.bonds_penalty.to_string()),
        switch("liquid", "Liquid alpha", parameters.liquid_alpha_on),
        switch("yuma3", "Yuma3", parameters.yuma3_on),
    ];
    view! {
        <section id="what-if" aria-labelledby="what-if-head">
            <h2 id="what-if-head">"What if"</h2>
            <p class="lead">"Change a weight, a stake or a parameter, and the epoch runs again with the code that verified it. Weights and parameters are of 65535."</p>
            <form class="filters" method="get" action=format!("{}#what-if", context.path) aria-label="What if">
                <input type="hidden" name="mechid" value=mechid/>
                <div class="fields">{fields.into_iter().collect_view()}<span class="go"><button type="submit">"Run again"</button></span></div>
            </form>
            {outcome}
        </section>
    }
    .into_any()
}

fn outcome(effects: &[Effect]) -> AnyView {
    if effects.is_empty() {
        return view! { <p class="notice">"Nothing changes: every stored number stays the same."</p> }
            .into_any();
    }
    let rows = effects.iter().take(LISTED).map(|effect| {
        let pair = |(old, new): (u16, u16)| if old == new { share(old) } else { format!("{} → {}", share(old), share(new)) };
        let (old, new) = effect.emission_rao;
        let change = if new >= old { format!("+{}", alpha_text(new - old)) } else { format!("−{}", alpha_text(old - new)) };
        view! {
            <tr><td class="num">{effect.uid}</td><td class="r num">{pair(effect.incentive)}</td><td class="r num">{pair(effect.dividends)}</td>
                <td class="r num">{alpha_text(new)}" α"</td><td class="r num">{change}" α"</td></tr>
        }
        .into_any()
    });
    let more = effects.len().saturating_sub(LISTED);
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Uid"</th><th scope="col" class="r">"Incentive"</th><th scope="col" class="r">"Dividends"</th>
            <th scope="col" class="r">"Emission"</th><th scope="col" class="r">"Change"</th></tr></thead><tbody>{rows.collect_view()}</tbody></table></div>
        {(more > 0).then(|| view! { <p class="lead">{format!("{more} more neurons change.")}</p> })}
    }
    .into_any()
}
