//! `cargo xtask lint`: everything about the code that can be checked without running it.

mod lengths;
mod logs;
mod sources;

use std::thread;

use anyhow::{Result, bail};

use crate::{
    command::{cargo, run},
    tally::Tally,
    tools::{DENY, MACHETE, TYPOS},
    workspace::Workspace,
};

/// Runs the lints alone.
pub(crate) fn run_lints(workspace: &Workspace) -> Result<bool> {
    let mut tally = Tally::default();
    all(workspace, &mut tally);
    Ok(tally.close())
}

/// Runs all lints; the tools they need are installed meanwhile.
pub(crate) fn all(workspace: &Workspace, tally: &mut Tally) {
    thread::scope(|scope| {
        // what goes wrong here is told by the lint that needs the tool
        scope.spawn(|| [TYPOS, DENY, MACHETE].map(|tool| tool.command(workspace).is_ok()));
        tally.check("formatting", || run_cargo(workspace, &["fmt", "--all", "--check"]));
        tally.check("log messages", || logs::check(workspace));
        tally.check("file lengths", || lengths::report(workspace));
        tally.check("clippy", || {
            run_cargo(
                workspace,
                &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
            )
        });
        tally.check("clippy: pages in the browser", || {
            let features = ["--no-default-features", "--features", "hydrate"];
            let arguments = ["clippy", "--package", "yumascan-web", "--lib", "--quiet"];
            run_cargo(workspace, &[&arguments[..], &features, &["--", "-D", "warnings"]].concat())
        });
    });
    tally.check("licences, sources, duplicates", || {
        let checks = [
            "--log-level",
            "error",
            "--workspace",
            "--all-features",
            "check",
            "--hide-inclusion-graph",
            "bans",
            "licenses",
            "sources",
        ];
        run_tool(DENY.command(workspace)?.args(checks))
    });
    tally.check("unused dependencies", || run_tool(MACHETE.command(workspace)?.arg("--skip-target-dir")));
    tally.check("spelling", || run_tool(&mut TYPOS.command(workspace)?));
}

fn run_cargo(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    run(cargo(workspace).args(arguments))
}

fn run_tool(command: &mut std::process::Command) -> Result<()> {
    if run(command).is_err() {
        bail!("see above");
    }
    Ok(())
}
