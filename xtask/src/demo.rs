//! `cargo xtask demo`: from a fresh clone to an explorer in the browser.

use anyhow::{Result, bail};

use crate::{
    command::{cargo, program, run},
    setup, wasm,
    workspace::Workspace,
};

/// Installs what is missing, builds, and serves the bundled chain until it is interrupted.
pub(crate) fn run_demo(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    if !setup::has_engine(workspace) {
        println!("fetching the ClickHouse engine (npm)");
        setup::npm_install(workspace)?;
    }
    println!("building the pages' WebAssembly");
    match wasm::find_toolchain(workspace).and_then(|toolchain| wasm::build(workspace, toolchain)) {
        Ok(built) => println!("{built}"),
        Err(error) => println!("the pages will work without JavaScript only: {error:#}"),
    }
    println!("building yumascan (release: some minutes the first time)");
    run(cargo(workspace).args(["build", "--release", "--package", "yumascan-cli"]))?;
    let mut demo = program(workspace, workspace.target().join("release/yumascan"));
    let status = demo.arg("demo").args(arguments).status()?;
    // an interrupt is how a demo ends
    if status.code().is_some_and(|code| code != 0) {
        bail!("the demo ended with {status}");
    }
    Ok(())
}
