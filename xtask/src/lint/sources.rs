//! The workspace's Rust files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// A Rust file of ours.
#[derive(Debug)]
pub(super) struct Source {
    /// Path below the repository.
    pub(super) path: PathBuf,
    /// Its text.
    pub(super) text: String,
}

/// All Rust files of the workspace's crates, in order.
pub(super) fn all(workspace: &Workspace) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for package in workspace.metadata.workspace_packages() {
        let folder = package.manifest_path.parent().context("a manifest is in a folder")?;
        for part in ["src", "tests", "benches", "examples"] {
            collect(workspace, folder.join(part).as_std_path(), &mut sources)?;
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(sources)
}

fn collect(workspace: &Workspace, folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(workspace, &path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let path = path.strip_prefix(workspace.root()).unwrap_or(&path).to_owned();
            sources.push(Source { path, text });
        }
    }
    Ok(())
}
