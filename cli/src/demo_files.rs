//! Where the bundled recording is.

use std::path::{Path, PathBuf};

const FOLDER: &str = "demo/main";

/// The bundled recording: `demo/main`, upwards from the working folder and from the executable.
pub(crate) fn find() -> anyhow::Result<PathBuf> {
    let exe = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf));
    let starts = [std::env::current_dir().ok(), exe];
    let found = starts
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .map(|dir| dir.join(FOLDER))
        .find(|dir| dir.join("manifest.json").is_file());
    found.ok_or_else(|| {
        anyhow::anyhow!("the bundled chain ({FOLDER}) is not here; run inside the repository, or name a recording with --recording DIR")
    })
}
