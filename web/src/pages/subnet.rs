//! A subnet at a block: its figures, and a tab for each side of it.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use yumascan_warehouse::{
    PageRequest,
    query::{
        market::{Moment, subnets::Generation},
        verifications::VerificationFilter,
    },
    rows::{EpochVerificationRow, SubnetStateRow},
};

use super::{Page, as_of, epoch::verified_badge};
use crate::{
    server::{Answer, Context, PageError},
    text, ui,
};

mod emissions;
mod epochs;
mod figures;
mod holders;
mod market;
mod metagraph;
mod moves;
mod neurons;
mod parameters;
mod registrations;

/// Tabs: name in the address, label.
const TABS: [(&str, &str); 10] = [
    ("market", "Market"),
    ("emissions", "Emissions"),
    ("metagraph", "Metagraph"),
    ("validators", "Validators"),
    ("miners", "Miners"),
    ("parameters", "Hyperparameters"),
    ("registrations", "Registrations"),
    ("holders", "Holders"),
    ("moves", "Stake moves"),
    ("epochs", "Epochs"),
];

/// What every tab starts from.
pub(crate) struct Shown {
    pub(crate) netuid: u16,
    pub(crate) moment: Moment,
    pub(crate) row: SubnetStateRow,
}

/// What a tab shows.
pub(crate) type Body = Box<dyn FnOnce(&Context) -> AnyView + Send>;

/// A tab, or a file of it.
pub(crate) enum Content {
    Body(Body),
    File(Answer),
}

impl Content {
    pub(crate) fn new(body: impl FnOnce(&Context) -> AnyView + Send + 'static) -> Self {
        Self::Body(Box::new(body))
    }
}

pub(crate) async fn handle(context: Context, Path(netuid): Path<u16>) -> Response {
    let loaded = load(&context, netuid).await;
    context.answer(loaded).await
}

