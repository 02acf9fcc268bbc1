//! A validator at a block: its seats, what it paid, its take, its family, and how it did over epochs.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use leptos::prelude::*;
use yumascan_warehouse::{
    query::market::{
        Moment,
        identities::IdentityFilter,
        validators::{Attendance, Family, Validator, ValidatorSeat},
    },
    rows::{DelegateTakeRow, EpochVerificationRow, IdentityRow, NeuronStateRow},
};

use super::{Page, as_of, epoch::verified_badge, parts};
use crate::{
    server::{Answer, Context, PageError},
    text, ui,
};

mod epochs;
mod family;
mod yields;

/// Changes of the take listed.
const TAKES: u32 = 20;

/// What the page shows.
struct Shown {
    hotkey: String,
    public_key: String,
    moment: Moment,
    /// `None` where it has no permit anywhere.
    of: Option<Validator>,
    /// Neurons of a hotkey that is no validator.
    neurons: Vec<NeuronStateRow>,
    identity: Option<IdentityRow>,
    take: Option<u16>,
    takes: Vec<DelegateTakeRow>,
    attendance: Vec<Attendance>,
    family: Family,
    nominators: BTreeMap<u16, u64>,
    verified: Vec<EpochVerificationRow>,
    /// Names of subnets.
    subnets: BTreeMap<u16, (Option<String>, Option<String>)>,
}

pub(crate) async fn handle(context: Context, Path(id): Path<String>) -> Response {
    let loaded = load(&context, &id).await;
    context.answer(loaded).await
}

async fn load(context: &Context, id: &str) -> Result<Answer, PageError> {
    let Ok(account) = id.parse::<yumascan_chain::AccountId>() else {
        let shown: String = id.chars().take(70).collect();
        let hint = "A validator is named by the SS58 address of its hotkey (of any prefix; the checksum must be right) or its public key as 0x and 64 digits.";
        return Err(PageError::NotFound { what: format!("No validator {shown}"), hint: hint.to_owned() });
    };
    let hotkey = account.to_ss58();
    if hotkey != id {
        return Ok(Answer::Elsewhere(context.params.link(&format!("/validator/{hotkey}"), &[])));
    }
    let chosen = context.params.number("netuid", "Subnet")?;
    let moment = as_of::moment(context).await?;
    let public_key = yumascan_chain::Hash(account.0).to_string();
    let shown = read(context, hotkey, public_key, moment).await?;
    let is_unknown = shown.of.is_none()
        && shown.neurons.is_empty()
        && shown.takes.is_empty()
        && shown.family == Family::default()
        && shown.nominators.is_empty();
    if is_unknown {
        return Err(PageError::NotFound {
            what: "Not a validator".to_owned(),
            hint: format!(
                "{} is no neuron, nobody stakes to it and it never set a take, as far as the state up to block {} tells. \
                 It may still be an account: look at /account/{}",
                shown.hotkey,
                text::group(shown.moment.block),
                shown.hotkey
            ),
        });
    }
    let (yields, history) = tokio::try_join!(
        yields::read(context, &shown.hotkey, &shown.moment),
        epochs::read(context, &shown, chosen),
    )?;
    let name = shown.identity.as_ref().and_then(|row| row.name.clone()).filter(|name| !name.is_empty());
    let title = name.clone().unwrap_or_else(|| {
        format!("Validator {}…{}", &shown.hotkey[..6], &shown.hotkey[shown.hotkey.len() - 4..])
    });
    let context = context.clone();
    Ok(Page::new(title, "/validators", move || {
        view! {
            {head(&shown, name.as_deref())}
            {as_of::line(&context, &shown.moment)}
            {shown.of.is_none().then(|| view! { <p class="notice">"This hotkey has no validator permit on any subnet at this block."</p> })}
            {tiles(&shown)}
            {facts(&context, &shown)}
            {seats(&context, &shown)}
            {yields::section(&context, &yields, &shown.subnets)}
            {epochs::section(&context, &history)}
            {family::section(&context, &shown.family, &shown.subnets)}
            {take_history(&context, &shown.takes)}
        }
        .into_any()
    })
    .into())
}

