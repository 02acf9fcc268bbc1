//! What the tests need beside Rust: Debian packages (as root) and npm packages.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{
    command::{find, is_debian_root, program, run_quietly},
    workspace::Workspace,
};

/// Installs PostgreSQL and Chromium where they are missing, and the npm packages.
pub(crate) fn for_tests(workspace: &Workspace) -> Result<()> {
    let mut missing = Vec::new();
    if !has_postgres() {
        missing.push("postgresql");
    }
    if find_chromium().is_none() {
        missing.push("chromium");
    }
    if !missing.is_empty() {
        install_debian(workspace, &missing)?;
    }
    npm_install(workspace)
}

/// Installs Debian packages.
///
/// # Errors
/// Says what to install when this user may not.
pub(crate) fn install_debian(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if !is_debian_root() {
        bail!("{wanted} must be installed first (as root on Debian: `apt-get install {wanted}`)");
    }
    println!("installing {wanted}");
    let apt = || {
        let mut command = program(workspace, "apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-q");
        command
    };
    run_quietly(apt().arg("update"))?;
    run_quietly(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
        .with_context(|| format!("cannot install {wanted}"))
}

/// Installs what package.json pins: the ClickHouse engine and the browser driver.
pub(crate) fn npm_install(workspace: &Workspace) -> Result<()> {
    if find("npm").is_none() {
        bail!("npm is not installed; install Node 20 or newer");
    }
    // versions are pinned in package.json; a lock file would add nothing but addresses
    let mut npm = program(workspace, "npm");
    npm.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]);
    run_quietly(&mut npm).context("cannot install the npm packages")
}

/// Whether the embedded engine is there.
pub(crate) fn has_engine(workspace: &Workspace) -> bool {
    std::fs::read_dir(workspace.path("node_modules/@chdb")).is_ok_and(|mut entries| entries.next().is_some())
}

/// The browser that the tests drive.
pub(crate) fn find_chromium() -> Option<PathBuf> {
    std::env::var_os("CHROMIUM")
        .map(PathBuf::from)
        .or_else(|| ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| find(name)))
}

fn has_postgres() -> bool {
    let is_server = |folder: PathBuf| folder.join("bin/initdb").exists();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    std::env::var_os("YUMASCAN_TEST_POSTGRES_URL").is_some()
        || (find("initdb").is_some() && find("pg_isready").is_some())
        || debian.map(|entry| entry.path()).any(is_server)
}
