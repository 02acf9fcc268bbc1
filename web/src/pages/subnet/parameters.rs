//! Hyperparameters of a subnet: as they are, and every change with who made it.

use leptos::prelude::*;
use yumascan_warehouse::rows::HyperparameterRow;

use super::{Content, Shown};
use crate::{
    server::{Context, PageError},
    ui,
};

/// Changes listed.
const LISTED: u32 = 200;

pub(super) async fn load(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let warehouse = &context.state.warehouse;
    let name = context.params.get("name");
    let since = shown.row.registered_at.unwrap_or(0);
    let (now, changes) = tokio::try_join!(
        warehouse.list_hyperparameters(shown.netuid, &shown.moment),
        warehouse.list_hyperparameter_changes(shown.netuid, name, (since, shown.moment.block), false, LISTED),
    )?;
    let name = name.map(str::to_owned);
    Ok(Content::new(move |context| {
        view! {
            <section aria-labelledby="changes"><h2 id="changes">{title(name.as_deref())}</h2>{history(context, &changes)}</section>
            <section aria-labelledby="values"><h2 id="values">"As they are"</h2>{values(context, &now)}</section>
        }
        .into_any()
    }))
}

fn title(name: Option<&str>) -> String {
    name.map_or_else(|| "Changes".to_owned(), |name| format!("Changes of {name}"))
}

fn history(context: &Context, changes: &[HyperparameterRow]) -> AnyView {
    if changes.is_empty() {
        return ui::empty(
            "Nothing was changed in the stored blocks.",
            view! { "First readings are below." }.into_any(),
        );
    }
    let rows = changes.iter().map(|row| {
        view! {
            <tr>
                <td class="num">{ui::block_link(row.block_number)}</td>
                <td class="age p2">{ui::time(row.timestamp_ms, context.now_ms)}</td>
                <td>{row.name.clone()}</td>
                <td class="r num"><del>{said(row.old_value.as_deref())}</del>" → "<ins>{said(row.new_value.as_deref())}</ins></td>
                <td>{cause(row)}</td>
            </tr>
        }
        .into_any()
    });
    view! {
        <div class="wide"><table class="list diff"><thead><tr><th scope="col">"Block"</th><th scope="col" class="p2">"Age"</th><th scope="col">"Parameter"</th>
            <th scope="col" class="r">"From → to"</th><th scope="col">"By"</th></tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}

fn cause(row: &HyperparameterRow) -> AnyView {
    let Some(index) = row.extrinsic_index else {
        return view! { <span class="none">{row.cause.replace('_', " ")}</span> }.into_any();
    };
    let call = row.call.clone().unwrap_or_else(|| "extrinsic".to_owned());
    let signer = row.signer.as_deref().map(ui::account);
    let href = format!("/extrinsic/{}-{index}", row.block_number);
    view! { <span class="kv"><a href=href>{call}</a>{signer}</span> }.into_any()
}

fn values(context: &Context, now: &[HyperparameterRow]) -> AnyView {
    let rows = now.iter().map(|row| {
        let href = context.link(&[("name", Some(&row.name))]);
        view! {
            <tr><td><a href=href>{row.name.clone()}</a></td><td class="r num">{said(row.new_value.as_deref())}</td>
                <td class="r num p2">{ui::block_link(row.block_number)}</td></tr>
        }
        .into_any()
    });
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Parameter"</th><th scope="col" class="r">"Value"</th>
            <th scope="col" class="r p2">"Since, or first read at"</th></tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}

/// A value of canonical JSON as people read it.
fn said(value: Option<&str>) -> String {
    let Some(value) = value else { return "not there".to_owned() };
    let plain = value.trim_matches('"');
    match plain.parse::<u128>() {
        Ok(number) => crate::text::group(number),
        Err(_) => plain.to_owned(),
    }
}
