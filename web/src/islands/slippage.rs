//! The slippage calculator: what a trade would get, by the chain's own maths, as one types.

use leptos::prelude::*;

use crate::{
    calculators::slippage::{Fields, Leg, Markets, Quote, quote, quote_of, sign},
    graph::numbers,
    text,
};

/// Other amounts of the table, as parts of the amount: numerator and denominator.
const OTHERS: [(u64, u64); 5] = [(1, 10), (1, 2), (2, 1), (10, 1), (100, 1)];

/// The form and its outcome; without script it is sent and the server answers.
#[island]
pub fn SlippageCalculator(
    action: String,
    at: Option<String>,
    markets: Markets,
    fields: Fields,
) -> impl IntoView {
    let start = fields.clone();
    let fields = RwSignal::new(fields);
    let options = |chosen: &str| {
        let subnets = markets.iter().map(|(netuid, market)| {
            let selected = chosen.parse() == Ok(*netuid);
            view! { <option value=netuid.to_string() selected=selected>{market.label.clone()}</option> }
        });
        let tao = chosen.is_empty() || chosen == "tao";
        view! { <option value="tao" selected=tao>"TAO"</option>{subnets.collect_view()} }.into_any()
    };
    let (pay, want) = (options(&start.from), options(&start.to));
    let kept = StoredValue::new(markets);
    let typed = move |event: leptos::ev::Event| {
        let named = event_target::<leptos::web_sys::Element>(&event).get_attribute("name");
        let value = event_target_value(&event);
        fields.update(|fields| match named.as_deref() {
            Some("from") => fields.from = value,
            Some("to") => fields.to = value,
            _ => fields.amount = value,
        });
    };
    view! {
        <form class="filters" method="get" action=action aria-label="Slippage calculator" on:input=typed>
            {at.map(|at| view! { <input type="hidden" name="at" value=at/> })}
            <div class="fields">
                <label class="field f-from"><span>"Amount paid"</span><input name="amount" value=start.amount placeholder="100" inputmode="decimal" autocomplete="off"/></label>
                <label class="field"><span>"Of"</span><select name="from">{pay}</select></label>
                <label class="field"><span>"For"</span><select name="to">{want}</select></label>
                <span class="go"><button type="submit">"Calculate"</button></span>
            </div>
        </form>
        <div class="outcome" aria-live="polite">{move || kept.with_value(|markets| shown(&fields.get(), markets))}</div>
    }
}

fn shown(fields: &Fields, markets: &Markets) -> AnyView {
    match quote(fields, markets) {
        None => view! { <p class="none">"Type an amount to see what it gets."</p> }.into_any(),
        Some(Err(why)) => view! { <p class="notice bad">{why}</p> }.into_any(),
        Some(Ok(quote)) => answer(fields, markets, &quote),
    }
}

fn answer(fields: &Fields, markets: &Markets, quote: &Quote) -> AnyView {
    let (paid, wanted) = (sign(&fields.from), sign(&fields.to));
    let legs = quote.legs.iter().map(leg_row).collect::<Vec<_>>();
    let others = OTHERS.iter().filter_map(|(part, whole)| {
        let rao = quote.paid_rao.checked_mul(*part)? / whole;
        Some(other_row(rao, fields, markets, paid, wanted))
    });
    view! {
        <dl class="tiles figures">
            <div class="tile"><dt>"Received"</dt><dd class="num">{text::amount(quote.received_rao)}<span class="unit">{wanted}</span></dd>
                <dd class="sub">{format!("for {} {paid}", text::amount(quote.paid_rao))}</dd></div>
            <div class="tile"><dt>"Less than at the price"</dt><dd class="num">{loss(quote)}</dd>
                <dd class="sub">{format!("which would give {} {wanted}", text::amount(quote.ideal_rao))}</dd></div>
        </dl>
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Swap"</th><th scope="col" class="r">"Fee"</th><th scope="col" class="r">"Price before"</th><th scope="col" class="r">"Price after"</th><th scope="col" class="r">"Change"</th></tr></thead>
            <tbody>{legs}</tbody></table></div>
        <h3>"Other amounts"</h3>
        <div class="wide"><table class="list"><thead><tr><th scope="col" class="r">"Paid"</th><th scope="col" class="r">"Received"</th><th scope="col" class="r">"Less"</th></tr></thead>
            <tbody>{others.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}

fn loss(quote: &Quote) -> String {
    quote.loss_ppm().map_or_else(|| "unknown".to_owned(), text::percent_ppm)
}

fn leg_row(leg: &Leg) -> AnyView {
    let (does, unit) = if leg.buys { ("buys the alpha of", "TAO") } else { ("sells the alpha of", "α") };
    let (before, after) = leg.price_bits;
    let price = |bits: u128| format!("{} τ", numbers::short(bits as f64 / 4_294_967_296.0));
    let change = yumascan_protocol::valuation::change_ppm(
        yumascan_protocol::fixed::U96F32::from_bits(before),
        yumascan_protocol::fixed::U96F32::from_bits(after),
    );
    let change = change.map_or_else(|| "unknown".to_owned(), text::change_ppm);
    view! {
        <tr><td>{format!("{does} subnet {}", leg.netuid)}</td><td class="r num">{format!("{} {unit}", text::amount(leg.fee_rao))}</td>
            <td class="r num">{price(before)}</td><td class="r num">{price(after)}</td><td class="r num">{change}</td></tr>
    }
    .into_any()
}

fn other_row(rao: u64, fields: &Fields, markets: &Markets, paid: &str, wanted: &str) -> AnyView {
    let (received, less) = match quote_of(rao, fields, markets) {
        Ok(quote) => (format!("{} {wanted}", text::amount(quote.received_rao)), loss(&quote)),
        Err(why) => (why, String::new()),
    };
    view! { <tr><td class="r num">{format!("{} {paid}", text::amount(rao))}</td><td class="r num">{received}</td><td class="r num">{less}</td></tr> }
        .into_any()
}
