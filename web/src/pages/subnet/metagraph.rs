//! The metagraph: every neuron of a subnet as its last epoch left it.

use leptos::prelude::*;
use yumascan_warehouse::rows::NeuronStateRow;

use super::{Content, Shown};
use crate::{
    pages::sorting::{self, Column, Sorted},
    server::{Answer, Context, FileContent, PageError},
    text, ui,
};

pub(super) async fn load(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let mut rows = context.state.warehouse.list_metagraph(&shown.row, &shown.moment).await?;
    let columns = columns();
    let sorted = Sorted::of(context, &columns, Sorted { column: 0, descending: false })?;
    sorted.sort(&columns, &mut rows);
    if context.params.get("format") == Some("csv") {
        let name = format!("subnet-{}-metagraph-{}.csv", shown.netuid, shown.moment.block);
        return Ok(Content::File(Answer::File {
            name,
            content: FileContent::Csv(sorting::csv(&columns, &rows)),
        }));
    }
    let netuid = shown.netuid;
    Ok(Content::new(move |context| {
        if rows.is_empty() {
            return ui::empty(
                "No neuron is known at this block.",
                view! { "The subnet may have none, or no epoch of it is stored yet." }.into_any(),
            );
        }
        let read = rows.iter().map(|row| row.block_number).max().unwrap_or(0);
        let at = format!("/subnet/{netuid}/epoch/{read}");
        view! {
            <header class="title"><p class="lead">{format!("{} neurons, as of ", rows.len())}<a href=at>{format!("the epoch of block {}", text::group(read))}</a></p>
                <span class="pager"><a href=context.link(&[("format", Some("csv"))]) rel="nofollow" download="">"CSV"</a></span></header>
            {sorting::table(context, &columns, sorted, &rows)}
        }
        .into_any()
    }))
}

/// A score of 65535.
fn score(value: Option<u16>) -> AnyView {
    match value {
        Some(0) => view! { <span class="none num">"0"</span> }.into_any(),
        Some(value) => view! { <span class="num" title=format!("{value} of 65535")>{format!("{:.4}", f64::from(value) / 65_535.0)}</span> }.into_any(),
        None => ui::unknown("Not stored"),
    }
}