async fn read(
    context: &Context,
    hotkey: String,
    public_key: String,
    moment: Moment,
) -> Result<Shown, PageError> {
    let warehouse = &context.state.warehouse;
    let (of, neurons, take, takes, attendance, family, nominators, verified, subnets) = tokio::try_join!(
        warehouse.find_validator(&hotkey, &moment),
        warehouse.list_neurons_of(&hotkey, &moment),
        warehouse.find_take(&hotkey, &moment),
        warehouse.list_takes(&hotkey, &moment, TAKES),
        warehouse.list_attendance(&hotkey, &moment),
        warehouse.find_family(&hotkey, &moment),
        warehouse.count_nominators(&hotkey, &moment),
        warehouse.list_newest_epochs_of(&public_key),
        warehouse.list_subnets(&moment),
    )?;
    let coldkey = of.as_ref().and_then(|of| of.coldkey.clone());
    let coldkey = coldkey.or_else(|| neurons.iter().find_map(|row| row.coldkey.clone()));
    let identity = match coldkey {
        Some(coldkey) => {
            let filter = IdentityFilter {
                kind: Some("coldkey".to_owned()),
                accounts: vec![coldkey],
                ..IdentityFilter::default()
            };
            warehouse.list_identities(&filter, &moment, 1).await?.pop()
        }
        None => None,
    };
    let subnets = subnets.into_iter().map(|row| (row.netuid, (row.name, row.symbol))).collect();
    Ok(Shown {
        hotkey,
        public_key,
        moment,
        of,
        neurons,
        identity,
        take,
        takes,
        attendance,
        family,
        nominators,
        verified,
        subnets,
    })
}

impl Shown {
    /// Its neurons, whether they validate or not.
    fn places(&self) -> Vec<&NeuronStateRow> {
        match &self.of {
            Some(of) => of.seats.iter().map(|seat| &seat.neuron).collect(),
            None => self.neurons.iter().collect(),
        }
    }
}

fn head(shown: &Shown, name: Option<&str>) -> AnyView {
    let hotkey = shown.hotkey.as_str();
    let title = match name {
        Some(name) => view! { <h1>{name.to_owned()}</h1> }.into_any(),
        None => view! { <h1><span class="sr">"Validator "</span><span class="hex">{ui::middle(hotkey)}</span></h1> }.into_any(),
    };
    let verified = (!shown.verified.is_empty()).then(|| {
        let of = shown.verified.iter().map(|row| {
            let subnet = format!("/subnet/{}", row.netuid);
            view! { <span class="kv"><a href=subnet>{format!("Subnet {}", row.netuid)}</a>{verified_badge(row)}</span> }.into_any()
        });
        view! { <p class="badges">{of.collect::<Vec<_>>()}</p> }
    });
    view! {
        <header class="title account"><span class="big">{ui::mark::account_mark(hotkey)}</span>{title}</header>
        {verified}
    }
    .into_any()
}

fn tiles(shown: &Shown) -> AnyView {
    let Some(of) = &shown.of else { return ().into_any() };
    let nominators = shown.nominators.values().sum::<u64>();
    let on_root = shown.nominators.get(&0).copied().unwrap_or(0);
    let dominance = of
        .dominance_ppm
        .map_or_else(|| ui::unknown("Nobody has stake"), |ppm| view! { {text::percent_ppm(ppm)} }.into_any());
    view! {
        <dl class="tiles figures">
            {parts::tile("Stake weight", ui::tao_short(of.weight_rao), "root by the weight of TAO, and alpha")}
            {parts::tile("Dominance", dominance, "of the stake weight of all validators")}
            {parts::tile("Root stake", of.root_stake_rao.map_or_else(|| ui::unknown("Not stored"), |rao| ui::tao_short(u128::from(rao))), "staked to it on root")}
            {parts::tile("Alpha", ui::tao_short(of.alpha_worth_rao), "worth of what is staked to its seats")}
            {parts::tile("Take", parts::share_or_unknown(shown.take, "No dividends and no change of its take are stored"), "of the dividends, kept by it")}
            {parts::tile("Nominations", view! { {text::group(nominators)} }.into_any(), format!("coldkeys by subnet; {} on root", text::group(on_root)))}
        </dl>
    }
    .into_any()
}

fn facts(context: &Context, shown: &Shown) -> AnyView {
    let hotkey = shown.hotkey.as_str();
    let coldkey = shown.of.as_ref().and_then(|of| of.coldkey.clone());
    let coldkey = coldkey.or_else(|| shown.neurons.iter().find_map(|row| row.coldkey.clone()));
    let owner = coldkey.as_deref().map(|coldkey| {
        let href = as_of::keep(context, &format!("/account/{coldkey}"));
        view! { <span class="acct">{ui::mark::account_mark(coldkey)}<a href=href aria-label=coldkey.to_owned()>{ui::middle(coldkey)}</a></span> }
    });
    let owner = match owner {
        Some(owner) => owner.into_any(),
        None => ui::unknown("The state names no owner"),
    };
    let as_account = as_of::keep(context, &format!("/account/{hotkey}"));
    let said = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
    let identity = shown.identity.as_ref();
    let site = identity
        .and_then(|row| said(&row.url))
        .map(|url| view! { <div><dt>"Site"</dt><dd>{outside(&url)}</dd></div> }.into_any());
    let description = identity.and_then(|row| said(&row.description)).map(|words| {
        let cut: String = words.chars().take(400).collect();
        view! { <div><dt>"Says"</dt><dd>{cut}</dd></div> }.into_any()
    });
    view! {
        <dl class="facts">
            <div><dt>"Hotkey"</dt><dd><span class="hex">{ui::middle(hotkey)}</span>{ui::copy(hotkey, "hotkey")}" "<a href=as_account>"as an account"</a></dd></div>
            <div><dt>"Owner"</dt><dd>{owner}</dd></div>
            <div><dt>"Public key"</dt><dd><span class="hex">{ui::middle(&shown.public_key)}</span>{ui::copy(&shown.public_key, "public key")}</dd></div>
            {site}
            {description}
        </dl>
    }
    .into_any()
}

