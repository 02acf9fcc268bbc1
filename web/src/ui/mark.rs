//! Account marks: a small symmetric figure drawn from the address, so that the eye can tell accounts apart.

use leptos::prelude::*;

/// Hues of the marks, in degrees. Few and muted: a mark helps, the accent colour speaks.
const HUES: [u16; 12] = [12, 32, 48, 82, 128, 160, 184, 206, 232, 262, 294, 332];

/// FNV-1a over the address: the same figure on server and browser, without decoding it.
fn fingerprint(address: &str) -> u64 {
    let mixed = address.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // One round of mixing: neighbouring bits of FNV's low half are related.
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// The cells of a figure 5 wide and 5 high, mirrored left to right, as one path.
fn figure(bits: u64) -> String {
    let mut path = String::with_capacity(160);
    for row in 0..5_u64 {
        for column in 0..3_u64 {
            if bits >> (row * 3 + column) & 1 == 0 {
                continue;
            }
            path.push_str(&format!("M{column} {row}h1v1h-1z"));
            if column < 2 {
                path.push_str(&format!("M{} {row}h1v1h-1z", 4 - column));
            }
        }
    }
    path
}

/// The mark of an account.
pub fn account_mark(address: &str) -> impl IntoView + use<> {
    let print = fingerprint(address);
    let hue = HUES[(print >> 40) as usize % HUES.len()];
    let class = format!("mark h{hue}");
    view! {
        <svg class=class viewBox="-1 -1 7 7" aria-hidden="true" focusable="false"><path d=figure(print)/></svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_accounts_get_different_figures() {
        let addresses: Vec<String> = (0..500)
            .map(|number| format!("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGK{number:04}"))
            .collect();
        let figures: std::collections::HashSet<String> =
            addresses.iter().map(|address| figure(fingerprint(address))).collect();
        assert!(figures.len() > 480, "{} of 500", figures.len());
    }
}
