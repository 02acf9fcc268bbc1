//! The yield calculator: an amount and who it is staked to, what it earns an hour, a day, a month, a year.

use leptos::prelude::*;

use crate::{
    calculators::earnings::{Fields, Offer, earnings},
    text,
};

/// The form and its outcome; without script it is sent and the server answers.
#[island]
pub fn EarningsCalculator(action: String, offers: Vec<Offer>, fields: Fields) -> impl IntoView {
    let start = fields.clone();
    let fields = RwSignal::new(fields);
    let typed = move |event: leptos::ev::Event| {
        let named = event_target::<leptos::web_sys::Element>(&event).get_attribute("name");
        let value = event_target_value(&event);
        fields.update(|fields| match named.as_deref() {
            Some("offer") => fields.offer = value,
            _ => fields.amount = value,
        });
    };
    let options = offers.iter().map(|offer| {
        let label = format!("{} · {}", offer.label, text::percent_ppm(offer.apy_ppm));
        view! { <option value=offer.key.clone() selected=offer.key == start.offer>{label}</option> }
    });
    let options = options.collect_view();
    let kept = StoredValue::new(offers);
    view! {
        <form class="filters" method="get" action=action aria-label="Yield calculator" on:input=typed>
            <div class="fields">
                <label class="field f-from"><span>"Amount staked"</span><input name="amount" value=start.amount.clone() placeholder="1000" inputmode="decimal" autocomplete="off"/></label>
                <label class="field"><span>"Staked to"</span><select name="offer">{options}</select></label>
                <span class="go"><button type="submit">"Calculate"</button></span>
            </div>
        </form>
        <div class="outcome" aria-live="polite">{move || kept.with_value(|offers| shown(&fields.get(), offers))}</div>
    }
}

fn shown(fields: &Fields, offers: &[Offer]) -> AnyView {
    let unit = offers.iter().find(|offer| offer.key == fields.offer).or_else(|| offers.first());
    let unit = unit.map_or("", |offer| offer.unit.as_str()).to_owned();
    match earnings(fields, offers) {
        None => view! { <p class="none">"Type an amount to see what it earns at the yield of the window above."</p> }.into_any(),
        Some(Err(why)) => view! { <p class="notice bad">{why}</p> }.into_any(),
        Some(Ok(spans)) => {
            let rows = spans.into_iter().map(|earned| {
                let worth = earned.tao_rao.map_or_else(|| "unknown".to_owned(), |rao| format!("{} TAO", text::amount(rao)));
                view! { <tr><td>{format!("a {}", earned.span)}</td><td class="r num">{format!("{} {unit}", text::amount(earned.rao))}</td><td class="r num">{worth}</td></tr> }
            });
            view! {
                <div class="wide"><table class="list"><thead><tr><th scope="col">"In"</th><th scope="col" class="r">"Earned"</th><th scope="col" class="r">"Worth today"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody></table></div>
            }
            .into_any()
        }
    }
}
