//! All neurons and what the epoch gave them.

use std::collections::HashMap;

use leptos::prelude::*;
use yumascan_chain::AccountId;

use super::{Shown, alpha};
use crate::{server::Context, text, ui};

pub(super) fn section(context: &Context, shown: &Shown) -> AnyView {
    let Some(replay) = &shown.replay else { return ().into_any() };
    let mechid = usize::from(shown.row.mechid);
    let (Some(mechanism), Some(steps)) = (replay.outputs.mechanisms.get(mechid), replay.steps.get(mechid))
    else {
        return ().into_any();
    };
    let subnet = &replay.outputs.subnet;
    let stored: HashMap<(&str, u16), &str> = shown
        .differences
        .iter()
        .filter_map(|row| Some(((row.field.as_str(), row.uid?), row.stored.as_str())))
        .collect();
    let mut order: Vec<usize> = (0..replay.inputs.neurons.len()).collect();
    order.sort_by_key(|uid| (std::cmp::Reverse(subnet.emission.get(*uid).copied().unwrap_or(0)), *uid));
    let rows = order.into_iter().map(|uid| {
        let number = u16::try_from(uid).unwrap_or(u16::MAX);
        let neuron = &replay.inputs.neurons[uid];
        let key = neuron.key.map(|key| AccountId(key.0).to_ss58());
        let stake =
            steps.stake.get(uid).map_or(0.0, |stake| stake.to_bits() as f64 / 4_294_967_296.0 * 100.0);
        let permit = steps.permits.get(uid).copied().unwrap_or(false);
        let active = subnet.active.get(uid).copied().unwrap_or(false);
        let vector = |field: &'static str, values: &[u16]| {
            let value = values.get(uid).copied().unwrap_or(0);
            number_beside(text::share(value), value, stored.get(&(field, number)).copied())
        };
        let emission = subnet.emission.get(uid).copied().unwrap_or(0);
        let why = context.link(&[("uid", Some(&uid.to_string()))]);
        view! {
            <tr>
                <td class="num"><a href=format!("{why}#why")>{uid}</a></td>
                <td>{ui::account_or(key.as_deref(), "no hotkey")}</td>
                <td class="r num">{format!("{stake:.3} %")}</td>
                <td class="p2">{role(permit, active)}</td>
                <td class="r num">{vector("Consensus", &subnet.consensus)}</td>
                <td class="r num">{vector("ValidatorTrust", &subnet.validator_trust)}</td>
                <td class="r num">{vector("Incentive", &mechanism.incentive)}</td>
                <td class="r num">{vector("Dividends", &subnet.dividends)}</td>
                <td class="r">{alpha(emission)}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="neurons">
            <h2 id="neurons">"Neurons"</h2>
            <p class="lead">"Recomputed. A number that the chain stored otherwise has the stored one beside it; all others are equal to the last digit. Follow a uid to see why."</p>
            <div class="wide"><table class="list">
                <thead><tr><th scope="col">"Uid"</th><th scope="col">"Hotkey"</th><th scope="col" class="r">"Stake"</th><th scope="col" class="p2">"Role"</th>
                    <th scope="col" class="r">"Consensus"</th><th scope="col" class="r">"Vtrust"</th><th scope="col" class="r">"Incentive"</th>
                    <th scope="col" class="r">"Dividends"</th><th scope="col" class="r">"Emission"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table></div>
        </section>
    }
    .into_any()
}

fn number_beside(shown: String, exact: u16, stored: Option<&str>) -> AnyView {
    let stored =
        stored.map(|stored| view! { " "<span class="badge wait">{format!("stored {stored}")}</span> });
    view! { <span title=format!("{exact} of 65535")>{shown}</span>{stored} }.into_any()
}

fn role(permit: bool, active: bool) -> &'static str {
    match (permit, active) {
        (true, true) => "validator",
        (true, false) => "validator, inactive",
        (false, true) => "miner",
        (false, false) => "miner, inactive",
    }
}
