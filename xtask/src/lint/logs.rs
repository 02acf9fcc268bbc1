//! Log messages: static, lower case, without a full stop; facts are fields.

use anyhow::{Result, bail};

use super::sources::{self, Source};
use crate::workspace::Workspace;

const MACROS: [&str; 5] = ["trace!(", "debug!(", "info!(", "warn!(", "error!("];

/// Checks the message of every logging macro outside tests.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let mut seen = 0;
    let mut faults = Vec::new();
    for source in sources::all(workspace)? {
        if source.path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        for (line, message) in messages(&source) {
            seen += 1;
            if let Some(fault) = fault(&message) {
                faults.push(format!("{}:{line}: `{message}` {fault}", source.path.display()));
            }
        }
    }
    if !faults.is_empty() {
        bail!("\n{}", faults.join("\n"));
    }
    println!("{seen} log messages");
    Ok(())
}

fn fault(message: &str) -> Option<&'static str> {
    if message.contains('{') {
        return Some("has a value in it: make it a field");
    }
    if message.ends_with('.') {
        return Some("ends with a full stop");
    }
    message.starts_with(|first: char| first.is_uppercase()).then_some("begins with a capital")
}

/// Line and message of every logging macro that has one.
fn messages(source: &Source) -> Vec<(usize, String)> {
    let text = source.text.as_str();
    let mut found = Vec::new();
    for name in MACROS {
        for (at, _) in text.match_indices(name) {
            let before = text.get(..at).unwrap_or_default();
            // another macro whose name ends like this one, or a text
            let is_other =
                before.ends_with(|character: char| character.is_alphanumeric() || "_\"".contains(character));
            let line_begin = before.rfind('\n').map_or(0, |end| end + 1);
            let is_comment = before.get(line_begin..).is_some_and(|line| line.trim_start().starts_with("//"));
            if is_other || is_comment {
                continue;
            }
            let arguments = text.get(at + name.len()..).unwrap_or_default();
            if let Some(message) = message_of(arguments) {
                found.push((before.lines().count().max(1), message));
            }
        }
    }
    found
}

/// The text literal among a macro's arguments that is not the value of a field.
fn message_of(arguments: &str) -> Option<String> {
    let mut depth = 0_usize;
    let mut argument_begin = true;
    let mut characters = arguments.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let literal = arguments.get(at + 1..)?;
                let mut escaped = false;
                let length = literal.find(|next: char| {
                    let ends = next == '"' && !escaped;
                    escaped = next == '\\' && !escaped;
                    ends
                })?;
                if argument_begin && depth == 0 {
                    return literal.get(..length).map(str::to_owned);
                }
                characters = arguments.char_indices();
                characters.by_ref().take_while(|(next, _)| *next < at + 1 + length).for_each(drop);
                argument_begin = false;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => argument_begin = true,
            character if character.is_whitespace() => {}
            _ => argument_begin = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_found_among_the_fields() {
        for (arguments, message) in [
            (r#""block stored")"#, Some("block stored")),
            (r#"block = 5, path = "a, b", ?error, "it \"failed\"");"#, Some(r#"it \"failed\""#)),
            (r#"%url, count = f("x", (1, 2)), "left")"#, Some("left")),
            (r#"target: "t", block)"#, None),
            ("error)", None),
        ] {
            assert_eq!(message_of(arguments).as_deref(), message, "{arguments}");
        }
    }

    #[test]
    fn faults_are_named() {
        assert!(fault("Block stored").is_some_and(|fault| fault.contains("capital")));
        assert!(fault("block {number} stored").is_some_and(|fault| fault.contains("field")));
        assert!(fault("block stored.").is_some_and(|fault| fault.contains("stop")));
        assert_eq!(fault("block stored"), None);
    }
}
