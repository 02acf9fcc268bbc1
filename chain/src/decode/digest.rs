//! Digest logs of a header to canonical JSON.

use super::input::{Input, Reason, Result};
use crate::{
    json::write_hex,
    records::{QuarantineKind, Quarantined},
};

/// `[{"PreRuntime":["0x61757261","0x…"]}, …]`; logs that are none are quarantined.
pub(super) fn write_logs(logs: &[Vec<u8>], quarantined: &mut Vec<Quarantined>) -> String {
    let mut out = vec![b'['];
    for (index, log) in logs.iter().enumerate() {
        let start = out.len();
        if start > 1 {
            out.push(b',');
        }
        if let Err(fault) = write_log(log, &mut out) {
            out.truncate(start);
            quarantined.push(Quarantined {
                kind: QuarantineKind::DigestLog,
                index: index as u32,
                start: 0,
                end: log.len() as u32,
                reason: format!("byte {}: {}", fault.offset, fault.reason),
                raw: log.clone(),
            });
        }
    }
    out.push(b']');
    String::from_utf8(out).unwrap_or_default()
}

fn write_log(log: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut input = Input::new(log);
    let at = input;
    let kind = input.byte()?;
    let name = match kind {
        0 => "Other",
        4 => "Consensus",
        5 => "Seal",
        6 => "PreRuntime",
        8 => "RuntimeEnvironmentUpdated",
        index => return Err(at.fault(Reason::Variant { of: "DigestItem".to_owned(), index })),
    };
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    match kind {
        8 => out.extend_from_slice(b"null"),
        0 => {
            let len = input.length()?;
            write_hex(input.take(len)?, out);
        }
        _ => {
            out.push(b'[');
            write_hex(input.array::<4>()?, out);
            out.push(b',');
            let len = input.length()?;
            write_hex(input.take(len)?, out);
            out.push(b']');
        }
    }
    out.push(b'}');
    if input.is_empty() {
        Ok(())
    } else {
        Err(input.fault(Reason::Other(format!("{} bytes are left over", input.rest().len()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_log_has_its_form_and_a_strange_one_is_quarantined() {
        let logs = vec![
            vec![6, b'a', b'u', b'r', b'a', 8, 1, 2],
            vec![8],
            vec![3, 0],
            vec![0, 4, 9],
            vec![5, b'a', b'u', b'r', b'a', 8, 1],
        ];
        let mut quarantined = Vec::new();
        let text = write_logs(&logs, &mut quarantined);
        assert_eq!(
            text,
            r#"[{"PreRuntime":["0x61757261","0x0102"]},{"RuntimeEnvironmentUpdated":null},{"Other":"0x09"}]"#
        );
        let found: Vec<_> = quarantined.iter().map(|item| (item.index, item.reason.as_str())).collect();
        assert_eq!(
            found,
            [(2, "byte 0: DigestItem has no variant 3"), (4, "byte 6: the bytes end, 1 more are needed")]
        );
    }
}
