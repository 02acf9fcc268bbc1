//! Rebuilds the crate when the files it embeds change.

fn main() {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=pkg");
}