/// The pool of a subnet at a block, for the calculators.
pub(crate) async fn handle_pool(context: Context, Path(netuid): Path<u16>) -> Response {
    match market::pool_json(&context, netuid).await {
        Ok(json) => ([(axum::http::header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => context.answer(Err(error)).await,
    }
}

async fn load(context: &Context, netuid: u16) -> Result<Answer, PageError> {
    let tab = context.params.get("tab").unwrap_or("market");
    if !TABS.iter().any(|(name, _)| *name == tab) {
        let known = TABS.map(|(name, _)| name).join("`, `");
        return Err(PageError::bad("Tab", tab, &format!("one of `{known}`")));
    }
    let warehouse = &context.state.warehouse;
    let epochs = VerificationFilter { netuid: Some(netuid), ..VerificationFilter::default() };
    let newest = warehouse.list_epoch_verifications(&epochs, PageRequest::newest(1)).await?;
    let newest = newest.rows.into_iter().next();
    let moment = match as_of::moment(context).await {
        // verified epochs need no state
        Err(PageError::NoState { .. }) if newest.is_some() && context.params.get("at").is_none() => {
            return epochs::alone(context, netuid, newest).await;
        }
        found => found?,
    };
    let (row, generations) =
        tokio::try_join!(warehouse.find_subnet(netuid, &moment), warehouse.list_generations(netuid))?;
    let Some(row) = row else {
        return Err(not_there(context, netuid, &moment, &generations));
    };
    let shown = Shown { netuid, moment, row };
    let content = match tab {
        "emissions" => emissions::load(context, &shown).await?,
        "metagraph" => metagraph::load(context, &shown).await?,
        "validators" => neurons::load_validators(context, &shown).await?,
        "miners" => neurons::load_miners(context, &shown).await?,
        "parameters" => parameters::load(context, &shown).await?,
        "registrations" => registrations::load(context, &shown).await?,
        "holders" => holders::load(context, &shown).await?,
        "moves" => moves::load(context, &shown).await?,
        "epochs" => epochs::load(context, &shown).await?,
        _ => market::load(context, &shown).await?,
    };
    let body = match content {
        Content::File(file) => return Ok(file),
        Content::Body(body) => body,
    };
    let name = title(&shown.row);
    let context = context.clone();
    let tab = tab.to_owned();
    Ok(Page::new(name.clone(), "/subnets", move || {
        view! {
            {head(&name, &shown, newest.as_ref())}
            {as_of::line(&context, &shown.moment)}
            {others(&context, &shown, &generations)}
            {figures::cards(&shown.row)}
            {tabs(&context, &tab)}
            {body(&context)}
        }
        .into_any()
    })
    .into())
}

/// Name of a subnet with its number.
fn title(row: &SubnetStateRow) -> String {
    match row.name.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => format!("Subnet {} · {name}", row.netuid),
        None => format!("Subnet {}", row.netuid),
    }
}

fn head(name: &str, shown: &Shown, newest: Option<&EpochVerificationRow>) -> AnyView {
    let symbol = shown.row.symbol.clone().filter(|symbol| !symbol.is_empty());
    view! {
        <header class="title"><h1>{name.to_owned()}</h1>{symbol.map(|symbol| view! { <span class="none">{symbol}</span> })}
            <span class="badges">{newest.map(verified_badge)}</span></header>
    }
    .into_any()
}

/// Other subnets that had the number: their numbers must not be taken for this one's.
fn others(context: &Context, shown: &Shown, generations: &[Generation]) -> AnyView {
    let others = generations.iter().filter(|generation| generation.registered_at != shown.row.registered_at);
    let links = others
        .map(|generation| {
            let href = context.link(&[("at", Some(&generation.last_block.to_string()))]);
            view! { " " <a href=href>{said(generation)}</a> }
        })
        .collect::<Vec<_>>();
    if links.is_empty() {
        return ().into_any();
    }
    let since = shown
        .row
        .registered_at
        .map_or_else(String::new, |block| format!(" since block {}", text::group(block)));
    view! { <p class="notice">{format!("The number {} belongs to this subnet{since}; it was another one's:", shown.netuid)}{links}</p> }
        .into_any()
}

fn said(generation: &Generation) -> String {
    let name = generation
        .name
        .clone()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "a subnet without a name".to_owned());
    format!(
        "{name}, blocks {} to {}",
        text::group(generation.first_block),
        text::group(generation.last_block)
    )
}

fn not_there(context: &Context, netuid: u16, moment: &Moment, generations: &[Generation]) -> PageError {
    let nearest = generations.iter().min_by_key(|generation| {
        let away = |block: u64| block.abs_diff(moment.block);
        away(generation.first_block).min(away(generation.last_block))
    });
    let what = format!("No subnet {netuid} at block {}", text::group(moment.block));
    match nearest {
        Some(generation) => {
            let block = moment.block.clamp(generation.first_block, generation.last_block);
            PageError::NoState {
                what,
                why: format!("the number was in use in other blocks: {}", said(generation)),
                nearest: Some(context.link(&[("at", Some(&block.to_string()))])),
            }
        }
        None => PageError::NotFound { what, hint: "No stored block has a subnet of this number.".to_owned() },
    }
}

fn tabs(context: &Context, current: &str) -> AnyView {
    let links = TABS.iter().map(|(name, label)| {
        // a tab keeps the block and nothing else of another tab's parameters
        let href = as_of::keep(context, &format!("{}?tab={name}", context.path));
        view! { <a href=href aria-current=if *name == current { "true" } else { "false" }>{*label}</a> }
    });
    view! { <nav class="tabs big" aria-label="Sides of the subnet">{links.collect_view()}</nav> }.into_any()
}

/// A table of facts.
pub(crate) fn facts(rows: Vec<(&'static str, AnyView)>) -> AnyView {
    let rows = rows.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
    view! { <dl class="facts">{rows.collect_view()}</dl> }.into_any()
}

/// An amount that the runtime may not keep.
pub(crate) fn alpha_or_unknown(rao: Option<u64>) -> AnyView {
    rao.map_or_else(|| ui::unknown("The runtime does not keep it"), ui::alpha)
}
