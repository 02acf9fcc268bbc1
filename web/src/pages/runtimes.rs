//! Runtime versions.

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::rows::RuntimeVersionRow;

use super::{Page, list};
use crate::{
    server::{Answer, Context, PageError},
    text, ui,
};

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let versions = context.state.warehouse.list_runtime_versions().await?;
    let context = context.clone();
    Ok(Page::new("Runtimes", "/runtimes", move || {
        let table = if versions.is_empty() { list::nothing(&context, "runtimes", false) } else { table(&versions) };
        view! {
            <h1>"Runtimes"</h1>
            <p class="lead">"Each block is decoded by the runtime that executed it: the one in the state of its parent. These executed the stored blocks."</p>
            {table}
        }
        .into_any()
    })
    .into())
}

fn table(versions: &[RuntimeVersionRow]) -> AnyView {
    let rows = versions
        .iter()
        .map(|row| {
            let blocks = format!("/blocks?spec={}", row.spec_version);
            let metadata = match (row.metadata_version, row.metadata_bytes) {
                (Some(version), Some(bytes)) => {
                    view! { <span>{format!("V{version}, {}", text::bytes(bytes))}</span> }.into_any()
                }
                (Some(version), None) => view! { <span>{format!("V{version}")}</span> }.into_any(),
                (None, _) => ui::unknown("Its metadata is not stored"),
            };
            let hash = row.metadata_hash.as_ref().map(
                |hash| view! { <span class="hex">{ui::middle(hash)}</span>{ui::copy(hash, "metadata hash")} },
            );
            view! {
                <tr>
                    <td><a class="num" href=blocks>{row.spec_version}</a></td>
                    <td class="r">{ui::block_link(row.first_block)}</td>
                    <td class="r">{ui::block_link(row.last_block)}</td>
                    <td class="r">{text::group(row.block_count)}</td>
                    <td class="p2">{metadata}</td>
                    <td class="p2">{hash}</td>
                </tr>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    view! {
        <table class="list">
            <thead><tr>
                <th scope="col">"Spec"</th><th scope="col" class="r">"First block"</th><th scope="col" class="r">"Last block"</th>
                <th scope="col" class="r">"Blocks"</th><th scope="col" class="p2">"Metadata"</th><th scope="col" class="p2">"Blake2b-256 of it"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