fn plain(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn scored(
    key: &'static str,
    label: &'static str,
    meaning: &'static str,
    class: &'static str,
    value: fn(&NeuronStateRow) -> Option<f64>,
    cell: fn(&NeuronStateRow) -> AnyView,
    text: fn(&NeuronStateRow) -> String,
) -> Column<NeuronStateRow> {
    Column { key, label, meaning, class, value, cell, text }
}

#[rustfmt::skip] // a line a column reads as the table it makes
fn columns() -> Vec<Column<NeuronStateRow>> {
    vec![
        scored("uid", "Uid", "Place in the subnet", "r", |row| Some(f64::from(row.uid)), |row| view! { <span class="num">{row.uid}</span> }.into_any(), |row| row.uid.to_string()),
        scored("hotkey", "Hotkey", "Key of the neuron", "", |_| None, |row| ui::account_or(row.hotkey.as_deref(), "unknown"), |row| plain(row.hotkey.as_deref())),
        scored("permit", "Permit", "May set weights that count", "", |row| row.validator_permit.map(|has| f64::from(u8::from(has))), |row| flag(row.validator_permit), |row| plain(row.validator_permit)),
        scored("stake", "Stake weight", "Normalised stake, with root stake and child keys", "r p2", |row| row.stake_weight.map(f64::from), |row| score(row.stake_weight), |row| plain(row.stake_weight)),
        scored("alpha", "Alpha", "Alpha staked on the hotkey", "r p3", |row| row.alpha_stake_rao.map(|rao| rao as f64), |row| row.alpha_stake_rao.map_or_else(|| ui::unknown("Not stored"), ui::alpha_short), |row| plain(row.alpha_stake_rao)),
        scored("vtrust", "Vtrust", "Part of the validator's weights that consensus left", "r", |row| row.validator_trust.map(f64::from), |row| score(row.validator_trust), |row| plain(row.validator_trust)),
        scored("consensus", "Consensus", "Stake-weighted majority weight of the neuron", "r p3", |row| row.consensus.map(f64::from), |row| score(row.consensus), |row| plain(row.consensus)),
        scored("incentive", "Incentive", "Share of what miners earn", "r", |row| row.incentive.map(f64::from), |row| score(row.incentive), |row| plain(row.incentive)),
        scored("dividends", "Dividends", "Share of what validators earn", "r", |row| row.dividends.map(f64::from), |row| score(row.dividends), |row| plain(row.dividends)),
        scored("emission", "Emission", "Alpha of the last epoch", "r", |row| row.emission_rao.map(|rao| rao as f64), |row| row.emission_rao.map_or_else(|| ui::unknown("Not stored"), ui::alpha_short), |row| plain(row.emission_rao)),
        scored("updated", "Updated", "Block of the last weights", "r p2", |row| row.last_update.map(|block| block as f64), |row| block_or_unknown(row.last_update), |row| plain(row.last_update)),
        scored("registered", "Registered", "Block of the registration", "r p3", |row| row.registered_at.map(|block| block as f64), |row| block_or_unknown(row.registered_at), |row| plain(row.registered_at)),
        scored("coldkey", "Coldkey", "Owner of the hotkey", "p3", |_| None, |row| ui::account_or(row.coldkey.as_deref(), "unknown"), |row| plain(row.coldkey.as_deref())),
        scored("axon", "Axon", "Address that the neuron serves at", "p3", |_| None, axon, |row| plain(row.axon.as_deref())),
    ]
}

fn block_or_unknown(block: Option<u64>) -> AnyView {
    block.map_or_else(|| ui::unknown("Not stored"), |block| ui::block_link(block).into_any())
}

fn flag(value: Option<bool>) -> AnyView {
    match value {
        Some(true) => view! { <span class="sign ok" role="img" aria-label="yes" title="yes">{ui::icons::check()}</span> }.into_any(),
        Some(false) => view! { <span class="none">"no"</span> }.into_any(),
        None => ui::unknown("Not stored"),
    }
}

/// `1.2.3.4:8091` of an axon's JSON; nothing where the neuron serves none.
fn axon(row: &NeuronStateRow) -> AnyView {
    let Some(json) = row.axon.as_deref() else {
        return view! { <span class="none">"none"</span> }.into_any();
    };
    let parsed: Option<serde_json::Value> = serde_json::from_str(json).ok();
    let shown = parsed.as_ref().and_then(address);
    view! { <span class="hex" title=json.to_owned()>{shown.unwrap_or_else(|| "see the CSV".to_owned())}</span> }.into_any()
}

fn address(axon: &serde_json::Value) -> Option<String> {
    let number = |name: &str| {
        let value = axon.get(name)?;
        value.as_u64().map(u128::from).or_else(|| value.as_str()?.parse::<u128>().ok())
    };
    let (ip, port) = (number("ip")?, number("port")?);
    let ip = match number("ip_type")? {
        4 => std::net::Ipv4Addr::from(u32::try_from(ip).ok()?).to_string(),
        6 => format!("[{}]", std::net::Ipv6Addr::from(ip)),
        _ => return None,
    };
    Some(format!("{ip}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_of_axons_are_read_in_both_families() {
        let axon = |text: &str| address(&serde_json::from_str(text).unwrap());
        assert_eq!(axon(r#"{"ip":16909060,"port":8091,"ip_type":4}"#).as_deref(), Some("1.2.3.4:8091"));
        assert_eq!(axon(r#"{"ip":"1","port":80,"ip_type":6}"#).as_deref(), Some("[::1]:80"));
        assert_eq!(axon(r#"{"ip":"99999999999","port":80,"ip_type":4}"#), None);
    }
}
