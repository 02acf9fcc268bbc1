//! The rules of ARCHITECTURE.md that cargo knows enough to check.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

fn root() -> PathBuf {
    PathBuf::from("..")
}

fn workspace() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec().unwrap()
}

/// Folder of a package: its name in ARCHITECTURE.md.
fn room(package: &Package) -> String {
    package.manifest_path.parent().unwrap().file_name().unwrap().to_owned()
}

/// The rows of the table "The rooms": folder and what stands under "may use".
fn table() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split('|').map(str::trim).collect();
        let folder = cells.first()?.trim_end_matches('`').trim_end_matches('/');
        Some((folder.to_owned(), cells.get(2)?.to_string()))
    });
    rows.collect()
}

/// Folders that may be used according to a cell: those named, or all.
fn allowed(cell: &str, rooms: &BTreeSet<String>) -> BTreeSet<String> {
    if cell == "all" {
        return rooms.clone();
    }
    // "what it needs": the rooms under one that is named
    let words = cell.split(|character: char| !character.is_alphanumeric());
    let mut named: BTreeSet<String> = words.filter(|word| rooms.contains(*word)).map(str::to_owned).collect();
    if cell.contains("what it needs") {
        named = rooms.clone();
    }
    named
}

#[test]
fn no_crate_uses_one_that_the_architecture_does_not_allow_it() {
    let metadata = workspace();
    let packages = metadata.workspace_packages();
    let rooms: BTreeSet<String> = packages.iter().map(|package| room(package)).collect();
    let room_of: BTreeMap<String, String> =
        packages.iter().map(|package| (package.name.to_string(), room(package))).collect();
    let table = table();
    let mut forbidden = Vec::new();
    let mut arrows = 0;
    for package in &packages {
        let from = room(package);
        let cell = table.get(&from).unwrap_or_else(|| panic!("{from} has no row in ARCHITECTURE.md"));
        let allowed = allowed(cell, &rooms);
        // tests may use what they like: a node for ingest, an engine for the warehouse
        for dependency in package.dependencies.iter().filter(|used| used.kind != DependencyKind::Development)
        {
            let Some(to) = room_of.get(&dependency.name) else { continue };
            arrows += 1;
            if !allowed.contains(to) {
                forbidden.push(format!("{from} → {to}"));
            }
        }
    }
    assert!(arrows >= 10, "only {arrows} arrows were seen: the test looks at the wrong thing");
    assert_eq!(forbidden, [""; 0], "arrows that the table in ARCHITECTURE.md does not have");
}

#[test]
fn the_decoder_knows_nothing_of_the_house_and_does_no_io() {
    let metadata = workspace();
    let packages = metadata.workspace_packages();
    let chain = packages.iter().find(|package| room(package) == "chain").unwrap();
    let normal = chain.dependencies.iter().filter(|used| used.kind == DependencyKind::Normal);
    let used: Vec<&str> = normal.map(|used| used.name.as_str()).collect();
    assert!(used.contains(&"parity-scale-codec"), "{used:?}");
    for name in used {
        let is_ours = name.starts_with("yumascan");
        let does_io =
            ["tokio", "reqwest", "hyper", "axum", "sqlx", "clickhouse", "jsonrpsee", "subxt", "tracing"];
        assert!(!is_ours && !does_io.contains(&name), "chain uses {name}");
    }
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace_and_only_embedded_allows_unsafe() {
    let metadata = workspace();
    let root_manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(root_manifest.contains("unsafe_code = \"deny\""));
    let mut files = 0;
    for package in metadata.workspace_packages() {
        let room = room(package);
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{room} does not take the workspace's lints");
        let folder = package.manifest_path.parent().unwrap().as_std_path().to_owned();
        for part in ["src", "tests"] {
            for file in rust_files(&folder.join(part)) {
                files += 1;
                let text = std::fs::read_to_string(&file).unwrap();
                let allows = text.contains(&["allow(unsafe", "_code)"].concat());
                assert!(room == "embedded" || !allows, "{} allows unsafe code", file.display());
            }
        }
    }
    assert!(files > 20, "only {files} files were seen");
}

#[test]
fn modules_are_files_named_for_them() {
    for package in workspace().workspace_packages() {
        let folder = package.manifest_path.parent().unwrap().as_std_path().join("src");
        for file in rust_files(&folder) {
            assert!(!file.ends_with("mod.rs"), "{}", file.display());
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//!"), "{} does not open with what it is about", file.display());
        }
    }
}

#[test]
fn the_binding_generator_has_the_version_of_what_it_binds() {
    let metadata = workspace();
    let version = |name: &str| {
        let found: Vec<_> = metadata.packages.iter().filter(|package| package.name == name).collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0].version.clone()
    };
    assert_eq!(
        version("wasm-bindgen-cli-support"),
        version("wasm-bindgen"),
        "run `cargo update -p wasm-bindgen-cli-support --precise <version of wasm-bindgen>`"
    );
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
