//! `cargo xtask test`: what CI runs, and nothing else does CI run.

use std::thread;

use anyhow::{Result, bail};

use crate::{
    browser,
    command::{cargo, run, run_watched},
    lint, setup,
    tally::{Counts, Tally},
    wasm,
    workspace::Workspace,
};

/// Sets up and runs everything; the last line printed is `N passed, N failed`.
pub(crate) fn run_all(workspace: &Workspace) -> Result<bool> {
    let mut tally = Tally::default();
    let set_up = thread::scope(|scope| {
        // packages come in while the compiler is busy
        let set_up = scope.spawn(|| setup::for_tests(workspace));
        lint::all(workspace, &mut tally);
        set_up.join()
    });
    tally.check("setting up", || set_up.unwrap_or_else(|_| bail!("the setup panicked")));

    let has_wasm = islands(workspace, &mut tally);

    // one build for the tests and the binary that the browser tests serve
    tally.check("building", || run(cargo(workspace).args(["build", "--all-targets", "--quiet"])));
    tally.count("unit, property and integration tests", || rust_tests(workspace));
    tally.count("pages in a browser", || browser::tests(workspace, has_wasm));
    Ok(tally.close())
}

/// Builds the WebAssembly of the pages, and tries the chain's maths in it; `false` where this machine has no compiler for it: pages are whole without it.
fn islands(workspace: &Workspace, tally: &mut Tally) -> bool {
    match wasm::find_toolchain(workspace) {
        Ok(toolchain) => {
            tally.check("the WebAssembly of the pages", || wasm::build(workspace, toolchain).map(drop));
            tally.check("epochs in WebAssembly", || wasm::check_epochs(workspace, toolchain));
            true
        }
        Err(error) => {
            tally.note(format!("the pages are tested without their WebAssembly: {error:#}"));
            false
        }
    }
}

/// All tests of all crates that are part of the product.
///
/// One process a test binary, not one a test: tests of a binary share one ClickHouse engine and the blocks they decoded.
fn rust_tests(workspace: &Workspace) -> Result<Counts> {
    let mut counts = Counts::default();
    let succeeded = run_watched(cargo(workspace).args(["test", "--no-fail-fast"]), |line| counts.see(line))?;
    if !succeeded && counts.failed == 0 {
        bail!("the tests did not run to their end");
    }
    Ok(counts)
}
