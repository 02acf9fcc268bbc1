//! What a runaway batch put on its blocks, from the blocks themselves.

use leptos::prelude::*;
use yumascan_warehouse::{
    query::incidents::{
        density::Buckets,
        loads::{LargeTree, LoadRow, LoadSigner, ShapeNode},
    },
    rows::IncidentRow,
};

use super::mark_of;
use crate::{
    graph::{Axis, Graph, Kind},
    islands::GraphView,
    server::{Context, PageError},
    text, ui,
};

/// Spans drawn at most.
const SPANS: u64 = 300;
/// Blocks looked at, at most; what lasts longer is shown from its first.
const MOST_BLOCKS: u64 = 2_000;
/// Computation that calls of normal class may take in a block, picoseconds: three quarters of four seconds.
const NORMAL_REF_TIME: f64 = 3e12;

/// The load of an incident's blocks.
pub(super) struct Load {
    buckets: Buckets,
    rows: Vec<LoadRow>,
    signers: Vec<LoadSigner>,
    trees: Vec<LargeTree>,
    shape: Vec<ShapeNode>,
}

pub(super) async fn read(context: &Context, row: &IncidentRow) -> Result<Load, PageError> {
    let warehouse = &context.state.warehouse;
    let last = row.last_block.min(row.first_block.saturating_add(MOST_BLOCKS));
    let around = (last - row.first_block) / 4 + 5;
    let buckets = Buckets::over(row.first_block.saturating_sub(around), last + around, SPANS);
    let within = (row.first_block, last);
    let (rows, signers, trees) = tokio::try_join!(
        warehouse.list_block_loads(buckets),
        warehouse.list_load_signers(within, 8),
        warehouse.list_large_trees(within, 5),
    )?;
    let shape = match trees.first() {
        Some(tree) => warehouse.list_call_shape(tree.block_number, tree.extrinsic_index).await?,
        None => Vec::new(),
    };
    Ok(Load { buckets, rows, signers, trees, shape })
}

impl Load {
    pub(super) fn view(self, row: &IncidentRow) -> AnyView {
        let points = |value: fn(&LoadRow) -> f64| {
            self.rows
                .iter()
                .map(|load| (self.buckets.span(load.bucket).0 as f64, Some(value(load))))
                .collect()
        };
        let mut leaves = Graph::new("leaves", "Leaf calls", "calls in a block", Axis::Blocks)
            .from_zero()
            .with("leaves", Kind::Bars, points(|load| load.leaves as f64));
        let mut fill = Graph::new("fill", "Weight fill", "% of the normal class", Axis::Blocks)
            .from_zero()
            .with("fill", Kind::Area, points(|load| load.weight_ref_time as f64 / NORMAL_REF_TIME * 100.0));
        leaves.marks = vec![mark_of(row, "")];
        fill.marks = vec![mark_of(row, "")];
        let charts = leaves
            .is_drawable()
            .then(|| view! { <div class="columns"><GraphView graph=leaves/><GraphView graph=fill/></div> });
        view! { {charts}{shape(&self.trees, &self.shape)}{signers(&self.signers)} }.into_any()
    }
}

fn shape(trees: &[LargeTree], shape: &[ShapeNode]) -> AnyView {
    let Some(largest) = trees.first() else { return ().into_any() };
    let mut tree = String::new();
    for node in shape {
        let indent = "  ".repeat(node.depth.min(40) as usize);
        let failed = if node.failed > 0 {
            format!(", {} without effect", text::group(node.failed))
        } else {
            String::new()
        };
        tree.push_str(&format!(
            "{indent}{} × {}.{}{failed}\n",
            text::group(node.calls),
            node.pallet,
            node.call
        ));
    }
    let rows = trees.iter().map(|tree| {
        view! {
            <tr><td class="nowrap">{ui::result_sign(tree.success)}{ui::extrinsic_link(tree.block_number, tree.extrinsic_index)}</td><td>{ui::account(&tree.signer)}</td>
                <td class="r num">{text::group(tree.leaves)}</td><td class="r num p2">{tree.depth}</td><td class="r p2">{ui::tao_or_unknown(tree.fee_rao, "The events do not tell")}</td></tr>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="shape"><h2 id="shape">"Shape of the largest call tree"</h2>
            <p class="lead">"Equal branches of extrinsic "{ui::extrinsic_link(largest.block_number, largest.extrinsic_index)}" laid over each other."</p>
            <pre class="wide">{tree}</pre>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"Extrinsic"</th><th scope="col">"Signer"</th><th scope="col" class="r">"Leaves"</th>
                <th scope="col" class="r p2">"Depth"</th><th scope="col" class="r p2">"Fee"</th></tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div></section>
    }
    .into_any()
}

fn signers(signers: &[LoadSigner]) -> AnyView {
    let rows = signers.iter().map(|signer| {
        view! {
            <tr><td>{ui::account(&signer.signer)}</td><td class="r num">{text::group(signer.leaves)}</td><td class="r num p2">{text::group(signer.extrinsics)}</td>
                <td class="r num p2">{text::group(signer.failed)}</td><td class="r">{ui::tao_short(u128::from(signer.fees_rao))}</td></tr>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="signers"><h2 id="signers">"Who filled these blocks"</h2>
            <div class="wide"><table class="list"><thead><tr><th scope="col">"Signer"</th><th scope="col" class="r">"Leaf calls"</th><th scope="col" class="r p2">"Extrinsics"</th>
                <th scope="col" class="r p2">"Failed"</th><th scope="col" class="r">"Fees"</th></tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div></section>
    }
    .into_any()
}
