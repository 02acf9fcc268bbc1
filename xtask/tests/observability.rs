//! Every metric that a dashboard, an alert or a page of the documentation names is one that the program counts, and every one
//! that it counts is documented.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

/// Words of a text that look like metrics.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let known = [
        "yumascan_ingest_",
        "yumascan_api_",
        "yumascan_runtime_",
        "yumascan_watch_",
        "yumascan_alerts_",
        "process_",
    ];
    words
        .filter(|word| known.iter().any(|prefix| word.starts_with(prefix) && word.len() > prefix.len()))
        .map(|word| {
            let plain = word.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count");
            plain.to_owned()
        })
        .collect()
}

/// Names in quotes within the sources of the crates that count.
fn counted() -> BTreeSet<String> {
    let mut sources = Vec::new();
    for room in ["api", "ingest", "web", "warehouse", "store", "cli", "watch", "alerts"] {
        files(&root().join(room).join("src"), ".rs", &mut sources);
    }
    let mut found = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(source).unwrap();
        let quoted = text.split('"').skip(1).step_by(2).filter(|word| !word.contains(char::is_whitespace));
        found.extend(quoted.flat_map(metrics));
    }
    found
}

#[test]
fn dashboards_and_alerts_name_metrics_that_exist() {
    let counted = counted();
    let mut named = Vec::new();
    files(&root().join("dashboards"), ".json", &mut named);
    assert!(named.len() >= 6);
    named.push(root().join("deploy/prometheus/alerts.yml"));
    for file in named {
        let text = fs::read_to_string(&file).unwrap();
        let unknown: Vec<_> = metrics(&text).into_iter().filter(|name| !counted.contains(name)).collect();
        assert!(unknown.is_empty(), "{}: nobody counts {unknown:?}", file.display());
    }
}

#[test]
fn every_metric_is_documented() {
    let reference = fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let missing: Vec<_> =
        counted().into_iter().filter(|name| !reference.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/metrics.md lacks {missing:?}");
}

#[test]
fn what_compose_mounts_is_there() {
    let compose = fs::read_to_string(root().join("compose.yaml")).unwrap();
    let mounts = compose.split(['"', ' ', '\n']).filter(|word| word.starts_with("./"));
    let mut seen = 0;
    for mount in mounts {
        let path = mount.split(':').next().unwrap();
        assert!(root().join(path).exists(), "{path} is mounted by compose.yaml and does not exist");
        seen += 1;
    }
    assert!(seen >= 4 && compose.contains("deploy/Dockerfile") && root().join("deploy/Dockerfile").exists());
}
