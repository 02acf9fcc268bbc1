//! The weights that counted, as a picture: a row a validator, a column a neuron.

use leptos::prelude::*;
use yumascan_protocol::{epoch::Rows, fixed::I32F32};

use super::Shown;

/// Shades from the faintest weight to the strongest.
const SHADES: usize = 8;
/// Pictures of more cells than this are left out.
const MOST_CELLS: usize = 300_000;

pub(super) fn section(shown: &Shown) -> AnyView {
    let steps = shown.replay.as_ref().and_then(|replay| replay.steps.get(usize::from(shown.row.mechid)));
    let Some(steps) = steps else {
        return view! { <p class="lead">"The inputs of this epoch are not kept, or their rules are not implemented: its steps cannot be shown."</p> }.into_any();
    };
    let columns = steps.consensus.len();
    let pictures = [
        ("Weights", "what each validator gave, as a share of its own sum", &steps.weights),
        (
            "Clipped at consensus",
            "what remains of it: nobody counts above what the stake-weighted majority gives",
            &steps.clipped_weights,
        ),
        ("Bonds", "what each validator holds of each neuron after this epoch", &steps.scaled_bonds),
    ];
    let shown = pictures
        .into_iter()
        .map(|(title, what, rows)| picture(title, what, rows, columns))
        .collect::<Vec<_>>();
    view! {
        <section aria-labelledby="weights">
            <h2 id="weights">"Who values whom"</h2>
            <p class="lead">"A row is a validator, a column a neuron, from uid 0 on; the darker, the more."</p>
            {shown}
        </section>
    }

        .into_any()
}

fn picture(title: &'static str, what: &'static str, rows: &Rows, columns: usize) -> AnyView {
    let voters: Vec<(usize, &Vec<(u16, I32F32)>)> =
        rows.iter().enumerate().filter(|(_, row)| !row.is_empty()).collect();
    let cells: usize = voters.iter().map(|(_, row)| row.len()).sum();
    if cells == 0 || cells > MOST_CELLS {
        let why = if cells == 0 { "nothing" } else { "too many to draw" };
        return view! { <figure class="chart heat"><figcaption><span>{title}</span><span class="none">{why}</span></figcaption></figure> }.into_any();
    }
    let highest =
        voters.iter().flat_map(|(_, row)| row.iter()).map(|(_, value)| value.to_bits()).max().unwrap_or(1);
    let mut paths = vec![String::new(); SHADES];
    for (line, (_, row)) in voters.iter().enumerate() {
        for (uid, value) in *row {
            if value.to_bits() <= 0 {
                continue;
            }
            let shade =
                (i128::from(value.to_bits()) * (SHADES as i128 - 1) / i128::from(highest.max(1))) as usize;
            paths[shade.min(SHADES - 1)].push_str(&format!("M{uid} {line}h1v1h-1z"));
        }
    }
    let view_box = format!("0 0 {columns} {}", voters.len());
    let label = format!("{title}: {} validators by {columns} neurons, {cells} values", voters.len());
    // cells are square, large where there is room
    let side = (1_120 / columns.max(1)).clamp(3, 28);
    let (width, height) = ((columns * side).to_string(), (voters.len() * side).to_string());
    let drawn = paths.into_iter().enumerate().filter(|(_, path)| !path.is_empty()).map(|(shade, path)| {
        view! { <path class=format!("s{shade}") d=path/> }
    });
    view! {
        <figure class="chart heat">
            <figcaption><span>{title}</span><span class="none">{what}</span></figcaption>
            <svg viewBox=view_box width=width height=height role="img" aria-label=label shape-rendering="crispEdges">{drawn.collect_view()}</svg>
        </figure>
    }
    .into_any()
}
