//! Where things are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// The workspace and its folders.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// What `cargo metadata` says.
    pub(crate) metadata: Metadata,
}

impl Workspace {
    /// The workspace of the folder that this is called in.
    pub(crate) fn find() -> Result<Self> {
        // not where this program was built: builds are kept between clones
        let metadata = MetadataCommand::new().no_deps().exec();
        Ok(Self { metadata: metadata.context("cannot read the workspace")? })
    }

    /// A file or folder of the repository.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.metadata.workspace_root.as_std_path().join(relative)
    }

    /// The repository itself.
    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where builds go; shared between clones where `CARGO_TARGET_DIR` says so.
    pub(crate) fn target(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// Where tools go that were installed for these commands.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target().join("xtask-tools")
    }
}
