//! The pages' WebAssembly: compiled and bound.
//!
//! The standard library for `wasm32-unknown-unknown` comes from rustup; where that cannot fetch it, from Debian's
//! `rustc-web`, which carries its source and compiles it on the way.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    command::{cargo, find, is_debian_root, program, run, run_quietly},
    setup::install_debian,
    workspace::Workspace,
};

const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler with the source of its standard library, and what it needs.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_LINKER: &str = "wasm-ld-19";

/// A compiler that can do it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Toolchain {
    Rustup,
    Debian,
}

impl Toolchain {
    fn cargo(self, workspace: &Workspace) -> Command {
        match self {
            Self::Rustup => cargo(workspace),
            Self::Debian => debian_cargo(workspace),
        }
    }
}

/// Computes a thousand random epochs in WebAssembly: their bits must be those of every other machine.
///
/// # Errors
/// When it does not build, or when a bit differs.
pub(crate) fn check_epochs(workspace: &Workspace, toolchain: Toolchain) -> Result<()> {
    // the example ends with 0 where the digest of the epochs is the expected one
    const RUN: &str = "const { readFileSync } = require('fs');
        WebAssembly.instantiate(readFileSync(process.argv[1]), {})
            .then(({ instance }) => process.exit(instance.exports.main(0, 0)))";
    let target = workspace.target().join("wasm");
    let mut cargo = toolchain.cargo(workspace);
    cargo.args(["build", "--quiet", "--release", "--package", "yumascan-protocol"]);
    cargo.args(["--example", "epoch_digest", "--target", TARGET]);
    run(cargo.env("CARGO_TARGET_DIR", &target)).context("the epochs do not build for WebAssembly")?;
    let module = target.join(TARGET).join("release/examples/epoch_digest.wasm");
    run_quietly(program(workspace, "node").args(["-e", RUN]).arg(module))
        .context("epochs have other bits in WebAssembly")
}

/// Builds the pages' WebAssembly into web/pkg and says how large it is.
///
/// # Errors
/// When it does not build.
pub(crate) fn build(workspace: &Workspace, toolchain: Toolchain) -> Result<String> {
    let target = workspace.target().join("wasm");
    let mut cargo = toolchain.cargo(workspace);
    cargo.args(["build", "--quiet", "--package", "yumascan-web", "--lib", "--no-default-features"]);
    cargo.args(["--features", "hydrate", "--profile", "wasm-release", "--target", TARGET]);
    run(cargo.env("CARGO_TARGET_DIR", &target)).context("the WebAssembly of the pages does not build")?;

    let package = workspace.path("web/pkg");
    Bindgen::new()
        .input_path(target.join(TARGET).join("wasm-release/yumascan_web.wasm"))
        .web(true)
        .map_err(|error| anyhow!("{error:#}"))?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&package)
        .map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    let wasm = package.join("yumascan_web_bg.wasm");
    // No wasm-opt: Debian's confuses the two tables of the module, which then does not start, and the profile
    // `wasm-release` leaves it little to gain (a tenth).
    let kilobytes = fs::metadata(&wasm)?.len() / 1024;
    Ok(format!("web/pkg: {kilobytes} KB of WebAssembly"))
}

/// A compiler for it, installed where that can be done.
///
/// # Errors
/// When there is none, and what to do; the pages work without.
pub(crate) fn find_toolchain(workspace: &Workspace) -> Result<Toolchain> {
    let mut sysroot = program(workspace, "rustc");
    let sysroot = sysroot.args(["--print", "sysroot"]).output().context("cannot run rustc")?.stdout;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot).trim());
    let has_target = || sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir();
    if has_target() {
        return Ok(Toolchain::Rustup);
    }
    if find("rustup").is_some() {
        println!("adding the target {TARGET}");
        let added = run_quietly(program(workspace, "rustup").args(["target", "add", TARGET]));
        if added.is_ok() && has_target() {
            return Ok(Toolchain::Rustup);
        }
    }
    let has_debian = || {
        Path::new(DEBIAN_RUSTC).exists() && Path::new(DEBIAN_CARGO).exists() && find(DEBIAN_LINKER).is_some()
    };
    if !has_debian() && is_debian_root() {
        install_debian(workspace, &DEBIAN_PACKAGES)?;
    }
    if !has_debian() {
        let packages = DEBIAN_PACKAGES.join(" ");
        bail!(
            "no WebAssembly toolchain; run `rustup target add {TARGET}` (or as root on Debian `apt-get install {packages}`)"
        );
    }
    Ok(Toolchain::Debian)
}

/// Debian's cargo, which compiles the standard library from source: a stable compiler must be told that it may.
fn debian_cargo(workspace: &Workspace) -> Command {
    let mut cargo = program(workspace, DEBIAN_CARGO);
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", DEBIAN_RUSTC);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
    // what rustup set for the compiler that runs this
    for variable in ["RUSTUP_TOOLCHAIN", "RUSTDOC", "CARGO", "RUSTC_WRAPPER", "LD_LIBRARY_PATH"] {
        cargo.env_remove(variable);
    }
    cargo.args(["-Z", "build-std=std,panic_abort"]);
    cargo
}
