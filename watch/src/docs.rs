//! The tables of this crate as a page for people.

use std::fmt::Write as _;

use crate::{catalogue::Kind, config::SECTIONS};

/// Kinds and thresholds in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from("\n## Kinds\n");
    for info in Kind::all().map(Kind::info) {
        // writing to a string cannot fail
        let _ = write!(
            out,
            "\n### {} (`{}`)\n\n| | |\n|---|---|\n| reads | {} |\n| signal | {} |\n| reported | {} |\n| reason | {} |\n\
             | known errors | {} |\n| merges within | {} blocks |\n| over after | {} blocks without it |\n",
            info.title,
            info.name,
            info.lane.name(),
            info.signal,
            info.fires,
            info.reason,
            info.known_errors,
            info.merge_blocks,
            info.close_blocks,
        );
    }
    out.push_str("\n## Thresholds\n");
    for (section, about, settings) in SECTIONS {
        let _ = write!(
            out,
            "\n### `[watch.{section}]`\n\n{}\n\n| key | default | meaning |\n|---|---|---|\n",
            about.trim()
        );
        for (name, default, meaning) in *settings {
            let _ = writeln!(out, "| `{name}` | `{}` | {} |", default.replace('_', ""), meaning.trim());
        }
    }
    out
}