/// An address that an owner gave: followed only where it is one of the web, and without a hint of where one came from.
fn outside(url: &str) -> AnyView {
    let cut: String = url.chars().take(200).collect();
    if url.starts_with("https://") || url.starts_with("http://") {
        return view! { <a href=url.to_owned() rel="external nofollow noopener noreferrer">{cut}</a> }
            .into_any();
    }
    view! { <span>{cut}</span> }.into_any()
}

fn seats(context: &Context, shown: &Shown) -> AnyView {
    let places = shown.places();
    if places.is_empty() {
        return ().into_any();
    }
    let attended: BTreeMap<u16, &Attendance> = shown.attendance.iter().map(|of| (of.netuid, of)).collect();
    let seat_of = |netuid: u16| -> Option<&ValidatorSeat> {
        shown.of.as_ref().and_then(|of| of.seats.iter().find(|seat| seat.neuron.netuid == netuid))
    };
    let rows = places.into_iter().map(|neuron| {
        let netuid = neuron.netuid;
        let seat = seat_of(netuid);
        let href = as_of::keep(context, &format!("/subnet/{netuid}"));
        let (name, symbol) = shown.subnets.get(&netuid).cloned().unwrap_or_default();
        let worth = seat.and_then(|seat| seat.alpha_worth_rao).map(ui::tao_short);
        let silent = seat.and_then(|seat| seat.blocks_since_update);
        let share = seat.and_then(|seat| seat.dividend_share_ppm).map(text::percent_ppm);
        let missed = attended.get(&netuid).map(|of| format!("{} of {}", text::group(of.missed), text::group(of.epochs)));
        let nominators = shown.nominators.get(&netuid).copied().map(text::group);
        view! {
            <tr>
                <td>{ui::subnet_link(&href, netuid, name.as_deref(), symbol.as_deref())}</td>
                <td class="r num p2">{neuron.uid}</td>
                <td class="r p2">{neuron.alpha_stake_rao.map_or_else(|| ui::unknown("Not stored"), ui::alpha_short)}</td>
                <td class="r">{worth}</td>
                <td class="r">{parts::share_or_unknown(neuron.validator_trust, "Not stored")}</td>
                <td class="r num">{share}</td>
                <td class="r num">{silent.map_or_else(|| ui::unknown("It never set weights"), |blocks| view! { {text::group(blocks)} }.into_any())}</td>
                <td class="r num p2">{missed}</td>
                <td class="r num p3">{nominators}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="seats"><h2 id="seats">"Seats"</h2>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"Subnet"</th><th scope="col" class="r p2">"Uid"</th><th scope="col" class="r p2">"Alpha"</th>
                <th scope="col" class="r">"Worth"</th><th scope="col" class="r">"Vtrust"</th><th scope="col" class="r" title="Its part of the dividends of the subnet in the last epoch">"Dividends"</th>
                <th scope="col" class="r" title="Blocks since it set or committed weights">"Silent for"</th>
                <th scope="col" class="r p2" title="Epochs of the last day in which it had a permit and earned nothing">"Missed"</th>
                <th scope="col" class="r p3" title="Coldkeys that stake to it there">"Nominators"</th></tr></thead>
                <tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
        </section>
    }
    .into_any()
}

fn take_history(context: &Context, takes: &[DelegateTakeRow]) -> AnyView {
    if takes.is_empty() {
        return ().into_any();
    }
    let rows = takes.iter().map(|row| {
        let of = match (row.kind.as_str(), row.netuid) {
            ("childkey", Some(netuid)) => format!("of children, subnet {netuid}"),
            ("childkey", None) => "of children".to_owned(),
            _ => "of nominators".to_owned(),
        };
        let old = row.old_take.map_or_else(|| "unknown".to_owned(), text::share);
        view! {
            <tr><td class="num">{ui::block_link(row.block_number)}</td><td class="age p2">{ui::time(row.timestamp_ms, context.now_ms)}</td>
                <td>{of}</td><td class="r num"><del>{old}</del>" → "<ins>{text::share(row.new_take)}</ins></td></tr>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="takes"><h2 id="takes">"Changes of the take"</h2>
            <div class="wide"><table class="list diff"><thead><tr><th scope="col">"Block"</th><th scope="col" class="p2">"Age"</th><th scope="col">"Take"</th><th scope="col" class="r">"From → to"</th></tr></thead>
                <tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
        </section>
    }
    .into_any()
}
