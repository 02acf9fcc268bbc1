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
    let lines: Vec<&[(u16, I32F32)]> = voters.iter().map(|(_, row)| row.as_slice()).collect();
    let paths = shades(&lines);
    // cells are strokes, so a line lies at the middle of its row
    let view_box = format!("0 -0.5 {columns} {}", voters.len());
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

/// A path of horizontal strokes for each shade, a unit thick: neighbours of one shade are one stroke, and a stroke in the
/// same line is reached from the one before. So a picture of 64 validators by 256 neurons has at most 8 bytes a cell.
fn shades(lines: &[&[(u16, I32F32)]]) -> Vec<String> {
    let bits = |value: &I32F32| i128::from(value.to_bits());
    let highest = lines.iter().flat_map(|line| line.iter()).map(|(_, value)| bits(value)).max().unwrap_or(1);
    let shade_of = |value: &I32F32| (bits(value) * (SHADES as i128 - 1) / highest.max(1)) as usize;
    let mut paths = vec![String::new(); SHADES];
    for (y, line) in lines.iter().enumerate() {
        let mut cells: Vec<(usize, usize)> = line
            .iter()
            .filter(|(_, value)| bits(value) > 0)
            .map(|(uid, value)| (usize::from(*uid), shade_of(value).min(SHADES - 1)))
            .collect();
        cells.sort_unstable();
        cells.dedup_by_key(|(uid, _)| *uid);
        // where the pen of each shade stands in this line
        let mut pens = [None; SHADES];
        for run in cells.chunk_by(|(uid, shade), (next, other)| uid + 1 == *next && shade == other) {
            let [(uid, shade), ..] = *run else { continue };
            let stroke = match pens[shade] {
                Some(pen) => format!("m{} 0h{}", uid - pen, run.len()),
                None => format!("M{uid} {y}h{}", run.len()),
            };
            paths[shade].push_str(&stroke);
            pens[shade] = Some(uid + run.len());
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(bits: i64) -> I32F32 {
        I32F32::from_bits(bits)
    }

    #[test]
    fn neighbours_of_a_shade_are_one_stroke() {
        let first = [(2, value(700)), (0, value(700)), (1, value(700)), (5, value(700)), (6, value(1))];
        let second = [(0, value(1)), (3, value(0)), (4, value(1))];
        let paths = shades(&[&first, &second]);
        assert_eq!(paths[7], "M0 0h3m2 0h1");
        assert_eq!(paths[0], "M6 0h1M0 1h1m3 0h1");
        assert!(paths[1..7].iter().all(String::is_empty));
    }

    #[test]
    fn a_full_picture_stays_small() {
        let mut state = 7_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as i64
        };
        let lines: Vec<Vec<(u16, I32F32)>> =
            (0..64).map(|_| (0..256).map(|uid| (uid, value(1 + random()))).collect()).collect();
        let lines: Vec<&[(u16, I32F32)]> = lines.iter().map(Vec::as_slice).collect();
        let bytes: usize = shades(&lines).iter().map(String::len).sum();
        // the worst there is: every cell has another shade than its neighbour
        assert!(bytes < 64 * 256 * 8, "{bytes}");
    }
}
