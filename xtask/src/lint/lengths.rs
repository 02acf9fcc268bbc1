//! File lengths: a file that is long is asked why.

use anyhow::{Result, bail};

use super::sources;
use crate::workspace::Workspace;

/// Lines from which a file is listed.
const LONG: usize = 450;
/// Lines that no file may have.
const TOO_LONG: usize = 900;

/// Prints the median and the files that are long; fails on one that is far too long.
pub(super) fn report(workspace: &Workspace) -> Result<()> {
    let mut lengths: Vec<_> = sources::all(workspace)?
        .into_iter()
        .map(|source| (source.text.lines().count(), source.path))
        .collect();
    lengths.sort();
    let median = lengths.get(lengths.len() / 2).map_or(0, |(length, _)| *length);
    println!("{} files, median {median} lines", lengths.len());
    for (length, path) in lengths.iter().rev().take_while(|(length, _)| *length > LONG) {
        println!("  {length} lines: {}", path.display());
    }
    match lengths.last() {
        Some((length, path)) if *length > TOO_LONG => {
            bail!("{} has {length} lines: split it, one idea a file", path.display())
        }
        _ => Ok(()),
    }
}
